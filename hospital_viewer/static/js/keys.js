/**
 * Keys for a desk: one letter per view, digits answer; letters and digits can be switched off. Escape closes what was
 * opened last.
 */

import { isCharacter, shortcutsOn } from "/static/kit/shared/shortcuts.js";

/**
 * @param {object} parts
 * @param {import("/static/viewer/js/store.js").Store} parts.store
 * @param {import("/static/viewer/js/list.js").IncidentList} parts.list
 * @param {import("/static/viewer/js/trace.js").TraceView} parts.trace
 * @param {import("/static/viewer/js/decision.js").DecisionBar} parts.bar
 * @param {import("/static/viewer/js/side.js").Side} parts.side
 * @param {import("/static/viewer/js/topbar.js").TopBar} parts.topBar
 * @param {import("/static/viewer/js/video.js").SharedVideo} parts.video
 * @param {(id: string) => void} parts.open
 */
export function listenToKeys({ store, list, trace, bar, side, topBar, video, open }) {
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
    f: () => {
      if (trace.shown === "live") trace.sweep.toggleFreeze();
    },
    c: () => {
      if (!trace.isNow) trace.sheet.toggleCaliper();
    },
    n: () => side.noteText.focus(),
    Escape: () => {
      if (bar.dialog.open || topBar.calls.close() || video.close()) return;
      if (!trace.isNow && trace.sheet.measuring) trace.sheet.toggleCaliper();
      else location.hash = "";
    },
    1: () => bar.ask("stemi-cath"),
    2: () => bar.ask("repeat-5min"),
    3: () => bar.ask("not-stemi"),
    4: () => bar.ask("unreadable"),
  };
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape" && target.closest("input, textarea, select") && !target.closest("dialog")) target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
    if (isCharacter(event.key) && !shortcutsOn()) return;
    const act = doing[event.key];
    if (!act || !store.me) return;
    event.preventDefault();
    act();
  });
}
