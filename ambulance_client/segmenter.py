"""Cuts what a source delivers into frames of a quarter second. Pure: no disk, no clock.

A hole in the source's sample counter (a cable pulled out and put back) ends the frame before it:
no frame ever bridges a hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from ecg.leads import in_wire_order, mask_of_leads
from ecg.values import EcgSegment, Int16
from relay.protocol.codec import encode_smallest
from relay.protocol.wire import MAX_SAMPLES, EcgFrame, pack

FRAME_S = 0.25


@dataclass(frozen=True, slots=True)
class NewFrame:
    """A finished frame: its place and its bytes (epoch 0, to be stamped when sent)."""

    seq: int
    first_sample: int
    end_sample: int
    data: bytes


class Segmenter:
    """Frames of one stream. Feed it with ``push``; ``flush`` when the source has ended."""

    def __init__(self, stream: UUID, leads: tuple[str, ...], fs_hz: float) -> None:
        self._stream = stream
        self._leads = in_wire_order(leads)
        self._rows = [leads.index(name) for name in self._leads]
        self._mask = mask_of_leads(leads)
        self._frame_samples = min(MAX_SAMPLES, max(1, round(FRAME_S * fs_hz)))
        self._parts: list[Int16] = []
        self._first_sample = 0
        self._held = 0
        self._seq = 0

    def push(self, segment: EcgSegment) -> list[NewFrame]:
        """Frames finished by these samples.

        Raises:
            ValueError: the segment's leads are not the stream's, or it runs backwards.
        """
        if segment.adc.shape[0] != len(self._rows):
            raise ValueError("the source changed its leads in the middle of a stream")
        done: list[NewFrame] = []
        if segment.first_sample != self._first_sample + self._held:
            if segment.first_sample < self._first_sample + self._held:
                raise ValueError("the source's sample counter ran backwards")
            done += self.flush()
            self._first_sample = segment.first_sample
        if segment.n_samples:
            self._parts.append(segment.adc[self._rows])
            self._held += segment.n_samples
        while self._held >= self._frame_samples:
            done.append(self._cut(self._frame_samples))
        return done

    def flush(self) -> list[NewFrame]:
        """What is left, as a shorter frame."""
        return [self._cut(self._held)] if self._held else []

    def _cut(self, n_samples: int) -> NewFrame:
        held = np.concatenate(self._parts, axis=1)
        adc = np.ascontiguousarray(held[:, :n_samples])
        self._parts = [held[:, n_samples:]] if held.shape[1] > n_samples else []
        first = self._first_sample
        self._first_sample += n_samples
        self._held -= n_samples
        seq = self._seq
        self._seq += 1
        codec, payload = encode_smallest(adc)
        data = pack(
            EcgFrame(
                stream=self._stream,
                epoch=0,
                seq=seq,
                first_sample=first,
                n_samples=n_samples,
                lead_mask=self._mask,
                codec=codec,
                payload=payload,
            )
        )
        return NewFrame(seq, first, first + n_samples, data)
