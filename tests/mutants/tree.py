"""A throw-away copy of the whole tree that shares this checkout's virtual environment, and tests run in it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from tests.mutants.catalogue import ROOT

PACKAGES = ("relay", "ambulance_client", "ecg", "hospital_viewer", "live119", "browser_kit")
PATIENCE = re.compile(r"^PATIENCE_S = .*$", re.MULTILINE)
PATIENCE_S = 15
"""How long a test in the copy waits for what a breach keeps from coming; the suite's own patience is for neighbours."""
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class NotTheCopy(Exception):
    """Tests in the copy would run the code of another place."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How the tests ended: whether one of them failed, and which, or what else ended them."""

    failed: bool
    by: str


class Tree:
    """The copy. Breaches are written into it and taken back."""

    def __init__(self) -> None:
        self.folder = Path(mkdtemp(prefix="kyumei-mutants-"))
        self.root = self.folder / "tree"
        self._was: dict[str, str | None] = {}
        self._copy()
        self._check_it_is_what_runs()

    def _copy(self) -> None:
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name)
        for name in (".venv", "scripts/tsc/node_modules"):
            if (ROOT / name).exists() and not (self.root / name).exists():
                (self.root / name).symlink_to(ROOT / name)
        if (beside := ROOT.parent / "shared").is_dir():
            (self.folder / "shared").symlink_to(beside)
        # the catalogue's own test fails of any breach, whatever that breaks
        (self.root / "tests" / "house" / "test_catalogue.py").unlink()
        patience = self.root / "tests" / "patience.py"
        patience.write_text(PATIENCE.sub(f"PATIENCE_S = {PATIENCE_S}.0", patience.read_text()))
        for step in (["git", "init", "-q"], ["git", "add", "-A"]):
            subprocess.run(step, cwd=self.root, check=True, capture_output=True)

    def _check_it_is_what_runs(self) -> None:
        """The virtual environment knows the checkout's own packages too; the copy's must come first.

        Raises:
            NotTheCopy: they do not.
        """
        code = (
            f"import {', '.join(PACKAGES)}; print(*(m.__file__ for m in ({', '.join(PACKAGES)})))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=self.root, env=self._env(),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        if strangers := [p for p in done.stdout.split() if self.root not in Path(p).parents]:
            raise NotTheCopy(f"the tests would run {strangers[0]}, not the copy in {self.root}")

    def _env(self) -> dict[str, str]:
        paths = f"{self.root}{os.pathsep}{self.root / 'signal'}"
        return {**os.environ, "PYTHONPATH": paths, "CI": ""}

    def change(self, file: str, text: str) -> None:
        """Write a breach; compiled code of the file goes, for its date may be the same second."""
        path = self.root / file
        if file not in self._was:
            self._was[file] = path.read_text(encoding="utf-8") if path.is_file() else None
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
        subprocess.run(["git", "add", "-A"], cwd=self.root, check=True, capture_output=True)

    def restore(self, file: str) -> None:
        """Take the breach back."""
        was = self._was[file]
        if was is not None:
            self.change(file, was)
        else:
            (self.root / file).unlink()

    def run(self, tests: tuple[str, ...], within_s: float) -> Ran:
        """Run tests until the first that fails."""
        tools = [name for name in tests if name == "lint-imports"]
        paths = [name for name in tests if (self.root / name).exists()]
        for tool in tools:
            if (code := self._process([str(ROOT / ".venv/bin" / tool)], within_s)[0]) != 0:
                return Ran(True, f"{tool} ({code})")
        if not paths:
            return Ran(False, "")
        pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--tb=line", "-m", "not soak"]  # fmt: skip
        code, said = self._process([*pytest, *paths], within_s)
        if code == 0:
            return Ran(False, "")
        named = FAILED.search(said)
        return Ran(
            True, named[1] if named else "not within its time" if code is None else said[-200:]
        )

    def _process(self, command: list[str], within_s: float) -> tuple[int | None, str]:
        """The code and the words of a process; None where it took too long, and all it started is ended."""
        log = self.folder / "said.log"
        with log.open("wb") as out:
            child = subprocess.Popen(
                command, cwd=self.root, env=self._env(), stdout=out, stderr=out, start_new_session=True
            )  # fmt: skip
            try:
                code: int | None = child.wait(within_s)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                code = None
        return code, log.read_text(errors="replace")

    def close(self) -> None:
        """Remove the copy."""
        shutil.rmtree(self.folder, ignore_errors=True)
