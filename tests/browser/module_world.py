"""What a page's module meets when it is looked at alone: answers of a relay that a test holds back, fails or lets go."""

from __future__ import annotations

WORLD = """
  const asked = []; // what was asked, with `answer(status, body)` for whoever waits
  const realFetch = window.fetch, realTimeout = window.setTimeout;
  const timers = [];
  const answers = {}; // by the end of a path: an answer at once
  window.fetch = (path, init = {}) => {
    if (String(path).endsWith('.json') || String(path).includes('/i18n')) return realFetch(path, init);
    const one = { path: String(path), method: init.method ?? 'GET', body: init.body ? JSON.parse(init.body) : null };
    asked.push(one);
    return new Promise((done, fail) => {
      one.answer = (status, body = {}, headers = {}) => done(new Response(body instanceof ArrayBuffer || body instanceof Uint8Array ? body : status === 204 ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } }));
      one.break = () => fail(new TypeError('offline'));
      const end = Object.keys(answers).find((key) => one.path.split('?')[0].endsWith(key));
      if (end) one.answer(...answers[end]);
    });
  };
  const settle = async () => { for (let n = 0; n < 40; n += 1) await new Promise((done) => realTimeout(done, 0)); };
  const posts = (end) => asked.filter((one) => one.method === 'POST' && one.path.endsWith(end));
  const fresh = (path) => import(path);
  const back = () => { window.fetch = realFetch; window.setTimeout = realTimeout; localStorage.clear(); document.body.replaceChildren(); };
  const holdTimers = () => { window.setTimeout = (run, ms) => timers.push({ run, ms }); };
  const pass = async () => { for (const { run } of timers.splice(0)) run(); await settle(); };
"""


def script(work: str) -> str:
    """A function for ``Chromium.run`` with this world in it; the page is as before afterwards."""
    return "async (given) => {" + WORLD + "try {" + work + "} finally { back(); } }"
