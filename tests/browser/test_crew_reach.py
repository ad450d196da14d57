"""The crew's page within a gloved hand's reach: what must be pressed or read is on screen, and large enough."""

from __future__ import annotations

from typing import Any

import pytest

from relay.causes import words
from tests.browser.stand_ins import CASE, FakeTablet, now_us, overflow, visit

pytestmark = pytest.mark.browser
TABLETS = ((1280, 800), (800, 1280), (1024, 768))
PRESSED = (".patient", ".mark >> nth=0", ".mark >> nth=1", ".mark >> nth=2", ".photo", ".snapshot", ".sound", ".light")  # fmt: skip
GLOVE_PX = 60

DECIDED = {
    "stored_at_us": 1, "delivered_at_us": 2, "delivered_to": "CCU", "opened_at_us": 3, "opened_by": "佐藤医師",
    "decided_at_us": 4, "decided_by": "佐藤医師", "decision": "stemi-cath", "decision_text": "直接カテ室へ",
}  # fmt: skip


def _line(entry: int) -> dict[str, Any]:
    text = "V4Rも記録してください。到着は正面玄関へお願いします。" * 2
    return {"entry": entry, "incident": CASE, "at_us": now_us(), "stage": "note", "who": "佐藤医師", "data": {"text": text}}  # fmt: skip


def _is_on_screen(page: Any, selector: str, height: int) -> bool:
    box = page.locator(selector).first.bounding_box()
    return bool(box) and box["y"] >= 0 and box["y"] + box["height"] <= height


def _small_buttons(page: Any) -> list[str]:
    return page.evaluate(
        f"""() => [...document.querySelectorAll('button')].filter((b) => b.offsetParent)
        .map((b) => [b.className, b.getBoundingClientRect()])
        .filter(([, r]) => r.width < {GLOVE_PX} || r.height < {GLOVE_PX}).map(([name]) => name)"""
    )


@pytest.mark.parametrize("size", TABLETS)
def test_a_tablet_never_has_to_be_scrolled_to_act(chromium: Any, size: tuple[int, int]) -> None:
    def work(page: Any) -> None:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        tablet.say(notices=[_line(n) for n in range(1, 6)])
        page.wait_for_selector(".notices li[data-new=true]")
        for selector in PRESSED:
            assert _is_on_screen(page, selector, size[1]), selector
        assert _small_buttons(page) == []
        assert overflow(page) <= 0
        sweep = page.locator(".sweep-box").bounding_box()
        assert sweep["height"] >= 120

    visit(chromium, "/panel", "tablet", work)


@pytest.mark.parametrize("size", [*TABLETS, (360, 740)])
def test_the_decision_stays_in_sight_and_a_new_line_stands_below_it(
    chromium: Any, size: tuple[int, int]
) -> None:
    def work(page: Any) -> None:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        tablet.say(receipts=DECIDED, notices=[])
        page.click(".understood")
        tablet.say(receipts=DECIDED, notices=[_line(9)])
        page.wait_for_selector(".notices li[data-new=true]")
        answer = page.locator(".answer-words").bounding_box()
        line = page.locator(".from-hospital").bounding_box()
        assert _is_on_screen(page, ".answer-words .answer-big", size[1])
        assert answer["y"] + answer["height"] <= line["y"] < size[1]

    visit(chromium, "/panel", "tablet", work)


def test_a_phone_shows_answer_patient_moments_and_snapshot_at_once(chromium: Any) -> None:
    def work(page: Any) -> None:
        FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        for selector in (".answer-words", *PRESSED[:4], ".snapshot"):
            assert _is_on_screen(page, selector, 740), selector
        assert _small_buttons(page) == []
        assert overflow(page) <= 0

    visit(chromium, "/panel", "phone", work)


def test_what_is_kept_unsent_or_lost_is_said_in_words(chromium: Any) -> None:
    snapshot = {"id": "s", "taken_at_us": 1, "first_sample": 0, "reason": "manual", "stored_at_us": None, "tier": None, "statement_ja": "", "statement_en": ""}  # fmt: skip

    def work(page: Any) -> None:
        tablet = FakeTablet(page)
        page.goto(page.url_of)
        page.wait_for_selector("text=送信中")
        lost = {"state": "lost", "since_us": now_us(), "text": "", "rtt_ms": None, "offset_ms": None}  # fmt: skip
        tablet.say(link=lost, snapshots=[snapshot], backlog_s=31.0)
        page.wait_for_selector(".answer-words >> text=12誘導は端末に保存・未送信")
        assert "未送信 31 秒" in page.inner_text(".link")
        assert not page.is_visible(".loss")
        tablet.say(lost_s=12.5, recovered={"ecg_s": 300, "entries": 4})
        page.wait_for_selector(".loss >> text=心電図 13秒分は保存できず失われました")
        page.wait_for_selector(".loss >> text=300秒分と入力 4件")
        refused = {
            **lost,
            "state": "refused",
            "text": "The relay does not know …",
            "refused_as": 401,
            "phone": "024-555-0119",
            **words("link-token-unknown"),
        }
        tablet.say(link=refused)
        page.wait_for_selector(".link >> text=この端末の登録がサーバーにありません")
        assert "☎ 024-555-0119" in page.inner_text(".link")
        untrusted = {**lost, "state": "refused", **words("link-certificate-untrusted")}
        tablet.say(link=untrusted)
        page.wait_for_selector(".link >> text=証明書を信頼できません")
        assert "圏外" not in page.inner_text(".link")
        tablet.say(link={**refused, **words("link-device-revoked")})
        page.wait_for_selector(".link >> text=この端末は使用を止められています")
        assert "☎ 024-555-0119" in page.inner_text(".link")
        tablet.say(link={**lost, **words("link-not-answering")})
        page.wait_for_selector(".link >> text=サーバーが応答しません")
        assert "圏外" not in page.inner_text(".link")
        nobody = {"looking": [], "pages": 0, "armed": 0, "nobody": words("nobody-can-read-here")}
        tablet.say(attention=nobody)
        page.wait_for_selector(".loss >> text=医師がまだ登録されていません")
        off = words("clock-off", min=10, way="進み", way_en="ahead")
        tablet.say(clock=off)
        page.wait_for_selector(".loss >> text=端末の時計が10分ずれています")
        assert "relay" not in page.inner_text(".link")

    visit(chromium, "/panel", "tablet", work)
