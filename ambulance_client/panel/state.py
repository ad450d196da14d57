"""``PanelState`` of ``docs/http.md``: everything the crew's page draws, as one JSON value."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict
from typing import Any

from ambulance_client.disk_room import room_min, room_words
from ambulance_client.segmenter import FRAME_S
from ambulance_client.tablet import Tablet


def panel_state(tablet: Tablet) -> dict[str, Any]:
    """The tablet as it stands now."""
    recorder = tablet.recorder
    free_bytes = shutil.disk_usage(tablet.settings.spool).free
    left_min = room_min(
        free_bytes, *((recorder.bytes_made, recorder.made_s) if recorder else (0, 0))
    )
    disk_text = recorder.disk_text if recorder else ""
    swap, heard = tablet.coach.swap, recorder is not None and tablet.intake.state == "running"
    return {
        "unit": tablet.settings.unit,
        "drill": tablet.settings.drill,
        "now_us": time.time_ns() // 1000,
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
        "photos": tablet.photos.lines(tablet.case.incident),
        "video": tablet.video.state(),
        **tablet.case.as_json(),
    }


def _link(tablet: Tablet) -> dict[str, Any]:
    status, clock = tablet.uplink.status, tablet.link_clock
    return {
        "state": status.state,
        "since_us": status.since_us,
        "text": status.text,
        "refused_as": status.refused_as,
        "rtt_ms": None if clock.rtt_us is None else clock.rtt_us / 1000,
        "offset_ms": None if clock.offset_us is None else clock.offset_us / 1000,
    }


def _source(tablet: Tablet) -> dict[str, Any]:
    recorder = tablet.recorder
    rate = recorder.clock.rate_error() if recorder and recorder.source.info.live else None
    return {
        "name": recorder.source.info.name if recorder else tablet.settings.source,
        "state": tablet.intake.state,
        "text": tablet.intake.text,
        "rate_ppm": None if rate is None else round(rate.ppm, 1),
        "rate_error_ppm": None if rate is None else round(rate.error_ppm, 1),
    }
