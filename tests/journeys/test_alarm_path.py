"""The way of an alarm and of its answer, in real browsers, with a relay that stops, dies and comes back.

One relay and two tablets for all of it: 救急1 carries a patient whose ECG meets nothing, 救急2 a STEMI.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Error, Page, expect

from tests.browser_page import chromium, new_page
from tests.city import CARDIOLOGIST, HOSPITAL, Browserless, City, answers, free_ports, kyumei, until
from tests.patience import PATIENCE_MS, PATIENCE_S, Unhurried, contention

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.slow]

COLLEAGUE = ("abe", "another long password")
QUIET, STEMI = "救急1", "救急2"
EAR = """
  window.heard = []; window.cut = 0;
  const start = OscillatorNode.prototype.start, disconnect = GainNode.prototype.disconnect;
  OscillatorNode.prototype.start = function (at) { window.ear = this.context; window.heard.push([Math.round(this.frequency.value), at]); return start.call(this, at); };
  GainNode.prototype.disconnect = function (...args) { window.cut += 1; return disconnect.apply(this, args); };
"""
AHEAD = "window.heard.some(([, at]) => at > window.ear.currentTime)"
LOW, MEDIUM, HIGH_ALONE = [330, 262], [262, 330, 392], 523
"""Pitches in Hz: the failed alarm falls, a call by hand rises, and only high priority goes up to C5."""
OUTAGE = ("Failed to load resource", "WebSocket connection", "ERR_")
"""What Chromium's console says of a relay that is away; anything else is a fault of the page."""


class Ward(City):
    """The city, the crew's page of the quiet ambulance, and how the relay is stopped."""

    panel_port = 0

    def panel_answers(self) -> None:
        """Wait for the crew's page."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not answers(f"http://localhost:{self.panel_port}/api/state"):
            assert time.monotonic() < deadline_s, self.tablets[0].said()
            time.sleep(0.1)

    def freeze(self) -> None:
        """The relay stands still: nothing closes and nothing answers."""
        self.relay.child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it stood."""
        if self.relay is not None:
            self.relay.child.send_signal(signal.SIGCONT)

    def mend(self) -> None:
        """A relay that runs, whatever a test has left."""
        self.thaw()
        if self.relay.child.poll() is not None:
            self.start_relay()

    @property
    def armed_pages(self) -> int:
        """How many pages the relay takes for armed."""
        with urllib.request.urlopen(f"{self.base}/readyz", timeout=10) as answer:
            return int(json.load(answer)["armed_pages"])

    def decided(self, words: str) -> int:
        """How many decisions with these words stand on the quiet case's timeline."""
        doctor = Browserless(self.base)
        doctor.sign_in(*CARDIOLOGIST)
        rows = doctor.get("/api/incidents?state=open")["incidents"]
        case = next(row["id"] for row in rows if row["unit"] == QUIET)
        timeline = doctor.get(f"/api/incidents/{case}")["timeline"]
        return sum(e["stage"] == "decided" and e["data"]["text"] == words for e in timeline)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """The tablet is there before the relay: it dials until that answers."""
    city = Ward(tmp_path_factory.mktemp("ward"), [QUIET, STEMI])
    city.panel_port = free_ports(1)
    name, password = COLLEAGUE
    try:
        city.start_tablet(QUIET, "synthetic:normal?seed=2&age=58&sex=M", panel_port=city.panel_port)
        kyumei("users", "add", name, "--role", "cardiologist", "--hospital", HOSPITAL, "--display", "阿部 医師",
               "--password-stdin", "--data", str(city.data), stdin=password + "\n")  # fmt: skip
        city.start_relay()
        city.panel_answers()
        yield city
    finally:
        city.thaw()
        city.stop()


@pytest.fixture
async def ward(running: Ward) -> AsyncIterator[Ward]:
    yield running
    await asyncio.to_thread(running.mend)


@pytest.fixture
async def browser(ward: Ward) -> AsyncIterator[Browser]:
    """The newer of the two is ended first: no page waits for a relay that a test has left standing."""
    async with chromium() as started:
        yield started


