"""``kyumei devices`` and ``kyumei hospitals``: tablets, and where their cases are addressed."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.cli.ending import BY, DataDir, data_option, run, say, settings_of

app = typer.Typer(no_args_is_help=True, help="Tablets and their tokens.")
hospitals_app = typer.Typer(no_args_is_help=True, help="Hospitals cases are addressed to.")
Data = Annotated[DataDir, data_option()]
Unit = Annotated[str, typer.Argument(help="The ambulance, as hospitals read it.")]


@app.command()
def add(
    unit: Unit,
    hospital: Annotated[
        list[str], typer.Option(help="Id of a hospital its cases are addressed to; repeatable.")
    ],
    data: Data = None,
) -> None:
    """Make a tablet's token, or a new one in place of the old, and print it this once.

    Example: kyumei devices add 福島救急1 --hospital chuo --hospital daiichi
    """
    at = settings_of(data_dir=data)

    async def work() -> tuple[str, int]:
        from relay.model.people import Device
        from relay.office import open_people

        async with open_people(at) as people:
            token = await people.add_device(Device(unit, frozenset(hospital)), BY)
            return token, await people.readers(frozenset(hospital))

    token, readers = run(work(), at)
    typer.echo(token)
    say(f"This is the token of {unit}; it is shown this once.", at, err=True)
    if readers == 0:
        from relay.causes import words

        typer.echo(words("nobody-can-read", hospitals=", ".join(hospital))["words_en"], err=True)


@app.command("list")
def list_(data: Data = None) -> None:
    """List the tablets.

    Example: kyumei devices list
    """
    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at, writes=False) as people:
            for entry in await people.devices():
                state = "revoked" if entry.revoked_at_us else "active"
                addressed = ",".join(sorted(entry.device.hospitals))
                typer.echo(f"{entry.device.unit}\t{state}\t{addressed}")

    run(work(), at)
    say("These are the tablets.", at, err=True)


@app.command()
def address(
    unit: Unit,
    hospital: Annotated[
        list[str],
        typer.Option(help="Id of a hospital its next cases are addressed to; repeatable."),
    ],
    data: Data = None,
) -> None:
    """Address a tablet's next cases to other hospitals; its token stays.

    Example: kyumei devices address 福島救急1 --hospital chuo --hospital daiichi
    """
    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at) as people:
            await people.address_device(unit, hospital, BY)

    run(work(), at)
    say(f"The next cases of {unit} are addressed to {', '.join(hospital)}.", at)


@app.command()
def revoke(unit: Unit, data: Data = None) -> None:
    """Make a tablet's token worthless.

    Example: kyumei devices revoke 福島救急1
    """
    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at) as people:
            await people.revoke_device(unit, BY)

    run(work(), at)
    say(f"The token of {unit} is revoked.", at)


@hospitals_app.command("add")
def add_hospital(
    hospital: Annotated[str, typer.Argument(help="Short id, for example chuo.")],
    name: Annotated[str, typer.Option(help="As people read it.")] = "",
    data: Data = None,
) -> None:
    """Add a hospital, or rename it.

    Example: kyumei hospitals add chuo --name 中央病院
    """
    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.model.people import Hospital
        from relay.office import open_people

        async with open_people(at) as people:
            await people.add_hospital(Hospital(hospital, name or hospital), BY)

    run(work(), at)
    say(f"The hospital {hospital} is set.", at)


@hospitals_app.command("list")
def list_hospitals(data: Data = None) -> None:
    """List the hospitals.

    Example: kyumei hospitals list
    """
    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at, writes=False) as people:
            for known in await people.hospitals():
                typer.echo(f"{known.id}\t{known.name}")

    run(work(), at)
    say("These are the hospitals.", at, err=True)
