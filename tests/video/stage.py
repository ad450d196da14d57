"""A stage for the media plane: plain WHIP and WHEP over HTTP, and one page that can be either end."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

import uvicorn

from relay.errors import RelayError
from relay.video.forwarding import ForwardingPlane, PlaneSettings
from relay.video.port import MediaPlane

CAMERA_FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
PAGE = r"""<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>stage</title><script>
async function post(pc, path) {
  await pc.setLocalDescription();
  await new Promise((done) => {
    if (pc.iceGatheringState === 'complete') done();
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
    setTimeout(done, 500);
  });
  const reply = await fetch(path, { method: 'POST', body: pc.localDescription.sdp,
    headers: { 'content-type': 'application/sdp' } });
  if (reply.status !== 201) throw new Error(reply.status + ' ' + await reply.text());
  pc.where = reply.headers.get('location');
  await pc.setRemoteDescription({ type: 'answer', sdp: await reply.text() });
  return pc;
}
function only(transceiver, codec) {
  if (!codec) return;
  const all = RTCRtpReceiver.getCapabilities('video').codecs;
  transceiver.setCodecPreferences(all.filter((c) => c.mimeType === codec || c.mimeType === 'video/rtx'));
}
// A scene with as much to encode as a hand-held phone sees: coarse noise that moves.
function restlessScene(width, height) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  let frame = 0;
  setInterval(() => {
    frame += 1;
    for (let n = 0; n < 60; n += 1) {
      context.fillStyle = `hsl(${(n * 47 + frame) % 360} 70% ${20 + ((n * 13) % 60)}%)`;
      context.fillRect((n * 97 + frame * 3 * ((n % 5) - 2)) % width, (n * 61 + frame * ((n % 7) - 3)) % height, 80, 50);
    }
  }, 33);
  return canvas.captureStream(30);
}
async function publish(call, codec, width = 640, height = 360, restless = false) {
  const stream = restless ? restlessScene(width, height)
    : await navigator.mediaDevices.getUserMedia({ video: { width, height, frameRate: 30 } });
  const pc = new RTCPeerConnection();
  only(pc.addTransceiver(stream.getVideoTracks()[0], { direction: 'sendonly', streams: [stream] }), codec);
  window.pc = await post(pc, '/whip/' + call);
}
async function watch(call, codec) {
  const began = performance.now();
  const pc = new RTCPeerConnection();
  only(pc.addTransceiver('video', { direction: 'recvonly' }), codec);
  const video = document.createElement('video');
  video.muted = video.autoplay = video.playsInline = true;
  document.body.append(video);
  pc.ontrack = (event) => { video.srcObject = new MediaStream([event.track]); };
  const seen = { pc, video, frames: 0, first: null };
  const count = () => {
    seen.frames += 1;
    seen.first ??= performance.now() - began;
    video.requestVideoFrameCallback(count);
  };
  video.requestVideoFrameCallback(count);
  (window.views ??= []).push(seen);
  window.pc = await post(pc, '/whep/' + call);
  return window.views.length - 1;
}
async function restart(n = 0) {
  const pc = window.views[n].pc;
  pc.restartIce();
  await pc.setLocalDescription();
  await new Promise((done) => setTimeout(done, 200));
  const offer = pc.localDescription.sdp;
  const pick = (text, name) => text.match(new RegExp('a=' + name + ':(.*)\\r\\n'))[1];
  const lines = (text) => text.match(/a=candidate:.*\r\n/g) || [];
  const body = ['ice-ufrag', 'ice-pwd'].map((n) => `a=${n}:${pick(offer, n)}\r\n`).join('')
    + lines(offer).join('');
  const reply = await fetch(pc.where, { method: 'PATCH', body });
  const fragment = await reply.text();
  let answer = pc.remoteDescription.sdp.replace(/a=candidate:.*\r\n/g, '');
  for (const name of ['ice-ufrag', 'ice-pwd'])
    answer = answer.replace(new RegExp(`a=${name}:.*\\r\\n`, 'g'), `a=${name}:${pick(fragment, name)}\r\n`);
  await pc.setRemoteDescription({ type: 'answer', sdp: answer + lines(fragment).join('') });
  return reply.status;
}
const frames = (n = 0) => window.views[n].frames;
async function inbound(n = 0) {
  const stats = [...(await window.views[n].pc.getStats()).values()];
  const { framesDecoded, framesDropped, freezeCount, keyFramesDecoded, packetsLost, pliCount, nackCount,
    frameWidth, frameHeight, bytesReceived } = stats.find((s) => s.type === 'inbound-rtp');
  return { framesDecoded, framesDropped, freezeCount, keyFramesDecoded, packetsLost, pliCount, nackCount,
    frameWidth, frameHeight, bytesReceived };
}
async function outbound() {
  const stats = [...(await window.pc.getStats()).values()];
  const out = stats.find((s) => s.type === 'outbound-rtp');
  const pair = stats.find((s) => s.type === 'candidate-pair' && s.nominated);
  return { target: out.targetBitrate, bytes: out.bytesSent, keys: out.keyFramesEncoded, fps: out.framesPerSecond,
    available: pair && pair.availableOutgoingBitrate, plis: out.pliCount, nacks: out.nackCount,
    limit: out.qualityLimitationReason };
}
</script><body></body>"""


class Stage:
    """The HTTP around a plane, as the relay's web floor will do it but without any rights."""

    def __init__(self, plane: MediaPlane) -> None:
        self.plane, self.base = plane, ""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        try:
            status, text, headers = await self._answer(
                scope["method"],
                scope["path"].strip("/").split("/"),
                body.decode("utf-8", "replace"),
            )
        except RelayError as error:
            status, text, headers = error.http_status, str(error), {}
        pairs = [(k.encode(), v.encode()) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": text.encode()})

    async def _answer(
        self, method: str, path: list[str], body: str
    ) -> tuple[int, str, dict[str, str]]:
        sdp = {"content-type": "application/sdp"}
        match method, path:
            case "GET", ["page"]:
                return 200, PAGE, {"content-type": "text/html"}
            case "POST", ["whip", call]:
                answer = await self.plane.publish(UUID(call), body)
                return 201, answer.sdp, {**sdp, "location": f"/session/{answer.session}"}
            case "POST", ["whep", call]:
                answer = await self.plane.subscribe(UUID(call), body, "viewer")
                return 201, answer.sdp, {**sdp, "location": f"/session/{answer.session}"}
            case "PATCH", ["session", session]:
                text = await self.plane.patch(UUID(session), body)
                return (200 if text else 204), text, {}
            case "GET", ["stats", call]:
                stats = self.plane.stats(UUID(call))
                text = json.dumps(stats and asdict(stats), default=str)
                return 200, text, {"content-type": "application/json"}
            case "DELETE", ["session", session]:
                await self.plane.remove(UUID(session))
                return 200, "", {}
        return 404, "", {}


@asynccontextmanager
async def on_stage(plane: MediaPlane, host: str = "127.0.0.1") -> AsyncIterator[Stage]:
    """The plane behind a real HTTP server on a free port; closed afterwards."""
    stage = Stage(plane)
    config = uvicorn.Config(stage, host=host, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    stage.base = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
    try:
        yield stage
    finally:
        server.should_exit = True
        await plane.close()
        await serving


def new_call() -> UUID:
    """A call nobody used before."""
    return uuid4()


async def _alone(host: str) -> None:
    """A stage of its own process, for a namespace: says its address, then serves for ever."""
    plane = ForwardingPlane(PlaneSettings(addresses=(host,)))
    async with on_stage(plane, host) as stage:
        sys.stdout.write(f"{stage.base}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_alone(sys.argv[1]))
