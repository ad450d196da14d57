"""What the browser pages share: ECG drawing, feed, alarm, words. Served at ``/static/kit/``."""

from pathlib import Path
from typing import Final

STATIC_DIR: Final = Path(__file__).resolve().parent
