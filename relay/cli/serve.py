"""``kyumei serve``: the relay itself."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relay.cli.ending import DataDir, data_option, said_in_one_sentence, settings_of
from relay.cli.migrate import WithoutDatabase

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    from relay.settings import Settings

DEMO_PAGE = '{"hospitals": [], "tablets": []}'


def serve(
    data: Annotated[DataDir, data_option()] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file of the certificate and its chain: serve HTTPS.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="PEM file of the certificate's private key.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="A drill: also serve /demo.")] = False,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="Get ready first, then end the relay that uses this data folder and take its place.",
        ),
    ] = False,
    new: Annotated[
        bool, typer.Option("--new", help="Begin a new relay where the data folder is empty.")
    ] = False,
    without_database: WithoutDatabase = False,
) -> None:
    """Run the relay until it is told to stop.

    Example: kyumei serve --host 0.0.0.0 --port 8119 --data /var/lib/kyumei
    """
    settings = settings_of(
        data_dir=data, host=host, port=port, tls_certificate=tls_certificate, tls_key=tls_key
    )
    if demo and not settings.demo:
        settings = settings.model_copy(update={"demo": DEMO_PAGE})
    with said_in_one_sentence(settings):
        from relay.office import may_begin

        may_begin(settings, new=new, without_database=without_database)
        _serve(settings, take_over=take_over)


def _serve(settings: Settings, *, take_over: bool) -> None:
    import asyncio

    from relay.services.ground.heap import keep_few_arenas, let_the_loop_in
    from relay.web.app import prepared_app
    from relay.web.server import bind, tls_of
    from relay.wiring.this_site import site_of

    keep_few_arenas()
    let_the_loop_in()
    _log_as_json()
    _check_reach(settings)
    tls = tls_of(settings.tls_certificate, settings.tls_key)
    app = prepared_app(site_of(settings))
    bound = _take_place(settings) if take_over else bind(settings.host, settings.port)
    port = bound.getsockname()[1]

    async def work() -> None:
        from relay.process import settle
        from relay.web.server import make_server
        from relay.wiring.relay import open_relay

        async with open_relay(settings) as relay:
            server = make_server(relay, tls, app)
            scheme = "http" if tls is None else "https"
            settle()
            typer.echo(f"Kyumei Relay listens on {scheme}://{settings.host}:{port}", err=True)
            await server.serve([bound])

    with bound, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            runner.run(work())
        except KeyboardInterrupt:
            return


def _check_reach(settings: Settings) -> None:
    """What must be set, and what is said, where others than this machine can come.

    Raises:
        BadInput: the relay would not know its own name.
    """
    from relay.errors import BadInput
    from relay.owner_only import others_may_read
    from relay.reach import hosts_of, is_this_machine

    if settings.tls_key is not None and others_may_read(settings.tls_key):
        typer.echo(f"Others on this machine can read {settings.tls_key}: chmod 600.", err=True)
    if is_this_machine(settings.host):
        return
    if not hosts_of(settings):
        raise BadInput(
            f"Who listens on {settings.host} is asked by name: set KYUMEI_PUBLIC_URL or "
            "KYUMEI_HOSTS to the names and addresses of this relay."
        )
    if settings.tls_certificate is None and not settings.trusted_proxies:
        typer.echo(
            "This relay speaks plain HTTP beyond this machine: patients' data can be read on the "
            "way, and no page can sign in. Give it a certificate, or a TLS proxy "
            "(KYUMEI_TRUSTED_PROXIES).",
            err=True,
        )


def _take_place(settings: Settings) -> socket.socket:
    """Load whatever is slow to load, listen beside the old relay, and only then let it go."""
    import asyncio

    from relay.data_folder import take_place
    from relay.web.pages import FILES
    from relay.web.server import CAN_SHARE, bind
    from relay.wiring.screen import load_screener, make_screener_fast
    from relay.wiring.video import load_plane

    FILES.edition()
    load_screener()
    make_screener_fast()
    if settings.video_enabled:
        load_plane(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    bound = bind(settings.host, settings.port, beside=True) if CAN_SHARE else None
    try:
        asyncio.run(take_place(settings.data_dir))
    except BaseException:
        if bound is not None:
            bound.close()
        raise
    return bound or bind(settings.host, settings.port)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The uvloop factory, where uvloop exists."""
    try:
        import uvloop
    except ImportError:  # Windows
        return None
    return uvloop.new_event_loop


def _log_as_json() -> None:
    """One JSON object a line on the error stream; no patient's data is ever put there."""
    import logging
    import sys

    import structlog

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    logging.raiseExceptions = False
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=False,
    )


class _Lines:
    """Writes lines to the error stream; a reader of the log that has gone harms nobody."""

    def msg(self, line: str) -> None:
        """Write one line, if anybody is there."""
        import sys

        with suppress(OSError, ValueError):
            print(line, file=sys.stderr, flush=True)  # noqa: T201  this is the log itself

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg
