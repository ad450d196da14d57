"""What a physician decides and writes to a crew: once, on what was seen, and not over somebody's head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from relay.ecglog.port import EcgLog
from relay.errors import BadInput, DecidedMeanwhile, NotFound
from relay.model.decision import Decision, DecisionKind
from relay.model.people import Person
from relay.model.snapshot import Snapshot
from relay.model.stream import EcgStream
from relay.model.timeline import Entry, Stage
from relay.protocol.answers import Json
from relay.protocol.receipts import folded
from relay.services.alarm.alerting import Alerting
from relay.services.cases.cases import check_snapshot, reaches, visible
from relay.services.cases.render import entry_json
from relay.services.ground.journal import CaseChange, Journal
from relay.services.recordings.snapshots import SnapshotKeeper, SnapshotWithSamples

MAX_LIVE_S = 15.0
REASON = "decision"
"""Of the snapshot that keeps which seconds of a live trace were on the screen."""


@dataclass(frozen=True, slots=True)
class LiveStretch:
    """Samples of a live trace that were on the screen when somebody decided."""

    stream: UUID
    first_sample: int
    n_samples: int


@dataclass(frozen=True, slots=True)
class Order:
    """A decision as the page sends it.

    Attributes:
        snapshot: what was on the screen; None for the live trace.
        live: which seconds of it.
        act: the page's own id of this order; the same id is carried out once.
        after: the entry of the newest decision that the person had seen, 0 for none; None: not said.
    """

    kind: DecisionKind
    text: str
    snapshot: UUID | None
    live: LiveStretch | None = None
    act: UUID | None = None
    after: int | None = None


class Deciding:
    """Decisions and lines to the crew."""

    def __init__(
        self, journal: Journal, keeper: SnapshotKeeper, ecg_log: EcgLog, alerting: Alerting
    ) -> None:
        self._journal = journal
        self._keeper = keeper
        self._log = ecg_log
        self._alerting = alerting

    async def decide(self, person: Person, incident: UUID, order: Order) -> Json:
        """A person decides; the timeline entry, the same one where the order came twice.

        Raises:
            NotFound: the case or what was on the screen is not theirs to see.
            DecidedMeanwhile: somebody else has decided since the person last looked.
            BadInput: the stretch of the live trace is too long.
        """
        kept = await self._on_screen(person, incident, order)
        shown = order.snapshot or (kept.snapshot.id if kept else None)
        async with self._journal.change(incident) as change:
            await visible(change.tx, person, incident)
            if order.snapshot is not None:
                await check_snapshot(change, order.snapshot)
            told = await change.tx.cases.receipt_entries(incident)
            if not await _is_first(change, order.act):
                return entry_json(_entry_of(told, order.act))
            _check_seen(told, person, order)
            if kept is not None:
                await change.tx.recordings.add_snapshot(kept.snapshot)
                await self._keeper.store(change, kept)
            return entry_json(await self._decided(change, person, order, shown))

    async def _decided(
        self, change: CaseChange, person: Person, order: Order, shown: UUID | None
    ) -> Entry:
        decision = Decision(
            incident=change.incident,
            decision=order.kind,
            text=order.text,
            snapshot=shown,
            who=person.display_name,
            user=person.name,
            at_us=change.now_us,
        )
        await change.tx.cases.add_decision(decision)
        key = str(shown) if shown else None
        fold = folded(await change.tx.cases.receipt_entries(change.incident))
        await self._alerting.decided(
            change,
            person,
            lambda about: reaches(fold, about, lambda line: fold.would_answer(key, line)),
        )
        data: dict[str, object] = {
            "decision": order.kind.value,
            "text": order.text,
            "snapshot": key,
            **({"act": str(order.act)} if order.act else {}),
            **({"live": True} if order.live and order.snapshot is None else {}),
        }
        entry = await change.entry(Stage.DECIDED, person.display_name, data)
        about = {"decision": order.kind.value, "snapshot": key}
        await change.audit(person.name, "decided", change.incident, about)
        return entry

    async def _on_screen(
        self, person: Person, incident: UUID, order: Order
    ) -> SnapshotWithSamples | None:
        """The seconds of the live trace that were on the screen, read from disk."""
        live = order.live
        if live is None or order.snapshot is not None:
            return None
        async with self._journal.records.read() as records:
            await visible(records, person, incident)
            stream = await records.recordings.stream(live.stream)
        if stream is None or stream.incident != incident:
            raise NotFound("There is no such recording in this case.")
        if live.n_samples > stream.samples(MAX_LIVE_S):
            raise BadInput(f"At most {MAX_LIVE_S:.0f} s can have been on the screen.")
        missing = self._log.covered(stream.id).missing(
            live.first_sample, live.first_sample + live.n_samples
        )
        step = "keep-what-exists" if any(missing) else "keep-all"
        return await self._keeper.collect(_asked(stream, live, self._journal.clock.now_us()), step)

    async def note(self, person: Person, incident: UUID, text: str, act: UUID | None) -> Json:
        """A person writes a line to the crew, once; empty where it had been written already."""
        async with self._journal.change(incident) as change:
            await visible(change.tx, person, incident)
            if not await _is_first(change, act):
                return {}
            await change.tx.cases.add_note(
                incident, text, person.display_name, person.name, change.now_us
            )
            data: Mapping[str, object] = {"text": text}
            entry = await change.entry(Stage.NOTE, person.display_name, data)
            await change.audit(person.name, "note-written", incident)
        return entry_json(entry)


def _asked(stream: EcgStream, live: LiveStretch, now_us: int) -> Snapshot:
    return Snapshot(
        id=uuid4(),
        incident=stream.incident,
        stream=stream.id,
        first_sample=live.first_sample,
        n_samples=live.n_samples,
        reason=REASON,
        taken_at_us=now_us,
        lead_mask=stream.lead_mask,
        fs_hz=stream.fs_hz,
        uv_per_lsb=stream.uv_per_lsb,
    )


async def _is_first(change: CaseChange, act: UUID | None) -> bool:
    return act is None or await change.tx.cases.mark_event(act, change.incident, change.now_us)


def _entry_of(told: list[Entry], act: UUID | None) -> Entry:
    """The entry that an order made when it came the first time.

    Raises:
        BadInput: the id was used for something else.
    """
    for entry in told:
        if entry.stage is Stage.DECIDED and entry.data.get("act") == str(act):
            return entry
    raise BadInput("This order's id belongs to something else; reload the page.")


def _check_seen(told: list[Entry], person: Person, order: Order) -> None:
    """Raise where somebody else has decided since the person last looked."""
    decisions = [entry for entry in told if entry.stage is Stage.DECIDED]
    if order.after is None or not decisions or decisions[-1].entry <= order.after:
        return
    newest = decisions[-1]
    if newest.who != person.display_name:
        raise DecidedMeanwhile(
            f"{newest.who} has decided otherwise or before you; look at it, then send again."
        )