async def hospital(
    browser: Browser, ward: Ward, who: tuple[str, str] = CARDIOLOGIST
) -> tuple[Page, list[str]]:
    """A doctor's page, signed in."""
    page, complaints = await new_page(browser, 1280, 900)
    await page.add_init_script(EAR)
    await page.goto(ward.base)
    await page.fill("#name", who[0])
    await page.fill("#password", who[1])
    await page.keyboard.press("Enter")
    await expect(page.locator("button.arm")).to_be_visible()
    complaints.clear()  # asking who is signed in answers 401 before anybody is
    return page, complaints


async def arm(page: Page) -> None:
    await page.locator("button.arm").click()
    await expect(page.locator(".armed")).to_have_attribute("data-armed", "true")


async def crew_page(browser: Browser, ward: Ward) -> Page:
    page, _ = await new_page(browser, 1024, 768)
    await page.goto(f"http://localhost:{ward.panel_port}/")
    await expect(page.locator(".link")).to_have_attribute("data-level", "good")
    return page


async def send_ecg(crew: Page) -> None:
    button = crew.locator("button.snapshot:not([disabled])")
    await expect(button).to_contain_text("直近10秒", timeout=PATIENCE_MS)
    await button.click()


async def pitches(page: Page, after: int = 0) -> list[int]:
    return [hz for hz, _ in (await page.evaluate("window.heard"))[after:]]


async def sounds(page: Page) -> int:
    return await page.evaluate("window.heard.length")


async def rings_on(page: Page, after: int) -> bool:
    return HIGH_ALONE in await pitches(page, after)


def faults(complaints: list[str]) -> list[str]:
    return [said for said in complaints if not any(words in said for words in OUTAGE)]


async def test_an_ecg_that_the_crew_sends_is_heard_and_who_looks_is_told_while_they_look(
    ward: Ward, browser: Browser
) -> None:
    """It meets nothing, and it rings all the same: a person has asked for a reader."""
    crew = await crew_page(browser, ward)
    nobody = crew.locator(".no-alarm")
    await send_ecg(crew)
    await expect(nobody).to_contain_text("画面を開いている人がいません", timeout=PATIENCE_MS)
    page, complaints = await hospital(browser, ward)
    await expect(nobody).to_contain_text("鳴る画面がありません")
    await arm(page)
    await expect(nobody).to_have_count(0)

    row = page.locator(".case", has_text=QUIET)
    await expect(row).to_contain_text("手動で送信")
    await expect(row.locator(".tier").first).to_have_attribute("data-tier", "E")
    await until(lambda: _twice(page))
    assert HIGH_ALONE not in await pitches(page)

    await expect(crew.locator(".looking-now")).to_have_count(0)
    await until(lambda: page.evaluate(AHEAD))
    await page.locator(".call", has_text=QUIET).click()
    await expect(page.locator(".sheet-box canvas").first).to_be_visible()
    await expect(crew.locator(".looking-now")).to_contain_text("佐藤 医師 が今 波形を見ています")
    await expect(page.locator(".ringing")).to_be_hidden()
    assert await page.evaluate("window.cut") == 1, "what was put on the clock ahead is taken away"
    rang = await sounds(page)
    await page.close()
    await expect(crew.locator(".looking-now")).to_have_count(0)
    await expect(crew.locator(".answer-words")).to_contain_text("波形を開きました")
    await expect(nobody).to_contain_text("画面を開いている人がいません")
    assert rang > 0
    assert faults(complaints) == []


async def _twice(page: Page) -> bool:
    """The rising burst of a call by hand, and the same again."""
    heard = await page.evaluate("window.heard")
    last = [hz for hz, _ in heard[-6:]]
    return last == MEDIUM * 2 and heard[-3][1] - heard[-6][1] > 5


