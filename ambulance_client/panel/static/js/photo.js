/**
 * A photo of the scene with the tablet's own camera: made small here, kept on the tablet's disk, sent when the
 * ECG leaves room. One button; how many are with the hospital stands on it.
 */

import * as api from "/static/kit/shared/api.js";
import { fill, h } from "/static/kit/shared/dom.js";
import { lang, t } from "/static/kit/shared/i18n.js";

/** @typedef {import("/static/panel/js/contract.js").PanelState} PanelState */

const MAX_SIDE = 1_600;
/** Until the relay has said how large one may be. */
const MAX_BYTES = 200_000;
const QUALITIES = [0.82, 0.7, 0.55, 0.4];

/**
 * The picture as a JPEG that fits, without where and when the camera wrote into it.
 * @param {Blob} file
 * @param {number} [most] bytes
 * @returns {Promise<Blob>}
 */
export async function smallJpeg(file, most = MAX_BYTES) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  for (const side of [MAX_SIDE, 1_100, 800]) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = h("canvas", { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
    /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(
      bitmap,
      0,
      0,
      canvas.width,
      canvas.height,
    );
    for (const quality of QUALITIES) {
      const blob = await new Promise((/** @type {(b: Blob | null) => void} */ done) =>
        canvas.toBlob(done, "image/jpeg", quality),
      );
      if (blob && blob.size <= most) return blob;
    }
  }
  throw new Error(t("photo.unreadable"));
}

export class PhotoButton {
  constructor() {
    this.picker = h("input", {
      type: "file",
      accept: "image/*",
      capture: "environment",
      hidden: true,
      onchange: () => void this.#take(),
    });
    this.button = h("button", { type: "button", class: "small-act photo", onclick: () => this.picker.click() });
    this.error = "";
    this.busy = false;
    this.version = "";
    /** @type {PanelState | null} */
    this.state = null;
  }

  /** @param {PanelState | null} state */
  render(state) {
    this.state = state;
    const photos = state?.photos ?? [];
    const sent = photos.filter((photo) => photo.state === "sent").length;
    const waiting = photos.filter((photo) => photo.state === "waiting").length;
    const refused = photos.find((photo) => photo.state === "refused");
    const version = JSON.stringify([sent, waiting, refused?.text, this.error, this.busy, lang()]);
    if (this.version === version) return;
    this.version = version;
    this.button.disabled = this.busy;
    const below =
      this.error ||
      (refused
        ? `✕ ${refused.text}`
        : [waiting ? `▲ ${t("photo.waiting", { n: waiting })}` : "", sent ? `✓ ${t("photo.sent", { n: sent })}` : ""]
            .filter(Boolean)
            .join(" "));
    fill(
      this.button,
      h("strong", null, t(this.busy ? "photo.busy" : "photo.take")),
      h("small", { role: "status" }, below),
    );
  }

  async #take() {
    const file = this.picker.files?.[0];
    this.picker.value = "";
    if (!file) return;
    this.busy = true;
    this.error = "";
    this.render(this.state);
    try {
      await api.postBlob("/api/photo", await smallJpeg(file, this.state?.photo_bytes));
    } catch (error) {
      const isRefused = error instanceof api.ApiError;
      this.error = `✕ ${isRefused ? `${t("photo.not_kept")} ${error.message}` : t("photo.unreadable")}`;
    }
    this.busy = false;
    this.render(this.state);
  }
}
