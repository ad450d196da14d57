"""How commands end: one sentence on the error stream, 1 for a failure, 2 for misuse."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from relay.errors import BadInput, RelayError

if TYPE_CHECKING:
    from relay.settings import Settings

T = TypeVar("T")
BY = "command line"
"""Who the audit names for what an administrator does in a shell."""


@contextmanager
def said_in_one_sentence(settings: Settings | None = None) -> Iterator[None]:
    """Turn the relay's errors and a bad setting into a sentence and an exit code.

    With ``settings`` the sentence names their data folder.
    """
    try:
        yield
    except RelayError as error:
        typer.echo(named(str(error), settings), err=True)
        raise typer.Exit(2 if isinstance(error, BadInput) else 1) from None
    except OSError as error:
        refused = f"The system refused: {error.strerror or error}."
        typer.echo(named(refused, settings), err=True)
        raise typer.Exit(1) from None


def run(work: Coroutine[Any, Any, T], settings: Settings | None = None) -> T:
    """The result of a coroutine, its errors said in one sentence."""
    with said_in_one_sentence(settings):
        return asyncio.run(work)


def named(text: str, settings: Settings | None) -> str:
    """A sentence with the data folder it is about, where it does not name it already."""
    if settings is None:
        return text
    folder = str(settings.data_dir.absolute())
    return text if folder in text else f"{text} (data folder: {folder})"


def say(text: str, settings: Settings, *, err: bool = False) -> None:
    """Tell what was done, and in which data folder."""
    typer.echo(named(text, settings), err=err)


def settings_of(**given: object) -> Settings:
    """The settings of the environment, with what was given on the command line above them."""
    from pydantic import ValidationError

    from relay.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        typer.echo(f"The setting {name} cannot be used: {first['msg']}.", err=True)
        raise typer.Exit(2) from None


def data_option() -> Any:
    """``--data DIR``."""
    return typer.Option("--data", help="Data folder of the relay (KYUMEI_DATA_DIR).")


DataDir = Path | None
