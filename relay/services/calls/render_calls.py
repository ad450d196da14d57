"""119 calls as the JSON of ``relay/protocol/answers.py``. Nothing is asked or decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import cast

from relay.model.call import CallFacts, Position
from relay.protocol.answers import CabinRow, Json
from relay.protocol.call_answers import CallerState, CallRow, IceServerRow, PositionRow
from relay.video.port import CallStats, IceServer


def call_json(
    facts: CallFacts,
    phone: Mapping[str, object] | None,
    recording: str,
    *,
    private: bool,
    cabin: CabinRow | None,
    shared_until_us: int | None,
) -> CallRow:
    """A call; ``private`` says whether number and address are for these eyes."""
    call = facts.call
    return {
        "id": str(call.id),
        "incident": str(call.incident) if call.incident else None,
        "state": call.state.value,
        "hint": call.hint,
        "number": call.number if private else None,
        "address": call.address if private else None,
        "complaint": call.complaint,
        "unit": call.unit,
        "taken_at_us": call.taken_at_us,
        "dispatched_at_us": call.dispatched_at_us,
        "sent_at_us": call.sent_at_us,
        "opened_at_us": call.opened_at_us,
        "allowed_at_us": call.allowed_at_us,
        "live_at_us": call.live_at_us,
        "frozen_at_us": call.frozen_at_us,
        "ended_at_us": call.ended_at_us,
        "expires_at_us": call.expires_at_us,
        "guidance": call.guidance,
        "position": position_json(facts.position) if facts.position else None,
        "phone": dict(phone) if phone else None,
        "shares": [
            {"id": str(s.id), "kind": s.kind.value, "target": s.target, "at_us": s.at_us}
            for s in facts.shares
        ],
        "stills": [{"id": str(s.id), "at_us": s.at_us, "by": s.by} for s in facts.stills],
        "recording": recording,
        "cabin": cabin,
        "shared_until_us": shared_until_us,
    }


def position_json(where: Position) -> PositionRow:
    """Where the caller's phone said it was."""
    return {
        "lat": where.lat,
        "lon": where.lon,
        "accuracy_m": where.accuracy_m,
        "at_us": where.at_us,
    }


def caller_json(
    facts: CallFacts,
    site_name: str,
    data_cap_mb: float,
    ice: Sequence[IceServer],
    now_us: int,
    *,
    recorded: bool,
    glimpses: bool,
) -> CallerState:
    """What the caller's own phone may know."""
    return {
        "call": str(facts.call.id),
        "state": facts.call.state.value,
        "site_name": site_name,
        "guidance": facts.call.guidance,
        "data_cap_mb": data_cap_mb,
        "ice_servers": [ice_json(server) for server in ice],
        "ended": not facts.call.is_open,
        "at_us": now_us,
        "recorded": recorded,
        "glimpses": glimpses,
    }


def ice_json(server: IceServer) -> IceServerRow:
    """As ``RTCPeerConnection`` takes it."""
    found: IceServerRow = {"urls": list(server.urls)}
    if server.username:
        found["username"], found["credential"] = server.username, server.credential
    return found


def stats_json(stats: CallStats | None) -> Json:
    """What the media plane knows; session ids stay inside the relay."""
    if stats is None:
        return {"publisher": None, "viewers": []}
    publisher = asdict(stats.publisher) if stats.publisher else None
    viewers = [asdict(viewer) for viewer in stats.viewers]
    for one in (publisher, *viewers):
        if one is not None:
            del one["session"]
    return cast(Json, {"publisher": publisher, "viewers": viewers})
