"""The browser's pure modules against the golden vectors that Python wrote."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import HOUSE, Chromium

pytestmark = pytest.mark.browser
Vector = Callable[[str], Any]
BYTES = "const bytes = (b64) => Uint8Array.from(atob(b64), (c) => c.charCodeAt(0));"


def test_vectors_are_what_python_says_today() -> None:
    found = subprocess.run(
        [sys.executable, str(HOUSE / "scripts" / "make_vectors"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_checksum(chromium: Chromium, vector: Vector) -> None:
    cases = vector("crc32c")
    got = chromium.run(
        "async (cases) => { const { crc32c } = await import('/static/kit/ecg/crc32c.js');"
        + BYTES
        + " return cases.map((c) => crc32c(bytes(c.bytes))); }",
        cases,
    )
    assert got == [case["crc32c"] for case in cases]
    assert got[0] == 0xE3069283  # the published check value


def test_good_frames_are_read_whole(chromium: Chromium, vector: Vector) -> None:
    good = vector("frames")["good"]
    got = chromium.run(
        "async (frames) => { const { decodeFrame } = await import('/static/kit/ecg/frame.js');"
        + BYTES
        + """ return frames.map((f) => { const d = decodeFrame(bytes(f.bytes)); return {
            stream: d.stream, epoch: d.epoch, seq: d.seq, first_sample: d.firstSample, n_samples: d.nSamples,
            lead_mask: d.leadMask, backlog: d.backlog, leads: d.leads,
            first_column: d.rows.map((r) => r[0]), last_column: d.rows.map((r) => r[r.length - 1]),
            sums: d.rows.map((r) => r.reduce((a, b) => a + b, 0)) }; }); }""",
        good,
    )
    for case, read in zip(good, got, strict=True):
        assert read == {key: case[key] for key in read}


def test_damaged_frames_are_refused_whole(chromium: Chromium, vector: Vector) -> None:
    bad = vector("frames")["bad"]
    got = chromium.run(
        "async (frames) => { const { decodeFrame, FrameError } = await import('/static/kit/ecg/frame.js');"
        + BYTES
        + """ return frames.map((f) => { try { decodeFrame(bytes(f.bytes)); return 'taken'; }
            catch (e) { return e instanceof FrameError ? e.code : String(e); } }); }""",
        bad,
    )
    assert dict(zip([case["name"] for case in bad], got, strict=True)) == {
        case["name"]: case["code"] for case in bad
    }


def test_frame_list_of_the_http_answer(chromium: Chromium, vector: Vector) -> None:
    good = vector("frames")["good"]
    got = chromium.run(
        "async (frames) => { const { decodeFrameList } = await import('/static/kit/ecg/frame.js');"
        + BYTES
        + """ const parts = frames.flatMap((f) => { const b = bytes(f.bytes); const l = new Uint8Array(4);
            new DataView(l.buffer).setUint32(0, b.length, true); return [l, b]; });
            const all = await new Blob(parts).arrayBuffer();
            let torn = 'taken'; try { decodeFrameList(all.slice(0, -3)); } catch (e) { torn = e.code; }
            return { seqs: decodeFrameList(all).map((f) => f.seq), torn, none: decodeFrameList(new ArrayBuffer(0)).length }; }""",
        good,
    )
    assert got == {"seqs": [case["seq"] for case in good], "torn": "size", "none": 0}


def test_lead_bits_and_derived_leads(chromium: Chromium, vector: Vector) -> None:
    data = vector("leads")
    got = chromium.run(
        """async (v) => { const m = await import('/static/kit/ecg/leads.js');
        const { SampleRing } = await import('/static/kit/ecg/ring.js');
        const n = v.i.length; const ring = new SampleRing(n);
        ring.write({ firstSample: 0, nSamples: n, leads: ['I', 'II'], rows: [Int16Array.from(v.i), Int16Array.from(v.ii)] });
        return { all: [...m.ALL_LEADS], masks: v.masks.map(({ mask }) => ({ mask, leads: m.leadsOfMask(mask) })),
          back: v.masks.map(({ mask }) => m.maskOfLeads(m.leadsOfMask(mask))),
          drawable: m.drawableLeads(255),
          derived: Object.fromEntries(Object.keys(v.derived).map((k) => [k, [...ring.read(k, 0, n)]])) }; }""",
        data,
    )
    assert got["all"] == data["all"]
    assert got["masks"] == data["masks"]
    assert got["back"] == [case["mask"] for case in data["masks"]]
    assert got["derived"] == data["derived"]
    assert got["drawable"] == ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]  # fmt: skip


def test_ring_under_late_lost_and_repeated_frames(chromium: Chromium, vector: Vector) -> None:
    schedules = vector("ring")
    got = chromium.run(
        """async (schedules) => { const { SampleRing } = await import('/static/kit/ecg/ring.js');
        const value = (s) => s % 20011 - 10000;
        return schedules.map(({ capacity, writes, start }) => { const ring = new SampleRing(capacity);
          for (const [first, n] of writes) ring.write({ firstSample: first, nSamples: n, leads: ['I'],
            rows: [Int16Array.from({ length: n }, (_, i) => value(first + i))] });
          return { end: ring.end, conflicts: ring.conflicts, gaps: ring.gaps(start, ring.end),
            values: [...ring.read('I', start, ring.end)].map((v) => (Number.isNaN(v) ? null : v)) }; }); }""",
        schedules,
    )
    for schedule, read in zip(schedules, got, strict=True):
        assert read["end"] == schedule["end"]
        assert read["values"] == schedule["values"]
        assert read["gaps"] == schedule["gaps"]
        assert read["conflicts"] == 0


def test_a_value_that_means_no_sample_is_a_hole(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const { SampleRing } = await import('/static/kit/ecg/ring.js');
        const ring = new SampleRing(100);
        ring.write({ firstSample: 0, nSamples: 4, leads: ['I', 'II'], rows: [Int16Array.from([1, -32768, -32767, 4]), Int16Array.from([5, 6, 7, -32768])] });
        const read = (lead) => [...ring.read(lead, 0, 4)].map((v) => (Number.isNaN(v) ? null : v));
        return { one: read('I'), three: read('III') }; }"""
    )
    assert got["one"] == [1, None, -32767, 4]
    assert got["three"] == [4, None, 32774, None]


