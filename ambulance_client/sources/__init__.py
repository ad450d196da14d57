"""Where the ECG comes from, chosen by a short text: ``synthetic:normal`` or ``wfdb:path/to/record``."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from ambulance_client.sources.port import Source, SourceInfo
from relay.errors import BadInput


def open_source(spec: str) -> Source:
    """The source a specification names. Blocks while a record is read; call off the loop.

    ``synthetic:SCENARIO[?seed=N&noise=LEVEL&age=Y&sex=M]`` or ``wfdb:PATH[?loop=1]`` (a bare path
    is WFDB).

    Raises:
        BadInput: an unknown kind, option, scenario, or an unusable record.
    """
    kind, _, rest = spec.partition(":")
    if kind not in {"synthetic", "wfdb"} or not rest:
        if ":" in spec and not Path(spec).exists() and kind.isalpha() and len(kind) > 1:
            raise BadInput(f"There is no source kind {kind!r}; use synthetic:… or wfdb:….")
        kind, rest = "wfdb", spec
    body, _, query = rest.partition("?")
    options = dict(parse_qsl(query))
    if kind == "synthetic":
        from ambulance_client.sources.synthetic import SyntheticSource

        _refuse_unknown(options, {"seed", "noise", "age", "sex"})
        return SyntheticSource(
            body,
            seed=_whole("seed", options.get("seed", "1")),
            noise=options.get("noise", "light"),
            age_years=_whole("age", options["age"]) if "age" in options else None,
            sex=options.get("sex"),
        )
    from ambulance_client.sources.wfdb_replay import WfdbReplay

    _refuse_unknown(options, {"loop"})
    return WfdbReplay(Path(body), loop=options.get("loop") in {"1", "true", "yes"})


def _refuse_unknown(options: dict[str, str], known: set[str]) -> None:
    extra = sorted(set(options) - known)
    if extra:
        raise BadInput(
            f"The source does not know the option {extra[0]!r}; it knows {', '.join(sorted(known))}."
        )


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadInput(f"The {name} must be a whole number, not {text!r}.") from None


__all__ = ["Source", "SourceInfo", "open_source"]
