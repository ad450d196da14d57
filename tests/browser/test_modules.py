"""Small machines of the pages: the pen, ages, caliper, alarm pattern, triage, the feed."""

from __future__ import annotations

import pytest

from .conftest import Chromium

pytestmark = pytest.mark.browser


def test_pen_is_even_never_ahead_and_jumps_over_outages(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const { PlayHead } = await import('/static/kit/ecg/playhead.js');
        const head = new PlayHead(500); let newest = 5000, ms = 0; head.arrived(newest, ms);
        const steps = []; let ahead = false;
        for (; ms < 20000; ms += 16) { if (ms % 256 < 16) head.arrived(newest += 128, ms);
          const [a, b] = head.advance(ms); if (ms > 5000) steps.push(b - a); ahead ||= b > newest; }
        const lag = head.lagS; const stood = []; for (let k = 0; k < 200; k += 1) { ms += 16; const [a, b] = head.advance(ms); stood.push(b - a); ahead ||= b > newest; }
        head.arrived(newest += 30 * 500, ms); const [a, b] = head.advance(ms + 16);
        return { ahead, least: Math.min(...steps), most: Math.max(...steps), lag, stands: stood.at(-1), jump: b - a, after: head.lagS }; }"""
    )
    assert got["ahead"] is False
    assert 4 <= got["least"] <= got["most"] <= 13  # 8 samples a frame at 60 Hz, gently varied
    assert 0.1 < got["lag"] < 0.8
    assert got["stands"] == 0
    assert got["jump"] > 29 * 500
    assert got["after"] < 0.8


def test_age_says_stale_from_3_s_and_lost_from_10_s(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const a = await import('/static/kit/ecg/age.js');
        const at = (s, lag = 0, ended = false) => { const v = a.ageS({ nowMs: s * 1000, lastArrivalMs: 0, lagS: lag }); return [Math.round(v * 10) / 10, a.stateOfAge(v, ended)]; };
        const told = a.ageS({ nowMs: 1000, lastArrivalMs: 900, lagS: 0, reportedAgeMs: 4000, reportedAtMs: 500 });
        return { fresh: at(0.5, 0.4), stale: at(3), before: at(2.99), lost: at(10), ended: at(60, 0, true), none: a.stateOfAge(NaN, false), told }; }"""
    )
    assert got["fresh"] == [0.9, "live"]
    assert (got["before"][1], got["stale"][1], got["lost"][1]) == ("live", "stale", "lost")
    assert (got["ended"][1], got["none"]) == ("ended", "waiting")
    assert got["told"] == pytest.approx(4.5)  # the relay's word counts when it is the older one


def test_caliper_and_sheet_layouts(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const c = await import('/static/kit/ecg/caliper.js'); const p = await import('/static/kit/ecg/paper.js');
        const m = c.measure({ a: { xMm: 10, yMm: 20 }, b: { xMm: 30, yMm: 5 } });
        const of = (n, o) => { const l = p.layoutOf(n, o); return { cells: l.cells.map((x) => [x.label, x.startS, x.lengthS, x.negate]), pulses: l.pulses.length, w: l.widthMm, h: l.heightMm,
          onGrid: l.cells.every((x) => x.yMm % 5 === 0 && x.xMm % 2.5 === 0) && l.pulses.every((f) => (f.xMm + 2.5) % 5 === 0) }; };
        const wide = p.roomyLayout('3x4', { cabrera: false }, 1100, 750, 1).cells.length, flat = p.roomyLayout('3x4', { cabrera: false }, 1100, 440, 1).cells.length;
        return { m, nudge: c.nudge({ xMm: 1, yMm: 1 }, 'ArrowUp', { shift: true, alt: false }), other: c.nudge({ xMm: 1, yMm: 1 }, 'x', { shift: false, alt: false }),
          a: of('3x4'), b: of('6x2'), c: of('12x1'), d: of('3x4', { cabrera: true }), wide, flat }; }"""
    )
    assert got["m"] == {"ms": 800, "uv": 1500, "mm": 15, "perMin": 75}
    assert got["nudge"] == {"xMm": 1, "yMm": -4}
    assert got["other"] is None
    sheet = got["a"]
    assert [c[0] for c in sheet["cells"]] == ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "II"]  # fmt: skip
    assert [c[1] for c in sheet["cells"]] == [0, 0, 0, 2.5, 2.5, 2.5, 5, 5, 5, 7.5, 7.5, 7.5, 0]
    assert (sheet["cells"][12][2], sheet["pulses"], sheet["w"]) == (10, 4, 270)
    assert {c[2] for c in got["b"]["cells"]} == {5}
    assert {(c[1], c[2]) for c in got["c"]["cells"]} == {(0, 10)}
    assert [c[0] for c in got["d"]["cells"]][:6] == ["aVL", "I", "\u2212aVR", "II", "aVF", "III"]
    assert [c[3] for c in got["d"]["cells"]][2] is True
    assert all(got[k]["onGrid"] for k in "abcd")
    assert (got["wide"], got["flat"]) == (15, 13)


def test_alarm_pattern(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const a = await import('/static/kit/shared/alarm.js');
        return { high: a.burst('high'), medium: a.burst('medium'), harmonics: a.HARMONICS }; }"""
    )
    high = got["high"]
    assert (len(high), len(got["medium"])) == (10, 3)
    assert all(150 <= pulse["hz"] <= 1000 for pulse in high + got["medium"])
    starts = [pulse["atS"] for pulse in high]
    assert starts == sorted(starts)
    assert starts[5] - (starts[4] + high[4]["lengthS"]) == pytest.approx(0.5)
    assert len(got["harmonics"]) >= 5
    assert min(got["harmonics"]) > 10 ** (-15 / 20)


