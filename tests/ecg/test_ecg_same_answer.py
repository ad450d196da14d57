"""The same samples give the same report: again and again, by both doors, however the stream was cut."""

import json
from itertools import pairwise

import numpy as np
from ecg_cases import segment
from hypothesis import given
from hypothesis import strategies as st

from ecg.detecting.detect import BeatStream, detected_beats
from ecg.screen import screen_segment
from ecg.synthetic.patient import SyntheticPatient
from ecg.values import EcgSegment, PatientFacts
from relay.bench.floor import build_floor
from relay.services.recordings.assemble import assemble
from relay.wiring.screen import load_screener

HARD = [("anterior-stemi", "ambulance"), ("lbbb", "moderate"), ("atrial-fibrillation", "severe")]


def said(seg):
    return json.dumps(screen_segment(seg, PatientFacts(60, "M")).as_json())


def test_a_hundred_runs_give_one_report():
    for scenario, noise in HARD:
        seg = segment(scenario, 3, noise=noise)
        assert len({said(seg) for _ in range(34)}) == 1


def test_the_order_of_work_before_it_changes_nothing():
    """Caches and buffers of one record must not reach into the next."""
    segs = [segment(s, 4, noise=n) for s, n in HARD]
    alone = [said(seg) for seg in segs]
    assert [said(seg) for seg in reversed(segs)] == alone[::-1]
    said(EcgSegment(segs[0].adc[:, :3700], segs[0].leads, 500.0, segs[0].uv_per_lsb))
    assert [said(seg) for seg in segs] == alone


def test_both_doors_say_the_same():
    screener = load_screener()
    for scenario, noise in HARD:
        seg = segment(scenario, 5, noise=noise)
        assert json.dumps(dict(screener(seg, 60, "M").body)) == said(seg)


@given(cuts=st.lists(st.integers(1, 4999), max_size=12, unique=True))
def test_frames_of_any_length_give_the_report_of_the_whole(cuts):
    from uuid import UUID

    from relay.ecglog.port import LoggedFrame
    from relay.protocol.codec import encode_samples
    from relay.protocol.wire import EcgFrame, pack

    seg, stream = segment("inferior-stemi", 6, noise="ambulance"), UUID(int=7)
    edges = [0, *sorted({*cuts, 2500}), 5000]
    frames = []
    for seq, (a, b) in enumerate(pairwise(edges)):
        payload = encode_samples(np.ascontiguousarray(seg.adc[:, a:b]))
        data = pack(EcgFrame(stream, 0, seq, a, b - a, 0xFF, 0, payload))
        frames.append(LoggedFrame(seq, a, b - a, data))
    adc, _ = assemble(frames, 8, 0, 5000)
    assert said(EcgSegment(adc, seg.leads, 500.0, seg.uv_per_lsb, seg.first_sample)) == said(seg)


@given(
    n=st.integers(500, 20_000),
    cuts=st.lists(st.integers(0, 20_000), max_size=10),
    fs_hz=st.sampled_from([250.0, 360.0, 500.0]),
)
def test_a_stream_finds_the_beats_of_the_whole(n, cuts, fs_hz):
    seg = SyntheticPatient("atrial-fibrillation", 8, noise="ambulance").segment(3000, n)
    uv = np.asarray(seg.adc * seg.uv_per_lsb, dtype=np.float64)
    stream, edges = BeatStream(uv.shape[0], fs_hz), [0, *sorted(c for c in cuts if c < n), n]
    pieces = [stream.push(uv[:, a:b]) for a, b in pairwise(edges)]
    found = np.concatenate([*pieces, stream.finish()])
    assert np.array_equal(found, detected_beats(uv, fs_hz))
    assert (np.diff(found) > 0).all()


def test_the_floor_of_the_bench_reads_what_the_screen_reads():
    """A floor that computed nothing would be no floor."""
    floor = build_floor()
    if floor is None:  # no compiler here: the bench says so, and there is nothing to compare
        return
    seg = segment("normal", 9, noise="none")
    m = screen_segment(seg, PatientFacts(60, "M")).measurements
    assert abs(floor(seg)() - m.n_beats_all) <= 3
