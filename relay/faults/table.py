"""The table of faults: each with its row in the published list, its doses, and what it must show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relay.faults import fleet, fuzz, kills, media_fuzz, radio, stores, time_jumps, viewers
from relay.faults.bench import Bench
from relay.faults.dose import Dose
from relay.faults.lab import Lab
from relay.faults.verdict import Outcome

SET_UP_S = 12.0
PLAIN = Bench()


@dataclass(frozen=True, slots=True)
class FigureLimit:
    """What a figure must not exceed (or fall below)."""

    figure: str
    at_most: float = float("inf")
    at_least: float = float("-inf")

    def missed_by(self, outcome: Outcome) -> str:
        """Empty where it holds, else the figure and its limit."""
        value = outcome.figures.get(self.figure, float("nan"))
        if self.at_least <= value <= self.at_most:
            return ""
        if value > self.at_most:
            return f"{self.figure} {value:g} > {self.at_most:g}"
        return f"{self.figure} {value:g}, at least {self.at_least:g}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table.

    Attributes:
        row: its number in the published list of fault tests.
        name: what is typed after ``--only``.
        says: the fault and its dose in words; ``{n}``, ``{times}`` and ``{s}`` are the dose's.
        small / full: the dose of a quick run and of a published one.
        each_s: seconds of wall time for one repetition beside the dose's own.
        marks: its pass marks, beside the exact count that every row must show.
    """

    row: int
    name: str
    says: str
    small: Dose
    full: Dose
    run: Callable[[Lab, Dose], Awaitable[Outcome]]
    bench: Bench = PLAIN
    each_s: float = 0.0
    marks: tuple[FigureLimit, ...] = ()

    def wall_s(self, dose: Dose) -> float:
        """About how long it takes."""
        return SET_UP_S + dose.times * (dose.seconds + self.each_s)

    def words(self, dose: Dose) -> str:
        """The fault with its dose."""
        return self.says.format(n=dose.size, times=dose.times, s=dose.seconds)

    def missed(self, outcome: Outcome) -> list[str]:
        """Every mark it missed, the exact count first."""
        marks = [text for mark in self.marks if (text := mark.missed_by(outcome))]
        return marks if outcome.exact else ["not exact", *marks]


WIRE = Bench(wire=True)


def _loss(percent: int, p99_ms: float) -> Fault:
    return Fault(
        4, f"loss-{percent}", "{n:.0f} % of all packets lost, both ways, {s:.0f} s",
        Dose(percent, seconds=5), Dose(percent, seconds=300), radio.packet_loss, WIRE,
        marks=(FigureLimit("live_p99_ms", p99_ms),),
    )  # fmt: skip


def _narrow(kbit_per_s: int, marks: tuple[FigureLimit, ...]) -> Fault:
    return Fault(
        7, f"narrow-{kbit_per_s}", "10 s dark, then {n:.0f} kbit/s each way",
        Dose(kbit_per_s, seconds=3), Dose(kbit_per_s, seconds=60), radio.narrow, WIRE,
        each_s=50, marks=marks,
    )  # fmt: skip


