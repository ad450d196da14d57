/** Elements from values. Data only ever becomes text nodes or attributes, never markup. */

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, unknown>} Props
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * A new element. `onclick`-style props become listeners, `style` an object of CSS properties set
 * through CSSOM, `dataset` data attributes, `muted` a property, `true`/`false` boolean attributes; the rest attributes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Props | null} [props] @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  applyProps(element, props ?? {});
  append(element, children);
  return element;
}

/**
 * The same for SVG.
 * @param {string} tag @param {Props} props @param {...Child} children
 */
export function s(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  applyProps(element, props);
  append(element, children);
  return element;
}

/** @param {Element} element @param {Props} props */
function applyProps(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else if (name === "style") {
      const style = /** @type {HTMLElement} */ (element).style;
      for (const [k, v] of Object.entries(/** @type {Record<string, string>} */ (value))) style.setProperty(k, v);
    } else if (name === "dataset") {
      Object.assign(/** @type {HTMLElement} */ (element).dataset, value);
    } else if (name === "muted") {
      // the attribute says only what a page begins with
      /** @type {HTMLMediaElement} */ (element).muted = Boolean(value);
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {Element} parent @param {(Child | Child[])[]} children */
function append(parent, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Everything inside `parent` becomes `children`.
 * @param {Element} parent @param {...(Child | Child[])} children
 */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/**
 * Draws one part of a page: what cannot be drawn stops no other part. The fault is reported like any other.
 * @param {() => void} draw @param {() => void} [instead] what stands there then
 */
export function alone(draw, instead) {
  try {
    draw();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
    instead?.();
  }
}

/**
 * A keyed list: elements of keys that stay are kept (with their focus and scroll), moved only when
 * their place changed. `update` may return a replacement element.
 * @template T
 * @param {Element} parent @param {readonly T[]} items @param {(item: T) => string} keyOf
 * @param {(item: T, old: HTMLElement | null) => HTMLElement} render
 */
export function replaceList(parent, items, keyOf, render) {
  /** @type {Map<string, HTMLElement>} */
  const old = new Map();
  for (const child of parent.children) {
    const element = /** @type {HTMLElement} */ (child);
    old.set(element.dataset["key"] ?? "", element);
  }
  items.forEach((item, i) => {
    const key = keyOf(item);
    const before = old.get(key) ?? null;
    old.delete(key);
    const element = render(item, before);
    element.dataset["key"] = key;
    if (before && before !== element) before.replaceWith(element);
    if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
  });
  for (const gone of old.values()) gone.remove();
}

/**
 * Scrolls a child into its frame, and nothing around the frame.
 * @param {HTMLElement} frame @param {HTMLElement} child
 */
export function scrollInFrame(frame, child) {
  const [outer, inner] = [frame.getBoundingClientRect(), child.getBoundingClientRect()];
  const past = (
    /** @type {number} */ from,
    /** @type {number} */ to,
    /** @type {number} */ least,
    /** @type {number} */ most,
  ) => (from < least ? from - least : Math.max(0, Math.min(to - most, from - least)));
  frame.scrollLeft += past(inner.left, inner.right, outer.left, outer.left + frame.clientWidth);
  frame.scrollTop += past(inner.top, inner.bottom, outer.top, outer.top + frame.clientHeight);
}

/**
 * Sets the text only when it changed, so that screen readers are not told twice.
 * @param {Element} element @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The element with that id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element #${id}.`);
  return element;
}
