"""How people and tablets come in: the port, the certificate, the TURN server."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from relay.data_folder import running_relay
from relay.doctor.finding import CheckResult, bad, note, ok
from relay.errors import RelayError
from relay.settings import Settings

SOON = timedelta(days=21)


def port(settings: Settings) -> Iterator[CheckResult]:
    """Whether the relay that runs here answers, or a new one could have its port."""
    from relay.web.server import bind

    where = f"{settings.host}:{settings.port}"
    if settings.data_dir.is_dir() and running_relay(settings.data_dir) is not None:
        yield ok("port", f"A relay runs on this folder; ask its /readyz at {where}.")
        return
    try:
        bind(settings.host, settings.port).close()
    except RelayError as error:
        yield bad("port", str(error))
    else:
        yield ok("port", f"{where} is free.")


def certificate(settings: Settings) -> Iterator[CheckResult]:
    """Whether the TLS files are there, belong together, are valid today, and the key is nobody else's to read."""
    from relay.web.server import tls_of

    paths = (settings.tls_certificate, settings.tls_key)
    if paths == (None, None):
        yield note("certificate", "The relay serves HTTP; put a TLS proxy in front of it.")
        return
    for path in paths:
        if path is not None and not path.is_file():
            yield bad("certificate", f"The file {path} is not there.")
            return
    try:
        tls_of(*paths)
    except RelayError as error:
        yield bad("certificate", str(error))
        return
    assert paths[0] is not None and paths[1] is not None  # noqa: S101  tls_of refuses one alone
    yield _dates(paths[0])
    mode = stat.S_IMODE(paths[1].stat().st_mode)
    if mode & 0o077:
        yield bad("certificate", f"The key {paths[1]} may be read by others (mode {mode:03o}).")


def _dates(path: Path) -> CheckResult:
    from cryptography import x509

    found = x509.load_pem_x509_certificate(path.read_bytes())
    now = datetime.now(UTC)
    end, begin = found.not_valid_after_utc, found.not_valid_before_utc
    if end < now:
        return bad(
            "certificate", f"{path} expired on {end:%Y-%m-%d}: no tablet and no page comes in."
        )
    if begin > now:
        return bad("certificate", f"{path} is valid from {begin:%Y-%m-%d} only; check the clock.")
    if end - now < SOON:
        return bad("certificate", f"{path} expires on {end:%Y-%m-%d}; renew it now.")
    return ok("certificate", f"{path} is valid until {end:%Y-%m-%d}.")


def turn(settings: Settings) -> Iterator[CheckResult]:
    """Whether phones behind hard networks can be given a TURN server that lets them in."""
    secret = bool(settings.turn_secret.get_secret_value())
    if settings.turn_urls and not secret:
        yield bad("turn", "KYUMEI_TURN_URLS is set without KYUMEI_TURN_SECRET: it lets nobody in.")
    elif secret and not settings.turn_urls:
        yield bad("turn", "KYUMEI_TURN_SECRET is set without KYUMEI_TURN_URLS.")
    elif settings.turn_urls:
        yield ok("turn", f"{len(settings.turn_urls)} servers with a secret.")
    elif settings.video_enabled:
        yield note("turn", "None is set: phones in networks without UDP send pictures, no video.")
