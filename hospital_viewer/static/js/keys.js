/** Keys for a desk: arrows walk the cases, one letter per view, digits answer. */

/**
 * @param {object} parts
 * @param {import("/static/viewer/js/store.js").Store} parts.store
 * @param {import("/static/viewer/js/list.js").IncidentList} parts.list
 * @param {import("/static/viewer/js/trace.js").TraceView} parts.trace
 * @param {import("/static/viewer/js/decision.js").DecisionBar} parts.bar
 * @param {import("/static/viewer/js/side.js").Side} parts.side
 * @param {(id: string) => void} parts.open
 */
export function listenToKeys({ store, list, trace, bar, side, open }) {
  const walk = (/** @type {number} */ by) => {
    const rows = list.rows;
    const at = rows.findIndex((row) => row.id === store.current);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (next) open(next.id);
  };
  /** @type {Record<string, () => void>} */
  const doing = {
    j: () => walk(1),
    k: () => walk(-1),
    l: () => void trace.show("live"),
    t: () => void trace.show("trend"),
    s: () => {
      const newest = [...(store.detail?.snapshots ?? [])].sort((a, b) => b.taken_at_us - a.taken_at_us)[0];
      if (newest) void trace.show(newest.id);
    },
    f: () => { if (trace.shown === "live") trace.sweep.toggleFreeze(); },
    c: () => { if (!trace.isNow) trace.sheet.toggleCaliper(); },
    n: () => side.noteText.focus(),
    Escape: () => { if (!bar.dialog.open) location.hash = ""; },
    1: () => bar.ask("stemi-cath"),
    2: () => bar.ask("repeat-5min"),
    3: () => bar.ask("not-stemi"),
    4: () => bar.ask("unreadable"),
  };
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
    const act = doing[event.key];
    if (!act || !store.me) return;
    event.preventDefault();
    act();
  });
}
