"""How long the disk still takes ECG, and when the crew is told."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from ambulance_client.disk_room import RESERVE_BYTES, SPOOL_OVERHEAD, room_min, room_words
from ambulance_client.segmenter import Segmenter
from ambulance_client.spool import Spool
from ecg.synthetic.patient import SyntheticPatient
from relay.protocol import messages as m
from tests.frames import new_stream


def test_the_crew_is_told_an_hour_before_the_disk_is_full_and_not_before() -> None:
    made = {"made_bytes": 240_000, "made_s": 60.0}
    an_hour = RESERVE_BYTES + round(4_000 * SPOOL_OVERHEAD * 3600)

    assert room_words(room_min(an_hour + 100_000, **made)) == ""
    assert "59 more minutes" in room_words(room_min(an_hour - 100_000, **made))
    assert room_min(0, **made) == 0
    assert room_min(an_hour + 100_000, 0, 0) == 60


async def test_the_spool_takes_no_more_than_is_reckoned(tmp_path: Path) -> None:
    stream, patient = new_stream(), SyntheticPatient("normal", 3, noise="ambulance")
    cutter = Segmenter(stream, patient.leads, patient.fs_hz)
    spool = await Spool.open(tmp_path)
    spec = m.OpenStream(stream, uuid4(), 255, patient.fs_hz, patient.uv_per_lsb, 0, "t")
    await spool.add_stream(spec)
    made = 0
    for frame in cutter.push(patient.segment(0, 500 * 120)):
        made += len(frame.data)
        await spool.add_frame(stream, frame.seq, frame.data)
    await spool.close()

    taken = sum(p.stat().st_size for p in tmp_path.iterdir() if p.suffix != ".reserve")
    assert made * 0.9 < taken <= made * SPOOL_OVERHEAD
