"""Every word of every page is there in every language, and the browser rooms keep the house's rules."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from .conftest import HOUSE, PAGES, ROOMS

KIT, VIEWER, PANEL = (ROOMS[name] for name in ("/static/kit/", "/static/viewer/", "/static/panel/"))
SHARED = KIT / "shared" / "i18n"
PAGE_WORDS = {
    "viewer": (VIEWER / "i18n", VIEWER / "js"),
    "panel": (PANEL / "i18n", PANEL / "js"),
    "demo": (KIT / "demo" / "i18n", KIT / "demo"),
}
LITERAL = re.compile(r"""\bt\(\s*["']([^"']+)["']""")
TEMPLATE = re.compile(r"\bt\(\s*`([^`]+)`")
BRANCHED = re.compile(r"""\bt\([^()]*\?\s*"([a-z][^"]*)"\s*:\s*"([^"]*)\"""")


def words(folder: Path, lang: str) -> dict[str, str]:
    return json.loads((folder / f"{lang}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "folder", [SHARED, *(folder for folder, _ in PAGE_WORDS.values())], ids=lambda p: p.parts[-2]
)
def test_both_languages_have_the_same_keys_and_places(folder: Path) -> None:
    ja, en = words(folder, "ja"), words(folder, "en")
    assert list(ja) == list(en)
    for key, text in ja.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", en[key])), key
        assert text.strip() == text, key


@pytest.mark.parametrize("page", PAGE_WORDS)
def test_no_word_is_missing_and_none_is_idle(page: str) -> None:
    folder, scripts = PAGE_WORDS[page]
    known = {**words(SHARED, "ja"), **words(folder, "ja")}
    texts = [p.read_text(encoding="utf-8") for p in [*scripts.glob("*.js"), *(KIT / "shared").glob("*.js"), *(KIT / "ecg").glob("*.js")]]  # fmt: skip
    used = {key for text in texts for key in LITERAL.findall(text)}
    used |= {key for text in texts for pair in BRANCHED.findall(text) for key in pair}
    assert {key for key in used if key not in known} == set()
    starts = {re.split(r"\$\{", part)[0] for text in texts for part in TEMPLATE.findall(text)}
    quoted = "\n".join(texts)
    idle = {
        key
        for key in words(folder, "ja")
        if key not in used and f'"{key}"' not in quoted and not any(s and key.startswith(s) for s in starts)
    }  # fmt: skip
    assert idle == set()


def test_every_tier_decision_stage_and_mark_has_words() -> None:
    shared, viewer, panel = (
        words(SHARED, "ja"),
        words(VIEWER / "i18n", "ja"),
        words(PANEL / "i18n", "ja"),
    )
    for tier in "ABCDEQ":
        assert f"tier.{tier}" in shared
        assert f"advice.{tier}" in panel
    for decision in ("stemi-cath", "repeat-5min", "not-stemi", "unreadable"):
        assert f"decision.{decision}" in shared
        assert f"next.{decision}" in panel
    stages = re.findall(r"^\| `([a-z-]+)` \|", (HOUSE / "docs" / "protocol.md").read_text().split("## 4.")[1], re.M)  # fmt: skip
    assert len(stages) >= 13
    for stage in set(stages) - {"mark", "note"}:
        assert f"stage.{stage}" in viewer, stage
    for reason in ("manual", "clean", "st-change", "interval", "file"):
        assert f"reason.{reason}" in viewer
    assert "正常" not in "".join([*shared.values(), *viewer.values(), *panel.values()])


PURE = {"age", "caliper", "crc32c", "filters", "frame", "leads", "paper", "playhead", "raster", "ink-map", "report", "ring"}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_reads_and_measures_knows_no_page(name: str) -> None:
    """What no script of any page may do stands in ``tests/house/scripts.py``."""
    text = (KIT / "ecg" / f"{name}.js").read_text(encoding="utf-8")
    assert not re.search(r"\b(document|window|fetch|WebSocket|localStorage)\b", text)


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda p: p.name)
def test_pages_hold_no_inline_code_and_name_files_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text)
    for named in re.findall(r'(?:src|href)="([^"]+)"', text):
        target = f"/{named.removeprefix('/')}"  # without the slash: an address that stays (docs/adr/0138)
        prefix = next(p for p in ROOMS if target.startswith(p))
        assert (ROOMS[prefix] / target.removeprefix(prefix)).is_file(), target


def test_the_dispatchers_page_has_a_sentence_for_every_rung() -> None:
    from relay.model.call import HINTS, TOPICS, CallState

    ja, en = (
        json.loads((HOUSE / "live119" / "dispatch" / "i18n" / f"{lang}.json").read_text())
        for lang in ("ja", "en")
    )
    assert list(ja) == list(en)
    for state in CallState:
        assert f"say.{state}" in ja
        assert f"state.{state}" in ja
    for hint in HINTS - {""}:
        assert f"hint.{hint}" in ja
    for topic in TOPICS:
        assert f"say.guide.{topic}" in ja
        assert f"topic.{topic}" in ja


def test_every_error_of_the_relay_has_words_on_the_pages() -> None:
    rows = (HOUSE / "docs" / "errors.md").read_text(encoding="utf-8")
    codes = re.findall(r"^\| `([a-z-]+)` \|", rows, re.MULTILINE)
    assert len(codes) >= 15
    for lang in ("ja", "en"):
        known = words(SHARED, lang)
        assert [code for code in codes if f"problem.{code}" not in known] == []
