"""Where the ECG comes from, chosen by a short text such as ``synthetic:normal`` or ``lsl:NAME``.

A new kind of source is one file beside this one, one line in ``_KINDS``, one test, one line of docs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote_plus

from ambulance_client.sources.port import Recordings, Source, SourceInfo
from relay.errors import BadInput

Options = Mapping[str, str]
_KIND = re.compile(r"[A-Za-z][\w.+-]+")


@dataclass(frozen=True, slots=True)
class _Kind:
    example: str
    options: frozenset[str]
    open: Callable[[str, Options], Recordings]


def open_source(spec: str) -> Recordings:
    """The recordings a specification names. Blocks while a record is read; call off the loop.

    ``synthetic:SCENARIO[?seed=N&noise=LEVEL&age=Y&sex=M&rate_ppm=P]``, ``wfdb:PATH[?loop=1]`` (a
    bare path is WFDB), ``folder:PATH``, or ``lsl:NAME[?uv_per_lsb=U&source_id=SERIAL]``.

    Raises:
        BadInput: an unknown kind, option, scenario, or an unusable record.
    """
    name, _, rest = spec.partition(":")
    if name in _KINDS and not rest and ":" in spec:
        raise BadInput(f"Say what to take after {name}:, such as {name}:{_KINDS[name].example}.")
    if name not in _KINDS or not rest:
        if ":" in spec and not Path(spec).exists() and _KIND.fullmatch(name):
            raise BadInput(
                f"There is no source kind {name!r}{_meant(name, _KINDS)}; "
                f"use {', '.join(f'{k}:…' for k in _KINDS)}."
            )
        name, rest = "wfdb", spec
    body, _, query = rest.partition("?")
    kind = _KINDS[name]
    return kind.open(body, _options(query, kind.options))


def _options(query: str, known: frozenset[str]) -> Options:
    """What stands after the question mark, each once and with a value; nothing is passed over.

    Raises:
        BadInput: an option is unknown, has no value, or stands twice.
    """
    options: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, equals, value = part.partition("=")
        name, value = unquote_plus(name), unquote_plus(value)
        if name not in known:
            raise BadInput(
                f"The source does not know the option {name!r}{_meant(name, known)}; "
                f"it knows {', '.join(sorted(known)) or 'none'}."
            )
        if not equals or not value:
            raise BadInput(f"The option {name!r} has no value; write {name}=…")
        if name in options:
            raise BadInput(f"The option {name!r} stands twice; say it once.")
        options[name] = value
    return options


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name.lower(), sorted(known), 1, 0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def _yes(name: str, text: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in answers:
        raise BadInput(f"The option {name} is 1 or 0, not {text!r}.")
    return answers[text.lower()]


def _synthetic(scenario: str, options: Options) -> Recordings:
    from ambulance_client.sources.single import Single
    from ambulance_client.sources.synthetic import SyntheticSource

    return Single(
        SyntheticSource(
            scenario,
            seed=_whole("seed", options.get("seed", "1")),
            noise=options.get("noise", "light"),
            age_years=_whole("age", options["age"]) if "age" in options else None,
            sex=options.get("sex"),
            rate_ppm=_number("rate_ppm", options.get("rate_ppm", "0"), -500_000, 500_000),
        )
    )


def _wfdb(path: str, options: Options) -> Recordings:
    from ambulance_client.sources.single import Single
    from ambulance_client.sources.wfdb_replay import WfdbReplay

    return Single(WfdbReplay(Path(path), loop=_yes("loop", options.get("loop", "0"))))


def _folder(path: str, options: Options) -> Recordings:
    from ambulance_client.sources.folder import WatchedFolder

    return WatchedFolder(Path(path))


def _lsl(name: str, options: Options) -> Recordings:
    from ambulance_client.sources.lsl import LslStreams

    step = options.get("uv_per_lsb")
    uv_per_lsb = None if step is None else _number("uv_per_lsb", step, 1e-3, 1e3)
    return LslStreams(name, uv_per_lsb, options.get("source_id"))


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadInput(f"The {name} must be a whole number, not {text!r}.") from None


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise BadInput(f"The {name} must be a number from {least:g} to {most:g}, not {text!r}.")
    return value


_KINDS: dict[str, _Kind] = {
    "synthetic": _Kind(
        "normal", frozenset({"seed", "noise", "age", "sex", "rate_ppm"}), _synthetic
    ),
    "wfdb": _Kind("records/100", frozenset({"loop"}), _wfdb),
    "folder": _Kind("/srv/ecg", frozenset(), _folder),
    "lsl": _Kind("MONITOR", frozenset({"uv_per_lsb", "source_id"}), _lsl),
}

__all__ = ["Recordings", "Source", "SourceInfo", "open_source"]
