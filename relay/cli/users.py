"""``kyumei users``: people's accounts."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from relay.cli.ending import BY, DataDir, data_option, run, settings_of

app = typer.Typer(no_args_is_help=True, help="People's accounts.")
Name = Annotated[str, typer.Argument(help="The account's name.")]
Data = Annotated[DataDir, data_option()]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="cardiologist, ed, dispatcher, command or admin.")],
    display_name: Annotated[str, typer.Option("--display", help="As crews read it.")] = "",
    hospital: Annotated[str | None, typer.Option(help="Id of the hospital.")] = None,
    password_stdin: FromStdin = False,
    data: Data = None,
) -> None:
    """Make an account.

    Example: kyumei users add sato --role cardiologist --display "佐藤 循環器" --hospital chuo
    """
    from relay.model.people import Person, Role

    roles = [r.value for r in Role if r is not Role.DEVICE]
    if role not in roles:
        typer.echo(f"There is no role {role}; choose one of {', '.join(roles)}.", err=True)
        raise typer.Exit(2)
    person = Person(name, display_name or name, Role(role), hospital)
    password = _password(password_stdin)

    async def work() -> None:
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            await people.add_account(person, password, BY)

    run(work())
    typer.echo(f"The account {name} is made.")


@app.command("list")
def list_(data: Data = None) -> None:
    """List the accounts.

    Example: kyumei users list --data /var/lib/kyumei
    """

    async def work() -> None:
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            for account in await people.accounts():
                p = account.person
                state = "disabled" if account.disabled else "active"
                typer.echo(f"{p.name}\t{p.role}\t{p.hospital or '-'}\t{state}\t{p.display_name}")

    run(work())


@app.command()
def disable(name: Name, data: Data = None) -> None:
    """Close an account and end its sessions.

    Example: kyumei users disable sato
    """

    async def work() -> None:
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            await people.disable(name, BY)

    run(work())
    typer.echo(f"The account {name} is closed.")


@app.command()
def password(name: Name, password_stdin: FromStdin = False, data: Data = None) -> None:
    """Change a password and end the account's sessions.

    Example: kyumei users password sato
    """
    secret = _password(password_stdin)

    async def work() -> None:
        from relay.wiring import open_people

        async with open_people(settings_of(data_dir=data)) as people:
            await people.set_password(name, secret, BY)

    run(work())
    typer.echo(f"The password of {name} is changed.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
