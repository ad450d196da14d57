"""The cardiologist's and the emergency department's pages. Served at ``/`` and ``/static/viewer/``."""

from pathlib import Path
from typing import Final

STATIC_DIR: Final = Path(__file__).resolve().parent / "static"
