"""Who may import what, read from every import form: fences around the whole house, with the few who may named.

import-linter holds the floors; it does not see a module that is asked for by name, nor a name that is reached
through a third module. What a file imports is read here from its text alone, so that a breach can be planted.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("relay", "ambulance_client", "signal/ecg", "hospital_viewer", "live119", "browser_kit", "sample_records")  # fmt: skip
OURS = {room.rpartition("/")[2] for room in ROOMS}
BENCHES = ("relay/bench/*", "relay/faults/*", "relay/demo/*")

LIBRARIES: dict[str, tuple[str, ...]] = {
    "sqlalchemy alembic aiosqlite": ("relay/records/sql/*", "relay/records/migrations/*", "relay/records/async_engine.py", "relay/records/migrate.py", "relay/records/sqlite.py"),
    "sqlite3": ("relay/vault/*", "ambulance_client/spool*.py", *BENCHES),
    "fastapi starlette": ("relay/fastapi_alone.py", "relay/web/*", "ambulance_client/panel/*"),
    "uvicorn": ("relay/web/*", "ambulance_client/cli.py"),
    "websockets": ("relay/web/sockets.py", "ambulance_client/uplink.py", "ambulance_client/link_causes.py", *BENCHES),
    "uvloop": ("relay/cli/serve.py", *BENCHES),
    "wfdb": ("relay/imports/wfdb_marks.py",),
    "numba llvmlite": ("signal/ecg/kernels/jit.py",),
    "aiortc aioice pylibsrtp OpenSSL": ("relay/video/*", "ambulance_client/camera.py", *BENCHES),
    "av": ("relay/video/recorder.py", "ambulance_client/camera.py", "ambulance_client/camera_frames.py", *BENCHES),
    "PIL": ("relay/services/ground/jpegs.py", "ambulance_client/camera_frames.py", *BENCHES),
    "aiosmtplib": ("relay/alerts/mail.py",),
    "argon2": ("relay/auth/hashing.py",),
    "cryptography": ("relay/doctor/doors.py", "relay/alerts/web_push.py"),
    "pydantic": ("relay/fastapi_alone.py", "relay/protocol/*", "relay/web/*", "relay/settings/*", "relay/cli/ending.py"),
    "pydantic_settings": ("relay/settings/*",),
    "matplotlib": ("signal/ecg/sheet.py", "relay/bench/evaluation_report.py"),
    "scipy": ("signal/ecg/*",),
    "rich": ("relay/cli/evaluate.py",),
    "typer click": ("relay/cli/*", "ambulance_client/cli.py"),
    "segno": ("relay/services/calls/link_texts.py", "relay/demo/lan.py"),
    "trustme": ("relay/demo/lan.py",),
    "pylsl": ("ambulance_client/sources/lsl.py",),
    "google_crc32c": ("relay/protocol/wire.py", "relay/faults/fuzz.py"),
    "numpy": ("relay/*", "ambulance_client/*", "signal/ecg/*", "sample_records/*"),
    "structlog": ("relay/*", "ambulance_client/*"),
    "neurokit2": ("relay/bench/screen.py",),
    "importlib": ("relay/cli/__init__.py", "relay/records/async_engine.py", "relay/bench/screen.py", "signal/ecg/kernels/warming.py"),
}  # fmt: skip
"""Who may import a library, by name; a library that stands here nowhere is asked about first."""
FENCED = {name for names in LIBRARIES for name in names.split()}
HARMLESS = {"importlib.metadata", "importlib.resources", "importlib.abc"}
NETWORK = {"asyncio", "socket", "ssl", "time", "random", "threading", "subprocess", "http", "urllib"}  # fmt: skip
PURE = {"relay/protocol/*": NETWORK, "signal/ecg/*": {"asyncio", "socket", "ssl", "http", "urllib"}}
"""Rooms that know neither a network nor a clock of their own."""
TABLET_KNOWS = ("relay.errors", "relay.causes", "relay.env_names", "relay.owner_only", "relay.plain_text", "relay.process", "relay.fastapi_alone", "relay.protocol")  # fmt: skip
WEB_MAY = {"relay.auth.tokens"}
"""Beside the ports: the names of cookies."""
Read = Callable[[str], str | None]
"""The text of a module by its dotted name, None where there is none of ours."""


@dataclass(frozen=True)
class Fault:
    """An import that is not allowed: whose, of what, and why not."""

    file: str
    target: str
    why: str

    def __str__(self) -> str:
        return f"{self.file} imports {self.target}: {self.why}"


@cache
def module_text(name: str) -> str | None:
    """Text of one of our modules as it stands."""
    base = ROOT / "signal" if name.split(".", maxsplit=1)[0] == "ecg" else ROOT
    path = base.joinpath(*name.split("."))
    for found in (path.with_suffix(".py"), path / "__init__.py"):
        if found.is_file():
            return found.read_text(encoding="utf-8")
    return None


def module_of(file: str) -> str:
    """The dotted name of a file."""
    parts = list(Path(file).with_suffix("").parts)
    if parts[0] == "signal":
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def targets(file: str, text: str, read: Read = module_text) -> set[str]:
    """Dotted names of everything that a file can reach by its imports."""
    tree, found = ast.parse(text), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= set(_from(file, node, read))
        elif isinstance(node, ast.Name) and node.id == "__import__":
            found.add("importlib")
        elif isinstance(node, ast.Attribute):
            found |= _reached(node)
    return found


def _from(file: str, node: ast.ImportFrom, read: Read) -> Iterator[str]:
    base = node.module or ""
    if node.level:
        here = module_of(file).split(".")
        package = here if file.endswith("__init__.py") else here[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
    for alias in node.names:
        if f"{base}.{alias.name}" not in HARMLESS:
            yield base
        yield f"{base}.{alias.name}"
        yield from _behind(base, alias.name, read)


def _behind(module: str, name: str, read: Read, depth: int = 5) -> Iterator[str]:
    """Where a name comes from that a module of ours has itself imported."""
    text = read(module) if module.split(".", maxsplit=1)[0] in OURS and depth else None
    for origin, original in _bound(text or "").get(name, ()):
        yield f"{origin}.{original}" if original else origin
        if original:
            yield from _behind(origin, original, read, depth - 1)


@cache
def _bound(text: str) -> dict[str, list[tuple[str, str]]]:
    """By the name it has there, what a module imports: from where, and as what ("" for a module itself)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.setdefault(alias.asname or alias.name.split(".")[0], []).append((alias.name, ""))  # fmt: skip
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found.setdefault(alias.asname or alias.name, []).append((node.module, alias.name))
    return found


