"""LIVE119's pages: the caller's, and the dispatcher's console. Python only says where they are."""

from pathlib import Path

CALLER_DIR = Path(__file__).parent / "caller"
DISPATCH_DIR = Path(__file__).parent / "dispatch"
