"""Accounts and tablets of a drill: made through the same service an administrator's commands use."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from relay.model.people import Device, Hospital, Person, Role
from relay.office import migrate_folder, open_people
from relay.settings import Settings

HOSPITAL = Hospital("fukushima-1", "福島第一病院(訓練)")
BY = "drill"


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What the drill's processes and people need.

    Attributes:
        tokens: device token by unit.
        name / password: the cardiologist's account, made new for this drill.
        dispatcher: the fire command centre's account, with the same password.
    """

    tokens: dict[str, str]
    name: str
    password: str
    dispatcher: str


def drill_password() -> str:
    """A password for the drill's accounts, whose chance never makes it too easily guessed to be taken."""
    return f"drill-{secrets.token_hex(8)}"


async def provision(data: Path, units: list[str]) -> Provisioned:
    """One hospital, one cardiologist, one dispatcher, and a device for each unit, in a fresh data folder."""
    password = drill_password()
    settings = Settings(data_dir=data)
    await migrate_folder(settings)
    async with open_people(settings) as people:
        await people.add_hospital(HOSPITAL, BY)
        person = Person("sato", "佐藤 医師(当直)", Role.CARDIOLOGIST, HOSPITAL.id)
        await people.add_account(person, password, BY)
        desk = Person("kato", "加藤(指令)", Role.DISPATCHER, None)
        await people.add_account(desk, password, BY)
        tokens = {
            unit: await people.add_device(Device(unit, frozenset({HOSPITAL.id})), BY)
            for unit in units
        }
    return Provisioned(tokens, person.name, password, desk.name)
