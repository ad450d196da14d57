"""The way out to the relay, as the routing table knows it."""

from __future__ import annotations

from ambulance_client.path import way_out


def test_a_way_is_named_by_its_local_address() -> None:
    assert way_out(("127.0.0.1", 9)) == "127.0.0.1"


def test_no_way_is_none() -> None:
    assert way_out(("not an address", 9)) is None
