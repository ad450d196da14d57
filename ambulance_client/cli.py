"""``kyumei-ambulance``: the tablet's command line. Heavy libraries load when they are needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    import uvicorn

    from ambulance_client.tablet import Tablet, TabletSettings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The tablet in the ambulance: records, keeps, sends, and shows the crew who has read it.",
)

EXIT_FAILURE = 1
EXIT_MISUSE = 2
DRAIN_S = 5.0


@app.callback()
def _root() -> None:
    """Before any command: a ``KYUMEI_…`` name that means nothing stops it."""
    from relay.env_names import check_names
    from relay.errors import BadInput

    try:
        check_names(os.environ)
    except BadInput as error:
        _stop(str(error), EXIT_MISUSE)


@app.command()
def run(
    source: Annotated[
        str,
        typer.Option(help="synthetic:SCENARIO, wfdb:PATH, folder:PATH or lsl:NAME (docs/howto)"),
    ],
    relay: Annotated[
        str, typer.Option(help="The relay's address, such as wss://relay.example.jp")
    ] = "ws://localhost:8119",
    token: Annotated[
        str, typer.Option(envvar="KYUMEI_TOKEN", help="This tablet's token (kyumei devices add)")
    ] = "",
    unit: Annotated[str, typer.Option(help="The name on the crew's page")] = "救急1",
    spool: Annotated[Path, typer.Option(help="Folder of what is not yet at the relay")] = Path(
        "spool"
    ),
    panel_port: Annotated[int, typer.Option(help="Port of the crew's page; 0 switches it off")] = (
        8120
    ),
    ca: Annotated[
        Path | None, typer.Option(help="Certificate authority file of a relay of your own")
    ] = None,
    camera: Annotated[
        str,
        typer.Option(help="Cabin camera: v4l2:/dev/video0, file:PATH or synthetic; none without"),
    ] = "",
    phone: Annotated[
        str,
        typer.Option(
            envvar="KYUMEI_PHONE", help="Whom the crew phones when the link needs a person"
        ),
    ] = "",
    drill: Annotated[bool, typer.Option(help="Show the drill banner")] = False,
    journal: Annotated[
        Path | None, typer.Option(help="Folder for a copy of every frame as it was born (tests)")
    ] = None,
) -> None:
    """Record from a source, keep it, send it to the relay, serve the crew's page.

    Example: kyumei-ambulance run --source synthetic:normal --relay ws://localhost:8119
    """
    from ambulance_client.tablet import TabletSettings
    from ambulance_client.uplink import tls_context
    from relay.errors import BadInput, RelayError

    url = _checked_address(relay)
    if not token:
        _stop(
            "This tablet needs its token: give --token or set KYUMEI_TOKEN (kyumei devices add).",
            EXIT_MISUSE,
        )
    _check_ca(ca)
    _say_if_open(url)
    if camera:
        from ambulance_client.camera_frames import check_camera

        try:
            check_camera(camera)
        except BadInput as error:
            _stop(str(error), EXIT_MISUSE)
    if journal is not None:
        journal.mkdir(parents=True, exist_ok=True)
    settings = TabletSettings(
        unit=unit,
        relay_url=f"{url}/link/v1",
        token=token,
        source=source,
        spool=spool,
        drill=drill,
        journal=journal,
        tls=tls_context(str(ca) if ca else None) if url.startswith("wss://") else None,
        camera=camera,
        phone=phone,
    )
    try:
        asyncio.run(_serve(settings, panel_port))
    except BadInput as error:
        _stop(str(error), EXIT_MISUSE)
    except RelayError as error:
        _stop(str(error), EXIT_FAILURE)


@app.command()
def camera(
    whip: Annotated[
        str, typer.Option(help="WHIP address, such as https://relay.example.jp/live/whip")
    ],
    camera: Annotated[
        str, typer.Option(help="v4l2:/dev/video0, file:PATH or synthetic[:caller]")
    ] = "synthetic",
    token: Annotated[
        str, typer.Option(envvar="KYUMEI_TOKEN", help="Bearer token of the WHIP address")
    ] = "",
    ca: Annotated[
        Path | None, typer.Option(help="Certificate authority file of a relay of your own")
    ] = None,
) -> None:
    """Publish a camera by WHIP until stopped: a caller of a drill, a fixed camera of a command post.

    Example: kyumei-ambulance camera --camera synthetic:caller --whip http://localhost:8119/live/whip
    """
    from ambulance_client.uplink import tls_context
    from ambulance_client.whip_camera import publish_until_stopped
    from relay.errors import BadInput, RelayError

    if not whip.startswith(("http://", "https://")):
        _stop("The WHIP address must begin with http:// or https://.", EXIT_MISUSE)
    _check_ca(ca)
    tls = tls_context(str(ca) if ca else None) if whip.startswith("https://") else None
    try:
        asyncio.run(publish_until_stopped(camera, whip, token, tls))
    except BadInput as error:
        _stop(str(error), EXIT_MISUSE)
    except RelayError as error:
        _stop(str(error), EXIT_FAILURE)


def _checked_address(relay: str) -> str:
    """The relay's address without a slash at its end; ends the program where it is none."""
    from urllib.parse import urlsplit

    url = relay.strip().rstrip("/")
    if not url.startswith(("ws://", "wss://")):
        _stop("The relay's address must begin with ws:// or wss://.", EXIT_MISUSE)
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:  # no number, or one beyond 65535
        good = False
    if not good or any(c.isspace() for c in url):
        _stop(
            f"The relay's address {relay} cannot be used; write it like wss://relay.example.jp "
            "or ws://localhost:8119.",
            EXIT_MISUSE,
        )
    return url


