"""``kyumei devices`` and ``kyumei hospitals``: tablets, and where their cases are addressed."""

from __future__ import annotations

from typing import Annotated

import typer

from relay.cli.ending import BY, DataDir, data_option, run, settings_of

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

    async def work() -> str:
        from relay.model.people import Device
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            return await people.add_device(Device(unit, frozenset(hospital)), BY)

    typer.echo(run(work()))


@app.command("list")
def list_(data: Data = None) -> None:
    """List the tablets.

    Example: kyumei devices list
    """

    async def work() -> None:
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            for entry in await people.devices():
                state = "revoked" if entry.revoked_at_us else "active"
                addressed = ",".join(sorted(entry.device.hospitals))
                typer.echo(f"{entry.device.unit}\t{state}\t{addressed}")

    run(work())


@app.command()
def revoke(unit: Unit, data: Data = None) -> None:
    """Make a tablet's token worthless.

    Example: kyumei devices revoke 福島救急1
    """

    async def work() -> None:
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            await people.revoke_device(unit, BY)

    run(work())
    typer.echo(f"The token of {unit} is revoked.")


@hospitals_app.command("add")
def add_hospital(
    hospital: Annotated[str, typer.Argument(help="Short id, for example chuo.")],
    name: Annotated[str, typer.Option(help="As people read it.")] = "",
    data: Data = None,
) -> None:
    """Add a hospital, or rename it.

    Example: kyumei hospitals add chuo --name 中央病院
    """

    async def work() -> None:
        from relay.model.people import Hospital
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            await people.add_hospital(Hospital(hospital, name or hospital), BY)

    run(work())
    typer.echo(f"The hospital {hospital} is set.")


@hospitals_app.command("list")
def list_hospitals(data: Data = None) -> None:
    """List the hospitals.

    Example: kyumei hospitals list
    """

    async def work() -> None:
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            for known in await people.hospitals():
                typer.echo(f"{known.id}\t{known.name}")

    run(work())
