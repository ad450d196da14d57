"""What every group of settings is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_settings import NoDecode


class Group(BaseModel):
    """Settings of one subject; ``relay.settings.Settings`` is all groups together."""

    model_config = ConfigDict(defer_build=True)
    """A group by itself is asked nothing: only the whole is built at a start."""


def split(value: object) -> object:
    """A text with commas as its parts; anything else as it is."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def checked_url(value: str) -> str:
    """The address without a slash at its end.

    Raises:
        ValueError: it is none.
    """
    if value and not value.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// or http://")
    return value.rstrip("/")


Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]
"""Texts that an environment separates by commas."""
