"""One way to read a JSON message: validated whole, refused in one sentence."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from relay.errors import RemoteProtocolError

T = TypeVar("T")


def parsed(adapter: TypeAdapter[T], text: str | bytes, max_bytes: int) -> T:
    """The message in this JSON.

    Raises:
        RemoteProtocolError: too long, not JSON, an unknown kind, or a field out of range; the
            sentence names the field.
    """
    if len(text) > max_bytes:
        raise RemoteProtocolError(f"The message is longer than {max_bytes} bytes.")
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise RemoteProtocolError(
            f"The message cannot be read at {where}: {first['msg']}."
        ) from error
