"""The two ways under comparison, each as a process of its own: ``python -m relay.bench.video_server WAY``.

``forward`` is the relay's media plane; ``decode`` is aiortc's ``MediaRelay``, which decodes each caller and
encodes for each viewer. Both answer offers as JSON lines on a loopback port that the first line names.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from relay.video.forwarding import ForwardingPlane, PlaneSettings

Answerer = Callable[[str, UUID, str], Awaitable[str]]


def forwarding() -> Answerer:
    """The relay's own plane."""
    plane = ForwardingPlane(PlaneSettings(addresses=("127.0.0.1",)))

    async def answer(role: str, call: UUID, sdp: str) -> str:
        if role == "publish":
            return (await plane.publish(call, sdp)).sdp
        return (await plane.subscribe(call, sdp, "bench")).sdp

    return answer


def decoding() -> Answerer:
    """The rival: aiortc decodes each caller and encodes for each viewer."""
    from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
    from aiortc.contrib.media import MediaRelay

    relay, tracks, kept = MediaRelay(), dict[UUID, Any](), list[Any]()

    async def answer(role: str, call: UUID, sdp: str) -> str:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        kept.append(pc)
        if role == "publish":
            pc.on("track", lambda track: tracks.__setitem__(call, track))
        else:
            pc.addTrack(relay.subscribe(tracks[call], buffered=False))
        await pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await pc.setLocalDescription(await pc.createAnswer())
        return str(pc.localDescription.sdp)

    return answer


async def serve(way: str) -> None:
    """Answer for ever."""
    answer = forwarding() if way == "forward" else decoding()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            order = json.loads(line)
            sdp = await answer(order["role"], UUID(order["call"]), order["sdp"])
            writer.write(json.dumps({"sdp": sdp}).encode() + b"\n")
            await writer.drain()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=1 << 20)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(sys.argv[1]))
