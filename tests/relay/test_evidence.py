"""Whatever is altered, cut, lost or put in between is named: by ``kyumei verify``, and by the relay at its start."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from relay.model.audit import GENESIS, AuditRow, hash_row
from relay.model.evidence import FORMS
from relay.services.evidence.verifying import EvidenceVerdict
from relay.settings import Settings
from relay.vault.verify import verify_folder
from tests.patience import PATIENCE_S
from tests.relay.kept_folder import DATABASE, copied, fill, spoil
from tests.relay.test_cli import kyumei, one_sentence
from tests.relay.world import a_world

Spoil = Callable[[Path], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A relay's folder after three days, each with a patient."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    asyncio.run(fill(folder))
    return folder


async def verdicts_of(settings: Settings, **options: object) -> list[EvidenceVerdict]:
    return await verify_folder(settings, deep=True, **options)  # type: ignore[arg-type]


async def faults_of(settings: Settings, **options: object) -> list[str]:
    return [f for verdict in await verdicts_of(settings, **options) for f in verdict.faults]


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "ecg").glob("*.seg"))


async def test_what_is_as_it_was_kept_is_said_to_be(made: Path, tmp_path: Path) -> None:
    settings = copied(made, tmp_path / "data")
    before = {p: p.read_bytes() for p in settings.data_dir.rglob("*") if p.is_file()}
    verdicts = await verdicts_of(settings)

    assert [v.faults for v in verdicts] == [[]] * len(verdicts)
    said = " ".join(v.said for v in verdicts)
    assert "3 ECG files are there." in said
    assert "3 recordings have what was read of them." in said
    assert {p: p.read_bytes() for p in settings.data_dir.rglob("*") if p.is_file()} == before


def test_the_chain_tells_of_every_kind(made: Path) -> None:
    db = sqlite3.connect(made / DATABASE)
    rows = [json.loads(r[0]) for r in db.execute("SELECT data FROM audit WHERE action = 'kept'")]
    db.close()
    told = {kind for row in rows for kind in row}

    assert set(FORMS) - told == {"snapshot_origins", "call_entries"}


ALTERED = {
    "decision": "UPDATE decisions SET decision = 'not-stemi' WHERE number = 2",
    "timeline entry": "UPDATE timeline SET data = '{}' WHERE stage = 'decided'",
    "patient card": "UPDATE patient_cards SET body = replace(body, '61', '16')",
    "snapshot's samples": "UPDATE snapshot_samples SET samples = zeroblob(length(samples))",
    "snapshot": "UPDATE snapshots SET taken_at_us = taken_at_us + 1",
    "recording": "UPDATE streams SET uv_per_lsb = 1.25",
    "case": "UPDATE incidents SET unit = '救急9'",
    "photo": "UPDATE scene_photos SET jpeg = x'ffd8ffd9'",
    "note": "UPDATE notes SET who = 'somebody'",
    "opening": "UPDATE openings SET who = 'somebody'",
    "screening": "UPDATE reports SET tier = 'A'",
}


@pytest.mark.parametrize("kind", ALTERED)
async def test_an_altered_row_is_named(made: Path, tmp_path: Path, kind: str) -> None:
    settings = copied(made, tmp_path / "data", lambda folder: spoil(folder, ALTERED[kind]))
    (first, *_) = await faults_of(settings)

    assert first.startswith(f"The {kind} ")
    assert "is not as it was written (row " in first


@pytest.mark.parametrize("kind", ["decisions", "notes", "openings", "scene_photos"])
async def test_a_deleted_row_is_named(made: Path, tmp_path: Path, kind: str) -> None:
    delete = f"DELETE FROM {kind} WHERE rowid = (SELECT min(rowid) FROM {kind})"
    settings = copied(made, tmp_path / "data", lambda folder: spoil(folder, delete))
    faults = await faults_of(settings)

    assert len(faults) == 1
    assert f"The {FORMS[kind].name} " in faults[0]
    assert "is gone (row " in faults[0]


async def test_a_row_put_in_beside_the_chain_is_named(made: Path, tmp_path: Path) -> None:
    insert = (
        "INSERT INTO decisions (incident, decision, text, who, user, at_us) "
        "SELECT incident, 'not-stemi', '', who, user, at_us FROM decisions WHERE number = 1"
    )
    settings = copied(made, tmp_path / "data", lambda folder: spoil(folder, insert))
    assert await faults_of(settings) == ["The decision 4 is not in the audit's chain."]


def _noise(folder: Path) -> None:
    with segments(folder)[1].open("r+b") as file:
        file.seek(3_000)
        file.write(os.urandom(5_000))


def _cut(folder: Path) -> None:
    os.truncate(segments(folder)[1], 4_000)


def _longer(folder: Path) -> None:
    with segments(folder)[1].open("ab") as file:
        file.write(b"x" * 100)


def _gone(folder: Path) -> None:
    segments(folder)[1].unlink()


def _swapped(folder: Path) -> None:
    shutil.copy(segments(folder)[0], segments(folder)[1])


def _no_folder(folder: Path) -> None:
    shutil.rmtree(folder / "ecg")


FILES: dict[Spoil, str] = {
    _noise: "is not as it was closed",
    _cut: "has 4000 bytes and had",
    _longer: "bytes and had",
    _gone: "is gone (row",
    _swapped: "The ECG file 0000000002.seg",
    _no_folder: "The ECG file 0000000001.seg of",
}


@pytest.mark.parametrize("how", FILES)
async def test_ecg_that_is_lost_or_altered_is_named(made: Path, tmp_path: Path, how: Spoil) -> None:
    settings = copied(made, tmp_path / "data", how)
    faults = await faults_of(settings)
    assert any(FILES[how] in fault for fault in faults), faults
    one_sentence(
        (await asyncio.to_thread(kyumei, "audit", "verify", data=settings.data_dir)),
        1,
        "The ECG file",
    )


@pytest.mark.parametrize("how", [h for h in FILES if h is not _longer])
async def test_a_start_says_what_is_lost(made: Path, tmp_path: Path, how: Spoil) -> None:
    settings = copied(made, tmp_path / "data", how)
    async with a_world(settings.data_dir) as world:
        async with asyncio.timeout(PATIENCE_S):
            while not world.relay.evidence.evidence.damage:
                await asyncio.sleep(0.02)
        async with await world.http(None) as http:
            answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert "The ECG file 000000000" in json.dumps(answer.json()["faults"])


async def test_a_young_relay_without_its_ecg_says_so(tmp_path: Path) -> None:
    """No file was closed yet: what snapshots were made of tells that frames were there."""
    await fill(tmp_path / "data", runs=1)
    spoil(tmp_path / "data", "DELETE FROM audit WHERE action = 'segment-sealed'")
    shutil.rmtree(tmp_path / "data" / "ecg")
    async with a_world(tmp_path / "data") as world:
        async with asyncio.timeout(PATIENCE_S):
            while "recordings" not in world.relay.evidence.evidence.damage:
                await asyncio.sleep(0.02)
        assert "were stored and are gone" in world.relay.evidence.evidence.damage["recordings"]
        async with world.page("sato") as page:
            beat = await page.until(lambda text: text["kind"] == "beat")
        assert [told["cause"] for told in beat["troubles"]] == ["data-damaged"]


async def test_a_lost_files_name_is_not_given_again(made: Path, tmp_path: Path) -> None:
    settings = copied(made, tmp_path / "data", _no_folder)
    await fill(settings.data_dir, runs=1)
    assert [path.name for path in segments(settings.data_dir)] == ["0000000004.seg"]
    faults = await faults_of(settings)
    assert len([fault for fault in faults if "is gone (row" in fault]) == 3


def rewrite(folder: Path, keep: Callable[[AuditRow], AuditRow | None]) -> None:
    """Make the whole chain anew, as somebody would who knows how it is made."""
    db = sqlite3.connect(folder / DATABASE)
    old = db.execute("SELECT number, at_us, who, action, subject, data FROM audit ORDER BY number")
    rows, prev = [], GENESIS
    for number, at_us, who, action, subject, data in old.fetchall():
        row = keep(AuditRow(number, at_us, who, action, subject, json.loads(data), prev, ""))
        if row is None:
            continue
        row = replace(row, number=len(rows) + 1, prev_hash=prev)
        row = replace(row, hash=hash_row(row))
        rows.append(row)
        prev = row.hash
    db.close()
    spoil(folder, "DELETE FROM audit")
    with sqlite3.connect(folder / DATABASE) as db:
        db.executemany(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (r.number, r.at_us, r.who, r.action, r.subject, json.dumps(r.data), r.prev_hash, r.hash)
                for r in rows
            ],
        )  # fmt: skip
    db.close()


def _without_who(row: AuditRow) -> AuditRow | None:
    return replace(row, who="somebody") if row.action == "decided" else row


def _new_heads(folder: Path) -> None:
    db = sqlite3.connect(folder / DATABASE)
    head = db.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    db.close()
    (folder / "audit-anchors").write_text(f"{head[0]} {head[1]}\n")


async def test_a_rewritten_chain_is_named_by_its_heads(made: Path, tmp_path: Path) -> None:
    settings = copied(made, tmp_path / "data", lambda folder: rewrite(folder, _without_who))
    (first, *_) = await faults_of(settings)
    assert "is not the one anchored before" in first


async def test_a_chain_rewritten_with_its_heads_is_named_by_the_second_place(
    made: Path, tmp_path: Path
) -> None:
    settings = copied(made, tmp_path / "data")
    second = tmp_path / "elsewhere"
    shutil.copy(settings.data_dir / "audit-anchors", second)
    rewrite(settings.data_dir, _without_who)
    _new_heads(settings.data_dir)
    with_second = Settings(data_dir=settings.data_dir, audit_heads_to=(f"file:{second}",))
    (first, *_) = await faults_of(with_second)
    assert f"is not the one anchored before (in {second})" in first
    (alone,) = [v for v in await verdicts_of(settings) if v.part == "audit"]
    assert not alone.faults
    assert "KYUMEI_AUDIT_HEADS_TO" in alone.notes[0]


async def test_a_tail_cut_with_its_heads_is_named(made: Path, tmp_path: Path) -> None:
    settings = copied(made, tmp_path / "data")
    second = tmp_path / "elsewhere"
    shutil.copy(settings.data_dir / "audit-anchors", second)
    spoil(settings.data_dir, "DELETE FROM audit WHERE number > 40")
    _new_heads(settings.data_dir)

    alone = await faults_of(settings)
    assert any("is not in the audit's chain" in fault for fault in alone)
    with_second = Settings(data_dir=settings.data_dir, audit_heads_to=(f"file:{second}",))
    (first, *_) = await faults_of(with_second)
    assert f"was anchored before (in {second}) and is missing now" in first


def _no_heads(folder: Path) -> None:
    (folder / "audit-anchors").unlink()


def _empty_heads(folder: Path) -> None:
    (folder / "audit-anchors").write_bytes(b"")


def _scribbled(folder: Path) -> None:
    with (folder / "audit-anchors").open("a") as out:
        out.write("12 not a hash\n")


def _no_audit(folder: Path) -> None:
    spoil(folder, "DELETE FROM audit")


HEADS: dict[Spoil, str] = {
    _no_heads: "the file is absent",
    _empty_heads: "it is empty",
    _scribbled: "is damaged",
    _no_audit: "is missing now",
}


@pytest.mark.parametrize("how", HEADS)
async def test_absent_and_damaged_heads_are_a_fault(made: Path, tmp_path: Path, how: Spoil) -> None:
    settings = copied(made, tmp_path / "data", how)
    assert HEADS[how] in (await faults_of(settings))[0]


async def test_absent_heads_are_said_at_the_start_and_not_healed_in_silence(
    made: Path, tmp_path: Path
) -> None:
    settings = copied(made, tmp_path / "data", _no_heads)
    async with a_world(settings.data_dir) as world:
        async with asyncio.timeout(PATIENCE_S):
            while "audit heads" not in world.relay.evidence.evidence.damage:
                await asyncio.sleep(0.02)


async def test_an_empty_audit_is_a_fault(made: Path, tmp_path: Path) -> None:
    settings = copied(made, tmp_path / "data", _no_audit)
    (settings.data_dir / "audit-anchors").unlink()
    assert any("The audit is empty" in fault for fault in await faults_of(settings))


async def test_heads_of_the_relays_own_log_can_be_brought(made: Path, tmp_path: Path) -> None:
    settings = copied(made, tmp_path / "data")
    number, hashed = (settings.data_dir / "audit-anchors").read_text().split()[-2:]
    log = tmp_path / "journal.txt"
    line = {"number": int(number), "hash": hashed, "event": "audit-head", "level": "info"}
    log.write_text(f"Nov 30 relay[1]: started\n{json.dumps(line)}\n")
    assert (
        await asyncio.to_thread(kyumei, "verify", "--heads", str(log), data=settings.data_dir)
    ).returncode == 0

    rewrite(settings.data_dir, _without_who)
    _new_heads(settings.data_dir)
    done = await asyncio.to_thread(
        kyumei, "audit", "verify", "--heads", str(log), data=settings.data_dir
    )
    one_sentence(done, 1, "is not the one anchored before (in what was brought)")


def test_a_folder_that_is_not_there_is_no_audit_that_holds(tmp_path: Path) -> None:
    for command in (("audit", "verify"), ("verify",), ("verify", "--deep")):
        one_sentence(kyumei(*command, data=tmp_path / "no"), 1, "There is no relay in")
    assert not list(tmp_path.iterdir())


def test_the_command_tells_of_every_part_and_of_the_folder(made: Path, tmp_path: Path) -> None:
    whole = kyumei("verify", "--deep", data=made)
    assert whole.returncode == 0, whole.stdout
    assert str(made) in whole.stdout
    settings = copied(made, tmp_path / "data", _gone)
    done = kyumei("verify", "--json", data=settings.data_dir)
    told = json.loads(done.stdout)
    assert (done.returncode, told["ok"]) == (1, False)
    assert {p["part"] for p in told["parts"] if p["faults"]} == {"ecg files", "recordings"}


async def test_a_known_loss_is_acknowledged_and_nothing_else_is(made: Path, tmp_path: Path) -> None:
    data = copied(made, tmp_path / "data", _gone).data_dir
    reason = ("verify", "--deep", "--acknowledge", "the disk was replaced")
    done = await asyncio.to_thread(kyumei, *reason, data=data)
    assert done.returncode == 0, done.stderr
    again = await asyncio.to_thread(kyumei, "verify", "--deep", data=data)
    assert again.returncode == 0, again.stdout
    assert "known faults were acknowledged (row " in again.stdout
    async with a_world(data) as world:
        await world.relay.evidence.evidence.look()
        assert world.relay.evidence.evidence.damage == {}
    segments(data)[0].unlink()
    assert (await asyncio.to_thread(kyumei, "verify", data=data)).returncode == 1
    async with a_world(data) as world:
        await world.relay.evidence.evidence.look()
        assert "0000000001.seg" in world.relay.evidence.evidence.damage["ecg files"]
        await asyncio.to_thread(kyumei, *reason, data=data)
        await world.relay.evidence.evidence.turn()
        assert world.relay.evidence.evidence.damage == {}


async def test_rows_from_before_evidence_are_adopted(made: Path, tmp_path: Path) -> None:
    """A database of the version before: its rows are in the chain after the upgrade, and its past holds."""
    settings = copied(made, tmp_path / "data")
    spoil(
        settings.data_dir,
        "DELETE FROM audit",
        "DROP INDEX ix_audit_action",
        "DROP TABLE leases",
        "DROP TABLE ladder_steps",
        "DROP TABLE ladders",
        "DROP TABLE ladder_policies",
        "DROP TABLE contacts",
        "DROP TABLE desks",
        "DROP TABLE duties",
        "DROP TABLE outbox",
        "DROP TABLE ring_devices",
        "DROP TABLE site_keys",
        "DROP INDEX ix_incident_hospitals_hospital_opened_at_us_incident",
        "ALTER TABLE incident_hospitals DROP COLUMN opened_at_us",
        "UPDATE alembic_version SET version_num = '0007'",
    )
    (settings.data_dir / "audit-anchors").unlink()
    assert (await asyncio.to_thread(kyumei, "migrate", data=settings.data_dir)).returncode == 0
    verdicts = await verdicts_of(settings)
    assert [v.faults for v in verdicts] == [[]] * len(verdicts)
    assert "3 more are not in the chain yet" in " ".join(v.said for v in verdicts)
    async with a_world(settings.data_dir) as world:
        await world.relay.evidence.evidence.tell_of_files()
    assert (
        await asyncio.to_thread(kyumei, "verify", "--deep", data=settings.data_dir)
    ).returncode == 0
    spoil(settings.data_dir, ALTERED["decision"])
    assert "The decision 2 is not as it was written" in (await faults_of(settings))[0]


@pytest.mark.parametrize("command", [("verify",), ("audit", "verify")])
async def test_heads_that_are_not_there_are_named(
    made: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    settings = copied(made, tmp_path / "data")
    told = await asyncio.to_thread(
        kyumei, *command, "--heads", str(tmp_path / "nowhere"), data=settings.data_dir
    )
    assert told.returncode == 2
    assert "nowhere cannot be read" in told.stderr
    assert "check --heads" in told.stderr
