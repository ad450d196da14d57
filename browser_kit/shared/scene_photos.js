/**
 * Photos of the scene that the crew sent, found on the incident's timeline: newest first, one touch opens one whole.
 */

import { fill, h } from "/static/kit/shared/dom.js";
import { clock } from "/static/kit/shared/format.js";
import { lang, t } from "/static/kit/shared/i18n.js";

/**
 * @param {HTMLElement} part
 * @param {string | null} incident
 * @param {readonly {stage: string, at_us: number, data: Record<string, any>}[]} timeline
 */
export function drawScenePhotos(part, incident, timeline) {
  const photos = timeline.filter((entry) => entry.stage === "photo").sort((a, b) => b.at_us - a.at_us);
  const version = JSON.stringify([incident, photos.map((entry) => entry.data["photo"]), lang()]);
  if (part.dataset["version"] === version) return;
  part.dataset["version"] = version;
  part.hidden = photos.length === 0;
  fill(
    part,
    h("h2", null, t("photos.title")),
    h(
      "div",
      { class: "scene-photos" },
      photos.map((entry) => {
        const url = `/api/incidents/${incident}/photos/${entry.data["photo"]}`;
        return h(
          "a",
          { href: url, target: "_blank", rel: "noopener" },
          h("img", { src: url, loading: "lazy", alt: t("photos.at", { at: clock(entry.at_us, true) }) }),
          h("small", null, clock(entry.at_us, true)),
        );
      }),
    ),
  );
}
