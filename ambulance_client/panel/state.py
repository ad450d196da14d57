"""``PanelState`` of ``docs/http.md``: everything the crew's page draws, as one JSON value."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ambulance_client.disk_room import room_min, room_words
from ambulance_client.segmenter import FRAME_S
from ambulance_client.tablet import Tablet
from relay.causes import words


def panel_state(tablet: Tablet) -> dict[str, Any]:
    """The tablet as it stands now."""
    recorder = tablet.recorder
    free_bytes = shutil.disk_usage(tablet.settings.spool).free
    left_min = room_min(
        free_bytes, *((recorder.bytes_made, recorder.made_s) if recorder else (0, 0))
    )
    disk_text = recorder.disk_text if recorder else ""
    tablet.true_time.saw(tablet.link_clock.offset_us)
    shift_us = tablet.true_time.shift_us
    swap, heard = tablet.coach.swap, recorder is not None and tablet.intake.state == "running"
    return {
        "unit": tablet.settings.unit,
        "drill": tablet.settings.drill,
        "now_us": time.time_ns() // 1000 + shift_us,
        "clock": tablet.true_time.told(),
        "link": _link(tablet),
        "source": _source(tablet),
        "stream": None
        if recorder is None
        else {
            "id": str(recorder.spec.stream),
            "fs_hz": recorder.spec.fs_hz,
            "uv_per_lsb": recorder.spec.uv_per_lsb,
            "lead_mask": recorder.spec.lead_mask,
            "newest_sample": recorder.newest_sample,
        },
        "backlog_s": tablet.backlog_s,
        "spool_ok": not disk_text,
        "spool_text": disk_text or room_words(left_min),
        "recovered": None
        if tablet.recovery is None
        else {"ecg_s": tablet.recovery.frames * FRAME_S, "entries": tablet.recovery.entries},
        "room_min": left_min,
        "lost_s": tablet.lost_s,
        "disk_free_mb": free_bytes // 2**20,
        "electrodes": tablet.coach.lights if tablet.intake.state == "running" else {},
        "swap": asdict(swap) if swap else None,
        "standstill_s": tablet.coach.standstill_s if heard else None,
        "remarks": _moved(tablet.remarks.lines, "at_us", shift_us),
        "photos": _moved(tablet.photos.lines(tablet.case.incident), "taken_at_us", shift_us),
        "photo_bytes": tablet.photos.most_bytes,
        "refused": _moved(tablet.not_taken.lines, "at_us", shift_us),
        "video": tablet.video.state(),
        "attention": _attention(tablet),
        **tablet.case.as_json(shift_us),
    }


def _moved(lines: Sequence[Mapping[str, Any]], key: str, shift_us: int) -> list[dict[str, Any]]:
    """The same lines with this moment on the relay's clock."""
    return [{**line, key: line[key] + shift_us} for line in lines]


def _attention(tablet: Tablet) -> dict[str, Any] | None:
    """How the hospitals stand at this moment; nothing is known of it while the link is down."""
    if tablet.uplink.status.state != "connected" or tablet.case.attention is None:
        return None
    now = tablet.case.attention
    looking = [
        {"who": x.who, "snapshot": str(x.snapshot) if x.snapshot else None, "since_us": x.since_us}
        for x in now.looking
    ]
    nobody = words("nobody-can-read-here") if now.readers == 0 else None
    return {"looking": looking, "pages": now.pages, "armed": now.armed, "nobody": nobody}


def _link(tablet: Tablet) -> dict[str, Any]:
    status, clock = tablet.uplink.status, tablet.link_clock
    return {
        "state": status.state,
        "since_us": tablet.true_time.of(status.since_us),
        "text": status.text,
        "refused_as": status.refused_as,
        **({"cause": "", "words_ja": "", "words_en": ""} | status.told),
        "phone": tablet.settings.phone,
        "rtt_ms": None if clock.rtt_us is None else clock.rtt_us / 1000,
        "offset_ms": None if clock.offset_us is None else clock.offset_us / 1000,
    }


def _source_text(tablet: Tablet) -> str:
    """The source's own sentence; while it only waits, what it refused last stands before it."""
    text, refused = tablet.intake.text, tablet.remarks.refused
    return f"{refused} {text}" if refused and tablet.intake.state == "waiting" else text


def _source(tablet: Tablet) -> dict[str, Any]:
    recorder = tablet.recorder
    rate = recorder.clock.rate_error() if recorder and recorder.source.info.live else None
    return {
        "name": recorder.source.info.name if recorder else tablet.settings.source,
        "state": tablet.intake.state,
        "text": _source_text(tablet),
        **({"words_ja": "", "words_en": ""} | tablet.intake.told),
        "rate_ppm": None if rate is None else round(rate.ppm, 1),
        "rate_error_ppm": None if rate is None else round(rate.error_ppm, 1),
    }