def test_the_pages_draw_the_order_and_the_sounds_they_are_told(chromium: Chromium) -> None:
    got = chromium.run(
        """async () => { const t = await import('/static/viewer/js/triage.js');
        const row = (id, place, tier, call = null, at = 0) => ({ id, place, tier, opened_at_us: at, call: call && { snapshot: 's' + id, reason: 'manual', ...call } });
        const rows = [row('done', 5, 'A'), row('soft', 3, 'B', { level: 'soft', tier: 'B', since_us: 1 }), row('seen', 4, 'A'), row('late', 0, 'E', { level: 'high', tier: 'A', since_us: 9 }),
          row('trend', 0, 'E', { level: 'high', tier: 'E', since_us: 1 }), row('ring', 0, 'E', { level: 'high', tier: 'A+', since_us: 3 }), row('hand', 1, 'Q', { level: 'hand', tier: 'Q', since_us: 2 }), row('cath', 2, 'A'), row('new', 4, null, null, 9)];
        const s = t.sounding(rows); const ids = (list) => list.map((r) => r.id);
        const alarm = { stage: 'alert-raised', data: { snapshot: 's1' } };
        const snapshots = [{ id: 's1', taken_at_us: 1, tier: 'A' }, { id: 's2', taken_at_us: 2, tier: 'A' }, { id: 's3', taken_at_us: 3, tier: null }];
        return { order: ids(t.triaged(rows)), high: ids(s.high), hand: ids(s.hand), soft: ids(s.soft),
          waits: t.firstSnapshot({ snapshots, timeline: [alarm], call: { snapshot: 's3' } }).id, rang: t.firstSnapshot({ snapshots, timeline: [alarm], call: null }).id }; }"""
    )
    assert got["order"] == ["ring", "late", "trend", "hand", "cath", "soft", "seen", "new", "done"]
    assert got["high"] == ["late", "trend", "ring"]
    assert (got["hand"], got["soft"]) == (["hand"], ["soft"])
    assert (got["waits"], got["rang"]) == ("s3", "s1")


FEED = """async () => { const { Feed } = await import('/static/kit/shared/feed.js');
  let now = 1e12; const timers = []; const sockets = [];
  const world = { nowMs: () => now, random: () => 1, cancel: (t) => { if (timers[t]) timers[t] = null; },
    later: (run, ms) => timers.push({ at: now + ms, run }) - 1,
    socket: (url, protocol) => { const s = { url, protocol, sent: [], close() { this.ended = true; }, send(x) { this.sent.push(JSON.parse(x)); } }; sockets.push(s); return s; } };
  const pass = (ms) => { const end = now + ms; for (;;) { let next = -1; timers.forEach((t, i) => { if (t && t.at <= end && (next < 0 || t.at < timers[next].at)) next = i; });
    if (next < 0) break; const t = timers[next]; timers[next] = null; now = Math.max(now, t.at); t.run(); } now = end; };
  const feed = new Feed('ws://x/feed', { protocol: 'p', world }); const states = []; feed.on('dial', (s) => states.push(s));
  const kinds = (s) => s.sent.map((m) => m.kind);
"""


def test_feed_redials_and_asks_again(chromium: Chromium) -> None:
    got = chromium.run(
        FEED
        + """ feed.watch('s1', 12); feed.start(); sockets[0].onopen();
        const first = kinds(sockets[0]); const lookBack = sockets[0].sent[0].look_back_s;
        sockets[0].onmessage({ data: JSON.stringify({ kind: 'welcome', server_us: (now + 4000) * 1000, user: {} }) });
        const offset = feed.offsetMs; pass(5000); const pings = kinds(sockets[0]).filter((k) => k === 'ping').length;
        sockets[0].onclose({ code: 1006 }); const waits = []; let dialled = sockets.length;
        for (let k = 0; k < 7; k += 1) { const t0 = now; while (sockets.length === dialled) pass(50); waits.push(now - t0); dialled = sockets.length; sockets.at(-1).onclose({ code: 1006 }); }
        while (sockets.length === dialled) pass(50); sockets.at(-1).onopen();
        return { first, lookBack, offset, pings, waits, again: kinds(sockets.at(-1)), protocol: sockets[0].protocol, states: states.slice(0, 4), last: feed.state }; }"""
    )
    assert got["first"] == ["watch", "ping"]
    assert (got["lookBack"], got["offset"], got["protocol"]) == (12, 4000, "p")
    assert got["pings"] == 2
    assert got["waits"] == sorted(got["waits"])
    assert got["waits"][0] <= 300
    assert got["waits"][-1] <= 5100
    assert got["again"] == ["watch", "ping"]
    assert got["states"] == ["connecting", "open", "waiting", "connecting"]
    assert got["last"] == "open"


