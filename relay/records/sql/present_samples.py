"""A snapshot's samples on disk: only those that exist, so that a request for much of nothing costs nothing.

Outside the store a block is whole, with zeros that mean nothing where no sample came; its hash is over that.
"""

from __future__ import annotations

from relay.model.snapshot import Snapshot

BYTES_A_SAMPLE = 2


def packed(snapshot: Snapshot, block: bytes) -> bytes:
    """What is kept of a block of int16, lead after lead: the columns of ``present``, in order.

    Raises:
        ValueError: the block is not of this snapshot's leads and samples.
    """
    if len(block) != _whole(snapshot):
        raise ValueError("the block has another size than its snapshot")
    if len(_columns(snapshot)) == snapshot.n_samples:
        return block
    import numpy as np

    samples = np.frombuffer(block, "<i2").reshape(_n_leads(snapshot), snapshot.n_samples)
    return samples[:, _columns(snapshot)].tobytes()


def unpacked(snapshot: Snapshot, kept: bytes) -> bytes:
    """The whole block; one that was kept whole, as it was before, comes back as it is."""
    if len(kept) == _whole(snapshot):
        return kept
    import numpy as np

    columns, n_leads = _columns(snapshot), _n_leads(snapshot)
    block = np.zeros((n_leads, snapshot.n_samples), "<i2")
    block[:, columns] = np.frombuffer(kept, "<i2").reshape(n_leads, len(columns))
    return block.tobytes()


def _n_leads(snapshot: Snapshot) -> int:
    return snapshot.lead_mask.bit_count()


def _whole(snapshot: Snapshot) -> int:
    return _n_leads(snapshot) * snapshot.n_samples * BYTES_A_SAMPLE


def _columns(snapshot: Snapshot) -> list[int]:
    """Places in the block at which samples exist."""
    first = snapshot.first_sample
    return [n - first for begin, end in snapshot.present for n in range(begin, end)]
