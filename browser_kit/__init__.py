"""What the pages share. Python only says where the files are."""

from pathlib import Path

STATIC_DIR = Path(__file__).parent
