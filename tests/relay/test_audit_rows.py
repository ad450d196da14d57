"""Every action that the relay writes into its audit is read by a test, and those nobody asked about until now are here."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path

from relay.model.people import Device, Hospital
from relay.services.ground.witness import REFUSED_EVERY_S
from relay.wiring.adapters import Adapters
from tests.patience import PATIENCE_S
from tests.relay.call_world import a_desk, a_phone
from tests.relay.world import PASSWORD, MovedClock, World, a_world, audited

ROOT = Path(__file__).resolve().parents[2]
WRITES = {"audit", "_audit", "look", "listed", "showed", "refused"}
ACTION = re.compile(r"[a-z]+(-[a-z]+)*")
POSITIONS = {"audit": (1, 2), "_audit": (1,), "look": (0,), "refused": (0,)}
"""Which argument of each names the action: of a transaction's ``audit`` the third, of a change's the second."""


def actions_of(text: str) -> set[str]:
    """Actions that are written down by literal names; ``sign-in-{code}`` is told as ``sign-in-``."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")  # fmt: skip
        if name in {"Look", "Act"} and node.args:
            found |= _literal(node.args[0])
        for at in POSITIONS.get(name, ()):
            if len(node.args) > at:
                found |= _literal(node.args[at])
    return {action for action in found if ACTION.fullmatch(action.strip("-"))}


def _literal(node: ast.expr) -> set[str]:
    if isinstance(node, ast.JoinedStr):
        node = node.values[0]
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return {node.value} if is_text else set()  # type: ignore[attr-defined]


NO_ACTIONS = {"command line", "relay", "caller", "-"}


def test_every_action_of_the_code_stands_in_a_test() -> None:
    written: set[str] = set()
    for room in ("relay/services", "relay/web", "relay/vault", "relay/cli"):
        for path in (ROOT / room).rglob("*.py"):
            written |= actions_of(path.read_text(encoding="utf-8"))
    written -= NO_ACTIONS
    tests = "\n".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py") if p != Path(__file__)
    )
    mine = Path(__file__).read_text(encoding="utf-8")
    asked = {a for a in written if f'"{a}' in tests or f'"{a}' in mine}
    assert len(written) > 40, sorted(written)
    assert sorted(written - asked) == [], "an action that no test reads"


def test_a_planted_action_is_seen() -> None:
    planted = (
        'async def a(tx): await tx.evidence.audit(1, "x", "planted-here", "y")',
        'async def a(change): await change.audit("x", "planted-here", {})',
        'async def a(w): await w.look("planted-here", "x")',
        'def a(w, error): w.refused(f"planted-here-{error.code}", "x")',
        'LOOK = Look("planted-here")',
    )
    for text in planted:
        assert any(a.startswith("planted-here") for a in actions_of(text)), text


async def test_what_an_administrator_does(world: World) -> None:
    people = world.relay.people.people
    await people.add_hospital(Hospital("nanbu", "南部病院"), "root")
    await people.add_device(Device("救急3", frozenset({"nanbu"})), "root")
    await people.disable("ito", "root")
    await people.enable("ito", "root")
    await people.address_device("救急1", {"daiichi"}, "root")
    await people.revoke_device("救急2", "root")
    async with world.relay.records.read() as records:
        rows = {
            r.action: r for r in await records.evidence.audit_rows(0, 100_000) if r.who == "root"
        }
    subjects = {
        "hospital-set": "nanbu", "device-added": "救急3", "account-disabled": "ito", "account-enabled": "ito",
        "device-addressed": "救急1", "device-revoked": "救急2",
    }  # fmt: skip
    assert {action: row.subject for action, row in rows.items()} == subjects
    assert "daiichi" in str(rows["device-addressed"].data)


async def test_what_a_call_and_its_link_leave(world: World) -> None:
    desk, phone, second = await a_desk(world), a_phone(world), a_phone(world)
    url = (await desk.invite())["url"]
    assert (await phone.open(url)).status_code == 200
    for _ in range(3):
        assert (await second.open(url)).status_code == 409
    assert await audited(world, "second-phone-refused") == [{}], "once, however often it tries"
    async with world.tablet() as tablet:
        spec = tablet.open()
        await tablet.follow(spec.incident)
        await desk.until(incident=str(spec.incident))
    assert await audited(world, "call-joined") == [{"incident": str(spec.incident)}]
    for http in (desk.http, phone.http, second.http):
        await http.aclose()


async def test_every_wrong_password_is_written_down_wherever_it_is_typed(tmp_path: Path) -> None:
    clock = MovedClock()
    async with (
        a_world(tmp_path, Adapters(clock=clock)) as world,
        await world.http(None) as stranger,
        await world.http("sato") as doctor,
    ):
        wrong = {"name": "sato", "password": "wrong"}
        assert (await stranger.post("/api/session", json=wrong)).status_code == 401
        change = {"old": "wrong", "new": "another long sentence of mine"}
        assert (await doctor.post("/api/session/password", json=change)).status_code == 422
        clock.moved_s += 901
        assert (await doctor.post("/api/session/wake", json={"password": "x"})).status_code == 401
        clock.moved_s += REFUSED_EVERY_S + 1
        assert (await doctor.post("/api/session/wake", json={"password": PASSWORD})).is_success
        for action in ("sign-in-not-signed-in", "wake-not-signed-in", "password-bad-input"):
            rows = await _until(world, action)
            assert len(rows) == 1, action


async def _until(world: World, action: str) -> list[object]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with world.relay.records.read() as records:
                rows = [
                    r for r in await records.evidence.audit_rows(0, 100_000) if r.action == action
                ]
            if rows:
                return list(rows)
            await asyncio.sleep(0.02)
