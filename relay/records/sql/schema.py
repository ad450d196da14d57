"""The tables of ``Records``, the same on SQLite and PostgreSQL. Each aggregate has its own in ``tables``; migrations make them."""

from __future__ import annotations

from relay.records.sql.tables.alerts import alerts
from relay.records.sql.tables.calls import (
    call_entries,
    call_links,
    call_positions,
    call_shares,
    call_stills,
    calls,
)
from relay.records.sql.tables.cases import (
    applied_events,
    decisions,
    incident_hospitals,
    incidents,
    notes,
    openings,
    patient_cards,
    scene_photos,
    timeline,
)
from relay.records.sql.tables.evidence import audit
from relay.records.sql.tables.ground import metadata
from relay.records.sql.tables.ladders import ladder_policies, ladder_steps, ladders
from relay.records.sql.tables.leases import leases
from relay.records.sql.tables.outbox import outbox
from relay.records.sql.tables.people import (
    device_hospitals,
    devices,
    hospitals,
    replaced_tokens,
    rights,
    sessions,
    users,
)
from relay.records.sql.tables.recordings import (
    live_reports,
    reports,
    snapshot_origins,
    snapshot_samples,
    snapshots,
    st_points,
    streams,
)
from relay.records.sql.tables.ringing import ring_devices, site_keys
from relay.records.sql.tables.roster import contacts, desks, duties

NEVER_CHANGED = (
    "audit",
    "snapshot_origins",
    "snapshot_samples",
    "timeline",
    "decisions",
    "openings",
    "notes",
    "patient_cards",
    "reports",
    "st_points",
    "call_entries",
    "ladder_steps",
)
"""Tables of which a trigger forbids every UPDATE and DELETE."""

__all__ = [
    "NEVER_CHANGED",
    "alerts",
    "applied_events",
    "audit",
    "call_entries",
    "call_links",
    "call_positions",
    "call_shares",
    "call_stills",
    "calls",
    "contacts",
    "decisions",
    "desks",
    "device_hospitals",
    "devices",
    "duties",
    "hospitals",
    "incident_hospitals",
    "incidents",
    "ladder_policies",
    "ladder_steps",
    "ladders",
    "leases",
    "live_reports",
    "metadata",
    "notes",
    "openings",
    "outbox",
    "patient_cards",
    "replaced_tokens",
    "reports",
    "rights",
    "ring_devices",
    "scene_photos",
    "sessions",
    "site_keys",
    "snapshot_origins",
    "snapshot_samples",
    "snapshots",
    "st_points",
    "streams",
    "timeline",
    "users",
]
