"""SQLAlchemy's asynchronous engine without its sessions, which would load the whole object mapper.

``sqlalchemy.ext.asyncio`` imports both. Nothing here maps objects: a third of what the database costs a
starting relay, and ten megabytes of it for as long as it runs, would be for nobody.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, cast

import sqlalchemy.ext

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

NAME = "sqlalchemy.ext.asyncio"


def _engine_alone() -> ModuleType:
    """The engine's module, by way of an empty package; whoever wants the real one still gets it afterwards."""
    if NAME in sys.modules:
        return importlib.import_module(f"{NAME}.engine")
    package = ModuleType(NAME)
    package.__path__ = [f"{folder}/asyncio" for folder in sqlalchemy.ext.__path__]
    sys.modules[NAME] = package
    try:
        return importlib.import_module(f"{NAME}.engine")
    finally:
        del sys.modules[NAME]


create_async_engine = cast("Callable[..., AsyncEngine]", _engine_alone().create_async_engine)
