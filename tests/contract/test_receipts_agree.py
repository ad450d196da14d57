"""Relay and tablet read one timeline the same way: through the database here, through notices there."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from ambulance_client.case import TabletCase
from relay.model.incident import Incident
from relay.model.timeline import Stage
from relay.protocol import messages as m
from relay.protocol.receipts import folded
from relay.records.sqlite import SqlRecords
from relay.services.cases.render import entry_message, row_json

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "receipts.json").read_text())
Timeline = list[dict[str, Any]]
HISTORIES = 150


async def both_read(records: SqlRecords, timeline: Timeline) -> tuple[Any, Any]:
    """The relay's row, read from its database, and the receipts on the tablet's page."""
    incident = Incident(uuid4(), "救急1", 1, frozenset({"chuo"}))
    entries = []
    async with records.begin() as tx:
        await tx.cases.put_incident(incident)
        for told in timeline:
            stage = Stage(told["stage"])
            said = (told["at_us"], stage, told["who"], told["data"])
            entries.append(await tx.cases.add_entry(incident.id, *said))
    async with records.read() as reads:
        facts = (await reads.cases.facts([incident.id]))[0]
    case = TabletCase(incident.id)
    for entry in entries:
        one = entry_message(entry)
        case.apply_notice(m.Notice(incident.id, one.entry, one.at_us, one.stage, one.who, one.data))
    page = dict(case.as_json()["receipts"])
    page.pop("taken_at_us")
    return row_json(facts, None, None), page


async def test_the_golden_timelines(records: SqlRecords) -> None:
    for vector in VECTORS:
        row, page = await both_read(records, vector["timeline"])
        assert row["receipts"] == page == vector["receipts"], vector["says"]
        call = row["call"] or {}
        assert call.get("level") == (vector["call"] or {}).get("level"), vector["says"]
        assert row["unread"] == vector["unread"], vector["says"]


def a_history(chance: random.Random) -> Timeline:
    """A case with everything of two or three sheets in it, on clocks that jump."""
    rows: list[tuple[str, str, dict[str, object]]] = []
    stored: list[str] = []
    for step in range(chance.randint(3, 25)):
        who = chance.choice(("Dr X", "Dr Y", "CCU"))
        sheet = chance.choice(stored) if stored else None
        kind = chance.choice(("store", "screened", "alert-raised", "delivered", "trace-opened", "decided", "patient"))  # fmt: skip
        if kind == "store" or sheet is None:
            stored.append(f"s{step}")
            reason = chance.choice(("manual", "file", "clean", "interval", "st-change"))
            rows.append(("snapshot-stored", "", {"snapshot": stored[-1], "reason": reason}))
            continue
        on = sheet if kind != "trace-opened" or chance.random() < 0.6 else None
        data: dict[str, object] = {"snapshot": on, "tier": chance.choice("ABCDEQ"), "alert": f"a{sheet}", "decision": chance.choice(("stemi-cath", "not-stemi"))}  # fmt: skip
        rows.append((kind, who, data))
    return [
        {"at_us": chance.randint(0, 10**6), "stage": stage, "who": who, "data": data}
        for stage, who, data in rows
    ]


async def test_random_histories(records: SqlRecords) -> None:
    for seed in range(HISTORIES):
        timeline = a_history(random.Random(seed))
        row, page = await both_read(records, timeline)
        assert row["receipts"] == page, seed
        told = [m.Notice(uuid4(), n, **entry) for n, entry in enumerate(timeline, 1)]
        assert row["receipts"] == asdict(folded(told).receipts()), seed
