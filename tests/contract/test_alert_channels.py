"""What every alert channel must fulfil: the message arrives whole, a failure is said in the port's words.

A new channel stands in ``relay.wiring.ways_out`` and gets one line in ``CASES``. The other sides are real: they listen
on this machine and read what comes as a stranger would who has only the specification.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio

from relay.alerts.port import AlertChannel, Message
from relay.errors import BadInput, Unavailable
from relay.wiring.ways_out import ChannelNeeds, alert_channels
from tests.contract import other_sides as sides

MESSAGE = Message(
    id="3f2a0c1e-0000-4000-8000-000000000001",
    text_ja="中央消防: 心電図の警報が鳴っています。",
    text_en="An ECG alarm rings; open the page. (alarm 3f2a)",
    url="https://relay.example.jp/#7d0e?letter=3f2a",
    urgent=True,
    at_us=1_790_000_000_000_000,
    expires_in_s=600.0,
    group="0123456789abcdef01234567",
)
NAMES = [channel.name for channel in alert_channels(ChannelNeeds())]


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
    "webhook": sides.WebhookSide,
    "mail": sides.MailSide,
    "sms": sides.SmsSide,
    "call": sides.CallSide,
    "web-push": sides.PushSide,
}
"""By the channel's name: the other side."""


@pytest_asyncio.fixture(params=NAMES)
async def side(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    made: Any = CASES[request.param](tmp_path)
    made.channel_name = request.param
    if hasattr(made, "begin"):
        await made.begin()
    yield made
    if (close := getattr(made, "close", None)) is not None:
        close()


@pytest.fixture
def channel(side: Any) -> AlertChannel:
    """As the site makes it, or, where the other side must be known to it, as the other side says."""
    own = getattr(side, "channel", None)
    every = {one.name: one for one in alert_channels(ChannelNeeds())}
    return own() if own else every[side.channel_name]


def test_every_channel_has_another_side_and_a_name_of_its_own() -> None:
    assert sorted(CASES) == sorted(NAMES)


async def test_texts_arrive_whole_and_in_order(channel: AlertChannel, side: OtherSide) -> None:
    await channel.send(MESSAGE, side.to)
    second = replace(MESSAGE, id="3f2a0c1e-0000-4000-8000-000000000002", text_en="Two.")
    await channel.send(second, side.to)
    assert side.received() == [MESSAGE.text, second.text]


async def test_one_text_is_one_message_on_one_line(channel: AlertChannel, side: OtherSide) -> None:
    await channel.send(replace(MESSAGE, text_ja="first\nBcc: x@y", text_en="second\r\n"), side.to)
    assert len(side.received()) == 1
    assert "\n" not in side.received()[0]


async def test_what_does_not_work_now_is_unavailable_and_names_no_address(
    channel: AlertChannel, side: OtherSide
) -> None:
    with pytest.raises(Unavailable) as refused:
        await channel.send(MESSAGE, side.broken_to)
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
    log_file = next(c for c in alert_channels(ChannelNeeds()) if c.name == "log-file")
    await log_file.send(MESSAGE, str(file))
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_link_in_the_files_place_is_not_followed(tmp_path: Path) -> None:
    """Of ``log-file`` alone: whoever may write into the folder must not choose another file of the relay's."""
    victim, planted = tmp_path / "victim", tmp_path / "alerts.log"
    victim.write_text("as it was")
    planted.symlink_to(victim)
    log_file = next(c for c in alert_channels(ChannelNeeds()) if c.name == "log-file")
    with pytest.raises(Unavailable):
        await log_file.send(MESSAGE, str(planted))
    assert victim.read_text() == "as it was"