FAULTS: tuple[Fault, ...] = (
    Fault(
        1, "kill-relay", "kill -9 of the relay, {times} times", Dose(times=2), Dose(times=100),
        kills.kill_relay, each_s=4, marks=(FigureLimit("slowest_live_again_s", 2),),
    ),
    Fault(
        1, "kill-with-a-past",
        "kill -9 of the relay, {times} times, with four tablets of {n:.0f} finished recordings each",
        Dose(4, times=2), Dose(150, times=20), fleet.kill_with_a_past, each_s=15,
        marks=(FigureLimit("slowest_live_on_disk_s", 3), FigureLimit("cases_opened", 0)),
    ),
    Fault(
        2, "kill-tablet", "kill -9 of the tablet, {times} times", Dose(times=2), Dose(times=100),
        kills.kill_tablet, each_s=4,
    ),
    Fault(
        3, "kill-both", "kill -9 of both at once, {times} times", Dose(times=2), Dose(times=50),
        kills.kill_both, each_s=8, marks=(FigureLimit("slowest_recovery_s", 30),),
    ),
    _loss(1, 1_000), _loss(5, 1_000), _loss(10, 5_000), _loss(20, 5_000),
    _loss(30, float("inf")),
    Fault(
        5, "tunnel", "{times} tunnels of {n:.0f} s on a 1-Mbit/s line, {s:.0f} s of light between",
        Dose(6, 1, 2), Dose(60, 20, 30), radio.tunnels, WIRE, each_s=65,
        marks=(FigureLimit("live_back_s", 3), FigureLimit("drained_s", 30)),
    ),
    Fault(
        5, "long-tunnel", "a tunnel of {n:.0f} s on a 1-Mbit/s line", Dose(20, 1, 1),
        Dose(600, 1, 30), radio.tunnels, WIRE, each_s=605,
        marks=(FigureLimit("live_back_s", 3), FigureLimit("drained_s", 30)),
    ),
    Fault(
        6, "latency", "300 ms + 0–400 ms jitter each way, {s:.0f} s", Dose(seconds=8),
        Dose(seconds=300), radio.latency,
        marks=(FigureLimit("false_lost", 0), FigureLimit("reconnects", 0)),
    ),
    _narrow(128, (FigureLimit("snapshot_s", 15),)), _narrow(64, ()), _narrow(32, ()),
    Fault(
        8, "address", "the tablet's address changes, {times} times", Dose(times=2),
        Dose(times=200), radio.address_changes, WIRE, each_s=6.5, marks=(FigureLimit("slowest_back_s", 5),),
    ),
    Fault(
        8, "half-open", "answers vanish until the tablet redials, {times} times", Dose(times=1),
        Dose(times=200), radio.half_open, each_s=6.5,
        marks=(FigureLimit("slowest_redial_s", 5), FigureLimit("live_sessions", 1)),
    ),
    Fault(
        8, "cuts", "the connection reset {times} times", Dose(times=8), Dose(times=200), radio.cuts,
        each_s=0.8,
    ),
    Fault(
        9, "twice-and-late", "30 % of frames twice, 10 % overtaken, {s:.0f} s", Dose(seconds=5),
        Dose(seconds=300), radio.twice_and_late, Bench(messages=True),
    ),
    Fault(
        10, "damage", "{n:.0f} bit flips per MB for {s:.0f} s", Dose(300, seconds=10),
        Dose(300, seconds=600), radio.damage,
    ),
    Fault(
        10, "fuzz", "{n:.0f} mutated frames, then {s:.0f} s of false tablets", Dose(5_000, seconds=3),
        Dose(1_000_000, seconds=600), fuzz.fuzz, each_s=300,
        marks=(
            FigureLimit("unreadable_taken", 0), FigureLimit("unreadable_on_disk", 0), FigureLimit("grew_mb", 20),
            FigureLimit("relay_grew_mb", 20), FigureLimit("relay_ready", at_least=1),
        ),
    ),
    Fault(
        10, "media-fuzz", "{n:.0f} mutated STUN, DTLS, RTP, RTCP packets and offers against the media plane",
        Dose(10_000), Dose(1_000_000), media_fuzz.media_fuzz, each_s=600,
        marks=(FigureLimit("escaped", 0), FigureLimit("answered_bytes", 0), FigureLimit("grew_mb", 20)),
    ),
    Fault(
        12, "relay-disk-full", "the relay's disk full for {s:.0f} s", Dose(seconds=5),
        Dose(seconds=300), stores.relay_disk_full, Bench(small_disk="relay"), each_s=10,
        marks=(FigureLimit("alarm_s", 10), FigureLimit("crew_sees_s", 10)),
    ),
    Fault(
        12, "tablet-disk-full", "the tablet's disk full in the dark for {s:.0f} s", Dose(seconds=8),
        Dose(seconds=300), stores.tablet_disk_full, Bench(small_disk="tablet"), each_s=10,
        marks=(FigureLimit("alarm_s", 10), FigureLimit("lost_s", 0)),
    ),
    Fault(
        14, "disk-stall", "the relay's disk stalls {times} times for {s:.0f} s", Dose(times=1, seconds=8),
        Dose(times=5, seconds=30), stores.relay_disk_stalls, Bench(stalling_disk="relay"), each_s=8,
        marks=(FigureLimit("alarm_s", 10), FigureLimit("relay_grew_mb", 20)),
    ),
    Fault(
        15, "frozen-viewer", "1 of {n:.0f} pages stops reading, {times} times, {s:.0f} s",
        Dose(10, seconds=12), Dose(49, 5, 600), viewers.frozen_page, each_s=20,
        marks=(FigureLimit("dropped_s", 5), FigureLimit("others_closed", 0), FigureLimit("relay_grew_mb", 20)),
    ),
    Fault(
        16, "storm", "{n:.0f} pages join within 5 s", Dose(60), Dose(500, seconds=10), viewers.storm,
        each_s=15, marks=(FigureLimit("slowest_s", 3),),
    ),
    Fault(
        17, "clock", "the tablet's clock jumps ±1 h and ±1 s, every {s:.0f} s, wrong zone",
        Dose(seconds=4), Dose(times=5, seconds=10), time_jumps.jumps, Bench(clock=True), each_s=30,
        marks=(FigureLimit("not_audited", 0), FigureLimit("said_lost", 0)),
    ),
    Fault(
        18, "upgrade", "the relay replaced {times} times", Dose(times=2), Dose(times=20, seconds=5),
        kills.upgrades, each_s=6, marks=(FigureLimit("longest_gap_s", 2),),
    ),
    Fault(
        21, "records-down", "the database of cases cannot be written, {times} times {s:.0f} s",
        Dose(times=1, seconds=10), Dose(times=5, seconds=600), stores.records_locked, each_s=15,
        marks=(FigureLimit("alarm_s", 10),),
    ),
)  # fmt: skip
