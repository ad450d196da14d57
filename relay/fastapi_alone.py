"""FastAPI without its models of OpenAPI, and without pydantic's first version.

No relay and no tablet describes itself by OpenAPI. Building those models is a tenth of a start; here each is built
if it is ever used. And to see that no route of ours returns a model of pydantic 1, FastAPI would load all of pydantic 1.

Imported first by the two rooms that speak FastAPI.
"""

from __future__ import annotations

import sys
from typing import Any


def _load() -> None:
    if "fastapi" in sys.modules:
        return
    from pydantic import BaseModel

    sys.modules["pydantic.v1"] = None  # type: ignore[assignment]  # the import system's own "there is none"
    base: Any = BaseModel
    config, rebuild = base.model_config, vars(base)["model_rebuild"]

    def not_yet(model: Any, /, **options: Any) -> Any:
        """Not at the word of the module that defines the model; at its first use, which gives options."""
        return rebuild.__func__(model, **options) if options else None

    base.model_config = {"defer_build": True}
    base.model_rebuild = classmethod(not_yet)
    try:
        import fastapi  # noqa: F401
    finally:
        base.model_config, base.model_rebuild = config, rebuild


_load()
