"""``kyumei alerts``: the ways by which alarms are told outside the pages, tried and looked at."""

from __future__ import annotations

import json
from typing import Annotated, Any
from uuid import UUID

import typer

from relay.cli.ending import BY, DataDir, data_option, run, say, settings_of

app = typer.Typer(no_args_is_help=True, help="Ways by which alarms are told outside the pages.")
Data = Annotated[DataDir, data_option()]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON value.")]
Way = Annotated[
    str, typer.Argument(help="A channel, a colon and an address, as in KYUMEI_ALERT_CHANNELS.")
]


@app.command("list")
def list_(data: Data = None, as_json: AsJson = False) -> None:
    """List where every alarm goes, and every device that rings for somebody.

    Example: kyumei alerts list
    """
    at = settings_of(data_dir=data)

    async def work() -> list[dict[str, Any]]:
        from relay.office import database_of
        from relay.records.sqlite import read_sqlite

        async with read_sqlite(database_of(at)) as records, records.read() as reads:
            devices = await reads.ringing.devices()
        places = [
            dict(zip(("channel", "to"), text.split(":", 1), strict=True))
            for text in at.alert_channels
        ]
        rings = [{"channel": "web-push", "to": str(d.id), "who": d.account, "device": d.name, "told_at_us": d.told_at_us} for d in devices]  # fmt: skip
        return [*places, *rings]

    found = run(work(), at)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        typer.echo(
            "\t".join((f"{one['channel']}:{one['to']}", one.get("who", ""), one.get("device", "")))
        )
    say("These are told of alarms.", at, err=True)


@app.command("try")
def try_(way: Way, data: Data = None, as_json: AsJson = False) -> None:
    """Send one message that says it is a trial, and say what came of it.

    Example: kyumei alerts try mail:cath-lab@hospital.example.jp
    """
    from relay.wiring.alerts import open_letter_box

    at = settings_of(data_dir=data)

    async def work() -> Any:
        channel, _, to = way.partition(":")
        async with open_letter_box(at) as box:
            return await box.tried(BY, channel, to)

    trial = run(work(), at)
    if as_json:
        told = {"sent": trial.sent, "cause": trial.cause, "words_ja": trial.words_ja, "words_en": trial.words_en}  # fmt: skip
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo("The other side has it." if trial.sent else trial.words_en)
    if not trial.sent:
        raise typer.Exit(1)


@app.command()
def letters(
    data: Data = None,
    most: Annotated[int, typer.Option(help="So many of the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was sent last, by which way, and what became of it. No address is shown.

    Example: kyumei alerts letters --most 20
    """
    at = settings_of(data_dir=data)

    async def work() -> list[dict[str, Any]]:
        from relay.office import database_of
        from relay.records.sqlite import read_sqlite

        async with read_sqlite(database_of(at)) as records, records.read() as reads:
            found = await reads.outbox.newest(most)
        names = ("incident", "hospital", "step", "who", "channel", "state", "tries", "put_at_us", "ended_at_us", "opened_at_us", "reason")  # fmt: skip
        return [{"id": str(one.id), **{n: _plain(getattr(one, n)) for n in names}} for one in found]

    for one in (found := run(work(), at)) if not as_json else []:
        typer.echo("\t".join(str(one[n]) for n in ("put_at_us", "channel", "who", "state", "tries", "reason")))  # fmt: skip
    if as_json:
        typer.echo(json.dumps(run(work(), at), ensure_ascii=False))
    else:
        say(f"These are the newest letters, {most} at most; {len(found)} were found.", at, err=True)


@app.command()
def key(way: Way, data: Data = None) -> None:
    """Print the key with which the receiver of a webhook checks signatures.

    Example: kyumei alerts key webhook:https://pager.example.jp/alarm
    """
    from relay.wiring.alerts import webhook_key

    at = settings_of(data_dir=data)
    typer.echo(run(webhook_key(at, way), at))
    say("Give it to the receiver at this address alone.", at, err=True)


@app.command()
def stop(
    device: Annotated[UUID, typer.Argument(help="A device's id, from kyumei alerts list.")],
    data: Data = None,
) -> None:
    """Let a device ring no more.

    Example: kyumei alerts stop 0f8fad5b-d9cb-469f-a165-70867728950e
    """
    from relay.wiring.alerts import stop_device

    at = settings_of(data_dir=data)
    run(stop_device(at, device, BY), at)
    say("It rings no more.", at, err=True)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, int) else str(value)
