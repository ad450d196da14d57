"""Every drawn millimetre, read back from the pixels of a real screen at the ratios that phones and desks have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.doses import deep_only

from .conftest import Chromium
from .stand_ins import signed_in, visit

pytestmark = pytest.mark.browser

SCREENS = [
    ((360, 740), 1),
    ((393, 851), 2.625),
    ((768, 1024), 2),
    ((1920, 1080), 1),
    deep_only((360, 740), 3),
    deep_only((501, 801), 1.5),
    deep_only((1366, 768), 1.25),
]
# White paper, red rules, black ink: the red channel is ink alone; where there is none, red less green is the grid.
PLAIN = """(fine) => { const set = (n, v) => document.documentElement.style.setProperty(`--${n}`, v);
  for (const [n, v] of [['paper', '#fff'], ['paper-fine', fine], ['paper-bold', '#f00'], ['paper-ink', '#000'], ['paper-label', '#fff'], ['paper-mark', '#fff'],
    ['sweep-bg', '#fff'], ['sweep-fine', fine], ['sweep-bold', '#f00'], ['sweep-ink', '#000'], ['sweep-label', '#fff']]) set(n, v);
  document.dispatchEvent(new Event('kyumei-theme'));
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))); }"""
# The rules of a grid as centres of gravity over all pixels without ink, and the best straight line through them.
READ = """async ({ grid, ink }) => {
  const { roomyLayout } = await import('/static/kit/ecg/paper.js'); const { lanesOf } = await import('/static/kit/ecg/sweep-paint.js');
  const canvas = document.querySelector(grid), W = canvas.width, H = canvas.height, dpr = devicePixelRatio;
  const pixels = (css) => document.querySelector(css).getContext('2d').getImageData(0, 0, W, H).data;
  const G = pixels(grid), T = pixels(ink);
  const red = (x, y) => { const i = 4 * (y * W + x); return G[i] < 250 ? NaN : (G[i] - G[i + 1]) / 255; };
  const dark = (x, y) => { const i = 4 * (Math.min(H - 1, y) * W + Math.min(W - 1, x)); return grid === ink ? 1 - T[i] / 255 : T[i + 3] / 255; };
  const means = (n, m, at) => Array.from({ length: n }, (_, k) => { let sum = 0, seen = 0;
    for (let j = 0; j < m; j += 1) { const v = at(k, j); if (!Number.isNaN(v)) { sum += v; seen += 1; } } return seen ? sum / seen : 0; });
  const rules = (v) => { const least = [...v].sort((a, b) => a - b)[v.length >> 2] + 0.03; const out = []; let w = 0, s = 0;
    [...v, 0].forEach((y, k) => { const q = Math.max(0, y - least); if (q > 0) { w += q; s += q * (k + 0.5); } else if (w) { out.push(s / w); w = 0; s = 0; } });
    return out.slice(1, -1); };
  const fit = (xs) => { const n = xs.length, rough = (xs[n - 1] - xs[0]) / (n - 1), at = xs.map((x) => Math.round((x - xs[0]) / rough));
    const mk = at.reduce((a, b) => a + b) / n, mx = xs.reduce((a, b) => a + b) / n;
    const pitch = at.reduce((a, k, i) => a + (k - mk) * (xs[i] - mx), 0) / at.reduce((a, k) => a + (k - mk) ** 2, 0), zero = mx - pitch * mk;
    return { pitch, zero, n, off: Math.max(...xs.map((x, i) => Math.abs(x - zero - pitch * at[i]))), near: (v) => zero + Math.round((v - zero) / pitch) * pitch }; };
  const X = fit(rules(means(W, H, red))), Y = fit(rules(means(H, W, (y, x) => red(x, y))));
  const centre = (from, to, at) => { let w = 0, s = 0; for (let k = Math.max(0, Math.round(from)); k < to; k += 1) { const q = at(k); w += q; s += q * (k + 0.5); } return s / w; };
  const box = canvas.getBoundingClientRect(), real = [box.width * dpr, box.height * dpr];
"""
SHEET = (
    READ
    + """
  const layout = roomyLayout(W / dpr < 560 ? '6x2n' : '3x4', { cabrera: false }, W / dpr, H / dpr, dpr), [cell] = layout.cells, k = X.pitch / 5;
  const x0 = X.near((W - layout.widthMm * k) / 2 + cell.xMm * k), y0 = Y.near((H - layout.heightMm * k) / 2 + cell.yMm * k);
  const level = (xMm, fromMm, toMm) => centre(y0 + fromMm * k, y0 + toMm * k, (y) => dark(Math.round(x0 + xMm * k), y)) - y0;
  const rise = (xMm) => centre(x0 + (xMm - 1.2) * k, x0 + (xMm + 0.2) * k, (x) => dark(x, Math.round(y0 - 5 * k))) - x0;
  const pulse = level(7.5 - cell.xMm, -11.5, -8.5) + 10 * k, v3 = layout.cells.find((c) => c.lead === 'V3');
  const raised = level(v3.xMm - cell.xMm + 6 - (v3.startS % 1) * 25, v3.yMm - cell.yMm - 4.5, v3.yMm - cell.yMm - 1.5) - (v3.yMm - cell.yMm - 3) * k;
  return { size: [W, H, ...real], x: X, y: Y, zero: level(7.5, -2, 2), pulse, raised, second: rise(27.55) - rise(2.55) - 25 * k, first: rise(2.55) - 2.525 * k }; }"""
)
SWEEP = (
    READ
    + """
  const { lanes } = lanesOf(Array(12).fill('I'), W / dpr, H / dpr, dpr), lane = lanes[0], k = X.pitch / 5;
  const wide = lane.widthPx * dpr, zeroAt = Y.near((lane.yPx + lane.heightPx / 2) * dpr);
  const spikes = []; const row = Math.round(zeroAt - 5 * k);
  for (let x = 0, w = 0, s = 0; x < wide; x += 1) { const q = dark(x, row); if (q) { w += q; s += q * (x + 0.5); } else if (w) { spikes.push(s / w); w = 0; s = 0; } }
  while (spikes[0] < k) spikes.shift(); /* the first may be cut by the edge */ const gaps = spikes.slice(1).map((x, i) => x - spikes[i] - 25 * k);
  const flat = Math.round(spikes[0] + 8 * k), v3 = lanes[8], raisedAt = Y.near((v3.yPx + v3.heightPx / 2) * dpr);
  const level = (x, from, to, zero) => centre(zero + from * k, zero + to * k, (y) => dark(Math.round(x), y)) - zero;
  return { size: [W, H, ...real], x: X, y: Y, gaps, zero: level(flat, -2, 2, zeroAt), raised: level(v3.xPx * dpr + spikes[0] + 4 * k, -4.5, -1.5, raisedAt) + 3 * k, spikes }; }"""
)


def exact(got: dict[str, Any], *names: str) -> None:
    """Less than half a pixel of the screen between each rule, the straight line through all, and the trace."""
    print(got)
    assert got["size"][:2] == pytest.approx(got["size"][2:], abs=0.999)  # nothing is stretched
    for axis in ("x", "y"):
        assert got[axis]["n"] > 10
        assert got[axis]["off"] < 0.5
    assert got["x"]["pitch"] == pytest.approx(got["y"]["pitch"], rel=1e-3)  # squares are square
    for name in names:
        assert abs(got[name]) < 0.5, name


@pytest.mark.parametrize(("size", "ratio"), SCREENS)
def test_the_sheet(chromium: Chromium, size: tuple[int, int], ratio: float) -> None:
    def work(page: Any) -> None:
        signed_in(page)
        page.click(".case")
        page.wait_for_selector(".sheet-box canvas")
        canvas = {"grid": ".sheet-box canvas", "ink": ".sheet-box canvas"}
        page.evaluate(PLAIN, "#fff")
        bold = page.evaluate(SHEET, canvas)
        exact(bold, "zero", "pulse", "raised", "first", "second")
        page.evaluate(PLAIN, "#f00")
        fine = page.evaluate(SHEET, canvas)
        exact(fine)
        assert fine["x"]["pitch"] == pytest.approx(bold["x"]["pitch"] / (5 if fine["x"]["n"] > 2 * bold["x"]["n"] else 1), rel=2e-3)  # fmt: skip

    visit(chromium, "/", size, work, device_scale_factor=ratio)


@pytest.mark.parametrize(("size", "ratio"), SCREENS)
def test_the_live_sweep(chromium: Chromium, size: tuple[int, int], ratio: float) -> None:
    def work(page: Any) -> None:
        signed_in(page)
        page.click(".case")
        page.click(".tab >> nth=0")
        page.wait_for_selector(".sweep[data-state=live]")
        page.wait_for_timeout(1_500)  # the pen has drawn some seconds
        page.keyboard.press("f")
        page.wait_for_selector(".sweep.frozen")
        page.wait_for_selector("text=静止中")
        page.wait_for_timeout(500)  # its words have taken their room
        canvas = {"grid": ".sweep-box canvas:nth-child(1)", "ink": ".sweep-box canvas:nth-child(2)"}
        page.evaluate(PLAIN, "#fff")
        got = page.evaluate(SWEEP, canvas)
        exact(got, "zero", "raised")
        assert len(got["gaps"]) >= 1
        assert max(map(abs, got["gaps"])) < 0.5  # a second is 25 mm of this very grid
        page.evaluate(PLAIN, "#f00")
        exact(page.evaluate(SWEEP, canvas))

    visit(chromium, "/", size, work, device_scale_factor=ratio)


# A tall T in V2 to V4, as in the first minutes of an anterior infarction, and J words for every lead.
WORDS = """async ({ k, name, zoom }) => {
  const { layoutOf } = await import('/static/kit/ecg/paper.js'); const { paintSheet, tracesOf } = await import('/static/kit/ecg/sheet-paint.js');
  const { SampleRing } = await import('/static/kit/ecg/ring.js'); const n = 5000, names = ['I', 'II', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'], ring = new SampleRing(n);
  const beat = (t, lead) => { const tall = ['V2', 'V3', 'V4'].includes(lead) ? 1400 : 250, r = lead === 'V1' ? -900 : 900, g = (at, wide, high) => high * Math.exp(-(((t - at) / wide) ** 2));
    return g(0.12, 0.02, 120) + g(0.26, 0.008, r) + g(0.285, 0.01, -r / 2) + (t > 0.29 && t < 0.5 ? tall / 4 : 0) + g(0.5, 0.06, tall); };
  ring.write({ firstSample: 0, nSamples: n, leads: names, rows: names.map((lead) => Int16Array.from({ length: n }, (_, i) => beat((i % 400) / 500, lead))) });
  const rec = { ring, firstSample: 0, nSamples: n, fsHz: 500, uvPerLsb: 1, leadMask: 255, hash: 'match' }, layout = layoutOf(name);
  const notes = new Map(layout.cells.map(({ lead }) => [lead, { text: '▲J +3.4  +60 +4.1', short: '▲J +3.4', strong: true }]));
  const paint = (ink, words, some) => { const c = document.createElement('canvas'); c.width = zoom ? 700 : Math.ceil(layout.widthMm * k); c.height = zoom ? 500 : Math.ceil(layout.heightMm * k);
    const ctx = c.getContext('2d'), clear = 'rgba(0,0,0,0)', colours = { paper: '#ffffff', fine: clear, bold: clear, ink, label: clear, mark: words, gap: clear, caliper: clear };
    paintSheet(ctx, { layout, rec, traces: tracesOf(rec, layout, 'diagnostic'), view: { pxPerMm: k, xPx: zoom ? -60 * k : 0.5, yPx: zoom ? -8 * k : 0.5, dpr: 1 }, colours, notes: some, gapWords: String, missingWords: '' }, c.width, c.height);
    return ctx.getImageData(0, 0, c.width, c.height); };
  const clear = 'rgba(0,0,0,0)', traces = paint('#000', clear, new Map()), words = paint(clear, '#000', notes);
  const dark = (image, i) => image.data[4 * i] < 128; let both = 0, inked = 0, said = 0, cells = layout.cells.slice(0, 12).map(() => 0);
  for (let i = 0; i < words.width * words.height; i += 1) { if (!dark(words, i)) { inked += dark(traces, i); continue; }
    said += 1; both += dark(traces, i); const x = (i % words.width) / k + (zoom ? 60 : 0), y = Math.floor(i / words.width) / k + (zoom ? 8 : 0);
    const at = layout.cells.slice(0, 12).findIndex((c) => x >= c.xMm && x < c.xMm + c.widthMm && Math.abs(y - c.yMm) <= c.heightMm / 2 + 1); if (at >= 0) cells[at] += 1; }
  return { both, inked, said, cells: Object.fromEntries(layout.cells.slice(0, 12).map((c, i) => [c.lead, cells[i]])) }; }"""


@pytest.mark.parametrize(("name", "k"), [("6x2n", 2.4), ("3x4", 2.6), ("3x4", 4), ("3x4", 6.4), ("12x1", 4)])  # fmt: skip
def test_no_word_lies_under_a_trace(chromium: Chromium, name: str, k: float) -> None:
    got = chromium.run(WORDS, {"k": k, "name": name, "zoom": False})
    print(got)
    assert all(n > 20 for n in got["cells"].values()), "every lead says its J"
    assert (
        got["both"] < 0.005 * got["said"]
    )  # a lead without any free place: above its trace, where that is thinnest


def test_words_stay_when_zoomed_in(chromium: Chromium) -> None:
    """The upper left corners of the leads in sight lie outside; their J words have come along."""
    got = chromium.run(WORDS, {"k": 9, "name": "3x4", "zoom": True})
    print(got)
    seen = [lead for lead, n in got["cells"].items() if n > 20]
    assert {"I", "aVR", "II", "aVL"} <= set(seen)
    assert got["both"] < 0.005 * got["said"]


@pytest.mark.parametrize("size", [(360, 640), (1024, 768), (1920, 1080)])
def test_what_the_millimetres_are_is_said_and_seen(
    chromium: Chromium, size: tuple[int, int]
) -> None:
    """Speed, gain, that they are the grid's and not a ruler's, and the band: without scrolling, live and kept."""

    def work(page: Any) -> None:
        signed_in(page)
        page.click(".case")
        for tab, trace in ((2, ".sheet"), (0, ".sweep")):
            page.click(f".trace-tabs .tab >> nth={tab}")
            page.wait_for_selector(f"{trace} canvas")
            line = page.locator(f"{trace} .scale-text")
            for words in ("25 mm/s", "10 mm/mV", "原寸ではありません", "装置の帯域は不明"):
                assert words in line.inner_text()
            box = line.bounding_box()
            on_top = page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.className", [box["x"] + 20, box["y"] + box["height"] - 4])  # fmt: skip
            assert on_top == "scale-text"

    visit(chromium, "/", size, work)


def test_nothing_is_stretched_on_a_screen_of_one_and_a_half(rooms: str) -> None:
    """Not an emulated screen: the browser itself counts three pixels for two, and knows what a box covers."""
    from playwright.sync_api import sync_playwright

    from tests.browser_page import FLAGS, chromium_path

    script = """async () => { const { onDeviceBox } = await import('/static/kit/ecg/device-box.js');
      const out = []; for (const left of [0.25, 0.5, 7.3]) { const c = document.createElement('canvas');
        c.style.cssText = `position:absolute;left:${left}px;top:3px;width:333.3px;height:120.4px`; document.body.append(c);
        const mine = await new Promise((done) => onDeviceBox(c, done));
        const real = await new Promise((done) => new ResizeObserver(([e]) => done(e.devicePixelContentBoxSize[0])).observe(c, { box: 'device-pixel-content-box' }));
        out.push([mine.dpr, mine.deviceWidth - real.inlineSize, mine.deviceHeight - real.blockSize]); }
      return out; }"""

    def work() -> Any:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium_path(), args=[*FLAGS, "--force-device-scale-factor=1.5"]
            )
            page = browser.new_context(no_viewport=True).new_page()
            page.goto(f"{rooms}/blank")
            got = page.evaluate(script)
            browser.close()
            return got

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(work).result() == [[1.5, 0, 0]] * 3
