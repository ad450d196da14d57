"""The floor the relay is measured against: a server that only sends the same bytes back.

``python -m relay.bench.echo serve PORT`` is the server; ``python -m relay.bench.echo load`` reads
orders from standard input like ``relay.bench.load`` and prints its figures.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from relay.bench.load import FRAME_S, FRAME_SAMPLES, PATTERN_FRAMES, pattern
from relay.bench.usage import percentile
from relay.protocol.wire import EcgFrame, pack, seq_of


async def serve_echo(port: int) -> None:
    """Echo for ever."""

    async def echo(socket: ServerConnection) -> None:
        async for message in socket:
            await socket.send(message)

    async with serve(echo, "127.0.0.1", port, compression=None, ping_interval=None):
        await asyncio.get_running_loop().create_future()


async def run_echo_load(orders: dict[str, Any]) -> dict[str, Any]:
    """As many streams and frames as the relay's load, each frame sent and received back."""
    payloads, round_trip_ms = pattern(), list[float]()
    stream_id = uuid4()

    async def one() -> None:
        sent_s: dict[int, float] = {}
        async with connect(orders["url"], compression=None, ping_interval=None) as socket:

            async def receive() -> None:
                async for message in socket:
                    if isinstance(message, bytes):
                        passed_s = time.perf_counter() - sent_s.pop(seq_of(message))
                        round_trip_ms.append(passed_s * 1000)

            receiving = asyncio.create_task(receive())
            await asyncio.sleep(random.random() * FRAME_S)  # noqa: S311 - spread
            start_s = time.perf_counter()
            for seq in range(int(orders["seconds"] / FRAME_S)):
                await asyncio.sleep(max(0.0, start_s + (seq + 1) * FRAME_S - time.perf_counter()))
                frame = EcgFrame(
                    stream_id, 0, seq, seq * FRAME_SAMPLES, FRAME_SAMPLES, 255, 0,
                    payloads[seq % PATTERN_FRAMES],
                )  # fmt: skip
                data = pack(frame)
                sent_s[seq] = time.perf_counter()
                await socket.send(data)
            await asyncio.sleep(0.5)
            receiving.cancel()

    await asyncio.gather(*(one() for _ in range(orders["streams"])))
    return {
        "frames_returned": len(round_trip_ms),
        "round_trip_p50_ms": percentile(round_trip_ms, 0.5),
        "round_trip_p99_ms": percentile(round_trip_ms, 0.99),
    }


def main() -> None:
    """``serve PORT`` or ``load``."""
    import uvloop

    if sys.argv[1] == "serve":
        uvloop.run(serve_echo(int(sys.argv[2])))
    else:
        result = uvloop.run(run_echo_load(json.loads(sys.stdin.readline())))
        sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
