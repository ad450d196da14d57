"""Where the ECG comes from, chosen by a short text such as ``synthetic:normal`` or ``lsl:NAME``.

A new kind of source is one file beside this one, one line in ``_KINDS``, one test, one line of docs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from ambulance_client.sources.port import Recordings, Source, SourceInfo
from relay.errors import BadInput

Options = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Kind:
    example: str
    options: frozenset[str]
    open: Callable[[str, Options], Recordings]


def open_source(spec: str) -> Recordings:
    """The recordings a specification names. Blocks while a record is read; call off the loop.

    ``synthetic:SCENARIO[?seed=N&noise=LEVEL&age=Y&sex=M&rate_ppm=P]``, ``wfdb:PATH[?loop=1]`` (a
    bare path is WFDB), ``folder:PATH``, or ``lsl:NAME[?uv_per_lsb=U]``.

    Raises:
        BadInput: an unknown kind, option, scenario, or an unusable record.
    """
    name, _, rest = spec.partition(":")
    if name in _KINDS and not rest and ":" in spec:
        raise BadInput(f"Say what to take after {name}:, such as {name}:{_KINDS[name].example}.")
    if name not in _KINDS or not rest:
        if ":" in spec and not Path(spec).exists() and name.isalpha() and len(name) > 1:
            raise BadInput(
                f"There is no source kind {name!r}; use {', '.join(f'{k}:…' for k in _KINDS)}."
            )
        name, rest = "wfdb", spec
    body, _, query = rest.partition("?")
    options = dict(parse_qsl(query))
    kind = _KINDS[name]
    extra = sorted(set(options) - kind.options)
    if extra:
        raise BadInput(
            f"The source does not know the option {extra[0]!r}; "
            f"it knows {', '.join(sorted(kind.options)) or 'none'}."
        )
    return kind.open(body, options)


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

    return Single(WfdbReplay(Path(path), loop=options.get("loop") in {"1", "true", "yes"}))


def _folder(path: str, options: Options) -> Recordings:
    from ambulance_client.sources.folder import WatchedFolder

    return WatchedFolder(Path(path))


def _lsl(name: str, options: Options) -> Recordings:
    from ambulance_client.sources.lsl import LslStreams

    step = options.get("uv_per_lsb")
    return LslStreams(name, None if step is None else _number("uv_per_lsb", step, 1e-3, 1e3))


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
    "lsl": _Kind("MONITOR", frozenset({"uv_per_lsb"}), _lsl),
}

__all__ = ["Recordings", "Source", "SourceInfo", "open_source"]