def _say_if_open(url: str) -> None:
    """A word where the ECG would cross a network in the clear."""
    from urllib.parse import urlsplit

    host = urlsplit(url).hostname or ""
    if url.startswith("ws://") and host not in {"localhost", "127.0.0.1", "::1"}:
        sys.stderr.write(
            f"ws:// to {host}: the ECG and this tablet's token can be read on the way; use wss://."
            + os.linesep
        )


def _check_ca(ca: Path | None) -> None:
    if ca is not None and not ca.is_file():
        _stop(f"There is no certificate file {ca}; check --ca.", EXIT_MISUSE)


async def _serve(settings: TabletSettings, panel_port: int) -> None:
    from ambulance_client.tablet import running_tablet
    from relay.process import settle

    listener = _bind(panel_port) if panel_port else None
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with running_tablet(settings) as tablet:
        if listener is None:
            settle()
            await stop.wait()
            await _drain(tablet)
            return
        import uvicorn

        from ambulance_client.panel.server import make_panel

        server = _panel_server(
            uvicorn.Config(
                make_panel(tablet),
                log_level="warning",
                access_log=False,
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=1,
            )
        )
        settle()
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        sys.stdout.write(f"Crew's page: http://localhost:{panel_port}/\n")
        sys.stdout.flush()
        await stop.wait()
        await _drain(tablet)
        server.should_exit = True
        await serving


async def _drain(tablet: Tablet) -> None:
    """Stop recording, then give the link a moment; what is left waits in the spool."""
    await tablet.stop_recording()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while not tablet.drained:  # noqa: ASYNC110 - asked at most a hundred times, once
                await asyncio.sleep(0.05)


def _panel_server(config: uvicorn.Config) -> uvicorn.Server:
    """A server that leaves signals to the tablet, which has more to end than its page."""
    import uvicorn

    class PanelServer(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return PanelServer(config)


def _bind(port: int) -> socket.socket:
    from relay.errors import Unavailable

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise Unavailable(
            f"Port {port} for the crew's page is taken or not allowed; choose another with "
            "--panel-port."
        ) from error
    return listener


def _stop(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(sentence + os.linesep)
    raise typer.Exit(code)


def main() -> None:
    """Entry point of ``kyumei-ambulance``; what it writes is for its owner alone."""
    from relay.owner_only import make_new_files_private

    make_new_files_private()
    app()
