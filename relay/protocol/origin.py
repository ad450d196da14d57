"""Whether a recorded file may be the ECG of somebody else. Pure; both ends ask here and nowhere else.

A doubt is never a refusal: the file is sent, and whoever reads it is told.
"""

from __future__ import annotations

from typing import Annotated, Protocol, TypedDict

OLD_AFTER_S = 3600
"""A recording older than this was not made in this ambulance ride; one so far ahead has a wrong clock."""
OTHER_AGE_YEARS = 6
"""The card's decade buttons enter the middle: up to five years off, and a birthday."""
_HOUR_S, _DAY_S, _YEAR_S = 3600, 86_400, 31_557_600
_SEX = {"M": ("男性", "man"), "F": ("女性", "woman")}
Words = dict[str, str]


class Origin(Protocol):
    """What is asked of a file's origin; ``FileOrigin`` says what each part means."""

    @property
    def recorded_at(self) -> str | None:
        """See ``FileOrigin``."""

    @property
    def recorded_ago_s(self) -> int | None:
        """See ``FileOrigin``."""

    @property
    def age_years(self) -> int | None:
        """See ``FileOrigin``."""

    @property
    def sex(self) -> str | None:
        """See ``FileOrigin``."""

    @property
    def other_case_at_us(self) -> int | None:
        """See ``FileOrigin``."""


def doubts(origin: Origin, age_years: object, sex: object) -> tuple[str, ...]:
    """Why the file may not be this patient's, by the card as it stands now.

    Any of ``same-samples`` (they are in another case), ``old``, ``other-age``, ``other-sex``. What is
    unknown on either side raises no doubt.
    """
    far = (
        isinstance(age_years, int)
        and origin.age_years is not None
        and abs(origin.age_years - age_years) > OTHER_AGE_YEARS
    )
    found = {
        "same-samples": origin.other_case_at_us is not None,
        "old": is_old(origin),
        "other-age": far,
        "other-sex": None not in {sex, origin.sex} and origin.sex != sex,
    }
    return tuple(name for name, is_so in found.items() if is_so)


def is_old(origin: Origin) -> bool:
    """Whether it was recorded long before it was taken (or, by a wrong clock, after)."""
    return origin.recorded_ago_s is not None and abs(origin.recorded_ago_s) > OLD_AFTER_S


def recorded_words(origin: Origin) -> Words:
    """When the file was recorded, ``ja`` and ``en``; unknown is said."""
    if origin.recorded_at is None:
        return {"ja": "記録日時 不明", "en": "recording time unknown"}
    at = origin.recorded_at.replace("T", " ")[:16]
    ago = _ago(origin.recorded_ago_s)
    return {"ja": f"{at} 記録{ago['ja']}", "en": f"recorded {at}{ago['en']}"}


def doubt_words(origin: Origin, age_years: object, sex: object) -> list[Words]:
    """Each doubt for people, in the order of ``doubts``; age and sex in one."""
    found = doubts(origin, age_years, sex)
    out = []
    if "same-samples" in found:
        out.append(
            {"ja": "同じ波形が別の症例にもあります", "en": "the same samples are in another case"}
        )
    if "old" in found:
        out.append(recorded_words(origin))
    if {"other-age", "other-sex"} & set(found):
        file, card = _person(origin.age_years, origin.sex), _person(age_years, sex)
        out.append(
            {
                "ja": f"ファイルは{file['ja']}、患者情報は{card['ja']}",
                "en": f"the file is of a {file['en']}, the card says a {card['en']}",
            }
        )
    return out


def joined(words: list[Words]) -> Words:
    """Several words as one line."""
    return {"ja": "、".join(w["ja"] for w in words), "en": "; ".join(w["en"] for w in words)}


class OriginWords(TypedDict):
    """What pages draw of a file's origin."""

    recorded_ja: str
    recorded_en: str
    doubts: Annotated[list[str], "why it may be somebody else's"]
    doubts_ja: str
    doubts_en: str


def told_json(origin: Origin, age_years: object, sex: object) -> OriginWords:
    """What pages draw: when it was recorded in words, the doubts by code, and these in one line."""
    recorded, said = recorded_words(origin), joined(doubt_words(origin, age_years, sex))
    return {
        "recorded_ja": recorded["ja"],
        "recorded_en": recorded["en"],
        "doubts": list(doubts(origin, age_years, sex)),
        "doubts_ja": said["ja"],
        "doubts_en": said["en"],
    }


def _person(age_years: object, sex: object) -> Words:
    ja, en = _SEX.get(str(sex), ("性別不明", "person"))
    if age_years is None:
        return {"ja": ja, "en": en}
    return {"ja": f"{age_years}歳{ja}", "en": f"{en} of {age_years}"}


def _ago(seconds: int | None) -> Words:
    if seconds is None or abs(seconds) <= OLD_AFTER_S:
        return {"ja": "", "en": ""}
    if seconds < 0:
        return {"ja": "（未来の日時）", "en": " (in the future)"}
    units = ((_YEAR_S, "年", "years"), (_DAY_S, "日", "days"), (_HOUR_S, "時間", "hours"))
    unit_s, ja, en = next((u for u in units if seconds >= 2 * u[0]), units[-1])
    n = seconds // unit_s
    return {"ja": f"（{n}{ja}前）", "en": f" ({n} {en} ago)"}
