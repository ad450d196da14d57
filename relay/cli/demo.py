"""``kyumei demo``: a city at work on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.cli.ending import said_in_one_sentence


def demo(
    port: Annotated[
        int, typer.Option(min=1, max=65_531, help="The relay's port; the crews' pages follow it.")
    ] = 8119,
    headless: Annotated[
        bool, typer.Option("--headless", help="No browser: a scripted physician decides.")
    ] = False,
    lan: Annotated[
        bool,
        typer.Option(
            "--lan", help="HTTPS for this network too, and a QR code: a real phone is the caller."
        ),
    ] = False,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End by itself after so long.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the headless drill's figures as JSON.")
    ] = False,
) -> None:
    """Run a relay, three ambulances and a hospital's page; Ctrl-C ends all of it.

    Exit 1 if a sample was lost (headless). Example: kyumei demo --headless --seconds 60 --json
    """
    if headless and seconds is None:
        typer.echo("A headless drill needs its length: add --seconds 60.", err=True)
        raise typer.Exit(2)
    if lan and headless:
        typer.echo("--lan shows pages to people; leave out --headless.", err=True)
        raise typer.Exit(2)
    if as_json and not headless:
        typer.echo("--json goes with --headless.", err=True)
        raise typer.Exit(2)
    with said_in_one_sentence():
        from relay.demo.city import CitySettings, run_city

        raise typer.Exit(run_city(CitySettings(port, headless, seconds, as_json, lan)))
