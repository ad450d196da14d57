"""Whose ECG a file may be: one rule for both ends."""

from __future__ import annotations

import pytest

from relay.protocol.messages import FileOrigin
from relay.protocol.origin import doubts, told_json

YEAR_S = 31_557_600


@pytest.mark.parametrize(
    ("origin", "age", "sex", "wanted"),
    [
        (FileOrigin(), 61, "M", ()),
        (FileOrigin(age_years=34, sex="F"), None, None, ()),
        (FileOrigin(age_years=34, sex="F"), 61, "M", ("other-age", "other-sex")),
        (FileOrigin(age_years=60, sex="M"), 65, "M", ()),  # the button "60s" enters 65
        (FileOrigin(age_years=60), 67, None, ("other-age",)),
        (FileOrigin(sex="F"), 34, "M", ("other-sex",)),
        (FileOrigin(recorded_ago_s=3_600), 61, "M", ()),
        (FileOrigin(recorded_ago_s=3_601), 61, "M", ("old",)),
        (FileOrigin(recorded_ago_s=-3_601), 61, "M", ("old",)),
        (FileOrigin(other_case_at_us=1), 61, "M", ("same-samples",)),
    ],
)
def test_what_raises_a_doubt(origin, age, sex, wanted) -> None:
    assert doubts(origin, age, sex) == wanted


def test_every_doubt_has_words_in_both_languages() -> None:
    origin = FileOrigin("2019-02-03T08:15:00", 7 * YEAR_S + 9, 34, "F", None, 1)

    told = told_json(origin, 61, "M")

    assert told["recorded_en"] == "recorded 2019-02-03 08:15 (7 years ago)"
    assert told["recorded_ja"] == "2019-02-03 08:15 記録（7年前）"
    assert told["doubts"] == ["same-samples", "old", "other-age", "other-sex"]
    for words in ("the same samples are in another case", "7 years ago", "the file is of a woman of 34, the card says a man of 61"):  # fmt: skip
        assert words in str(told["doubts_en"])
    for words in ("同じ波形が別の症例", "7年前", "ファイルは34歳女性、患者情報は61歳男性"):
        assert words in str(told["doubts_ja"])


def test_an_unknown_date_is_said_to_be_unknown() -> None:
    told = told_json(FileOrigin(), None, None)

    assert told["recorded_en"] == "recording time unknown"
    assert told["doubts"] == []


@pytest.mark.parametrize(
    ("ago_s", "words"),
    [(3_700, "1 hours"), (90_000, "25 hours"), (10 * 86_400, "10 days"), (-9_999, "future")],
)
def test_how_long_ago(ago_s, words) -> None:
    assert words in str(
        told_json(FileOrigin("2026-01-01T00:00:00", ago_s), None, None)["doubts_en"]
    )
