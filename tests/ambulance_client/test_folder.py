"""A folder that a cart drops its records into."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ambulance_client.panel.state import panel_state
from ambulance_client.sources.folder import WatchedFolder
from ambulance_client.tablet import TabletSettings, running_tablet
from relay.errors import BadInput
from tests.city import free_port, until
from tests.patience import PATIENCE_S

LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def drop(
    folder: Path,
    name: str,
    n: int = 2_500,
    *,
    header_last: bool = True,
    when: str = "",
    who: str = "",
) -> np.ndarray:
    adc = np.random.default_rng(len(name)).integers(-900, 900, (n, len(LEADS))).astype("<i2")
    rows = [f"{name}.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in LEADS]
    header = "\n".join([f"{name} {len(LEADS)} 250 {n} {when}".strip(), *rows, who, ""])
    parts = [(f"{name}.dat", adc.tobytes()), (f"{name}.hea", header.encode())]
    for file, data in parts if header_last else parts[::-1]:
        (folder / file).write_bytes(data)
    return adc


async def _all(source) -> np.ndarray:
    return np.concatenate([s.adc async for s in source.segments()], axis=1)


async def test_what_arrives_is_taken_once_and_moved_what_lay_there_is_left(tmp_path: Path) -> None:
    drop(tmp_path, "yesterday")
    folder = WatchedFolder(tmp_path)
    assert "1 older" in folder.waiting_for
    adc = drop(tmp_path, "now")

    source = await asyncio.wait_for(folder.next(), PATIENCE_S)
    assert np.array_equal(await _all(source), adc.T)
    assert source.info.live is False
    await folder.finished(source)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["sent", "yesterday.dat", "yesterday.hea"]
    assert sorted(p.name for p in (tmp_path / "sent").iterdir()) == ["now.dat", "now.hea"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(folder.next(), 1.5)


async def test_a_name_used_again_is_a_new_record_and_overwrites_nothing(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    for _ in range(2):
        drop(tmp_path, "ecg")
        await folder.finished(await asyncio.wait_for(folder.next(), PATIENCE_S))

    kept = sorted(p.name for p in (tmp_path / "sent").iterdir())
    assert kept == ["ecg-2.dat", "ecg-2.hea", "ecg.dat", "ecg.hea"]


async def test_a_file_still_being_written_waits(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    adc = drop(tmp_path, "slow", header_last=False)
    data = (tmp_path / "slow.dat").read_bytes()
    (tmp_path / "slow.dat").write_bytes(b"")
    waiting = asyncio.create_task(folder.next())
    for end in range(8_000, len(data) + 8_000, 8_000):
        (tmp_path / "slow.dat").write_bytes(data[:end])
        await asyncio.sleep(0.2)
        assert not waiting.done()

    assert np.array_equal(await _all(await asyncio.wait_for(waiting, PATIENCE_S)), adc.T)


async def test_a_copy_that_pauses_waits_and_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    adc = drop(tmp_path, "half")
    data = (tmp_path / "half.dat").read_bytes()
    (tmp_path / "half.dat").write_bytes(data[:5_000])
    waiting = asyncio.create_task(folder.next())
    await asyncio.sleep(2.0)  # four looks without a change
    assert not waiting.done()
    other = drop(tmp_path, "other")
    taken = await asyncio.wait_for(waiting, PATIENCE_S)
    assert np.array_equal(await _all(taken), other.T)
    await folder.finished(taken)

    (tmp_path / "half.dat").write_bytes(data)
    assert np.array_equal(await _all(await asyncio.wait_for(folder.next(), PATIENCE_S)), adc.T)


async def test_an_unreadable_file_is_put_aside_with_a_sentence_and_the_next_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ambulance_client.sources.folder.UNREADABLE_AFTER_S", 1.0)
    folder = WatchedFolder(tmp_path)
    (tmp_path / "bad.hea").write_text("bad 1 500 9000\nbad.dat 16 1000/mV 16 0 0 0 0 I\n")
    (tmp_path / "bad.dat").write_bytes(b"\0" * 100)
    with pytest.raises(BadInput, match="bad") as caught:
        await asyncio.wait_for(folder.next(), PATIENCE_S)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "unreadable" / "bad.hea").is_file()
    drop(tmp_path, "good")
    assert await asyncio.wait_for(folder.next(), PATIENCE_S)


async def test_a_dropped_file_becomes_a_recording_with_its_snapshot(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="x",
        source=f"folder:{incoming}",
        spool=tmp_path / "spool",
    )
    async with running_tablet(settings) as tablet:
        await until(lambda: "Waiting for a file" in tablet.intake.text)
        drop(incoming, "first")
        await until(lambda: len(tablet.case.snapshots) == 1)
        drop(incoming, "second", n=1_000)
        await until(lambda: len(tablet.case.snapshots) == 2)
        await until(lambda: tablet.intake.state == "waiting")

        assert {line.reason for line in tablet.case.fold.lines.values()} == {"file"}
        assert tablet.recorder.newest_sample == 1_000
        assert tablet.backlog_s >= 10


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is at rest is judged after half a second."""
    monkeypatch.setattr("ambulance_client.sources.folder.UNREADABLE_AFTER_S", 0.5)
    monkeypatch.setattr("ambulance_client.sources.folder.ALONE_AFTER_S", 1.0)


