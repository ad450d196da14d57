"""Reading offers: as much of SDP (RFC 8866) as WHIP and WHEP peers need, bounded, unknown lines ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from relay.errors import BadInput

MAX_CHARS = 65_536
MAX_LINES = 2_000
MAX_SECTIONS = 16
MAX_CANDIDATES = 40
ICE_TEXT = re.compile(r"[A-Za-z0-9+/]{4,256}")
HASH = re.compile(r"(sha-256|sha-384|sha-512) ([0-9A-F]{2}(?::[0-9A-F]{2}){31,63})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Codec:
    """One ``a=rtpmap`` with its ``fmtp`` and ``rtcp-fb`` lines."""

    payload_type: int
    name: str
    clock_hz: int
    channels: int
    parameters: Mapping[str, str]
    feedback: frozenset[str]

    @property
    def apt(self) -> int | None:
        """The payload type an RTX codec repairs (RFC 4588), None for others."""
        value = self.parameters.get("apt", "")
        return int(value) if self.name == "rtx" and value.isdecimal() else None


@dataclass(slots=True)
class Lines:
    """The attribute lines of one section, by name, in order."""

    head: str = ""
    attributes: dict[str, list[str]] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        """The first value of an attribute, None where absent."""
        values = self.attributes.get(name)
        return values[0] if values else None

    def every(self, name: str) -> list[str]:
        """All values of an attribute."""
        return self.attributes.get(name, [])


@dataclass(frozen=True, slots=True)
class Section:
    """One ``m=`` section.

    Attributes:
        kind: ``audio``, ``video``, ``application`` …
        codecs: by payload type, in the order of preference of the ``m=`` line.
        extensions: header extension ids by URI.
        ssrc: the first source announced, None where none is.
    """

    kind: str
    protocol: str
    formats: tuple[str, ...]
    mid: str
    direction: str
    rejected: bool
    codecs: Mapping[int, Codec]
    extensions: Mapping[str, int]
    ssrc: int | None


@dataclass(frozen=True, slots=True)
class Remote:
    """How the other end is reached and recognised: ICE text, candidates, certificate hashes."""

    ufrag: str
    password: str
    candidates: tuple[str, ...]
    fingerprints: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A parsed offer."""

    sections: tuple[Section, ...]
    bundle: tuple[str, ...]
    remote: Remote


def parse_offer(text: str) -> Offer:
    """Read an offer.

    Raises:
        BadInput: it is too long, not SDP, or lacks what a connection needs.
    """
    session, sections = _split(text)
    if not sections:
        raise BadInput("The offer has no media; offer a video section.")
    if len(sections) > MAX_SECTIONS:
        raise BadInput("The offer has too many media sections; offer one of video.")
    parsed = tuple(_section(lines, index) for index, lines in enumerate(sections))
    if len({section.mid for section in parsed}) != len(parsed):
        raise BadInput("Two sections of the offer have the same mid; make a new offer.")
    group = next((g for g in session.every("group") if g.startswith("BUNDLE")), "")
    setup = _either(session, sections, "setup") or "actpass"
    if setup not in {"actpass", "active"}:
        raise BadInput("The offer must say a=setup:actpass; make a new offer.")
    return Offer(parsed, tuple(group.split()[1:]), _remote(session, sections))


def parse_fragment(text: str) -> Remote:
    """Read a trickle ICE fragment (RFC 8840): ``a=ice-ufrag``, ``a=ice-pwd`` and candidates.

    Raises:
        BadInput: it is too long or lacks the ICE credentials.
    """
    session, sections = _split(text)
    return Remote(*_credentials(session, sections), _candidates(session, sections))


def _split(text: str) -> tuple[Lines, list[Lines]]:
    if len(text) > MAX_CHARS:
        raise BadInput("The description is too long; send at most 64 kB.")
    raw = text.replace("\r\n", "\n").split("\n")
    if len(raw) > MAX_LINES:
        raise BadInput("The description has too many lines; make a new one.")
    session, sections = Lines(), list[Lines]()
    for line in raw:
        if line.startswith("m="):
            sections.append(Lines(line[2:]))
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            where = sections[-1] if sections else session
            where.attributes.setdefault(name, []).append(value.strip())
    return session, sections


