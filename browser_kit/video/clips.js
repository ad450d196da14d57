/** Clips of 119 calls: played in the page or saved, by those who may see the call; deleted with a reason. */

import * as api from "/static/kit/shared/api.js";
import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";

/**
 * @typedef {{id: number, at_us: number, bytes: number, media_type: string, under_way: boolean, until_us: number}}
 *   Clip
 */

const LOOK_MS = 10_000;

export class ClipList {
  /** @param {boolean} mayDelete */
  constructor(mayDelete) {
    this.mayDelete = mayDelete;
    /** @type {string[]} */
    this.calls = [];
    /** @type {Map<string, Clip[]>} */
    this.clips = new Map();
    /**
     * Until when those it is shared with may play them; null while the call goes on.
     * @type {Map<string, number | null>}
     */
    this.sharedUntilUs = new Map();
    this.trouble = "";
    this.el = h("section", { class: "box clips", hidden: true });
    window.setInterval(() => {
      if (this.el.isConnected) void this.#look();
    }, LOOK_MS);
  }

  /** @param {string[]} calls */
  show(calls) {
    if (calls.join() !== this.calls.join()) {
      this.calls = calls;
      this.clips.clear();
      void this.#look();
    }
    this.#draw();
  }

  async #look() {
    for (const call of this.calls) {
      try {
        const { clips, shared_until_us } = await api.get(`/api/calls/${call}/clips`);
        this.clips.set(call, clips);
        this.sharedUntilUs.set(call, shared_until_us);
      } catch {
        this.clips.delete(call);
      }
    }
    this.#draw();
  }

  #draw() {
    const all = this.calls.flatMap((call) => (this.clips.get(call) ?? []).map((clip) => ({ call, clip })));
    this.el.hidden = all.length === 0;
    const untilUs = this.mayDelete
      ? null
      : Math.max(0, ...this.calls.map((call) => this.sharedUntilUs.get(call) ?? 0)) || null;
    const version = JSON.stringify([
      untilUs,
      all.map(({ call, clip }) => [call, clip.id, clip.under_way, clip.under_way ? 0 : clip.bytes]),
      this.trouble,
      lang(),
    ]);
    if (this.el.dataset["version"] === version) return;
    this.el.dataset["version"] = version;
    fill(
      this.el,
      h("h2", null, t("clips.title")),
      this.trouble ? h("p", { class: "error-line", role: "alert" }, this.trouble) : null,
      untilUs
        ? h("p", { class: "clips-shared" }, t("clips.shared", { at: new Date(untilUs / 1000).toLocaleString(lang()) }))
        : null,
      ...all.map(({ call, clip }) => this.#clip(call, clip)),
    );
  }

  /** @param {string} call @param {Clip} clip */
  #clip(call, clip) {
    const src = `/api/calls/${call}/clips/${clip.id}`;
    const name = t("clips.at", { at: clock(clip.at_us, true) });
    if (clip.under_way) return h("p", null, `● ${name}　${t("clips.under_way")}`);
    return h(
      "details",
      null,
      h("summary", null, `${name}　${(clip.bytes / 1e6).toFixed(1)} MB`),
      h("video", { controls: true, preload: "none", src, "aria-label": name }),
      h(
        "div",
        { class: "row" },
        h("a", { class: "tool", href: src, download: "" }, t("clips.save")),
        h("small", null, t("clips.until", { at: new Date(clip.until_us / 1000).toLocaleDateString(lang()) })),
        this.mayDelete
          ? h(
              "button",
              { type: "button", class: "tool quiet", onclick: () => void this.#delete(src) },
              t("clips.delete"),
            )
          : null,
      ),
    );
  }

  /** @param {string} src */
  async #delete(src) {
    const reason = window.prompt(t("clips.why"))?.trim();
    if (!reason) return;
    try {
      await api.post(`${src}/delete`, { reason });
      this.trouble = "";
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
    }
    await this.#look();
  }
}
