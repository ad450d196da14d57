/** One line about the cabin camera: whether the hospital can see the patient, and if not, why not. */

import { h, setText } from "/static/kit/shared/dom.js";
import { t } from "/static/kit/shared/i18n.js";

const SHAPES = { live: "●", reduced: "●", connecting: "○", stills: "▲", paused: "▲", failed: "✕" };

export class CabinLine {
  constructor() {
    this.el = h("p", { class: "panel-card cabin-line", role: "status", hidden: true });
  }

  /** @param {import("/static/panel/js/contract.js").PanelState} state */
  render(state) {
    const { camera } = state.video;
    this.el.hidden = !camera;
    if (!camera) return;
    this.el.dataset["state"] = camera.state;
    const why = camera.state === "failed" && camera.text ? ` ${camera.text}` : "";
    setText(this.el, `${SHAPES[camera.state]} ${t(`camera.${camera.state}`)}${why}`);
  }
}
