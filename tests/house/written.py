"""What stands in a document or a script and in the program, written from the program.

``.venv/bin/python -m tests.house.written`` writes it; the house tests compare.
"""

from __future__ import annotations

import re

from relay.settings import GROUPS, fields_of
from tests.house.test_house import ROOT

SETTINGS = ROOT / "docs/settings.md"
_TABLES = re.compile(r"^### .*?(?=^## )", re.MULTILINE | re.DOTALL)


def settings_tables() -> str:
    """The tables of ``docs/settings.md``, one a group."""
    return "\n".join(
        line for heading, group in GROUPS.items() for line in (*_table(heading, group), "")
    )


def _table(heading: str, group: type) -> list[str]:
    rows = [
        f"| `{name}` | {f'`{default}`' if default not in {'', 'None'} else '–'} | {field.description} |"
        for name, field, default in fields_of(group)
    ]
    return [f"### {heading}", "", str(group.__doc__), "", "| variable | default | meaning |", "|---|---|---|", *rows]  # fmt: skip


def main() -> None:
    """Write everything."""
    page = SETTINGS.read_text("utf-8")
    new, found = _TABLES.subn(lambda _: settings_tables() + "\n", page, count=1)
    assert found, "docs/settings.md has no table of settings"
    SETTINGS.write_text(new, "utf-8")


if __name__ == "__main__":
    main()
