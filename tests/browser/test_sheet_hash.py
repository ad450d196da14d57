"""A sheet's bytes are those that were kept, of this very ECG, or the sheet says so."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from relay.model.snapshot import Snapshot, digest, header_of
from relay.services.cases.render import snapshot_json

from .conftest import Chromium
from .module_world import script

pytestmark = pytest.mark.browser
N = 500
KEPT = Snapshot(
    id=UUID(int=1), incident=UUID(int=2), stream=UUID(int=3), first_sample=1000, n_samples=N, reason="manual", taken_at_us=1,
    lead_mask=0b11, fs_hz=500.0, uv_per_lsb=2.5,
)  # fmt: skip
SAMPLES = np.arange(2 * N, dtype="<i2").tobytes()
OTHERWISE = {
    "id": UUID(int=7), "incident": UUID(int=7), "stream": UUID(int=7), "first_sample": 1001, "fs_hz": 250.0, "uv_per_lsb": 5.0, "lead_mask": 0b110,
}  # fmt: skip
"""Intact bytes of something else: another patient's, another recording's, of other leads or another scale."""

LOAD = """ const { loadRecording } = await fresh('/static/kit/ecg/snapshot.js'); const { SheetView } = await fresh('/static/kit/ecg/sheet.js');
  const i18n = await fresh('/static/kit/shared/i18n.js'); await i18n.loadWords(['/static/kit/shared/i18n']);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  answers['/samples'] = [200, bytes(given.samples), given.header === null ? {} : { 'X-Hash-Header': given.header }];
  const rec = await loadRecording({ ...given.snapshot, stored_at_us: 1 }); const sheet = new SheetView(); sheet.show(rec, null);
  const words = sheet.warning.textContent; sheet.show(null, null); return [rec.hash, words, sheet.warning.textContent]; """


def loaded(chromium: Chromium, said: Snapshot | None, samples: bytes = SAMPLES) -> list[str]:
    """What the page thinks of the bytes by the relay's own header, and what stands over the sheet."""
    present = ((1000, 1500),)
    told = said or KEPT
    row = snapshot_json(replace(KEPT, sha256=digest(told, present, SAMPLES)), None, None)
    header = base64.b64encode(header_of(told, present)).decode()
    given = {
        "samples": base64.b64encode(samples).decode(),
        "header": header if said is not None else None,
        "snapshot": row,
    }
    return chromium.run(script(LOAD), given)


def test_what_was_kept_says_nothing(chromium: Chromium) -> None:
    assert loaded(chromium, KEPT) == ["match", "", ""]


def test_one_other_bit_is_said_over_the_sheet_and_leaves_with_it(chromium: Chromium) -> None:
    other = bytes([SAMPLES[0] ^ 1]) + SAMPLES[1:]
    found, words, after = loaded(chromium, KEPT, other)
    assert found == "differs"
    assert words
    assert after == ""


@pytest.mark.parametrize("part", OTHERWISE)
def test_intact_bytes_of_another_ecg_are_said_too(chromium: Chromium, part: str) -> None:
    found, words, _ = loaded(chromium, replace(KEPT, **{part: OTHERWISE[part]}))  # type: ignore[arg-type]
    assert (found, bool(words)) == ("differs", True)


def test_every_part_that_samples_are_read_by_is_compared() -> None:
    said = set(json.loads(header_of(KEPT, ()))) - {"snapshot", "present"}
    assert set(OTHERWISE) - {"id"} == said - {"n_samples"}, "another length is refused before"


def test_without_a_hash_nothing_is_claimed(chromium: Chromium) -> None:
    assert loaded(chromium, None) == ["unchecked", "", ""]