def _reached(node: ast.Attribute) -> set[str]:
    """``relay.records.sqlite.x`` after ``import relay.records.port.records``."""
    parts: list[str] = []
    at: ast.expr = node
    while isinstance(at, ast.Attribute):
        parts.append(at.attr)
        at = at.value
    if not isinstance(at, ast.Name) or at.id not in OURS:
        return set()
    is_module = module_text(f"{at.id}.{parts[-1]}") is not None  # not a variable of that name
    return {".".join([at.id, *reversed(parts)])} if is_module else set()


@cache
def adapter_rooms() -> frozenset[str]:
    """Rooms of the relay that are reached through a port."""
    return frozenset(
        f"relay.{p.parent.name}" for p in (ROOT / "relay").glob("*/port*") if p.stem == "port"
    )


def _is_adapter(target: str) -> bool:
    parts = target.split(".")
    room = ".".join(parts[:2])
    is_port = len(parts) > 2 and (parts[2] == "port" or parts[2].endswith("_port"))
    return room in adapter_rooms() and len(parts) > 2 and not is_port


def faults_of(file: str, text: str, read: Read = module_text) -> list[Fault]:
    """What a file of the house imports and may not."""
    found = []
    for target in sorted(targets(file, text, read)):
        top = target.split(".")[0]
        if top in OURS:
            why = _ours(file, target)
        elif top in sys.stdlib_module_names and top not in FENCED:
            impure = any(fnmatch(file, room) and top in pure for room, pure in PURE.items())
            why = "this room knows no network and no clock" if impure else ""
        else:
            why = _library(file, target, top)
        if why:
            found.append(Fault(file, target, why))
    return found


def _ours(file: str, target: str) -> str:
    room = file.split("/")
    if room[:2] == ["relay", "services"] and _is_adapter(target):
        return "services see ports only"
    if room[:2] == ["relay", "web"] and _is_adapter(target) and not _one_of(target, WEB_MAY):
        return "the web floor asks services, not stores"
    is_port = room[2:3] in (["port"], ["port.py"]) or room[-1].endswith("_port.py")
    if room[0] == "relay" and is_port and _is_adapter(target):
        return "a port knows no adapter"
    if room[0] == "ambulance_client" and target.startswith("relay.") and not _one_of(target, TABLET_KNOWS):  # fmt: skip
        return "the tablet knows the link's language and the errors"
    if room[0] == "signal" and target.split(".", maxsplit=1)[0] not in {"ecg"}:
        return "the ECG core is pure"
    if room[0] == "relay" and target.split(".", maxsplit=1)[0] == "ambulance_client":
        return "the relay knows nothing of the tablet"
    return ""


def _one_of(target: str, modules: tuple[str, ...] | set[str]) -> bool:
    return any(target == m or target.startswith(f"{m}.") for m in modules)


def _library(file: str, target: str, top: str) -> str:
    if _one_of(target, HARMLESS) or (target == "importlib" and "importlib" not in LIBRARIES):
        return ""
    for names, who in LIBRARIES.items():
        if top in names.split():
            return "" if any(fnmatch(file, one) for one in who) else f"only {', '.join(who)} may"
    return "a library that no fence names"


def files() -> list[str]:
    """Every Python file of the house, from the root."""
    return [
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "vendor" not in path.parts
    ]
