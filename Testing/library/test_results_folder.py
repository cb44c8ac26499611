"""One folder, many runs: nothing is overwritten that is not ours, nothing is mixed up, nothing is lost."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from results import make_prediction, put

from UnifiedViTLib.errors import OutputError
from UnifiedViTLib.outputs import folder as folder_module
from UnifiedViTLib.outputs.folder import ResultsFolder
from UnifiedViTLib.outputs.inventory import HIDDEN, Inventory
from UnifiedViTLib.outputs.results_table import CSV_FIELDS
from UnifiedViTLib.outputs.writing import PART


@pytest.fixture(scope="module")
def prediction(tmp_path_factory):
    return make_prediction(tmp_path_factory.mktemp("model"))


@pytest.fixture
def results(tmp_path) -> ResultsFolder:
    return ResultsFolder(tmp_path / "out")


def scan(folder: Path, name: str = "head.nrrd", content: bytes = b"a scan") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def names(results: ResultsFolder) -> list[str]:
    return sorted(path.name for path in results.folder.iterdir() if path.name != HIDDEN)


def table(results: ResultsFolder, name: str = "results.csv") -> list[dict[str, str]]:
    with open(results.folder / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def failed(source: Path, error: str = "It is damaged.") -> dict[str, str]:
    return dict.fromkeys(CSV_FIELDS, "") | {"input": str(source), "status": "failed", "error": error}


def test_two_images_of_one_name_have_a_result_each_whichever_run_they_come_from(results, prediction, tmp_path):
    one, two = scan(tmp_path / "p1"), scan(tmp_path / "p2")
    put(results, prediction, one)
    first = (results.folder / "head.json").read_bytes()
    entry, told = put(ResultsFolder(results.folder), prediction, two)
    assert entry.name == "head-2" and "called head-2, as there are other files called head" in told
    assert (results.folder / "head.json").read_bytes() == first
    rows = results.write_table()
    assert [(row["input"], row["result"]) for row in rows] == [(str(one), "head"), (str(two), "head-2")]
    assert table(results) == rows


def test_the_same_image_again_takes_the_place_of_its_earlier_result(results, prediction, tmp_path):
    source = scan(tmp_path / "in")
    put(results, prediction, source, plane="axial")
    entry, told = put(results, prediction, source, plane="coronal")
    assert (entry.name, told) == ("head", "")
    assert names(results) == ["head.html", "head.json", "head.seg.nrrd"]
    assert "coronal" in (results.folder / "head.html").read_text()
    assert len(results.write_table()) == 1


@pytest.mark.parametrize("name", ["head.png", "head.json", "head.seg.nrrd", "HEAD.JSON", "head.heatmap.nrrd"])
def test_a_file_of_somebody_else_is_never_written_over(results, prediction, tmp_path, name):
    foreign = results.folder / name
    foreign.write_bytes(b"of an expert")
    entry, told = put(results, prediction, scan(tmp_path / "in"))
    assert entry.name == "head-2" and "head-2" in told
    assert foreign.read_bytes() == b"of an expert"
    again, _ = put(results, prediction, tmp_path / "in" / "head.nrrd", earlier=("head-2",))
    assert again.name == "head-2" and len(results.entries()) == 1


def test_a_mask_that_an_expert_corrected_stays_and_the_new_result_takes_another_name(results, prediction, tmp_path):
    source = scan(tmp_path / "in")
    put(results, prediction, source)
    mask = results.folder / "head.seg.nrrd"
    mask.write_bytes(b"corrected by hand")
    entry, told = put(results, prediction, source, tta=True)
    assert entry.name == "head-2" and "head.seg.nrrd was changed since then, and stays" in told
    assert mask.read_bytes() == b"corrected by hand"
    assert names(results) == ["head-2.html", "head-2.json", "head-2.seg.nrrd", "head.seg.nrrd"]


def test_an_image_that_fails_now_has_no_files_of_an_earlier_success(results, prediction, tmp_path):
    source, other = scan(tmp_path / "in"), scan(tmp_path / "in", "other.nrrd")
    put(results, prediction, source)
    put(results, prediction, other, "other")
    source.write_bytes(source.read_bytes()[:-1])
    told = results.fail(str(source), "tiny", failed(source), ["head"])
    assert "head.*, were removed" in told
    assert names(results) == ["other.html", "other.json", "other.seg.nrrd"]
    assert [row["status"] for row in results.write_table()] == ["failed", "done"]
    put(results, prediction, source)
    assert [row["status"] for row in ResultsFolder(results.folder).write_table()] == ["done", "done"]


def test_a_failure_of_an_image_that_is_as_it_was_leaves_the_earlier_result(results, prediction, tmp_path):
    source = scan(tmp_path / "in")
    put(results, prediction, source)
    assert "still there" in results.fail(str(source), "tiny", failed(source), ["head"])
    assert names(results) == ["head.html", "head.json", "head.seg.nrrd"]
    assert [row["status"] for row in results.write_table()] == ["done"]


def test_a_result_that_could_not_be_written_leaves_the_earlier_one_whole(results, prediction, tmp_path):
    source = scan(tmp_path / "in")
    put(results, prediction, source)
    assert "still there" in results.fail(str(source), "tiny", failed(source), ["head"], keep=True)
    assert [row["status"] for row in results.write_table()] == ["done"]


def test_the_table_is_made_of_what_lies_in_the_folder_and_keeps_what_other_runs_did(results, prediction, tmp_path):
    sources = [scan(tmp_path / f"p{n}") for n in range(3)]
    put(results, prediction, sources[0])
    results.fail(str(sources[1]), "tiny", failed(sources[1]), ["head"])
    results.write_table()
    other = ResultsFolder(results.folder)
    put(other, prediction, sources[2])
    other.write_table()
    assert [(row["input"], row["status"]) for row in table(results)] == [
        (str(sources[0]), "done"), (str(sources[1]), "failed"), (str(sources[2]), "done")]
    (results.folder / "head.html").unlink()
    row = results.write_table()[0]
    assert row["status"] == "incomplete" and "head.html is missing" in row["error"]


@pytest.mark.parametrize("how", ["corrected", "cut", "of the same size"])
def test_a_mask_that_is_another_since_it_was_written_has_no_volumes_in_the_table_of_a_later_run(
        results, prediction, tmp_path, how):
    put(results, prediction, scan(tmp_path / "in"))
    measured = results.write_table()[0]
    assert measured["status"] == "done" and measured["volume_ml"]
    mask = results.folder / "head.seg.nrrd"
    written = mask.read_bytes()
    mask.write_bytes({"corrected": b"by hand", "cut": written[:-9], "of the same size": written[::-1]}[how])
    for folder in (results, ResultsFolder(results.folder)):
        row = folder.write_table()[0]
        assert row["status"] == "changed" and row["volume_ml"] == "" and row["diagnosis"] == measured["diagnosis"]
        assert "head.seg.nrrd was changed, or cut, after it was written" in row["error"]
    mask.write_bytes(written)
    assert results.write_table()[0] == measured


@pytest.mark.parametrize("ours", [False, True])
def test_a_table_of_somebody_else_or_edited_by_hand_is_never_replaced(results, prediction, tmp_path, ours):
    foreign = results.folder / "results.csv"
    if ours:
        put(results, prediction, scan(tmp_path / "in"))
        results.write_table()
        foreign.write_text(foreign.read_text().replace("glioma", "meningioma"))
    else:
        foreign.write_text("patient,age\n1,60\n")
    before = foreign.read_bytes()
    put(results, prediction, scan(tmp_path / "in"))
    for _ in range(2):
        results.write_table()
        assert foreign.read_bytes() == before
    assert len(table(results, "results-2.csv")) == 1 and results.state().table == "results-2.csv"


def test_no_cell_of_the_table_is_computed_by_a_spreadsheet_and_names_without_a_character_do_no_harm(results, tmp_path):
    for name in ("=1+2", "@sum", os.fsdecode(b"caf\xe9"), "\x1b[31mred"):
        results.fail(name, "tiny", failed(Path(name), f"-{name}"), [])
    results.write_table()
    for row in table(results):
        assert row["input"][0] not in "=@" and row["error"].startswith("'-") and "\x1b" not in row["error"]


def test_our_own_files_are_known_by_their_content_and_nothing_else_is(results, prediction, tmp_path):
    put(results, prediction, scan(tmp_path / "in"))
    results.write_table()
    (results.folder / "slice.png").write_bytes(b"a picture")
    (results.folder / "other.json").write_text("{}")
    (results.folder / "other.csv").write_text("a,b\n")
    own = {"head.html", "head.json", "head.seg.nrrd", "results.csv"}
    assert Inventory(results.folder).owned(names(results)) == own
    (results.folder / "head.html").write_text("somebody else's")
    assert Inventory(results.folder).owned(names(results)) == own - {"head.html"}


def test_two_results_of_one_image_become_the_newest_when_the_table_is_written(results, prediction, tmp_path):
    source = scan(tmp_path / "in")
    put(results, prediction, source, "one")
    time.sleep(0.02)
    put(results, prediction, source, "two")
    rows = results.write_table()
    assert [row["result"] for row in rows] == ["two"]
    assert names(results) == ["results.csv", "two.html", "two.json", "two.seg.nrrd"]


def test_a_copy_of_a_json_is_no_second_result_and_costs_the_first_none_of_its_files(results, prediction, tmp_path):
    put(results, prediction, scan(tmp_path / "in"))
    shutil.copy2(results.folder / "head.json", results.folder / "head (copy).json")
    (row,) = ResultsFolder(results.folder).write_table()
    assert (row["result"], row["status"]) == ("head", "done")
    assert names(results) == ["head (copy).json", "head.html", "head.json", "head.seg.nrrd", "results.csv"]


def test_threads_that_write_the_same_names_at_once_lose_and_mix_nothing(results, prediction, tmp_path):
    sources = [scan(tmp_path / f"p{n}") for n in range(8)]
    errors = []

    def write(some):
        try:
            own = ResultsFolder(results.folder)
            for source in some:
                put(own, prediction, source)
                own.write_table()
        except Exception as error:  # told in the main thread
            errors.append(error)

    threads = [threading.Thread(target=write, args=(sources[start:] + sources[:start],)) for start in (0, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    rows = results.write_table()
    assert sorted(row["input"] for row in rows) == sorted(map(str, sources)) and len(results.entries()) == 8
    for entry in results.entries():
        page = (results.folder / f"{entry.name}.html").read_text()
        assert entry.request.source in page
        for file in entry.manifest.outputs:
            assert hashlib.sha256((results.folder / file.name).read_bytes()).hexdigest() == file.sha256
    assert not list((results.folder / HIDDEN).glob("staged-*"))


def test_of_two_results_of_an_image_the_one_that_was_read_later_counts_whatever_copying_did_to_dates(
        results, prediction, tmp_path):
    source = scan(tmp_path / "in")
    put(results, prediction, source, "first")
    put(results, prediction, source, "second")
    os.utime(results.folder / "first.json", (4e9, 4e9))
    (row,) = ResultsFolder(results.folder).write_table()
    assert row["result"] == "second" and not (results.folder / "first.json").exists()


def test_a_table_that_a_spreadsheet_holds_open_is_told_and_listed_later(results, prediction, tmp_path, monkeypatch):
    put(results, prediction, scan(tmp_path / "one"), "one")
    results.write_table()
    put(results, prediction, scan(tmp_path / "two"), "two")
    real = os.replace

    def replace(src, dst):
        if Path(dst) == results.folder / "results.csv":
            raise PermissionError(13, "Permission denied", str(src), None, str(dst))  # as Windows does
        real(src, dst)

    with monkeypatch.context() as patch:
        patch.setattr(folder_module.os, "replace", replace)
        with pytest.raises(OutputError, match=r"^results\.csv in .*out cannot be replaced: Permission denied\. Close"):
            results.write_table()
    assert len(table(results)) == 1
    assert len(results.write_table()) == len(table(results)) == 2 and results.state().table == "results.csv"


def test_results_that_another_run_removes_meanwhile_are_passed_over(results, prediction, tmp_path, monkeypatch):
    put(results, prediction, scan(tmp_path / "one"), "one")
    put(results, prediction, scan(tmp_path / "two"), "two")
    listed = Inventory._listed

    def removed_since(inventory):
        items = listed(inventory)
        (results.folder / "one.json").unlink(missing_ok=True)
        return items

    monkeypatch.setattr(Inventory, "_listed", removed_since)
    assert [entry.name for entry in Inventory(results.folder).entries()] == ["two"]


@pytest.mark.parametrize("renames", range(4))
def test_a_crash_at_any_moment_leaves_nothing_that_looks_done_and_the_next_run_puts_it_right(
        results, prediction, tmp_path, monkeypatch, renames):
    source = scan(tmp_path / "in")
    put(results, prediction, source, plane="axial")
    real, count = os.replace, [0]

    class Killed(BaseException):
        """As if the process ended here."""

    def replace(src, dst):
        if Path(dst).parent == results.folder:
            if count[0] == renames:
                raise Killed
            count[0] += 1
        real(src, dst)

    with monkeypatch.context() as patch:
        patch.setattr(folder_module.os, "replace", replace)
        if renames < 3:
            with pytest.raises(Killed):
                put(results, prediction, source, plane="coronal")
        else:
            put(results, prediction, source, plane="coronal")
    statuses = [row["status"] for row in results.write_table()]
    assert statuses == (["done"] if renames == 3 else ["incomplete"])
    put(results, prediction, source, plane="coronal")
    assert [row["status"] for row in results.write_table()] == ["done"]
    assert names(results) == ["head.html", "head.json", "head.seg.nrrd", "results.csv"]


def test_what_a_killed_process_left_behind_is_removed_and_what_a_living_one_writes_is_not(results):
    code = ("import sys, time\nfrom pathlib import Path\nfrom UnifiedViTLib.outputs.folder import ResultsFolder\n"
            "with ResultsFolder(Path(sys.argv[1])).staging() as stage:\n"
            "    (stage / 'result.seg.nrrd').write_bytes(b'of a patient')\n    print('there', flush=True)\n"
            "    time.sleep(60)\n")
    process = subprocess.Popen([sys.executable, "-c", code, str(results.folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "there\n"
        results.sweep()
        assert len(list((results.folder / HIDDEN).glob("staged-*/*"))) == 1
    finally:
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        process.wait()
        process.stdout.close()
    (results.folder / HIDDEN / f"{PART}0-1-2-state.json").write_text("{")
    results.sweep()
    assert sorted(path.name for path in (results.folder / HIDDEN).iterdir()) == ["lock"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"cannot be made or written to .*Choose another"):
        ResultsFolder(tmp_path / "file" / "out")
