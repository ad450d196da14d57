"""What every ``MediaPlane`` adapter promises (``relay/video/port.py``), seen by plain WHIP/WHEP peers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import pytest

from relay.errors import BadInput, NotFound, TooMany, Unavailable
from relay.video.forwarding import ForwardingPlane, PlaneSettings
from relay.video.late import LateMediaPlane
from relay.video.port import FROZEN_AFTER_S, MediaPlane, PublisherChange
from relay.video.turn import TurnSettings
from tests.patience import PATIENCE_S, Unhurried
from tests.video.peers import an_offer, publisher, until, viewer

TURN = TurnSettings(("stun:relay.example:3478",), ("turn:relay.example:3478",), "s3cret", 300)


def _late() -> LateMediaPlane:
    """The adapter in use: the other one behind it, loaded when it is needed."""
    settings = PlaneSettings(max_calls=3, max_viewers=2, turn=TURN)
    return LateMediaPlane(lambda: lambda: ForwardingPlane(settings), TURN)


@pytest.fixture
async def plane() -> AsyncIterator[MediaPlane]:
    plane = _late()
    yield plane
    await plane.close()


@pytest.fixture
def call() -> UUID:
    return uuid4()


async def test_pictures_reach_early_and_late_viewers_and_the_figures_say_so(
    plane: MediaPlane, call: UUID
) -> None:
    changes: list[tuple[UUID, PublisherChange]] = []
    plane.on_change(lambda *change: changes.append(change))
    assert plane.stats(call) is None
    async with viewer(plane, call, "early") as early:
        async with publisher(plane, call) as phone:
            await early.has_frames(5)
            async with viewer(plane, call, "late") as late:
                with Unhurried(2.0):
                    await late.has_frames(1)
                assert (late.frames[0].width, late.frames[0].height) == (320, 240)
                await asyncio.sleep(1.2)

                stats = plane.stats(call)
                assert stats is not None
                assert stats.publisher is not None
                assert stats.publisher.session == phone.answer.session
                assert stats.publisher.codec == "VP8"
                assert (stats.publisher.width, stats.publisher.height) == (320, 240)
                assert stats.publisher.fps > 10
                assert stats.publisher.kbps > 0
                assert not stats.publisher.frozen
                assert [v.viewer for v in stats.viewers] == ["early", "late"]
                assert all(v.connected and v.playable and v.packets for v in stats.viewers)
                assert plane.call_of(late.answer.session) == call
        assert changes[0] == (call, PublisherChange.LIVE)
        await until(lambda: (call, PublisherChange.GONE) in changes)


async def test_a_second_publisher_replaces_the_first_and_viewers_go_on(
    plane: MediaPlane, call: UUID
) -> None:
    async with publisher(plane, call) as first, viewer(plane, call) as console:
        await console.has_frames(5)
        async with publisher(plane, call) as second:
            await until(lambda: plane.call_of(first.answer.session) is None)
            seen = len(console.frames)
            await console.has_frames(seen + 10)
            stats = plane.stats(call)
            assert stats is not None
            assert stats.publisher is not None
            assert stats.publisher.session == second.answer.session


async def test_silence_is_told_as_frozen_and_pictures_as_live_again(
    plane: MediaPlane, call: UUID
) -> None:
    changes: list[PublisherChange] = []
    plane.on_change(lambda _, change: changes.append(change))
    async with publisher(plane, call) as phone:
        await until(lambda: PublisherChange.LIVE in changes)
        sender = phone.pc.getSenders()[0]
        sender._enabled = False
        await until(lambda: PublisherChange.FROZEN in changes, FROZEN_AFTER_S + 2)
        stats = plane.stats(call)
        assert stats is not None
        assert stats.publisher is not None
        assert stats.publisher.frozen
        sender._enabled = True
        await until(
            lambda: changes == [PublisherChange.LIVE, PublisherChange.FROZEN, PublisherChange.LIVE]
        )


async def test_removing_one_viewer_leaves_the_others(plane: MediaPlane, call: UUID) -> None:
    async with (
        publisher(plane, call),
        viewer(plane, call, "one") as one,
        viewer(plane, call, "two") as two,
    ):
        await one.has_frames(2)
        await two.has_frames(2)
        await plane.remove(one.answer.session)
        with pytest.raises(NotFound):
            await plane.remove(one.answer.session)
        seen = len(two.frames)
        await two.has_frames(seen + 5)
        stats = plane.stats(call)
        assert stats is not None
        assert [v.viewer for v in stats.viewers] == ["two"]


async def test_ending_a_call_ends_everyone_in_it_and_nobody_else(plane: MediaPlane) -> None:
    ours, other = uuid4(), uuid4()
    async with (
        publisher(plane, ours) as phone,
        viewer(plane, ours) as console,
        publisher(plane, other),
        viewer(plane, other) as neighbour,
    ):
        await console.has_frames(1)
        await neighbour.has_frames(1)
        await plane.end(ours)
        await plane.end(ours)
        assert plane.stats(ours) is None
        assert plane.call_of(phone.answer.session) is None
        await until(lambda: console.pc.connectionState in {"closed", "failed"})
        seen = len(neighbour.frames)
        await neighbour.has_frames(seen + 5)


async def test_keyframe_requests_are_bounded(plane: MediaPlane, call: UUID) -> None:
    async with publisher(plane, call), viewer(plane, call) as console:
        await console.has_frames(5)
        before = plane.stats(call)
        assert before is not None
        assert before.publisher is not None
        until_s = time.monotonic() + 1.5
        while time.monotonic() < until_s:
            plane.request_keyframe(call)
            await asyncio.sleep(0.005)
        after = plane.stats(call)
        assert after is not None
        assert after.publisher is not None
        asked = after.publisher.keyframe_requests - before.publisher.keyframe_requests
        assert 1 <= asked <= 4


async def test_a_limit_reaches_the_sender_and_outlives_it(plane: MediaPlane, call: UUID) -> None:
    plane.limit_bitrate(call, 10)
    async with publisher(plane, call) as phone:

        def encoder() -> Any:
            return getattr(phone.pc.getSenders()[0], "_RTCRtpSender__encoder")  # noqa: B009

        await until(lambda: encoder() is not None)
        stats = plane.stats(call)
        assert stats is not None
        assert stats.publisher is not None
        assert stats.publisher.limit_kbps == 50
        plane.limit_bitrate(call, 777)
        await until(lambda: abs(encoder().target_bitrate - 777_000) < 2_000)


async def test_sound_is_forwarded_where_the_site_wants_it(call: UUID) -> None:
    plane = ForwardingPlane(PlaneSettings(sound=True))
    async with publisher(plane, call, sound=True), viewer(plane, call, sound=True) as console:
        await console.has_frames(5)
        await until(lambda: len(console.heard) >= 5)
    await plane.close()


async def test_sound_is_refused_where_it_does_not(plane: MediaPlane, call: UUID) -> None:
    answer = await plane.publish(call, await an_offer(sound=True))
    assert "m=audio 0 " in answer.sdp
    assert "m=video 9 " in answer.sdp


async def test_hostile_datagrams_disturb_nobody(plane: MediaPlane, call: UUID) -> None:
    """Mutations of real STUN, DTLS, RTP and RTCP heads, from a stranger, at every port of the call."""
    dice = random.Random(119)
    heads = [
        b"\x00\x01\x00\x08\x21\x12\xa4\x42",
        b"\x16\xfe\xfd\x00\x00",
        b"\x80\x60",
        b"\x81\xc9\x00\x07",
    ]
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    async with publisher(plane, call) as phone, viewer(plane, call) as console:
        await console.has_frames(3)
        ports = {
            (parts[4], int(parts[5]))
            for peer in (phone, console)
            for line in peer.answer.sdp.splitlines()
            if line.startswith("a=candidate:") and ":" not in (parts := line.split())[4]
        }
        assert len(ports) >= 2
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for count in range(6_000):
                body = bytearray(dice.choice(heads) + dice.randbytes(dice.randrange(0, 200)))
                if body[0] == 0 and len(body) >= 20:
                    body[2:4] = (len(body) - 20).to_bytes(2)
                for target in ports:
                    stranger.sendto(body, target)
                if count % 50 == 0:
                    await asyncio.sleep(0)
        seen = len(console.frames)
        await console.has_frames(seen + 10)
    assert failures == []


async def test_bounds_hold(plane: MediaPlane, call: UUID) -> None:
    offer = await an_offer("recvonly")
    for _ in range(2):
        await plane.subscribe(call, offer, "console")
    with pytest.raises(TooMany):
        await plane.subscribe(call, offer, "console")
    await plane.subscribe(uuid4(), offer, "console")
    await plane.subscribe(uuid4(), offer, "console")
    with pytest.raises(TooMany):
        await plane.subscribe(uuid4(), offer, "console")


async def test_what_is_not_an_offer_is_refused_in_one_sentence_and_leaves_nothing(
    plane: MediaPlane, call: UUID
) -> None:
    good = await an_offer()
    bad = [
        "",
        "v=0",
        "\x00" * 100,
        "m=video",
        "x" * 100_000,
        "a=b\n" * 5_000,
        good.replace("m=video", "m=text"),
        good.replace("ice-pwd", "ice-pwt"),
        good.replace("fingerprint", "fingerpaint"),
        good.replace("actpass", "passive"),
        good.replace("VP8", "VP1").replace("H264", "H1"),
        good.replace("sendonly", "recvonly"),
    ]
    for text in bad:
        with pytest.raises(BadInput) as refused:
            await plane.publish(call, text)
        assert str(refused.value).endswith(".")
    assert plane.stats(call) is None


async def test_a_fragment_for_a_session_that_is_not_there(plane: MediaPlane, call: UUID) -> None:
    with pytest.raises(NotFound):
        await plane.patch(uuid4(), "a=ice-ufrag:abcd\r\n")
    answer = await plane.subscribe(call, await an_offer("recvonly"), "console")
    with pytest.raises(BadInput):
        await plane.patch(answer.session, "nonsense")
    assert plane.call_of(answer.session) == call


async def test_trickled_candidates_are_taken_and_a_restart_is_answered(
    plane: MediaPlane, call: UUID
) -> None:
    offer = await an_offer("recvonly")
    answer = await plane.subscribe(call, offer, "console")
    lines = {n: v for n, _, v in (x.partition(":") for x in offer.splitlines())}
    same = f"a=ice-ufrag:{lines['a=ice-ufrag']}\r\na=ice-pwd:{lines['a=ice-pwd']}\r\n"
    candidates = (
        "a=candidate:1 1 udp 2130706431 11111111-2222-3333-4444-555555555555.local 5000 typ host\r\n"
        "a=candidate:2 1 udp 2130706431 192.0.2.77 5000 typ host\r\na=candidate:nonsense\r\n"
    )
    with Unhurried(0.5):
        assert await plane.patch(answer.session, same + candidates) == ""
    fresh = "a=ice-ufrag:NEWU\r\na=ice-pwd:0123456789012345678901\r\n"
    fragment = await plane.patch(answer.session, fresh)
    assert "a=ice-ufrag:" in fragment
    assert "a=candidate:" in fragment
    assert fragment.split("a=ice-ufrag:")[1].split()[0] not in answer.sdp


async def test_turn_passwords_are_what_coturn_expects(plane: MediaPlane) -> None:
    stun, turn = plane.ice_servers("call-7")
    assert stun.urls == ("stun:relay.example:3478",)
    assert stun.username == ""
    expiry, _, user = turn.username.partition(":")
    assert user == "call-7"
    assert 290 <= int(expiry) - time.time() <= 301
    digest = hmac.new(b"s3cret", turn.username.encode(), hashlib.sha1).digest()
    assert turn.credential == base64.b64encode(digest).decode()


async def test_a_closed_plane_says_so(plane: MediaPlane, call: UUID) -> None:
    await plane.ping()
    async with publisher(plane, call) as phone:
        await until(lambda: phone.pc.connectionState == "connected")
        await plane.close()
        await until(lambda: phone.pc.connectionState in {"closed", "failed"})
    with pytest.raises(Unavailable):
        await plane.ping()
    with pytest.raises(Unavailable):
        await plane.publish(call, await an_offer())


def _pictures_in(path: Path) -> int:
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


async def test_each_time_the_phone_sends_is_one_file_and_none_when_nobody_asked(
    plane: MediaPlane, call: UUID, tmp_path: Path
) -> None:
    folder, other = tmp_path / "clips", uuid4()
    plane.record(call, folder)
    for _ in range(2):
        async with publisher(plane, call), publisher(plane, other), viewer(plane, call) as looker:
            await looker.has_frames(8)
    plane.record(call, None)
    async with publisher(plane, call), viewer(plane, call) as looker:
        await looker.has_frames(5)
    plane.record(call, folder)
    await plane.end(call)
    async with publisher(plane, call), viewer(plane, call) as looker:
        await looker.has_frames(5)
    await plane.close()

    files = sorted(folder.iterdir())
    assert len(files) == 2
    assert all(_pictures_in(path) >= 3 for path in files)


async def test_what_is_wished_before_the_stack_is_loaded_holds_afterwards(
    call: UUID, tmp_path: Path
) -> None:
    loads: list[ForwardingPlane] = []

    def load():
        made = ForwardingPlane(PlaneSettings(turn=TURN))
        return lambda: loads.append(made) or made

    plane = LateMediaPlane(load, TURN)
    changes: list[tuple[UUID, PublisherChange]] = []
    plane.on_change(lambda *change: changes.append(change))
    other = uuid4()
    for one in (call, other):
        plane.limit_bitrate(one, 300)
        plane.record(one, tmp_path / "clips")
    await plane.end(other)
    await plane.ping()
    assert plane.stats(call) is None and plane.call_of(uuid4()) is None
    with pytest.raises(NotFound):
        await plane.patch(uuid4(), "a=candidate")
    assert loads == []
    async with publisher(plane, call):
        async with asyncio.timeout(PATIENCE_S):
            while (call, PublisherChange.LIVE) not in changes:
                await asyncio.sleep(0.02)
        assert plane.stats(call).publisher.limit_kbps == 300
        (made,) = loads
        assert set(made._limits) == set(made._folders) == {call}
    await plane.close()
    with pytest.raises(Unavailable):
        await plane.publish(call, await an_offer())


async def test_a_stack_that_cannot_be_loaded_is_said_and_tried_again(call: UUID) -> None:
    tries = []

    def load():
        tries.append(1)
        if len(tries) == 1:
            raise ImportError("no libsrtp")
        return lambda: ForwardingPlane(PlaneSettings(turn=TURN))

    plane = LateMediaPlane(load, TURN)
    with pytest.raises(Unavailable, match="no libsrtp"):
        await plane.publish(call, "v=0")
    async with publisher(plane, call):
        assert plane.stats(call) is not None
    await plane.close()