async def test_two_doctors_differ_and_everybody_knows(ward: Ward, browser: Browser) -> None:
    crew = await crew_page(browser, ward)
    await send_ecg(crew)
    first, complaints = await hospital(browser, ward)
    second, more_complaints = await hospital(browser, ward, COLLEAGUE)
    await expect(second.locator(".case", has_text=QUIET)).to_contain_text("手動で送信")
    for page, decision in ((first, "stemi-cath"), (second, "not-stemi")):
        await page.locator(".case", has_text=QUIET).click()
        await expect(page.locator(".sheet-box canvas").first).to_be_visible()
        await page.locator(f'.answer[data-decision="{decision}"]').click()
        await expect(page.locator("dialog.confirm .send")).to_be_enabled()
    await first.locator("dialog.confirm .send").click()
    # the other's answer has reached this page, behind the question that lies over it
    await expect(second.locator(".decided-line")).to_contain_text("佐藤 医師")
    await second.locator("dialog.confirm .send").click()
    asked = second.locator("dialog.confirm")
    await expect(asked).to_contain_text("その間に別の判断がありました")
    await expect(asked.locator(".dispute")).to_contain_text("佐藤 医師")
    told = crew.locator("dialog.decided")
    await expect(told).to_contain_text("佐藤 医師")
    await expect(told.locator(".dispute")).to_have_count(0)
    await asked.get_by_role("button", name="それでも送る").click()

    await expect(told).to_contain_text("阿部 医師")
    await expect(told.locator(".dispute")).to_contain_text("判断が分かれています")
    await expect(told.locator(".dispute")).to_contain_text("佐藤 医師")
    for page in (first, second):
        await expect(page.locator(".side .dispute")).to_contain_text("判断が分かれています")
        await expect(page.locator(".receipts")).to_contain_text("救急隊はまだ確認していません")
    await told.get_by_role("button", name="確認した").click()
    for page in (first, second):
        await expect(page.locator(".receipts")).to_contain_text("救急隊が判断を確認")
    await expect(crew.locator(".answer-words .dispute")).to_be_visible()
    assert faults([c for c in complaints + more_complaints if "409" not in c]) == []


async def _decide(page: Page, words: str) -> None:
    await page.locator('.answer[data-decision="repeat-5min"]').click()
    await page.locator("dialog.confirm textarea").fill(words)
    await page.locator("dialog.confirm .send:not([disabled])").click()
    await expect(page.locator("dialog.confirm")).to_contain_text("まだ送れていません")
    await page.locator("dialog.confirm .back").click()
    await expect(page.locator(".unsent")).to_contain_text(words)


async def test_a_decision_while_the_relay_is_away_is_carried_out_once(
    ward: Ward, browser: Browser
) -> None:
    page, complaints = await hospital(browser, ward)
    await page.locator(".case", has_text=QUIET).click()
    await expect(page.locator(".trace canvas").first).to_be_visible()
    ward.freeze()
    await _decide(page, "右室誘導も")
    ward.thaw()  # and now it reads what the page has given up waiting for, beside what it sends again
    await expect(page.locator(".unsent")).to_be_hidden()
    await until(lambda: asyncio.to_thread(ward.decided, "右室誘導も"))

    await asyncio.to_thread(ward.relay.kill9)
    await _decide(page, "後壁誘導も")
    with pytest.raises(Error, match="ERR_CONNECTION"):
        await page.reload()
    await asyncio.to_thread(ward.start_relay)
    await page.route("**/decisions", lambda route: route.abort())
    await page.goto(ward.base)
    await expect(page.locator(".unsent")).to_contain_text("後壁誘導も")
    await page.unroute("**/decisions")
    await expect(page.locator(".unsent")).to_be_hidden()
    assert [await asyncio.to_thread(ward.decided, w) for w in ("右室誘導も", "後壁誘導も")] == [
        1,
        1,
    ]
    assert faults(complaints) == []


async def test_a_relay_that_stands_still_or_dies_is_heard_and_an_alarm_rings_through_it(
    ward: Ward, browser: Browser
) -> None:
    page, complaints = await hospital(browser, ward)
    await arm(page)
    await _stands_still(ward, page)
    await _dies_while_it_rings(ward, page)
    await _rests_while_it_rings(ward, page)
    assert faults(complaints) == []


