"""A backup is whole or says what it lacks; a restore brings every byte back, or says which it does not."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relay.vault.manifest import backups_in
from tests.relay.kept_folder import DATABASE, a_patient, copied, fill, spoil
from tests.relay.test_cli import kyumei, one_sentence
from tests.relay.world import a_world


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "data"
    asyncio.run(fill(folder))
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def backed_up(data: Path, into: Path, *more: str) -> dict[str, object]:
    done = kyumei("backup", str(into), "--json", *more, data=data)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def rows(folder: Path, table: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)
    found = db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    db.close()
    return found


def test_what_comes_back_is_what_was_there(made: Path, into: Path, tmp_path: Path) -> None:
    told = backed_up(made, into)
    assert told["ok"] is True
    new = tmp_path / "elsewhere"
    done = kyumei("restore", str(into), data=new)

    assert done.returncode == 0, done.stdout + done.stderr
    assert str(new) in done.stdout
    for table in ("timeline", "decisions", "snapshot_samples", "scene_photos", "users", "sessions"):
        assert rows(new, table) == rows(made, table)
    for path in (made / "ecg").glob("*.seg"):
        assert (new / "ecg" / path.name).read_bytes() == path.read_bytes()
    assert [row[3] for row in rows(new, "audit")][-1] == "restored"
    assert [row[3] for row in rows(made, "audit")][-1] == "backup-made"


def test_every_day_only_what_is_new_is_copied(made: Path, into: Path, tmp_path: Path) -> None:
    data = copied(made, tmp_path / "data").data_dir
    first = backed_up(data, into)
    asyncio.run(fill(data, runs=1))
    second = backed_up(data, into)

    closed = sum(path.stat().st_size for path in (made / "ecg").glob("*.seg"))
    assert int(second["kept_bytes"]) > closed
    assert int(first["kept_bytes"]) == 0
    one, two = backups_in(into)
    for path in (one / "ecg").iterdir():
        assert path.samefile(two / "ecg" / path.name)
    assert len(list((two / "ecg").glob("*.seg"))) == 4

    backed_up(data, into, "--keep", "2")
    assert len(backups_in(into)) == 2
    assert two in backups_in(into)
    assert kyumei("restore", str(two), data=tmp_path / "old").returncode == 0


def test_a_source_that_lost_ecg_is_backed_up_and_said(
    made: Path, into: Path, tmp_path: Path
) -> None:
    def lose(folder: Path) -> None:
        (folder / "ecg" / "0000000002.seg").unlink()
        with (folder / "ecg" / "0000000003.seg").open("r+b") as file:
            file.seek(1000)
            file.write(os.urandom(2000))

    data = copied(made, tmp_path / "data", lose).data_dir
    for _ in range(2):
        done = kyumei("backup", str(into), "--keep", "1", data=data)
        assert done.returncode == 1
        assert "is not whole" in done.stderr
        assert "Keep the older ones" in done.stderr
    assert len(backups_in(into)) == 2


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


SPOILED: dict[str, Callable[[Path], None]] = {
    "ecg/0000000002.seg in the backup is not as it was copied": lambda b: _flip(
        b / "ecg" / "0000000002.seg"
    ),
    "ecg/0000000002.seg is gone from the backup": lambda b: (b / "ecg" / "0000000002.seg").unlink(),
    "audit-anchors is gone from the backup": lambda b: (b / "audit-anchors").unlink(),
}


@pytest.mark.parametrize("words", SPOILED)
def test_a_damaged_backup_is_named_and_the_rest_comes_back(
    made: Path, into: Path, tmp_path: Path, words: str
) -> None:
    backup = Path(str(backed_up(made, into)["backup"]))
    SPOILED[words](backup)
    new = tmp_path / "elsewhere"
    done = kyumei("restore", str(into), data=new)

    assert done.returncode == 1
    assert words in done.stdout
    assert rows(new, "decisions") == rows(made, "decisions")


def test_a_damaged_database_in_a_backup_is_one_sentence(
    made: Path, into: Path, tmp_path: Path
) -> None:
    backup = Path(str(backed_up(made, into)["backup"]))
    (backup / DATABASE).write_bytes(b"not a database" * 10_000)
    done = kyumei("restore", str(into), data=tmp_path / "new")
    assert done.returncode == 1
    assert f"{DATABASE} in the backup is not as it was copied" in done.stdout
    assert "is not a database of ours" in done.stderr


@pytest.mark.parametrize("lose", ["{", '{"format": 9}', '{"format": 1}'])
def test_a_damaged_manifest_is_one_sentence(
    made: Path, into: Path, tmp_path: Path, lose: str
) -> None:
    backup = Path(str(backed_up(made, into)["backup"]))
    (backup / "kyumei-backup.json").write_text(lose)
    done = kyumei("restore", str(into), data=tmp_path / "new")
    assert done.returncode == 1
    assert str(backup) in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_left_alone(
    made: Path, into: Path, tmp_path: Path
) -> None:
    backed_up(made, into)
    held = copied(made, tmp_path / "held").data_dir
    before = rows(held, "audit")
    done = kyumei("restore", str(into), data=held)
    assert (done.returncode, "is not empty" in done.stderr) == (1, True)
    assert rows(held, "audit") == before
    empty = tmp_path / "mounted"
    (empty / "lost+found").mkdir(parents=True)
    assert kyumei("restore", str(into), data=empty).returncode == 0
    assert not list(tmp_path.glob(".*"))


def test_misuse_is_one_sentence(made: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    one_sentence(kyumei("backup", str(file), data=made), 2, "is a file")
    one_sentence(kyumei("backup", str(made / "b"), data=made), 2, "in the data folder itself")
    one_sentence(kyumei("backup", str(tmp_path / "a" / "b"), data=made), 2, "There is no folder")
    one_sentence(kyumei("backup", str(tmp_path / "b"), data=tmp_path / "no"), 1, "no relay in")
    one_sentence(kyumei("restore", str(tmp_path), data=tmp_path / "x"), 2, "holds no backup")
    assert not (tmp_path / "b").exists()


def test_a_restore_explains_heads_that_are_newer_than_the_backup(
    made: Path, into: Path, tmp_path: Path
) -> None:
    data = copied(made, tmp_path / "data").data_dir
    backed_up(data, into)
    asyncio.run(fill(data, runs=1))
    second = tmp_path / "elsewhere"
    shutil.copy(data / "audit-anchors", second)
    new = tmp_path / "new"
    assert kyumei("restore", str(into), data=new).returncode == 0
    done = kyumei("audit", "verify", "--heads", str(second), data=new)
    assert done.returncode == 0, done.stderr
    assert "says that the relay was restored from a backup" in done.stderr
    spoil(new, "UPDATE decisions SET decision = 'not-stemi'")
    assert kyumei("audit", "verify", "--heads", str(second), data=new).returncode == 1


def test_a_backup_of_an_older_version_asks_for_the_migration(
    made: Path, into: Path, tmp_path: Path
) -> None:
    backup = Path(str(backed_up(made, into)["backup"]))
    spoil(backup, "UPDATE alembic_version SET version_num = '0005'")
    done = kyumei("restore", str(into), data=tmp_path / "new")
    assert done.returncode == 1
    assert "kyumei migrate" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "kyumei", str(folder)]
    subprocess.run(mount, check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_for_backups_leaves_no_half_of_one(
    made: Path, small_disk: Path, tmp_path: Path
) -> None:
    data = copied(made, tmp_path / "data").data_dir
    (data / "ecg" / "0000000009.seg").write_bytes(
        b"".join(p.read_bytes() for p in (data / "ecg").glob("*1.seg")) * 20
    )
    before = rows(data, "audit")
    one_sentence(kyumei("backup", str(small_disk / "b"), data=data), 1, "was not made (No space")
    assert backups_in(small_disk / "b") == []
    assert [p.name for p in (small_disk / "b").iterdir()] == [".lock"]
    assert rows(data, "audit") == before


async def test_beside_a_running_relay_with_a_patient_on_it(into: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with a_world(data) as world, world.tablet() as tablet:
        await a_patient(world, tablet)
        told = await asyncio.to_thread(backed_up, data, into)
        assert told["ok"] is True
        assert (await asyncio.to_thread(kyumei, "verify", "--deep", data=data)).returncode == 0
    done = await asyncio.to_thread(kyumei, "restore", str(into), data=tmp_path / "new")
    assert done.returncode == 0, done.stdout
    assert len(rows(tmp_path / "new", "decisions")) == 1
