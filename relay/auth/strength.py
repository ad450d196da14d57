"""Whether a password may protect patients: long enough, and not made of what everybody tries first.

Source: NIST SP 800-63B-4 (length and a blocklist, no rules about kinds of characters), OWASP ASVS 5.0 V6.2.
Deviations: 13 characters instead of NIST's 15, because tries are rationed and hashes slow; and beside whole passwords
of the blocklist, those that are put together from its words, from names, dates and keys in a row.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection
from functools import cache
from pathlib import Path

from relay.errors import BadInput

MIN_LENGTH = 13
MAX_LENGTH = 256
ENOUGH_BITS = 36.0
"""Of an estimate in the attacker's favour: with rationed tries for ever, with a stolen hash years of a machine."""
WORD_BITS, RUN_BITS, DATE_BITS = 9.0, 5.0, 14.0
"""A word of the list or a name; keys or letters in a row, or one sign again and again; a day of a century."""
LETTER_BITS, DIGIT_BITS, OTHER_BITS = 4.0, 3.0, 5.0
SHORTEST_NAME = 3
COMMON = Path(__file__).with_name("common_passwords.txt")
ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "あいうえおかきくけこさしすせそたちつてと", "いろはにほへとちりぬるを",
)  # fmt: skip
LEET = str.maketrans("013457@$!", "oieastasi")
DATE = re.compile(r"(?:19|20)\d\d[-/.]?(?:0[1-9]|1[0-2])[-/.]?(?:0[1-9]|[12]\d|3[01])")
YEAR = re.compile(r"(?:19|20)\d\d")
AGAIN = re.compile(r"(.+?)\1+")
SYLLABLES = tuple(c + v for c in "kstnhmrgzdbp" for v in "aeiou")
"""Easy to read aloud and to type in Japan: 60 of them, 5.9 bits each."""


def check_password(password: str, about: Collection[str] = ()) -> None:
    """Refuse a password that is short or easily guessed.

    Args:
        password: as it was typed.
        about: names of the person, the hospital and the site, which are tried first.

    Raises:
        BadInput: with its cause, ``password-short`` or ``password-guessable``.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        text = f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters; choose a longer sentence."
        raise BadInput(text, "password-short")
    if bits_of(password, about) < ENOUGH_BITS:
        raise BadInput(
            "This password is easily guessed: it is made of common words, names, dates or keys in a row. "
            "Put in words of your own.",
            "password-guessable",
        )


def bits_of(password: str, about: Collection[str] = ()) -> float:
    """About how many bits a guesser needs who knows the list, the names and the usual tricks."""
    plain = _once(unicodedata.normalize("NFKC", password).casefold())
    names = {part for text in about for part in _parts(text)}
    return min(_bits(plain, names), _bits(plain.translate(LEET), names))


def new_passphrase() -> str:
    """Sixteen syllables in four groups, 94 bits: ``kanotemi-sugaredo-…``."""
    groups = ("".join(secrets.choice(SYLLABLES) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _once(text: str) -> str:
    """The text, or what it is the repetition of."""
    period = (text + text).find(text, 1)
    return text[:period] if 0 < period < len(text) else text


def _bits(text: str, names: Collection[str]) -> float:
    bits = 0.0
    for pattern, worth in ((DATE, DATE_BITS), (YEAR, RUN_BITS)):
        text, found = pattern.subn(" ", text)
        bits += worth * bool(found)
    for word in sorted({*_common(), *names}, key=len, reverse=True):
        if word in text:
            text = text.replace(word, " ")
            bits += WORD_BITS
    text, runs = _without_runs(text)
    text = AGAIN.sub(r"\1", text)
    return bits + RUN_BITS * runs + sum(_worth(sign) for sign in text)


def _without_runs(text: str) -> tuple[str, int]:
    """Without stretches of four and more that stand in a row on a keyboard or in an alphabet, either way."""
    runs = 0
    for row in (*ROWS, *(row[::-1] for row in ROWS)):
        for length in range(len(row), 3, -1):
            for start in range(len(row) - length + 1):
                run = row[start : start + length]
                if run in text:
                    text = text.replace(run, " ")
                    runs += 1
    return text, runs


def _worth(sign: str) -> float:
    if sign.isspace():
        return 0.0
    if sign.isdigit():
        return DIGIT_BITS
    return LETTER_BITS if sign.isascii() and sign.isalpha() else OTHER_BITS


def _parts(text: str) -> list[str]:
    """The words of a name that are long enough to be recognised."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = [part for part in re.split(r"[\W_]+", plain) if part]
    whole = "".join(found)
    return [
        part for part in (*found, whole) if len(part) >= (SHORTEST_NAME if part.isascii() else 2)
    ]


@cache
def _common() -> frozenset[str]:
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(w for line in lines if not line.startswith("#") for w in line.split())