def _either(session: Lines, sections: list[Lines], name: str) -> str | None:
    for lines in (*sections, session):
        value = lines.first(name)
        if value is not None:
            return value
    return None


def _credentials(session: Lines, sections: list[Lines]) -> tuple[str, str]:
    ufrag = _either(session, sections, "ice-ufrag") or ""
    password = _either(session, sections, "ice-pwd") or ""
    if not ICE_TEXT.fullmatch(ufrag) or not ICE_TEXT.fullmatch(password) or len(password) < 22:
        raise BadInput("The description has no usable ice-ufrag and ice-pwd; make a new one.")
    return ufrag, password


def _candidates(session: Lines, sections: list[Lines]) -> tuple[str, ...]:
    found = [c for lines in (session, *sections) for c in lines.every("candidate")]
    return tuple(dict.fromkeys(found))[:MAX_CANDIDATES]


def _remote(session: Lines, sections: list[Lines]) -> Remote:
    hashes = []
    for lines in (session, *sections):
        for value in lines.every("fingerprint"):
            match = HASH.fullmatch(value)
            if match is not None:
                hashes.append((match[1].lower(), match[2].upper()))
    if not hashes:
        raise BadInput("The offer has no usable fingerprint; use a browser that speaks DTLS-SRTP.")
    return Remote(
        *_credentials(session, sections),
        _candidates(session, sections),
        tuple(dict.fromkeys(hashes))[:8],
    )


def _section(lines: Lines, index: int) -> Section:
    parts = lines.head.split()
    if len(parts) < 4 or not parts[1].split("/")[0].isdecimal():
        raise BadInput("A media line of the offer cannot be read; make a new offer.")
    formats = tuple(parts[3:])
    codecs = _codecs(lines, [int(f) for f in formats if f.isdecimal() and int(f) < 128])
    directions = ("sendonly", "recvonly", "inactive")
    ssrc = (lines.first("ssrc") or "").partition(" ")[0]
    return Section(
        kind=parts[0],
        protocol=parts[2],
        formats=formats,
        mid=(lines.first("mid") or str(index))[:64],
        direction=next((d for d in directions if d in lines.attributes), "sendrecv"),
        rejected=parts[1] == "0" and "bundle-only" not in lines.attributes,
        codecs=codecs,
        extensions=_extensions(lines),
        ssrc=int(ssrc) if _is_number(ssrc, 0xFFFFFFFF) else None,
    )


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= most


def _codecs(lines: Lines, payload_types: list[int]) -> dict[int, Codec]:
    maps = dict(_numbered(lines.every("rtpmap")))
    formats = dict(_numbered(lines.every("fmtp")))
    feedback: dict[int, set[str]] = {}
    for value in lines.every("rtcp-fb"):
        which, _, what = value.partition(" ")
        if which == "*":
            for payload_type in payload_types:
                feedback.setdefault(payload_type, set()).add(what.strip())
        elif _is_number(which, 127):
            feedback.setdefault(int(which), set()).add(what.strip())
    found = {}
    for payload_type in payload_types:
        name, *rest = maps.get(payload_type, "").split("/")
        if name and rest and _is_number(rest[0], 1_000_000):
            found[payload_type] = Codec(
                payload_type,
                name.lower() if name.lower() == "rtx" else name.upper(),
                int(rest[0]),
                int(rest[1]) if len(rest) > 1 and _is_number(rest[1], 255) else 1,
                _parameters(formats.get(payload_type, "")),
                frozenset(feedback.get(payload_type, ())),
            )
    return found


def _numbered(values: list[str]) -> list[tuple[int, str]]:
    pairs = (value.partition(" ") for value in values)
    return [(int(number), rest) for number, _, rest in pairs if _is_number(number, 127)]


def _parameters(text: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name.lower(): value for name, _, value in pairs if name}


def _extensions(lines: Lines) -> dict[str, int]:
    found = {}
    for value in lines.every("extmap"):
        number, _, uri = value.partition(" ")
        number = number.partition("/")[0]
        if _is_number(number, 14) and int(number) > 0 and uri.strip():
            found[uri.split()[0]] = int(number)
    return found
