"""What a backup consists of: each file with its size and SHA-256, and the head of the audit it goes up to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relay.errors import BadInput, Unavailable
from relay.model.audit import Head

NAME = "kyumei-backup.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class FileMark:
    """A file's size in bytes and its SHA-256 in hex."""

    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup.

    Attributes:
        made_at_us: when it was begun.
        version: of the program that made it.
        source: the data folder it is a copy of.
        head: of the audit as copied.
        files: by path inside the backup, with forward slashes.
    """

    made_at_us: int
    version: str
    source: str
    head: Head | None
    files: Mapping[str, FileMark]

    def write(self, folder: Path) -> None:
        """Write it into a backup's folder, the last of its files."""
        body = {
            "format": FORMAT,
            "made_at_us": self.made_at_us,
            "version": self.version,
            "source": self.source,
            "head": None if self.head is None else [self.head.number, self.head.hash],
            "files": {name: [mark.n_bytes, mark.sha256] for name, mark in self.files.items()},
        }
        (folder / NAME).write_text(json.dumps(body, ensure_ascii=False, indent=1))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BadInput: the folder holds no backup.
        Unavailable: its manifest cannot be read, or is of a newer version.
    """
    file = folder / NAME
    if not file.is_file():
        raise BadInput(f"{folder} holds no backup: {NAME} is absent.")
    try:
        body = json.loads(file.read_text())
        if body["format"] != FORMAT:
            raise Unavailable(f"The backup {folder} was made by a newer version; use that one.")
        head = body["head"]
        files = {
            str(name): FileMark(int(mark[0]), str(mark[1])) for name, mark in body["files"].items()
        }
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
            raise ValueError("a file lies outside the backup")
        return Manifest(
            made_at_us=int(body["made_at_us"]),
            version=str(body["version"]),
            source=str(body["source"]),
            head=None if head is None else Head(int(head[0]), str(head[1])),
            files=files,
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise Unavailable(f"The manifest of the backup {folder} is damaged ({error}).") from error


def backups_in(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first (their names are times)."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.name[:1].isdigit()]
    return sorted(path for path in found if (path / NAME).is_file())
