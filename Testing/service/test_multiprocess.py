"""Many inputs at a time: in processes of this machine, and over Ray with two local workers. Real processes, one of
which is killed."""

from __future__ import annotations

import csv
import os
import signal
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk
from workers import wait_for

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import Cancelled, DependencyError, WorkerError
from UnifiedViTLib.service.batch.multiprocess import multiprocess, worker_environments
from UnifiedViTLib.service.batch.ray_cluster import ray_cluster
from UnifiedViTLib.service.batch.runner import BatchSettings, process_files, serial

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found through /proc")


@pytest.fixture(scope="module")
def spec(proven):
    return proven


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Five heads, and between them a file that is none."""
    folder = tmp_path_factory.mktemp("scans")
    for number in range(5):
        volume = head_volume(None, (2.0, 2.0, 4.0), (6 + number, 40, 36))
        sitk.WriteImage(to_sitk(volume), str(folder / f"head-{number}.nrrd"))
    (folder / "head-2a.nrrd").write_text("not an image")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def expected(spec, scans, tmp_path_factory, warm_client):
    """What one process after the other makes of them."""
    folder = tmp_path_factory.mktemp("expected")
    return folder, process_files(scans, folder, BatchSettings(spec, device="cpu"), serial(warm_client))


def assert_as_expected(folder: Path, rows, expected) -> None:
    """The same files and lines, but for the time they took."""
    other, others = expected
    assert [row | {"total_s": ""} for row in rows] == [row | {"total_s": ""} for row in others]
    with open(folder / "results.csv", newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == rows
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in other.iterdir())
    for row in rows:
        if row["status"] == "done":
            one, two = (sitk.ReadImage(str(f / f"{row['result']}.seg.nrrd")) for f in (folder, other))
            assert one == two or (sitk.GetArrayFromImage(one) == sitk.GetArrayFromImage(two)).all()


def test_two_processes_give_what_one_gives_in_the_order_of_the_inputs(spec, scans, expected, tmp_path):
    ended, told = [], []
    rows = process_files(scans, tmp_path, BatchSettings(spec, device="cpu"), multiprocess(2),
                         progress=lambda stage, done: told.append(done), ended=ended.append)
    assert_as_expected(tmp_path, rows, expected)
    assert len(ended) == 6 and sorted(told) == told and told[-1] == pytest.approx(1.0)
    assert [end.path.name for end in ended if end.row["status"] == "failed"] == ["head-2a.nrrd"]


def test_an_input_whose_process_is_killed_is_done_again(spec, scans, expected, tmp_path):
    killed, before = [], workers()

    def kill_once(stage: str, done: float) -> None:
        if not killed and "slice" in stage:
            killed.extend(workers() - before)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    rows = process_files(scans, tmp_path, BatchSettings(spec, device="cpu"), multiprocess(2), progress=kill_once)
    assert killed
    assert_as_expected(tmp_path, rows, expected)
    wait_for(lambda: workers() == before)


def test_what_stops_a_batch_ends_all_its_processes_and_keeps_what_was_done(spec, scans, tmp_path):
    done, before = [], workers()

    def stop(end) -> None:
        done.append(end)
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        process_files(scans, tmp_path, BatchSettings(spec, device="cpu"), multiprocess(2), ended=stop)
    wait_for(lambda: workers() == before)
    assert len(done) == 1
    with open(tmp_path / "results.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert str(done[0].path) in [row["input"] for row in rows]  # the other process may have ended one at that moment
    assert all((tmp_path / f"{row['result']}.seg.nrrd").exists() for row in rows if row["status"] == "done")


def test_processes_share_cores_and_graphics_cards(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert worker_environments(2, 8, []) == [{"OMP_NUM_THREADS": "4"}] * 2
    assert [one["CUDA_VISIBLE_DEVICES"] for one in worker_environments(3, 2, ["0", "2"])] == ["0", "2", "0"]
    assert worker_environments(3, 2, ["0"])[0]["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")  # what the user set is left alone
    assert worker_environments(2, 8, []) == [{}, {}]


def test_the_command_line_takes_jobs_and_goes_on_where_it_ended(spec, scans, tmp_path, capsys):
    command = ["predict", *map(str, scans), "-o", str(tmp_path), "-m", str(spec.folder), "--device", "cpu"]
    assert main([*command, "--jobs", "2"]) == 1  # one of them is no image
    said = capsys.readouterr()
    assert "5 of 6 done" in said.out and "head-2a.nrrd" in said.err
    assert main([*command, "--jobs", "2", "--skip-existing"]) == 1
    assert capsys.readouterr().out.count("done before") == 5
    with pytest.raises(SystemExit):
        main([*command, "--jobs", "0"])


def test_a_home_folder_in_which_ray_cannot_write_is_told(spec, scans, tmp_path, monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed (the extra cluster)")
    monkeypatch.setenv("HOME", "/proc/nobody")
    with pytest.raises(WorkerError, match="set HOME to one that can be written to"):
        process_files(scans, tmp_path, BatchSettings(spec, device="cpu"), ray_cluster("", 2))


def test_two_actors_of_a_cluster_give_what_one_process_gives_though_one_is_killed(spec, scans, expected, tmp_path,
                                                                                             monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed (the extra cluster)")
    monkeypatch.setenv("HOME", str(tmp_path.parent))  # a file of Ray's lies there
    monkeypatch.setenv("RAY_worker_niceness", "0")  # Ray's workers give way to all others, tests beside it too
    killed = []

    def kill_once(end) -> None:
        if not killed:
            killed.extend(actors()[:1])
            os.kill(killed[0], signal.SIGKILL)

    rows = process_files(scans, tmp_path, BatchSettings(spec, device="cpu"), ray_cluster("", 2), ended=kill_once)
    assert killed
    assert_as_expected(tmp_path, rows, expected)


def test_without_ray_a_sentence_says_how_to_install_it(spec, scans, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyError, match="pip install"):
        process_files(scans, tmp_path, BatchSettings(spec, device="cpu"), ray_cluster("", 2))


def workers() -> set[int]:
    """Workers of this process that live; those of other tests among them."""
    return {pid for pid, parent, line in processes() if parent == os.getpid() and "service.worker" in line}


def actors() -> list[int]:
    """Processes in which Ray runs actors that look."""
    return [pid for pid, _, line in processes() if "ray::" in line and "Map(PredictActor)" in line]


def processes() -> list[tuple[int, int, str]]:
    """Process, parent, command line of all processes."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit():
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append((int(folder.name), parent, line))
        except OSError:  # it has ended
            continue
    return found
