"""The beat to press to, heard: Chromium's own audio engine plays it, and every sample is listened to."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.browser.call_stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
LISTEN = """async (seconds) => {
  const ear = `registerProcessor('ear', class extends AudioWorkletProcessor {
    constructor() { super(); this.loudAt = -1e9; }
    process([input], [output]) {
      const heard = input[0] ?? new Float32Array(128);
      output[0].set(heard);
      for (let i = 0; i < heard.length; i += 1) if (Math.abs(heard[i]) > 0.1) {
        const at = (currentFrame + i) / sampleRate;
        if (at - this.loudAt > 0.15) this.port.postMessage(at);
        this.loudAt = at;
      }
      return true;
    } });`;
  const { Beat } = await import('/static/caller/guide.js');
  const audio = new AudioContext(), out = audio.destination, heard = [], felt = [];
  let seen = 0;
  await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([ear], { type: 'text/javascript' })));
  const node = new AudioWorkletNode(audio, 'ear', { channelCount: 1, channelCountMode: 'explicit' });
  node.connect(out);
  node.port.onmessage = ({ data }) => heard.push(data);
  Object.defineProperty(audio, 'destination', { get: () => node });
  await audio.resume();
  navigator.vibrate = () => { felt.push(performance.now()); return true; };
  const el = document.documentElement, beat = new Beat();
  new MutationObserver(() => { if (el.classList.contains('hit')) seen += 1; }).observe(el, { attributes: true });
  beat.audio = audio;
  const from = [performance.now() / 1000, audio.currentTime];
  beat.run(el);
  await new Promise((done) => setTimeout(done, seconds * 1000));
  beat.stop();
  const drift = (performance.now() / 1000 - from[0]) / (audio.currentTime - from[1]);
  await audio.close();
  return { heard, felt: felt.length, seen, drift };
}"""


@pytest.mark.parametrize(
    "seconds", [15, pytest.param(300, marks=[pytest.mark.soak, pytest.mark.timeout(420)])]
)
async def test_the_beat_that_is_heard_is_110_a_minute(stage: Stage, seconds: int) -> None:
    context = await stage.browser.new_context(bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"http://localhost:{stage.world.port}/static/caller/guide.js")
    await page.mouse.click(5, 5)  # a browser lets nothing sound before a touch
    got: dict[str, Any] = await page.evaluate(LISTEN, seconds)
    heard = got["heard"]
    per_minute = 60 * (len(heard) - 1) / (heard[-1] - heard[0])
    gaps = [b - a for a, b in pairwise(heard)]
    print({**got, "heard": len(heard), "per_minute": per_minute, "gaps": (min(gaps), max(gaps))})
    assert heard[-1] - heard[0] > seconds - 3
    assert abs(per_minute - 110) < 0.1
    assert max(abs(gap - 60 / 110) for gap in gaps) < 0.005
    # the sound card's clock against the page's; a busy machine's page is late to ask
    assert abs(per_minute / got["drift"] - 110) < 1
    assert abs(got["felt"] - len(heard)) <= 2
    assert got["seen"] >= 0.9 * len(heard)
    await context.close()
