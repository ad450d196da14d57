"""One client who does one thing in excess. Runs as a process of its own.

``python -m relay.bench.neighbour_abusers`` reads one JSON line of orders, prepares, says ``ready``, begins with the next line it
reads, and goes on until it is ended. Nothing here keeps to any limit; what the relay refuses is asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from relay.bench.asking import HttpAsker
from relay.bench.neighbour_orders import STRANGER_SOURCES, Orders
from relay.bench.raw_tablet import RawTablet, raw_tablet, silence
from relay.protocol import feed
from relay.protocol import messages as m

SNAPSHOTS = 40
Abuse = Callable[[], Awaitable[None]]


class Abusers:
    """Each method prepares one abuse and gives what goes on for ever."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.page = HttpAsker(orders.port, headers=(("Cookie", orders.cookie),))
        self.tablet_http = HttpAsker(
            orders.port, headers=(("Authorization", f"Bearer {orders.token}"),)
        )

    def tablet(self) -> AbstractAsyncContextManager[RawTablet]:
        """Its tablet, connected."""
        return raw_tablet(self.orders.port, self.orders.token)

    async def card_edits(self) -> Abuse:
        """Age changes, over and over, of a case with many snapshots."""
        incident = uuid4()
        async with self.tablet() as tablet:
            stream, epoch = await tablet.open(incident)
            await tablet.frames(stream, epoch, silence(125), 60)
            for n in range(SNAPSHOTS):
                await tablet.event(incident, m.SnapshotRequest(uuid4(), stream, n, 5000, "manual"))
            await asyncio.sleep(6)
        revs = itertools.count(1)

        async def go() -> None:
            async with self.tablet() as tablet:
                for rev in revs:
                    await tablet.event(incident, m.PatientCard(rev, age_years=20 + rev % 60))

        return go

    async def pings(self) -> Abuse:
        """Pings with a clock that jumps."""

        async def go() -> None:
            async with self.tablet() as tablet:
                for n in itertools.count():
                    await tablet.say(m.Ping(n + 1, offset_us=(n % 7) * 1_000_000))

        return go

    async def tiny_frames(self) -> Abuse:
        """Frames of one sample each."""

        async def go() -> None:
            async with self.tablet() as tablet:
                stream, epoch = await tablet.open(uuid4())
                await tablet.frames(stream, epoch, silence(1), 10_000_000)

        return go

    async def snapshot_requests(self) -> Abuse:
        """Two minutes of ECG asked for, again and again, of a recording that has them."""
        incident = uuid4()

        async def go() -> None:
            async with self.tablet() as tablet:
                stream, epoch = await tablet.open(incident)
                await tablet.frames(stream, epoch, silence(125), 480)
                for n in itertools.count():
                    asked = m.SnapshotRequest(uuid4(), stream, n % 8, 59_990, "manual")
                    await tablet.event(incident, asked)

        return go

    async def pictures(self) -> Abuse:
        """Crafted pictures of one caller: few bytes, thousands of scans; and the largest that are let in."""
        redeemed = await HttpAsker(self.orders.port).ask(
            "POST", "/live/api/redeem", {"token": self.orders.link}
        )
        cookie = redeemed.headers.get("set-cookie", "").partition(";")[0] if redeemed else ""
        phone = HttpAsker(self.orders.port, headers=(("Cookie", cookie),))
        crafted = [costly_jpeg(2_500, (600, 400)), costly_jpeg(16, (5_000, 4_990))]

        async def one(picture: bytes) -> None:
            with contextlib.suppress(OSError, EOFError):
                await phone.ask("POST", "/live/api/stills", picture, kind="image/jpeg")

        return lambda: _at_once(12, lambda n: one(crafted[n % 2]))

    async def viewer_sessions(self) -> Abuse:
        """Every place of a call's room, and again."""
        offer = await offer_of("recvonly")
        path = f"/api/calls/{self.orders.call}/whep"
        return lambda: _at_once(4, lambda _: self._sdp(self.page, path, offer))

    async def cabins(self) -> Abuse:
        """A cabin in every case this tablet can open, and again."""
        offer = await offer_of("sendonly")
        cases = [uuid4() for _ in range(30)]
        async with self.tablet() as tablet:
            for case in cases:
                await tablet.event(case, m.Mark("fmc"))
            await asyncio.sleep(3)
        paths = itertools.cycle(f"/api/incidents/{case}/cabin/whip" for case in cases)
        return lambda: _at_once(4, lambda _: self._sdp(self.tablet_http, next(paths), offer))

    async def _sdp(self, who: HttpAsker, path: str, offer: bytes) -> None:
        with contextlib.suppress(OSError, EOFError):
            await who.ask("POST", path, offer, kind="application/sdp")

    async def wrong_sign_ins(self) -> Abuse:
        """Wrong passwords from many addresses, whose senders hang up at once."""
        sources, names = itertools.cycle(STRANGER_SOURCES), itertools.count()

        async def one() -> None:
            who = HttpAsker(self.orders.port, next(sources))
            told = {"name": f"{self.orders.name_to_try}{next(names)}", "password": "wrong"}
            with contextlib.suppress(OSError, EOFError):
                await who.ask("POST", "/api/session", told, hang_up_after_s=0.05)

        return lambda: _at_once(50, lambda _: one())

    async def idle_sockets(self) -> Abuse:
        """Connections that say nothing, and others that say half a header."""

        async def go() -> None:
            held = []
            with contextlib.suppress(OSError):
                for n in range(600):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.orders.port)
                    held.append(writer)
                    if n % 2:
                        writer.write(b"GET /api/site HTTP/1.1\r\nHost: lo")
            await asyncio.sleep(3600)

        return go

    async def garbage_links(self) -> Abuse:
        """Tokens that open nothing: of tablets and of callers."""

        async def tablet() -> None:
            with contextlib.suppress(OSError, WebSocketException):
                async with connect(
                    f"ws://localhost:{self.orders.port}/link/v1",
                    additional_headers={"Authorization": f"Bearer {uuid4()}"},
                    subprotocols=[m.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
                    compression=None,
                ) as socket:
                    await socket.recv()

        async def caller() -> None:
            with contextlib.suppress(OSError, EOFError):
                who = HttpAsker(self.orders.port)
                await who.ask("POST", "/live/api/redeem", {"token": str(uuid4())})

        return lambda: _at_once(8, lambda n: tablet() if n % 2 else caller())

    async def feeds(self) -> Abuse:
        """Pages of one account that watch everything and never stop talking."""

        async def page() -> None:
            with contextlib.suppress(OSError, WebSocketException):
                async with connect(
                    f"ws://localhost:{self.orders.port}/feed/v1",
                    additional_headers={"Cookie": self.orders.cookie},
                    origin=f"http://localhost:{self.orders.port}",  # type: ignore[arg-type]  # a NewType of str
                    subprotocols=[feed.SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
                    compression=None,
                    max_size=2**20,
                ) as socket:
                    reading = asyncio.create_task(_read(socket))
                    for stream in itertools.cycle(self.orders.streams):
                        watch = {"kind": "watch", "stream": stream, "look_back_s": 60}
                        await socket.send(json.dumps(watch))
                        await socket.send('{"kind":"console","armed":false}')
                        if reading.done():
                            return

        return lambda: _at_once(100, lambda _: page())


async def _read(socket: ClientConnection) -> None:
    with contextlib.suppress(WebSocketException):
        async for _ in socket:
            pass


async def _at_once(workers: int, do: Callable[[int], Awaitable[None]]) -> None:
    """So many at a time, each beginning again when it ends."""

    async def again(number: int) -> None:
        while True:
            await do(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(again(number) for number in range(workers)))


async def offer_of(direction: str) -> bytes:
    """An SDP offer of one video, that nobody will answer."""
    from aiortc import RTCConfiguration, RTCPeerConnection

    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video", direction=direction)
    await peer.setLocalDescription(await peer.createOffer())
    sdp = str(peer.localDescription.sdp).encode()
    await peer.close()
    return sdp


def costly_jpeg(scans: int, size: tuple[int, int]) -> bytes:
    """A progressive JPEG whose last scan is said again and again, as far as 200 kB go."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", size, (120, 100, 90)).save(out, "JPEG", progressive=True, quality=30)
    whole = out.getvalue()[:-2]
    last = whole[whole.rindex(b"\xff\xda") :]
    room = (200_000 - len(whole)) // len(last)
    return whole + last * min(scans - whole.count(b"\xff\xda"), room) + b"\xff\xd9"


async def _run(orders: Orders) -> None:
    prepare = getattr(Abusers(orders), orders.name.replace("-", "_"))
    go: Abuse = await prepare()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    while True:
        with contextlib.suppress(OSError, WebSocketException, EOFError):
            await go()
        await asyncio.sleep(0.05)


def main() -> None:
    """Orders in, then abuse until the process is ended."""
    import uvloop

    told = json.loads(sys.stdin.readline())
    uvloop.run(_run(Orders(**{**told, "streams": tuple(told["streams"])})))


if __name__ == "__main__":
    main()
