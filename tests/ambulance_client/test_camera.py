"""The cabin camera against a real relay and its real media plane: seen, stepped down for ECG, back."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import httpx2
import numpy as np
import pytest
from aiortc.rtcrtpsender import RTCRtpSender

from ambulance_client.budget import VideoStep
from ambulance_client.camera import SHAPES, _Encoder
from ambulance_client.camera_frames import check_camera, open_camera
from ambulance_client.tablet import Tablet, TabletSettings, running_tablet
from relay.errors import BadInput, Unavailable
from relay.faults.proxy import FaultProxy
from relay.video.forwarding import ForwardingPlane
from relay.video.port import Answer
from relay.wiring.adapters import Adapters
from tests.city import until
from tests.patience import PATIENCE_S
from tests.relay.call_world import SDP
from tests.relay.world import World, a_world
from tests.video.peers import Peer


def test_the_one_private_member_is_there() -> None:
    assert callable(RTCRtpSender._send_keyframe)


@pytest.mark.parametrize(
    "spec", ["", "webcam", "v4l2", "v4l2:", "file:", "file:/no/such.mkv", "synthetic:moon"]
)
def test_a_camera_nobody_knows_is_refused_in_one_sentence(spec: str) -> None:
    with pytest.raises(BadInput, match=r"^[^\n]+\.$"):
        check_camera(spec)


def test_a_camera_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="check its cable"):
        open_camera("v4l2:/dev/no-such-camera")
    (tmp_path / "text.mkv").write_text("not a film")
    with pytest.raises(BadInput, match="no video file"):
        open_camera(f"file:{tmp_path / 'text.mkv'}")


def test_a_file_is_played_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "short.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libvpx", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(4):
            out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode())
    source = open_camera(f"file:{path}")
    frames = source.frames()
    assert {next(frames).width for _ in range(10)} == {64}
    source.close()


@pytest.mark.parametrize("step", [VideoStep.FULL, VideoStep.REDUCED])
def test_the_encoder_keeps_its_bit_rate_on_the_worst_picture(step: VideoStep) -> None:
    """Noise cannot be compressed; what is too much must be dropped, not sent."""
    shape, dice = SHAPES[step], np.random.default_rng(119)
    encoder, sent, seconds = _Encoder(shape), 0, 6
    for i in range(round(seconds * shape.fps)):
        noise = dice.integers(0, 255, (360, 640, 3), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(noise)
        packet = encoder.encode(frame, i / shape.fps, whole=i == 0)
        if packet is not None:
            assert packet.time_base == Fraction(1, 90_000)
            sent += packet.size
    assert sent * 8 / seconds / 1000 < 1.6 * shape.kbps


async def _watching(world: World, incident: object) -> Peer:
    viewer, http = Peer(), await world.http("sato")
    viewer.pc.addTransceiver("video", direction="recvonly")
    viewer.pc.on("track", viewer.read)
    base = f"/api/incidents/{incident}/cabin"

    async def post(sdp: str) -> Answer:
        answer = await http.post(f"{base}/whep", content=sdp, headers=SDP)
        assert answer.status_code == 201, answer.text
        return Answer(incident, answer.text)  # type: ignore[arg-type]  # the session is not used

    await viewer.join(post)
    return viewer


async def _says(
    http: httpx2.AsyncClient, tablet: Tablet, state: str, within_s: float = PATIENCE_S
) -> None:
    async def says() -> bool:
        row = (await http.get(f"/api/incidents/{tablet.case.incident}/cabin")).json()
        return row.get("state") == state

    await until(says, within_s)


async def test_seen_by_the_hospital_and_silent_while_ecg_waits(tmp_path: Path) -> None:
    async with a_world(tmp_path / "data", Adapters(plane=ForwardingPlane())) as world:
        proxy = FaultProxy(world.port, 119)
        port = await proxy.start()
        settings = TabletSettings(
            unit="救急1",
            relay_url=f"ws://127.0.0.1:{port}/link/v1",
            token=world.tokens["救急1"],
            source="synthetic:normal?seed=2",
            spool=tmp_path / "spool",
            camera="synthetic",
        )
        async with running_tablet(settings) as tablet, await world.http("sato") as doctor:
            await until(lambda: tablet.video.state()["camera"]["state"] == "live")
            viewer = await _watching(world, tablet.case.incident)
            await viewer.has_frames(10)
            assert viewer.frames[-1].width == 640
            await _says(doctor, tablet, "live")

            steps: list[VideoStep] = []
            tablet.changed.add(lambda: steps.append(tablet.video.budget.step))
            proxy.dose.dark = True
            await until(lambda: VideoStep.STILLS in steps)
            assert steps.index(VideoStep.REDUCED) < steps.index(VideoStep.STILLS)
            assert tablet.video.state()["camera"]["state"] in {"stills", "paused"}
            assert 320 in {frame.width for frame in viewer.frames}
            seen = len(viewer.frames)
            proxy.dose.dark = False

            await until(lambda: tablet.video.state()["camera"]["state"] == "live")
            assert len(viewer.frames) <= seen + 60
            await until(lambda: viewer.frames[-1].width == 640)
            await _says(doctor, tablet, "live")
            assert tablet.backlog_s < 2

            first = tablet.case.incident
            await tablet.new_case()
            await until(lambda: tablet.video.camera._where == tablet.case.incident != first)
            await _says(doctor, tablet, "live")
            await viewer.leave()
        await proxy.stop()
