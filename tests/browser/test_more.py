"""What the page was not given is said and can be reached: older cases of the list, older entries of a case."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from .conftest import Chromium
from .stand_ins import CASE, FakeRelay, now_us, signed_in, visit

pytestmark = pytest.mark.browser
OLD = str(UUID(int=77))


class Long(FakeRelay):
    """A list and a timeline that are longer than a page is given."""

    def _http(self, route: Any) -> None:
        self.query = route.request.url.partition("?")[2]
        super()._http(route)

    def _answer(self, path: str, body: Any) -> Any:
        entry = {"incident": CASE, "at_us": now_us(), "stage": "note", "who": "Dr sato"}
        if path.endswith("/timeline"):
            return {
                "timeline": [
                    {**entry, "entry": n, "data": {"text": f"古い記録{n}"}} for n in (1, 2)
                ],
                "earlier_entries": 0,
            }
        found = super()._answer(path, body)
        if path == "/incidents":
            beyond = "beyond" in self.query
            rows = [{**row, "id": OLD, "unit": "福島救急9"} if beyond else row for row in found["incidents"]]  # fmt: skip
            return {"incidents": rows, "more": 0 if beyond else 112, "beyond": None if beyond else CASE}  # fmt: skip
        if path == f"/incidents/{CASE}":
            return {**found, "earlier_entries": 2}
        return found


def test_older_cases_and_entries_are_counted_and_reached(chromium: Chromium) -> None:
    def work(page: Any) -> None:
        signed_in(page, Long)
        more = page.locator(".list .more")
        assert re.search("112", more.inner_text())
        more.click()
        page.wait_for_selector(".case >> text=福島救急9")
        more.wait_for(state="hidden")
        page.click(".case >> text=福島救急1")
        older = page.locator(".timeline + .older")
        assert "2" in older.inner_text()
        older.click()
        page.wait_for_selector(".timeline li:last-child >> text=古い記録1")
        older.wait_for(state="detached")

    visit(chromium, "/", "wall", work)
