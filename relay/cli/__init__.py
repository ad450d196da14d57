"""The command ``kyumei``. Commands import heavy libraries only when they run."""

from __future__ import annotations

import typer

from relay.cli import audit, bench, devices, users
from relay.cli.config import config
from relay.cli.demo import demo
from relay.cli.doctor import doctor
from relay.cli.evaluate import evaluate
from relay.cli.faults import faults
from relay.cli.migrate import migrate
from relay.cli.screen import screen
from relay.cli.serve import serve

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Kyumei Relay (救命リレー): live 12-lead ECG from the ambulance to the cardiologist.",
)
app.command("serve")(serve)
app.command("demo")(demo)
app.command("faults")(faults)
app.command("screen")(screen)
app.command("evaluate")(evaluate)
app.command("migrate")(migrate)
app.command("config")(config)
app.command("doctor")(doctor)
app.add_typer(users.app, name="users")
app.add_typer(devices.app, name="devices")
app.add_typer(devices.hospitals_app, name="hospitals")
app.add_typer(audit.app, name="audit")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Entry point of the console script."""
    app()
