/**
 * Timers that go on while the page is hidden. A browser slows the timers of a hidden page to one a
 * second, and after five minutes to one a minute: an alarm page behind another tab would notice a
 * broken line a minute late. A worker's timers are left alone.
 */

/** @type {Map<number, () => void>} */
const waiting = new Map();
let number = 0;

/** @returns {Worker | null} */
function made() {
  try {
    const worker = new Worker("/static/kit/shared/steady-worker.js");
    worker.onmessage = ({ data: id }) => waiting.get(id)?.();
    return worker;
  } catch {
    return null; // no workers here: the page's own timers must do
  }
}

const worker = typeof Worker === "undefined" ? null : made();

/** Once, after so long. @param {() => void} run @param {number} ms @returns {number} */
export function later(run, ms) {
  if (!worker) return window.setTimeout(run, ms);
  number += 1;
  const id = number;
  waiting.set(id, () => {
    waiting.delete(id);
    run();
  });
  worker.postMessage({ id, ms, every: false });
  return id;
}

/** Again and again. @param {() => void} run @param {number} ms @returns {number} */
export function every(run, ms) {
  if (!worker) return window.setInterval(run, ms);
  number += 1;
  waiting.set(number, run);
  worker.postMessage({ id: number, ms, every: true });
  return number;
}

/** @param {number} id of `later` or `every` */
export function cancel(id) {
  if (!worker) {
    window.clearTimeout(id);
    window.clearInterval(id);
    return;
  }
  if (waiting.delete(id)) worker.postMessage({ id, ms: null });
}
