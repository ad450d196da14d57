"""The pages' sound, rendered by Chromium's own audio engine on a clock that a test moves, and listened to sample by sample.

An ``OfflineAudioContext`` is the same engine without a loudspeaker: a minute of alarm is rendered in a moment,
and the page's timers are moved on with it, second by second.
"""

from __future__ import annotations

LISTEN = """
  const RATE = 8_000;
  async function listen(seconds, play, every = {}) {
    const timers = [];
    const before = { Worker: window.Worker, AudioContext: window.AudioContext, set: window.setInterval, clear: window.clearInterval };
    window.setInterval = (run, ms) => timers.push({ run, ms, next: ms }) && timers.length;
    window.clearInterval = (n) => { if (timers[n - 1]) timers[n - 1].run = () => {}; };
    window.Worker = undefined;
    const audio = new OfflineAudioContext(1, seconds * RATE, RATE);
    let state = 'running';
    Object.defineProperty(audio, 'state', { get: () => state });
    audio.resume = async () => { state = 'running'; };
    audio.silence = () => { state = 'interrupted'; };
    window.AudioContext = function AudioContext() { return audio; };
    const fresh = (path) => import(`${path}?fresh=${Math.random()}`);
    const given = await play(fresh, audio);
    for (let at = 1; at < seconds; at += 1) {
      void audio.suspend(at).then(async () => {
        for (const timer of [...timers]) while (timer.next <= at * 1000) { timer.next += timer.ms; timer.run(); }
        await every[at]?.(given, audio);
        await OfflineAudioContext.prototype.resume.call(audio);
      });
    }
    const [heard] = [(await audio.startRendering()).getChannelData(0)];
    Object.assign(window, { Worker: before.Worker, AudioContext: before.AudioContext, setInterval: before.set, clearInterval: before.clear });
    const loud = []; // of each tenth of a second the root of the mean square
    for (let from = 0; from < heard.length; from += RATE / 10) {
      let sum = 0;
      for (let i = from; i < from + RATE / 10; i += 1) sum += heard[i] * heard[i];
      loud.push(Math.sqrt(sum / (RATE / 10)));
    }
    return loud;
  }
"""
"""``listen(seconds, play, every)``: what was heard, by tenths of a second, while ``play`` began and ``every[second]`` went on."""

AUDIBLE = 0.05
"""A fortieth of full scale, in the mean of a tenth of a second: a voice in a room, where full scale is a shout."""


def bursts(loud: list[float]) -> list[tuple[float, float]]:
    """From when to when something was heard, in seconds; silences of a second and more divide."""
    found: list[tuple[float, float]] = []
    for n, level in enumerate(loud):
        at_s = n / 10
        if level < AUDIBLE:
            continue
        if found and at_s - found[-1][1] < 1.0:
            found[-1] = (found[-1][0], at_s + 0.1)
        else:
            found.append((at_s, at_s + 0.1))
    return found
