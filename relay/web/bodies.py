"""What a request's body may hold: so many bytes, and of JSON exactly the fields that are written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

from relay.plain_text import has_hidden

MAX_BODY_BYTES = 65_536
"""Of every route that does not say otherwise."""
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Body(BaseModel):
    """Base of every request body; a field that is not named is refused with 422."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="after")
    def _can_be_seen(self) -> Self:
        for name, value in self:
            if isinstance(value, str) and has_hidden(value):
                raise ValueError(f"{name} holds a character that cannot be seen; type it again")
        return self


def takes(most_bytes: int) -> Callable[[Endpoint], Endpoint]:
    """How long the body of this route may be, where it is not ``MAX_BODY_BYTES``."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.most_bytes = most_bytes  # type: ignore[attr-defined]  # read by takes_of
        return endpoint

    return mark


def takes_of(endpoint: Callable[..., Any]) -> int:
    """How long the body of a route may be."""
    return int(getattr(endpoint, "most_bytes", MAX_BODY_BYTES))