async def _stands_still(ward: Ward, page: Page) -> None:
    await until(lambda: ward.armed_pages == 1)
    before = await sounds(page)
    ward.freeze()
    began = time.monotonic()
    ward.start_tablet(STEMI, "synthetic:anterior-stemi?seed=2&age=67&sex=F")
    badge = page.locator(".armed")
    with Unhurried(20.0):  # 10 s of the page's own clock
        await expect(badge).to_have_attribute("data-armed", "lost")
    await expect(badge).to_contain_text("鳴りません")
    assert "アラーム有効" not in await page.locator(".topbar").inner_text()
    assert (await page.title()).startswith("▲ 鳴りません")
    await until(lambda: _falls(page, before))
    shown = int(await until(lambda: _past(page, 14)))
    # the relay was last heard at most a beat before it stood still
    assert -2 * contention() <= shown - (time.monotonic() - began) <= 5
    ward.thaw()
    await expect(badge).to_have_attribute("data-armed", "true")
    await expect(badge.locator(".gap")).to_contain_text("鳴りませんでした")
    await badge.locator(".gap-seen").click()
    await expect(badge.locator(".gap")).to_have_count(0)


async def _falls(page: Page, after: int) -> bool:
    return (await pitches(page, after))[:2] == LOW


async def _past(page: Page, seconds: int) -> int:
    """The seconds that the page gives, once they are past so many."""
    found = re.match(r"(\d+)秒", await page.locator(".lost-for").inner_text())
    return int(found[1]) if found and int(found[1]) >= seconds else 0


async def _dies_while_it_rings(ward: Ward, page: Page) -> None:
    call = page.locator(".call", has_text=STEMI)
    await expect(call).to_have_attribute("data-level", "high", timeout=PATIENCE_MS)
    await until(lambda: rings_on(page, 0))
    await asyncio.to_thread(ward.relay.kill9)
    badge = page.locator(".armed")
    await expect(badge).to_have_attribute("data-armed", "lost")
    after = await sounds(page)
    await until(lambda: rings_on(page, after))
    await expect(call).to_be_visible()
    await asyncio.to_thread(ward.start_relay)
    await expect(badge).to_have_attribute("data-armed", "true")
    await until(lambda: ward.armed_pages == 1)
    after = await sounds(page)
    await until(lambda: rings_on(page, after))
    await expect(call).to_be_visible()


async def _rests_while_it_rings(ward: Ward, page: Page) -> None:
    await page.locator(".case", has_text=QUIET).click()
    await expect(page.locator(".trace canvas").first).to_be_visible()
    await page.locator('.answer[data-decision="not-stemi"]').click()
    await page.locator("dialog.confirm textarea").fill("症状が続けば再送を")
    ward.env["KYUMEI_SESSION_IDLE_MIN"] = "0.3"
    await asyncio.to_thread(ward.relay.stop)
    await asyncio.to_thread(ward.start_relay)
    lock = page.locator(".lock")
    await expect(lock).to_contain_text("アラームはこのまま鳴ります")
    await expect(lock.locator(".lock-waiting")).to_contain_text(STEMI)
    body = await page.locator("body").inner_text()
    assert "67歳" not in body
    assert "58歳" not in body
    assert await page.locator("canvas").count() == 0
    await expect(page.locator(".ring-notice")).to_have_attribute("data-armed", "armed")
    await until(lambda: ward.armed_pages == 1)
    after = await sounds(page)
    await until(lambda: rings_on(page, after))

    await page.locator("#wake-password").fill(CARDIOLOGIST[1])
    await page.keyboard.press("Enter")
    await page.locator('.answer[data-decision="not-stemi"]').click()
    await expect(page.locator("dialog.confirm textarea")).to_have_value("症状が続けば再送を")
    await expect(page.locator(".case-unit")).to_contain_text(QUIET)
    await expect(page.locator(".call", has_text=STEMI)).to_be_visible()
