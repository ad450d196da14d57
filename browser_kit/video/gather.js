/** Candidates of a WHEP viewer: the offer leaves with this machine's own addresses, the others follow by PATCH. */

const MOST_MS = 1_000;
const AFTER_FIRST_MS = 40;
const TOGETHER_MS = 100;

/**
 * Done as soon as an address of this machine is known: STUN and TURN servers may be slow or gone.
 * @param {RTCPeerConnection} pc
 */
export async function gathered(pc) {
  if (pc.iceGatheringState === "complete") return;
  await new Promise((done) => {
    pc.addEventListener("icegatheringstatechange", () => {
      if (pc.iceGatheringState === "complete") done(0);
    });
    pc.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.type === "host") setTimeout(done, AFTER_FIRST_MS);
    });
    setTimeout(done, MOST_MS);
  });
}

/**
 * What was found after the offer, as a fragment of RFC 8840; empty where there is nothing.
 * @param {string} offer
 * @param {string} now
 */
export function late(offer, now) {
  const line = (/** @type {string} */ name) => now.match(new RegExp(`^a=${name}:.*$`, "m"))?.[0].trim() ?? "";
  const fresh = (now.match(/^a=candidate:.*$/gm) ?? []).map((one) => one.trim()).filter((one) => !offer.includes(one));
  if (!fresh.length) return "";
  return [line("ice-ufrag"), line("ice-pwd"), "m=video 9 UDP/TLS/RTP/SAVPF 0", line("mid"), ...fresh, ""].join("\r\n");
}

/**
 * Sends on what is found after the offer.
 * @param {RTCPeerConnection} pc
 * @param {string} offer
 * @param {(fragment: string) => void} send
 */
export function trickle(pc, offer, send) {
  let sent = offer,
    timer = 0;
  const look = () => {
    const now = pc.localDescription?.sdp ?? "";
    const fragment = pc.signalingState === "closed" ? "" : late(sent, now);
    sent = now;
    if (fragment) send(fragment);
  };
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(look, TOGETHER_MS);
  };
  pc.addEventListener("icecandidate", soon);
  soon();
}
