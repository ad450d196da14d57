"""axe-core on a page: what a screen reader, a weak eye or a keyboard would stumble over.

The checker is fetched by ``scripts/npm_dev.py`` and put into the page through the browser's debugger,
which the page's own content policy does not bind. It is never served to users.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

HOUSE = Path(__file__).resolve().parents[2]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WORST = {"serious", "critical"}
RUN = f"""axe.run(document, {{ runOnly: {{ type: 'tag', values: {RULES} }}, resultTypes: ['violations'] }})
  .then(({{ violations }}) => violations.map((v) => [v.impact, v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' :: ' + n.failureSummary)]))"""


@cache
def axe_source() -> str:
    """The checker, fetched once."""
    made = subprocess.run(
        [sys.executable, str(HOUSE / "scripts" / "npm_dev.py"), "axe-core"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return (Path(made.stdout.strip()) / "axe.min.js").read_text(encoding="utf-8")


async def stumbles(page: Page) -> list[Any]:
    """Serious and critical findings of the page as it is: impact, rule, and where."""
    source = await asyncio.to_thread(axe_source)
    debugger = await page.context.new_cdp_session(page)
    await debugger.send("Runtime.evaluate", {"expression": source})
    ask = {"expression": RUN, "awaitPromise": True, "returnByValue": True}
    answer = await debugger.send("Runtime.evaluate", ask)
    await debugger.detach()
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return [found for found in answer["result"]["value"] if found[0] in WORST]
