"""What every alert channel must fulfil: the text arrives whole, a failure is said in the port's words.

A new channel stands in ``relay.wiring.ways_out`` and gets one line in ``CASES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from relay.alerts.port import AlertChannel
from relay.errors import BadInput, Unavailable
from relay.wiring.ways_out import ALERT_CHANNELS

TEXT = "中央消防: 心電図の警報が鳴っています。 An ECG alarm rings; open the page. (alarm 3f2a)"


class OtherSide(Protocol):
    """Whoever is told, played by the test; one is made per test, in a folder of its own."""

    to: str
    """The address where everything works."""
    broken_to: str
    """An address that could be one and does not work now."""
    wrong_to: str
    """What cannot be an address."""

    def received(self) -> list[str]:
        """Every text that arrived, oldest first."""


class LogFileSide:
    """A watcher of the file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "alerts.log"
        self.to, self.broken_to, self.wrong_to = str(self.file), str(folder / "no" / "x"), "alerts"

    def received(self) -> list[str]:
        assert self.file.stat().st_mode & 0o777 == 0o600
        return [line.split(" ", 1)[1] for line in self.file.read_text("utf-8").splitlines()]


CASES: dict[str, Callable[[Path], OtherSide]] = {
    "log-file": LogFileSide,
}
"""By the channel's name: the other side."""


@pytest.fixture(params=ALERT_CHANNELS, ids=lambda channel: channel.name)
def channel(request: pytest.FixtureRequest) -> AlertChannel:
    found: AlertChannel = request.param
    return found


@pytest.fixture
def side(channel: AlertChannel, tmp_path: Path) -> Iterator[OtherSide]:
    made = CASES[channel.name](tmp_path)
    yield made
    if (close := getattr(made, "close", None)) is not None:
        close()


def test_every_channel_has_another_side_and_a_name_of_its_own() -> None:
    assert sorted(CASES) == sorted(channel.name for channel in ALERT_CHANNELS)


async def test_texts_arrive_whole_and_in_order(channel: AlertChannel, side: OtherSide) -> None:
    await channel.send(TEXT, side.to)
    await channel.send(f"{TEXT} 2", side.to)
    assert side.received() == [TEXT, f"{TEXT} 2"]


async def test_one_text_is_one_message(channel: AlertChannel, side: OtherSide) -> None:
    await channel.send("first\nsecond", side.to)
    assert len(side.received()) == 1


async def test_what_does_not_work_now_is_unavailable_and_names_no_address(
    channel: AlertChannel, side: OtherSide
) -> None:
    with pytest.raises(Unavailable) as refused:
        await channel.send(TEXT, side.broken_to)
    assert side.broken_to not in str(refused.value)


def test_an_address_is_looked_at_before_an_alarm_needs_it(
    channel: AlertChannel, side: OtherSide
) -> None:
    channel.check(side.to)
    with pytest.raises(BadInput):
        channel.check(side.wrong_to)


def test_names_suit_a_setting(channel: AlertChannel) -> None:
    assert channel.name == channel.name.lower()
    assert all(c.isalnum() or c == "-" for c in channel.name)
    assert channel.about.endswith(".")


async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    """Of ``log-file`` alone."""
    file = tmp_path / "alerts.log"
    file.touch(0o644)
    log_file = next(c for c in ALERT_CHANNELS if c.name == "log-file")
    await log_file.send(TEXT, str(file))
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_link_in_the_files_place_is_not_followed(tmp_path: Path) -> None:
    """Of ``log-file`` alone: whoever may write into the folder must not choose another file of the relay's."""
    victim, planted = tmp_path / "victim", tmp_path / "alerts.log"
    victim.write_text("as it was")
    planted.symlink_to(victim)
    log_file = next(c for c in ALERT_CHANNELS if c.name == "log-file")
    with pytest.raises(Unavailable):
        await log_file.send(TEXT, str(planted))
    assert victim.read_text() == "as it was"