def _tablet(tmp_path: Path, incoming: Path):
    incoming.mkdir(exist_ok=True)
    return running_tablet(
        TabletSettings(
            unit="救急1",
            relay_url=f"ws://localhost:{free_port()}/link/v1",
            token="x",
            source=f"folder:{incoming}",
            spool=tmp_path / "spool",
        )
    )


def _causes(tablet) -> list[object]:
    return [line["cause"] for line in tablet.remarks.lines]


BAD_FILES = {
    "no-names": ("no-names.hea", "no-names 1 250 9\nno-names.dat 16\n", "file-no-lead-names"),
    "gain-0": ("g.hea", "g 1 250 9\ng.dat 16 0 16 0 0 0 0 I\n", "file-not-calibrated"),
    "cut-off": ("c.hea", "c 1 250 9000\nc.dat 16 200/mV 16 0 0 0 0 I\n", "file-incomplete"),
    "rubbish": ("r.hea", "what is this\n", "file-unusable"),
    "alone": ("a.hea", "a 1 250 9\nnever-comes.dat 16 200/mV 16 0 0 0 0 I\n", "file-alone"),
    "pdf": ("report.pdf", "%PDF-1.4 and so on", "file-other-format"),
    "dicom": ("ecg", "\0" * 128 + "DICM", "file-other-format"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
async def test_no_file_keeps_the_next_from_being_taken_and_each_is_said_until_it_is_read(
    tmp_path: Path, soon: None, kind: str
) -> None:
    name, text, cause = BAD_FILES[kind]
    incoming = tmp_path / "incoming"
    async with _tablet(tmp_path, incoming) as tablet:
        await until(lambda: tablet.intake.state == "waiting")
        (incoming / name).write_text(text)
        if kind in {"no-names", "gain-0", "cut-off"}:
            (incoming / f"{Path(name).stem}.dat").write_bytes(bytes(18))
        await until(lambda: cause in _causes(tablet))
        drop(incoming, "good")
        await until(lambda: len(tablet.case.snapshots) == 1)
        await tablet.new_case()
        state = panel_state(tablet)
        assert [line["cause"] for line in state["remarks"]] == [cause]
        assert Path(name).stem in state["remarks"][0]["words_ja"]
    async with _tablet(tmp_path, incoming) as tablet:  # a restart is no reading
        assert _causes(tablet) == [cause]
        await tablet.remarks.seen([str(tablet.remarks.lines[0]["id"])])
        assert tablet.remarks.lines == []
    async with _tablet(tmp_path, incoming) as tablet:
        assert tablet.remarks.lines == []


async def test_a_fault_of_ours_in_a_file_takes_nothing_with_it(
    tmp_path: Path, soon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ambulance_client.sources import folder as folder_module

    real = folder_module.read_record  # type: ignore[attr-defined]

    def breaks(path: Path):
        if path.stem == "odd":
            raise AttributeError("NoneType has no strip")
        return real(path)

    monkeypatch.setattr(folder_module, "read_record", breaks)
    incoming = tmp_path / "incoming"
    async with _tablet(tmp_path, incoming) as tablet:
        await until(lambda: tablet.intake.state == "waiting")
        drop(incoming, "odd")
        await until(lambda: "file-unusable" in _causes(tablet))
        drop(incoming, "good")
        await until(lambda: len(tablet.case.snapshots) == 1)
    assert (incoming / "unreadable" / "odd.dat").is_file()


async def test_a_source_that_breaks_is_said_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ambulance_client.intake.RETRY_S", 0.1)
    looked = WatchedFolder._look
    broken = {"times": 2}

    def look(self: WatchedFolder):
        if getattr(self, "_last", None) is not None and broken["times"]:
            broken["times"] -= 1
            raise AttributeError("a fault of ours")
        return looked(self)

    monkeypatch.setattr(WatchedFolder, "_look", look)
    incoming = tmp_path / "incoming"
    async with _tablet(tmp_path, incoming) as tablet:
        await until(lambda: broken["times"] == 0)
        await until(lambda: tablet.intake.state == "waiting")
        drop(incoming, "good")
        await until(lambda: len(tablet.case.snapshots) == 1)
        await tablet.new_case()  # a dead intake raised here


async def test_a_file_written_again_is_new_and_capitals_are_read(tmp_path: Path) -> None:
    drop(tmp_path, "ecg")
    folder = WatchedFolder(tmp_path)
    adc = drop(tmp_path, "ecg", n=2_000)
    (tmp_path / "ecg.hea").rename(tmp_path / "ecg.HEA")
    source = await asyncio.wait_for(folder.next(), PATIENCE_S)
    assert np.array_equal(await _all(source), adc.T)
    await folder.finished(source)
    assert sorted(p.name for p in (tmp_path / "sent").iterdir()) == ["ecg.HEA", "ecg.dat"]


async def test_an_old_ecg_of_somebody_else_is_sent_and_said_and_fills_no_card(
    tmp_path: Path,
) -> None:
    incoming = tmp_path / "incoming"
    async with _tablet(tmp_path, incoming) as tablet:
        await until(lambda: tablet.intake.state == "waiting")
        drop(incoming, "woman", when="08:15:00 03/02/2019", who="# age: 34\n# sex: F")
        await until(lambda: len(tablet.case.snapshots) == 1)
        await until(lambda: tablet.remarks.lines)
        assert tablet.case.patient.age_years is None
        assert "recorded 2019-02-03 08:15" in str(tablet.remarks.lines[0]["words_en"])
        await tablet.set_patient({"age_years": 61, "sex": "M"})
        origin = panel_state(tablet)["snapshots"][0]["origin"]
        assert origin["doubts"] == ["old", "other-age", "other-sex"]
        assert "患者情報は61歳男性" in origin["doubts_ja"]


async def test_samples_of_another_case_are_known_again_after_a_restart(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    async with _tablet(tmp_path, incoming) as tablet:
        await until(lambda: tablet.intake.state == "waiting")
        drop(incoming, "ecg", who="# age: 61\n# sex: M")
        await until(lambda: len(tablet.case.snapshots) == 1)
        assert tablet.case.patient.age_years == 61
    async with _tablet(tmp_path, incoming) as tablet:
        await tablet.new_case()
        drop(incoming, "ecg", who="# age: 61\n# sex: M")  # at once: it belongs to the new case
        await until(lambda: len(tablet.case.snapshots) == 1)
        line = panel_state(tablet)["snapshots"][0]
        assert line["origin"]["doubts"] == ["same-samples"]
        assert tablet.case.patient.age_years is None
        await until(lambda: "file-of-somebody-else" in _causes(tablet))


@pytest.mark.parametrize(("seconds", "asked_before"), [(10, False), (4, False), (12, True)])
async def test_a_replay_that_ends_unread_is_asked_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, asked_before: bool
) -> None:
    """A ten-second STEMI given as wfdb:… ended without a snapshot, an alarm or a word."""
    monkeypatch.setattr("ambulance_client.coach.Coach.look", lambda *_: None)
    drop(tmp_path, "ecg", n=seconds * 250)
    settings = TabletSettings(
        unit="救急1",
        relay_url=f"ws://localhost:{free_port()}/link/v1",
        token="x",
        source=f"wfdb:{tmp_path / 'ecg'}",
        spool=tmp_path / "spool",
    )
    async with running_tablet(settings) as tablet:
        if asked_before:
            await until(lambda: tablet.recorder and tablet.recorder.newest_sample >= 2_500)
            await tablet.snapshot()
        await until(lambda: tablet.intake.state == "ended")
        lines = list(tablet.case.fold.lines.values())
        assert [line.reason for line in lines] == ["manual" if asked_before else "file"]
        assert lines[0].asks


async def test_signals_beside_the_leads_are_said_to_be_left_out(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    async with _tablet(tmp_path, incoming) as tablet:
        await until(lambda: tablet.intake.state == "waiting")
        adc = np.arange(2_500 * 2, dtype="<i2").reshape(-1, 2) % 500
        (incoming / "r.dat").write_bytes(adc.tobytes())
        rows = ["r.dat 16 1000/mV 16 0 0 0 0 I", "r.dat 16 1/% 16 0 0 0 0 SpO2"]
        (incoming / "r.hea").write_text("\n".join(["r 2 250 2500", *rows, ""]))
        await until(lambda: "file-left-out" in _causes(tablet))
        assert "SpO2" in str(tablet.remarks.lines[0]["words_ja"])
        assert tablet.remarks.refused == ""  # nothing was refused


async def test_a_folder_that_cannot_be_tidied_is_said_and_the_record_is_taken_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    incoming = tmp_path / "incoming"

    def denied(self: Path, _target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    async with _tablet(tmp_path, incoming) as tablet:
        await until(lambda: tablet.intake.state == "waiting")
        monkeypatch.setattr(Path, "rename", denied)
        drop(incoming, "ecg")
        await until(lambda: "file-not-moved" in _causes(tablet))
        drop(incoming, "more", n=1_000)
        await until(lambda: len(tablet.case.snapshots) == 2)  # the second one, not the first again
        monkeypatch.undo()


async def test_a_folder_that_went_away_is_said_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ambulance_client.intake.RETRY_S", 0.1)
    incoming = tmp_path / "incoming"
    async with _tablet(tmp_path, incoming) as tablet:
        await until(lambda: tablet.intake.state == "waiting")
        incoming.rename(tmp_path / "away")
        await until(lambda: tablet.intake.told.get("cause") == "folder-unreadable")
        assert panel_state(tablet)["source"]["words_ja"].startswith("心電計のフォルダ")
        (tmp_path / "away").rename(incoming)
        drop(incoming, "ecg")
        await until(lambda: len(tablet.case.snapshots) == 1)
