"""``kyumei users``: people's accounts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from relay.cli.ending import BY, DataDir, data_option, run, say, settings_of

if TYPE_CHECKING:
    from relay.model.people import Role

app = typer.Typer(no_args_is_help=True, help="People's accounts.")
Name = Annotated[str, typer.Argument(help="The account's name.")]
Data = Annotated[DataDir, data_option()]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]


Generate = Annotated[
    bool, typer.Option("--generate", help="Make a passphrase and print it this once.")
]
CityWide = Annotated[bool, typer.Option("--city-wide", help="Belongs to no hospital any more.")]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="cardiologist, ed, dispatcher, command or admin.")],
    display_name: Annotated[str, typer.Option("--display", help="As crews read it.")] = "",
    hospital: Annotated[str | None, typer.Option(help="Id of the hospital.")] = None,
    password_stdin: FromStdin = False,
    generate: Generate = False,
    data: Data = None,
) -> None:
    """Make an account.

    Example: kyumei users add sato --role cardiologist --display "佐藤 循環器" --hospital chuo --generate
    """
    from relay.model.people import Person

    person = Person(name, display_name or name, _role(role), hospital)
    password = _password(password_stdin, generate=generate)

    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at) as people:
            await people.add_account(person, password, BY)

    run(work(), at)
    say(f"The account {name} is made.", at)
    if generate:
        typer.echo(f"Its passphrase, shown this once: {password}")


@app.command("list")
def list_(data: Data = None) -> None:
    """List the accounts.

    Example: kyumei users list --data /var/lib/kyumei
    """
    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at, writes=False) as people:
            for account in await people.accounts():
                p = account.person
                state = "disabled" if account.disabled else "active"
                typer.echo(f"{p.name}\t{p.role}\t{p.hospital or '-'}\t{state}\t{p.display_name}")

    run(work(), at)
    say("These are the accounts.", at, err=True)


@app.command()
def disable(name: Name, data: Data = None) -> None:
    """Close an account and end its sessions.

    Example: kyumei users disable sato
    """
    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at) as people:
            await people.disable(name, BY)

    run(work(), at)
    say(f"The account {name} is closed.", at)


@app.command()
def enable(name: Name, data: Data = None) -> None:
    """Open a closed account again, with the password it had.

    Example: kyumei users enable sato
    """
    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at) as people:
            await people.enable(name, BY)

    run(work(), at)
    say(f"The account {name} is open again.", at)


@app.command()
def change(
    name: Name,
    role: Annotated[str | None, typer.Option(help="Another role.")] = None,
    hospital: Annotated[str | None, typer.Option(help="Id of another hospital.")] = None,
    display_name: Annotated[str | None, typer.Option("--display", help="As crews read it.")] = None,
    city_wide: CityWide = False,
    data: Data = None,
) -> None:
    """Give an account another role, hospital or display name; its sessions end where it sees other cases now.

    Example: kyumei users change sato --hospital daiichi
    """
    from relay.services.people.accounts import AccountChange

    wanted = AccountChange(_role(role) if role else None, hospital, display_name, city_wide)
    if wanted == AccountChange():
        typer.echo("Say what is to change: --role, --hospital, --display or --city-wide.", err=True)
        raise typer.Exit(2)

    at = settings_of(data_dir=data)

    async def work() -> str:
        from relay.office import open_people

        async with open_people(at) as people:
            person = await people.change_account(name, wanted, BY)
            return f"{person.name} is {person.role} of {person.hospital or 'the whole city'} now."

    say(run(work(), at), at)


@app.command()
def password(
    name: Name, password_stdin: FromStdin = False, generate: Generate = False, data: Data = None
) -> None:
    """Change a password and end the account's sessions.

    Example: kyumei users password sato --generate
    """
    secret = _password(password_stdin, generate=generate)

    at = settings_of(data_dir=data)

    async def work() -> None:
        from relay.office import open_people

        async with open_people(at) as people:
            await people.set_password(name, secret, BY)

    run(work(), at)
    say(f"The password of {name} is changed.", at)
    if generate:
        typer.echo(f"Its passphrase, shown this once: {secret}")


def _role(role: str) -> Role:
    from relay.model.people import Role

    roles = [r.value for r in Role if r is not Role.DEVICE]
    if role not in roles:
        typer.echo(f"There is no role {role}; choose one of {', '.join(roles)}.", err=True)
        raise typer.Exit(2)
    return Role(role)


def _password(from_stdin: bool, *, generate: bool = False) -> str:
    if generate:
        from relay.auth.strength import new_passphrase

        return new_passphrase()
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
