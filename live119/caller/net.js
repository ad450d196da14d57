/** What goes between the phone and the relay: reports, pictures, the feed, and WHIP. */

/** Given up after so long: Safari 15 has no `AbortSignal.timeout`. @param {number} ms */
const within = (ms) => {
  const given = new AbortController();
  setTimeout(() => given.abort(), ms);
  return given.signal;
};

/** @param {string} path @param {RequestInit} [init] */
export const ask = (path, init = {}) =>
  fetch(path, {
    credentials: "same-origin",
    cache: "no-store",
    ...init,
    headers: { "X-Kyumei": "1", ...init.headers },
  });

/** @param {string} path @param {unknown} body */
export const post = (path, body) =>
  ask(`/live/api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

/** Also when the page is going away. @param {string} step @param {Record<string, unknown>} [detail] */
export function report(step, detail = {}) {
  const body = JSON.stringify({ step, detail });
  if (step === "left")
    return void navigator.sendBeacon("/live/api/progress", new Blob([body], { type: "application/json" }));
  return post("progress", { step, detail }).catch(() => null);
}

/** A JPEG of at most 200 kB. @param {HTMLVideoElement | ImageBitmap} from @param {number} side */
export async function jpeg(from, side) {
  const w = "videoWidth" in from ? from.videoWidth : from.width,
    hh = "videoWidth" in from ? from.videoHeight : from.height;
  if (!w) return null;
  for (let quality = 0.7; quality > 0.1; quality -= 0.15, side *= 0.8) {
    const k = Math.min(1, side / Math.max(w, hh)),
      canvas = document.createElement("canvas");
    canvas.width = Math.round(w * k);
    canvas.height = Math.round(hh * k);
    canvas.getContext("2d")?.drawImage(from, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((/** @type {(b: Blob | null) => void} */ done) =>
      canvas.toBlob(done, "image/jpeg", quality),
    );
    if (blob && blob.size <= 200_000) return blob;
  }
  return null;
}

/** @param {Blob} blob @param {string} [as] */
export const sendStill = (blob, as = "stills") =>
  ask(`/live/api/${as}`, {
    method: "POST",
    headers: { "Content-Type": "image/jpeg" },
    body: blob,
    signal: within(15_000),
  });

/**
 * The relay's word, as soon as it changes; by asking where the socket is blocked.
 * @param {(state: any) => void} hear
 * @param {(status: number) => void} lost
 */
export function follow(hear, lost) {
  let wait = 500,
    over = false;
  /** @type {WebSocket | null} */
  let ws = null;
  const again = async () => {
    if (over) return;
    try {
      const answer = await ask("/live/api/state");
      if (answer.ok) hear(await answer.json());
      else if (answer.status === 410) {
        over = true;
        return lost(410);
      }
    } catch {
      /* offline */
    }
    setTimeout(dial, wait * (0.5 + Math.random()));
    wait = Math.min(5_000, wait * 2);
  };
  const dial = () => {
    if (over) return;
    ws = new WebSocket(`${location.origin.replace("http", "ws")}/live/feed`, "kyumei.caller.v1");
    ws.onmessage = (event) => {
      wait = 500;
      hear(JSON.parse(event.data).state);
    };
    ws.onclose = again;
  };
  dial();
  return () => {
    over = true;
    ws?.close();
  };
}

export class Whip {
  /** @param {(state: string) => void} told */
  constructor(told) {
    this.told = told;
    /** @type {RTCPeerConnection | null} */
    this.pc = null;
    this.at = "";
    this.bytes = 0;
  }

  /** Throws where the relay refuses or cannot be reached. @param {MediaStreamTrack} track @param {any[]} iceServers */
  async start(track, iceServers) {
    this.stop(false);
    const pc = new RTCPeerConnection({ iceServers });
    this.pc = pc;
    this.bytes = 0;
    pc.addTransceiver(track, { direction: "sendonly", sendEncodings: [{ maxBitrate: 900_000 }] });
    pc.onconnectionstatechange = () => {
      if (pc === this.pc) this.told(pc.connectionState);
    };
    await pc.setLocalDescription();
    // the offer leaves with the phone's own addresses: STUN and TURN servers may be slow or gone
    await new Promise((done) => {
      pc.onicegatheringstatechange = () => {
        if (pc.iceGatheringState === "complete") done(0);
      };
      pc.onicecandidate = ({ candidate }) => {
        if (candidate?.type === "host") setTimeout(done, 40);
      };
      setTimeout(done, 1_000);
    });
    const offer = pc.localDescription?.sdp ?? "";
    const answer = await ask("/live/whip", {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: offer,
      signal: within(8_000),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    this.at = answer.headers.get("Location") ?? "";
    pc.onicecandidate = () => this.#late(pc, offer);
    this.#late(pc, offer);
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  }

  /** Addresses found since then, such as a TURN server's. @param {RTCPeerConnection} pc @param {string} offer */
  #late(pc, offer) {
    const now = pc.localDescription?.sdp ?? "",
      lines = now.split("\r\n");
    const fresh = lines.filter((l) => l.startsWith("a=candidate:") && !offer.includes(l));
    if (pc !== this.pc || !fresh.length) return;
    const body = [...lines.filter((l) => /^a=(ice-ufrag|ice-pwd|mid):/.test(l)), ...fresh, ""].join("\r\n");
    ask(this.at, { method: "PATCH", headers: { "Content-Type": "application/trickle-ice-sdpfrag" }, body }).catch(
      () => null,
    );
  }

  /** Bytes since the last time, and what the line could carry. */
  async speed() {
    let bytes = 0,
      room = NaN;
    (await this.pc?.getStats())?.forEach((s) => {
      if (s.type === "outbound-rtp") bytes += s.bytesSent;
      if (s.type === "candidate-pair" && s.nominated && s.availableOutgoingBitrate) room = s.availableOutgoingBitrate;
    });
    const fresh = Math.max(0, bytes - this.bytes);
    this.bytes = bytes;
    return { fresh, room };
  }

  /** @param {boolean} [goodbye] */
  stop(goodbye = true) {
    const { pc, at } = this;
    this.pc = null;
    this.at = "";
    pc?.close();
    if (goodbye && at) ask(at, { method: "DELETE", keepalive: true }).catch(() => null);
  }
}
