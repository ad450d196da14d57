"""A setting that means nothing is refused, and no file of ours names one."""

from __future__ import annotations

import re
import subprocess

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from ambulance_client.cli import app as tablet
from relay.cli import whole
from relay.env_names import KNOWN, RELAY_NAMES, check_names
from relay.errors import BadInput
from relay.settings import Settings
from tests.house.test_house import ROOT, _tracked

NOT_A_NAME = {
    "KYUMEI_XYZZY",
    "KYUMEI_SCREEN_ENABLE",
    "KYUMEI_DATA",
    "KYUMEI_PROT",
    "KYUMEI_TOKN",
    "KYUMEI_KERNEL",
}
"""Misspelt on purpose, here and in the documents that tell of it."""


def test_the_list_is_the_settings() -> None:
    assert set(RELAY_NAMES) == {f"KYUMEI_{name.upper()}" for name in Settings.model_fields}


def test_no_file_names_a_setting_that_means_nothing() -> None:
    unknown = set()
    for path in _tracked():
        if path.suffix in {".png", ".dat", ".lock"} or not path.is_file():
            continue
        try:
            found = re.findall(r"\bKYUMEI_[A-Z0-9_]*[A-Z0-9]\b", path.read_text())
        except UnicodeDecodeError:
            continue
        unknown |= {(str(path.relative_to(ROOT)), n) for n in set(found) - KNOWN - NOT_A_NAME}
    assert unknown == set()


def test_every_body_of_a_request_refuses_what_it_does_not_name() -> None:
    loose = [p.name for p in (ROOT / "relay/web").glob("*.py") if "(BaseModel)" in p.read_text()]
    assert loose == ["bodies.py"]


def test_the_image_sets_what_the_relay_reads() -> None:
    set_names = re.findall(r"(KYUMEI_\w+)=", (ROOT / "Dockerfile").read_text())
    assert set_names == ["KYUMEI_DATA_DIR"]
    assert not set(re.findall(r"KYUMEI_\w+", (ROOT / "docker-compose.yml").read_text())) - KNOWN


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KYUMEI_SCREEN_ENABLE", "KYUMEI_SCREEN_ENABLED"),
        ("KYUMEI_DATA", "KYUMEI_DATA_DIR"),
        ("KYUMEI_PROT", "KYUMEI_PORT"),
        ("KYUMEI_TOKN", "KYUMEI_TOKEN"),
        ("KYUMEI_KERNEL", "KYUMEI_KERNELS"),
    ],
)
def test_a_misspelt_name_stops_the_start_of_both_programs(
    name: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match=f"{name}; did you mean {meant}\\?"):
        check_names({name: "x", "PATH": "/bin"})
    monkeypatch.setenv(name, "x")
    relay = CliRunner().invoke(whole(), ["config"])
    assert (relay.exit_code, f"did you mean {meant}?" in relay.stderr) == (2, True)
    tablet = subprocess.run(
        [ROOT / ".venv/bin/kyumei-ambulance", "run", "--source", "synthetic:normal", "--token", "x"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (tablet.returncode, f"did you mean {meant}?" in tablet.stderr) == (2, True)


def _every_command() -> list[tuple[str, list[str]]]:
    """Each command of both programs, as it is typed; groups by one of theirs."""
    found = []
    for program, app in (("kyumei", whole()), ("kyumei-ambulance", tablet)):
        group = typer.main.get_command(app)
        assert isinstance(group, TyperGroup)
        for name, command in group.commands.items():
            inner = [next(iter(command.commands))] if isinstance(command, TyperGroup) else []
            found.append((program, [name, *inner]))
    return found


@pytest.mark.parametrize(("program", "typed"), _every_command())
def test_it_stops_every_command_before_anything_is_done(
    program: str, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for help: what would only tell is stopped too, so no command can pass it over."""
    monkeypatch.setenv("KYUMEI_SCREEN_ENABLE", "0")
    app = whole() if program == "kyumei" else tablet
    done = CliRunner().invoke(app, [*typed, "--help"])
    assert (done.exit_code, "did you mean KYUMEI_SCREEN_ENABLED?" in done.stderr) == (2, True)


def test_a_name_like_nothing_and_a_wrong_switch_are_refused() -> None:
    with pytest.raises(BadInput, match=r"KYUMEI_XYZZY; take it away"):
        check_names({"KYUMEI_XYZZY": ""})
    with pytest.raises(BadInput, match="KYUMEI_KERNELS is numpy"):
        check_names({"KYUMEI_KERNELS": "nunpy"})
    check_names({"kyumei_port": "1", "KYUMEI_TOKEN": "x", "KYUMEI_KERNELS": "numpy"})