def test_ring_never_invents_and_never_alters(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const { SampleRing } = await import('/static/kit/ecg/ring.js');
        const ring = new SampleRing(100);
        const put = (first, values, lead = 'I') => ring.write({ firstSample: first, nSamples: values.length, leads: [lead], rows: [Int16Array.from(values)] });
        put(10, [1, 2, 3]); put(20, [7, 8]); put(10, [9, 2, 3]);
        const alone = [...ring.read('III', 10, 13)].every(Number.isNaN);
        const before = [...ring.read('I', 5, 25)].map((v) => (Number.isNaN(v) ? null : v));
        const hole = ring.gapAround(15);
        put(1000, [5]); const old = put(20, [1]);
        return { alone, before, hole, conflicts: ring.conflicts, old, tooOld: ring.tooOld, seen: ring.has(20), next: ring.has(1000) }; }"""
    )
    assert got["before"] == [None] * 5 + [1, 2, 3] + [None] * 7 + [7, 8] + [None] * 3
    assert got["alone"] is True  # III needs I and II
    assert got["hole"] == [13, 20]
    assert got["conflicts"] == 1  # the first value stays
    assert (got["old"], got["tooOld"], got["seen"], got["next"]) == (None, 1, False, True)


def test_paper_geometry(chromium: Chromium, vector: Vector) -> None:
    data = vector("paper")
    got = chromium.run(
        """async (v) => { const p = await import('/static/kit/ecg/paper.js');
        const pulse = p.pulseLine({ xMm: 0, yMm: 0 }); const xs = pulse.map(([x]) => x); const ys = pulse.map(([, y]) => y);
        return { points: v.points.map(({ ms, uv, px_per_mm: px }) => ({ x_mm: p.mmOfMs(ms), y_mm: p.mmOfUv(uv), x_px: p.mmOfMs(ms) * px, y_px: p.mmOfUv(uv) * px })),
          width: xs[3] - xs[2], height: Math.max(...ys) - Math.min(...ys), back: p.msOfMm(p.mmOfMs(123)), uv: p.uvOfMm(p.mmOfUv(-77)) }; }""",
        data,
    )
    for case, read in zip(data["points"], got["points"], strict=True):
        for key, value in read.items():
            assert value == pytest.approx(case[key]), key
    assert (got["width"], got["height"]) == (data["pulse"]["width_mm"], data["pulse"]["height_mm"])
    assert (got["back"], got["uv"]) == (pytest.approx(123), pytest.approx(-77))


def test_monitor_filter_is_scipys(chromium: Chromium, vector: Vector) -> None:
    data = vector("filters")
    got = chromium.run(
        """async (v) => { const f = await import('/static/kit/ecg/filters.js');
        const x = Float64Array.from(v.x); const sections = f.sectionsOf('monitor', v.fs_hz);
        const zero = f.zeroPhaseRun(sections, x, 1000); const causal = f.causal('monitor', Float32Array.from(v.x), v.fs_hz);
        const holed = Float32Array.from(v.x); holed.fill(NaN, 700, 720);
        const gap = f.zeroPhase('monitor', holed, v.fs_hz);
        return { sos: sections.map((q) => [q.b0, q.b1, q.b2, 1, q.a1, q.a2]), zero: v.at.map((i) => zero[i]), causal: v.at.map((i) => causal[i]),
          gap: [...gap].flatMap((y, i) => (Number.isNaN(y) ? [i] : [])), raw: f.zeroPhase('diagnostic', holed, v.fs_hz) === holed }; }""",
        data,
    )
    for mine, theirs in zip(got["sos"], data["sos"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-9)
    assert got["zero"] == pytest.approx(data["zero_phase"], abs=0.5)
    assert got["causal"] == pytest.approx(data["causal"], abs=0.5)
    assert got["gap"] == list(range(700, 720))  # a gap stays a gap, no wider and no narrower
    assert got["raw"] is True  # the diagnostic mode hands the samples through untouched


def test_kept_snapshots_are_checked_by_their_hash(chromium: Chromium, vector: Vector) -> None:
    got = chromium.run(
        "async (cases) => { const { loadRecording } = await import('/static/kit/ecg/snapshot.js');"
        + BYTES
        + """ const real = window.fetch; const out = [];
        const load = async (c, body) => { window.fetch = async () => new Response(body, { headers: { 'X-Present': c.present, 'X-Hash-Header': c.header } });
          const rec = await loadRecording(c.facts); return [rec.hash, rec.ring.gaps(rec.firstSample, rec.firstSample + rec.nSamples), rec.ring.read('II', 40, 42)[0]]; };
        for (const c of cases) { const body = bytes(c.samples); const good = await load(c, body); const wrong = body.slice(); wrong[6] ^= 1;
          out.push({ good, wrong: (await load(c, wrong))[0], moved: (await load({ ...c, facts: { ...c.facts, incident: c.facts.stream } }, body))[0] }); }
        window.fetch = real; return out; }""",
        vector("snapshots"),
    )
    for case, read in zip(vector("snapshots"), got, strict=True):
        gaps = [s for first, end in read["good"][1] for s in range(first, end)]
        assert (read["good"][0], gaps, read["good"][2]) == ("match", case["missing"], 50)
        assert (read["wrong"], read["moved"]) == ("differs", "differs")