def test_feed_notices_silence_and_signing_out(chromium: Chromium) -> None:
    got = chromium.run(
        FEED
        + """ feed.start(); sockets[0].onopen(); pass(20000); const dead = sockets[0].ended === true; const more = sockets.length;
        sockets.at(-1).onopen(); const bad = []; feed.on('damaged', (e) => bad.push(e.code)); sockets.at(-1).onmessage({ data: new ArrayBuffer(80) }); sockets.at(-1).onmessage({ data: 'no json' });
        const open = feed.state; sockets.at(-1).onclose({ code: 4001 }); const count = sockets.length; pass(60000);
        return { dead, more, open, bad, damaged: feed.damaged, last: feed.state, dialled: sockets.length - count, sent: feed.send({ kind: 'ping' }) }; }"""
    )
    assert got["dead"] is True
    assert got["more"] >= 2
    assert got["open"] == "open"  # a damaged message does not end the feed
    assert (got["bad"], got["damaged"]) == (["version"], 2)
    assert (got["last"], got["dialled"], got["sent"]) == ("signed-out", 0, False)


def test_what_a_closing_socket_would_swallow_is_not_taken_for_sent(chromium: Chromium) -> None:
    got = chromium.run(
        FEED
        + """ feed.start(); sockets[0].onopen(); const sent = sockets[0].sent.length;
        sockets[0].readyState = WebSocket.CLOSING; const closing = feed.send({ kind: 'ping' });
        const swallowed = sockets[0].sent.length - sent; sockets[0].readyState = WebSocket.OPEN;
        return { closing, swallowed, open: feed.send({ kind: 'ping' }) }; }"""
    )

    assert got == {"closing": False, "swallowed": 0, "open": True}


def test_report_is_read_in_the_screens_own_shape(chromium: Chromium) -> None:
    report = {
        "tier": "A", "st_j_uv": {"aVR": -120.0, "V2": 210.0, "V3": 199.0, "V4": 300.0, "V5": None}, "st_j60_uv": {"V2": 250.0},
        "hr_bpm": 72.0, "qrs_ms": 96.0, "qtc_ms": None,
        "quality": {"leads": {"V2": {"grade": "good"}, "V4": {"grade": "bad"}}},
        "thresholds": {"leads_uv": {"V2": 200.0, "V3": 200.0, "V4": 100.0, "V5": 100.0}, "source": "unknown", "profile": "udmi4", "profile_version": "1"},
        "findings": [{"code": "SCREEN", "status": "MET", "leads": ["V2", "-aVR"], "text_ja": "x", "text_en": "x"}, {"code": "LVH", "status": "MET", "text_ja": "左室肥大", "text_en": "LVH"}, {"code": "P", "status": "NOT_MET", "text_ja": "n", "text_en": "n"}],
    }  # fmt: skip
    got = chromium.run(
        "async (r) => { const { readReport } = await import('/static/kit/ecg/report.js'); return [readReport(r), readReport(null)]; }",
        report,
    )
    reading, nothing = got
    assert nothing is None
    marked = {lead["lead"]: lead["meets"] for lead in reading["leads"]}
    assert marked == {"aVR": False, "V2": True, "V3": False, "V4": False, "V5": False}
    assert [x["lead"] for x in reading["leads"] if x["meetsInverse"]] == ["aVR"]
    assert reading["reasons"] == [{"ja": "左室肥大", "en": "LVH"}]
    assert (reading["qtcMs"], reading["prMs"], reading["hrBpm"]) == (None, None, 72)
    assert reading["thresholdSource"] == "unknown"


def test_a_level_above_a_threshold_is_no_finding_where_the_screen_names_none(
    chromium: Chromium,
) -> None:
    """A paced record of tier E with 4 mm in V2: the page marks nothing, for the screen did not."""
    report = {
        "tier": "E", "st_j_uv": {"V2": 400.0}, "st_j60_uv": {"V2": 420.0}, "quality": {"leads": {"V2": {"grade": "good"}}},
        "thresholds": {"leads_uv": {"V2": 200.0}, "source": "entered", "profile": "udmi4", "profile_version": "1"},
        "findings": [{"code": "SCREEN", "status": "NOT_MET", "leads": ["V2"], "text_ja": "x", "text_en": "x"}, {"code": "PACED", "status": "MET", "leads": ["V2"], "text_ja": "ペーシング", "text_en": "paced"}],
    }  # fmt: skip
    got = chromium.run(
        "async (r) => { const { readReport } = await import('/static/kit/ecg/report.js'); return readReport(r).leads.map((l) => [l.meets, l.meetsInverse]); }",
        report,
    )
    assert got == [[False, False]]
