"""Batches: each input has a result of its own, of these very files; nothing foreign is touched; no input ends the rest.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, tiny_model, to_sitk, write_series
from dicom_files import enhanced, image, place, save, series, stored
from pydicom import dcmread

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.inventory import HIDDEN
from UnifiedViTLib.outputs.manifest import DicomImage, read_result
from UnifiedViTLib.outputs.writing import PART
from UnifiedViTLib.service.batch.inputs import collect_inputs, find_inputs
from UnifiedViTLib.service.batch.runner import BatchSettings, process_files, serial
from UnifiedViTLib.service.worker import processing
from UnifiedViTLib.service.worker.processing import make_file_request, process_input


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    biases = {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}
    return tiny_model(tmp_path_factory.mktemp("model"), biases=biases)


@pytest.fixture(scope="module")
def executor(warm_client):
    return serial(warm_client)


@pytest.fixture
def run(spec, executor, tmp_path):
    """Look at inputs, into the folder "out" unless said otherwise; rows, and what was told of each."""

    def batch(*inputs: Path, out: str = "out", skip: bool = False, **options):
        told = []
        settings = BatchSettings(spec, Options(**options), "cpu")
        rows = process_files(list(inputs), tmp_path / out, settings, executor, skip_existing=skip, ended=told.append)
        return rows, [result.text for result in told]

    return batch


def scan(path: Path, slices: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(to_sitk(head_volume(None, (2.0, 2.0, 4.0), (slices, 40, 36))), str(path))
    return path


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.clip(head_volume(shape=(3, 45, 41)).array[1], 0, 255).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return path


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def table(folder: Path, name: str = "results.csv") -> list[dict[str, str]]:
    with open(folder / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def slices_of(mask: Path) -> int:
    return sitk.ReadImage(str(mask)).GetSize()[2]


def test_done_before_is_said_of_the_same_file_and_options_alone(run, tmp_path, monkeypatch):
    one, two = scan(tmp_path / "p1" / "t1c.nrrd", 3), scan(tmp_path / "p2" / "t1c.nrrd", 4)
    monkeypatch.chdir(one.parent)
    assert run(Path("t1c.nrrd"), skip=True)[0][0]["result"] == "t1c"
    monkeypatch.chdir(two.parent)
    rows, told = run(Path("t1c.nrrd"), skip=True)
    assert rows[0]["result"] == "t1c-2" and rows[0]["input"] == str(two) and "other files called t1c" in told[0]
    assert [slices_of(tmp_path / "out" / f"{name}.seg.nrrd") for name in ("t1c", "t1c-2")] == [3, 4]
    before = contents(tmp_path / "out")
    rows, told = run(one, two, skip=True)
    assert told == ["", ""] and contents(tmp_path / "out") == before
    assert "other options (tta)" in run(two, skip=True, tta=True)[1][0]
    scan(one, 5)
    assert "t1c.nrrd is not the file that it was" in run(one, skip=True)[1][0]
    assert slices_of(tmp_path / "out" / "t1c.seg.nrrd") == 5
    (tmp_path / "out" / "t1c.png").write_bytes(b"somebody's notes")
    rows, told = run(one, two, skip=True)
    assert "t1c.png was changed" in told[0] and "other options" in told[1]
    assert [row["result"] for row in table(tmp_path / "out")] == ["t1c-3", "t1c-2"]
    assert (tmp_path / "out" / "t1c.png").read_bytes() == b"somebody's notes"


def test_a_mask_corrected_by_hand_is_told_left_as_it_is_and_never_reported_with_the_old_volumes(run, tmp_path):
    one, two = scan(tmp_path / "one.nrrd"), scan(tmp_path / "two.nrrd", 4)
    before = run(one, two)[0][0]
    mask = tmp_path / "out" / "one.seg.nrrd"
    image = sitk.ReadImage(str(mask))
    sitk.WriteImage(image * 0 + 1, str(mask), True)
    corrected = mask.read_bytes()
    run(two, skip=True)
    row = table(tmp_path / "out")[0]
    assert row["status"] == "changed" and before["volume_ml"] and not row["volume_ml"]
    rows, told = run(one, two, skip=True)
    assert "done again: one.seg.nrrd was changed" in told[1] and "changed since then, and stays" in told[1]
    assert rows[0]["result"] == "one-2" and mask.read_bytes() == corrected
    assert [row["status"] for row in table(tmp_path / "out")] == ["done", "done"]


def test_results_beside_their_inputs_leave_these_and_all_other_files_as_they_are(run, tmp_path):
    folder = tmp_path / "out"
    picture(folder / "slice.png")
    scan(folder / "sub-01_T1w.nrrd")
    for name in ("sub-01_T1w.json", "results.csv", "sub-01_T1w-2.seg.nrrd", "notes.html"):
        (folder / name).write_text('{"EchoTime": 0.003}\n')
    before = contents(folder)
    for skip in (False, True):
        inputs = find_inputs(folder)
        assert [path.name for path in inputs] == ["slice.png", "sub-01_T1w.nrrd"]
        rows, _ = run(*inputs, skip=skip)
        assert [(row["status"], row["result"]) for row in rows] == [("done", "slice-2"), ("done", "sub-01_T1w-3")]
        after = contents(folder)
        assert {name: after[name] for name in before} == before
    assert [row["result"] for row in table(folder, "results-2.csv")] == ["slice-2", "sub-01_T1w-3"]


def test_rows_of_other_runs_stay_and_an_input_that_fails_now_has_none_of_its_earlier_files(run, tmp_path):
    one, two, three = (scan(tmp_path / "in" / f"{name}.nrrd") for name in "abc")
    run(one)
    run(two, three)
    assert [row["status"] for row in table(tmp_path / "out")] == ["done"] * 3
    two.write_bytes(two.read_bytes()[:500])
    rows, told = run(two, three, skip=True)
    assert [row["status"] for row in rows] == ["failed", "done"] and "b.*, were removed" in told[1] + told[0]
    assert [row["status"] for row in table(tmp_path / "out")] == ["done", "failed", "done"]
    assert not list((tmp_path / "out").glob("b.*"))
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    rows, told = run(one)
    assert rows[0]["status"] == "failed" and "The files of an earlier run are still there" in told[0]
    assert [row["status"] for row in table(tmp_path / "out")] == ["done", "failed", "done"]
    (tmp_path / "elsewhere").rename(tmp_path / "in")
    assert run(one, skip=True)[1] == [""] and len(table(tmp_path / "out")) == 3


def test_a_mistaken_option_costs_no_earlier_result(run, tmp_path):
    one = scan(tmp_path / "in" / "a.nrrd")
    run(one)
    before = contents(tmp_path / "out")
    outside = RegionOfInterest.from_bounds((slice(0, 2), slice(0, 20), slice(0, 20)),
                                           np.diag([1.0, 1, 1, 1]) + np.eye(4, 4, 3) * 5000, "far away")
    rows, told = run(one, region=outside)
    assert rows[0]["status"] == "failed" and "The files of an earlier run are still there" in told[0]
    assert contents(tmp_path / "out") == before and table(tmp_path / "out")[0]["status"] == "done"


def test_an_input_that_is_named_twice_is_looked_at_once(run, tmp_path):
    one = scan(tmp_path / "in" / "a.nrrd")
    rows, told = run(one, tmp_path / "in" / "." / "a.nrrd", Path(os.path.relpath(one)))
    assert len(rows) == len(told) == 1


def test_the_manifest_names_the_dicom_images_by_their_identifiers_and_no_person(run, tmp_path):
    one = series(tmp_path / "series")
    frames = save(enhanced(stored(), [place(k) for k in range(10)]), tmp_path / "frames.dcm")
    run(one, frames, scan(tmp_path / "plain.nrrd"))
    for name, path in (("series", one), ("frames", frames)):
        document, manifest = read_result(tmp_path / "out" / f"{name}.json")
        (image,) = manifest.dicom
        files = sorted(map(dcmread, one.iterdir() if path == one else [path]), key=lambda data: data.InstanceNumber)
        assert image == DicomImage(str(path), "1.2.1", files[0].SeriesInstanceUID,
                                   tuple(data.SOPInstanceUID for data in files))
        assert not any(word in json.dumps(document) for word in ("Phantom", "P4711"))
    assert read_result(tmp_path / "out" / "plain.json")[1].dicom == ()


def test_all_files_of_a_series_and_the_voxels_beside_a_header_are_in_the_manifest(run, tmp_path):
    volume = head_volume(None, (2.0, 2.0, 4.0), (4, 40, 36))
    series = write_series(tmp_path / "series", volume.array.astype(np.int16), volume.ijk_to_ras)
    header = scan(tmp_path / "in" / "a.mhd")
    rows, _ = run(series, header)
    assert [row["status"] for row in rows] == ["done", "done"]
    counts = [len(read_result(tmp_path / "out" / f"{name}.json")[1].inputs) for name in ("series", "a")]
    assert counts == [4, 2]
    raw = header.with_suffix(".raw")
    raw.write_bytes(raw.read_bytes()[::-1])
    assert "a.raw is not the file" in run(series, header, skip=True)[1][1]


def test_results_are_no_inputs_whatever_they_are_called_and_however_they_are_named(run, tmp_path):
    folder = tmp_path / "out"
    picture(folder / "a.png")
    run(folder / "a.png", superres="lanczos", heatmap="rollout", superres_quantile=0.5)
    ours = [path for path in folder.iterdir() if path.name.startswith("a-2")]
    assert {"a-2.superres.nrrd", "a-2.heatmap.nrrd", "a-2.png", "a-2.json"} <= {path.name for path in ours}
    assert find_inputs(folder) == [folder / "a.png"]
    left_out = []
    assert collect_inputs(sorted(folder.glob("a*")), left_out.append) == [folder / "a.png"]
    assert len(left_out) == len(ours) and "a-2.png is a result of UnifiedViT" in " ".join(left_out)
    (folder / "a-2.json").unlink()
    assert folder / "a-2.heatmap.nrrd" not in find_inputs(folder), "a map says itself where it is from"
    shutil.copy(folder / "a-2.seg.nrrd", tmp_path / "mask.nrrd")
    assert collect_inputs([folder / "a-2.seg.nrrd", tmp_path / "mask.nrrd"], left_out.append) == []
    assert left_out[-1] == "mask.nrrd is a result of UnifiedViT and no image to look at: left out."
    page = (folder / "a-2.html").read_text(encoding="utf-8")
    assert "Four times as fine" in page, "pictures too are made finer"


def test_a_preview_beside_a_series_hides_it_not_and_names_do_not_tell_what_is_dicom(tmp_path):
    volume = head_volume(None, (2.0, 2.0, 4.0), (4, 40, 36))
    series = write_series(tmp_path / "series", volume.array.astype(np.int16), volume.ijk_to_ras)
    for number, path in enumerate(sorted(series.iterdir())):
        path.rename(series / f"1.2.840.{number}")
    picture(series / "preview.png")
    scan(tmp_path / "other" / "a.nrrd")
    (tmp_path / "other" / "README").write_text("no DICOM")
    assert find_inputs(tmp_path, recursive=True) == [tmp_path / "other" / "a.nrrd", series]
    assert find_inputs(tmp_path, "series", recursive=True) == [series]


def test_what_cannot_be_looked_up_is_an_input_and_hidden_folders_are_not_searched(run, tmp_path):
    scan(tmp_path / "in" / "a.nrrd")
    scan(tmp_path / "in" / ".hidden" / "b.nrrd")
    scan(tmp_path / "in" / HIDDEN / "c.nrrd")
    assert find_inputs(tmp_path / "in", recursive=True) == [tmp_path / "in" / "a.nrrd"]
    wrong = [tmp_path / ("n" * 300 + ".nrrd"), tmp_path / "gone.nrrd"]
    inputs = collect_inputs([*wrong, tmp_path / "in"], lambda sentence: None)
    rows, told = run(*inputs)
    assert [row["status"] for row in rows] == ["failed", "failed", "done"]
    assert "File name too long" in told[0] and "does not exist" in told[1]


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_to_a_file_that_is_not_there_has_a_line_in_the_table(run, tmp_path):
    """As git-annex and DataLad leave them until the file is fetched."""
    scan(tmp_path / "in" / "a.nrrd")
    (tmp_path / "in" / "b.nrrd").symlink_to(".git/annex/objects/b.nrrd")
    rows, told = run(*collect_inputs([tmp_path / "in"], lambda sentence: None))
    assert [row["status"] for row in rows] == ["done", "failed"]
    assert "b.nrrd is a link to .git/annex/objects/b.nrrd, which is not there" in told[1]


def test_names_that_are_formulas_options_or_mathematics_are_harmless(run, tmp_path):
    inputs = [scan(tmp_path / "in" / name) for name in ("=1+2.nrrd", "-rf.nrrd", "price $5$ $.nrrd", "con.nrrd")]
    rows, _ = run(*inputs)
    assert [row["result"] for row in rows] == ["_1+2", "_rf", "price $5$ $", "_con"]
    assert {row["status"] for row in rows} == {"done"}


def test_a_file_that_changes_while_it_is_read_is_no_answer(spec, tmp_path, monkeypatch):
    path = scan(tmp_path / "a.nrrd")
    real = processing.read

    def read(source):
        volume = real(source)
        with open(path, "ab") as file:
            file.write(b"more")
        return volume

    monkeypatch.setattr(processing, "read", read)
    request = make_file_request(path, spec, Options(), "", {})
    with pytest.raises(UnsupportedImageError, match=r"a\.nrrd was changed while it was read"):
        process_input(request, spec, "", tmp_path / "out", "a", (), Predictor(spec, "cpu").predict,
                      lambda stage, fraction: None)


@pytest.mark.parametrize(("how", "refused"), [("replaced", True), ("slice more", True), ("touched", False),
                                              ("moved away", False)])
def test_an_image_that_another_replaces_while_it_is_looked_at_has_no_result(spec, tmp_path, how, refused):
    path = series(tmp_path / "a") if how == "slice more" else scan(tmp_path / "a.nrrd")

    def predict(images):
        prediction = Predictor(spec, "cpu").predict(images)
        {"replaced": lambda: os.replace(scan(tmp_path / "b.nrrd", 4), path), "moved away": path.unlink,
         "slice more": lambda: save(image(stored()[0], place(10)), path / "more"), "touched": lambda: os.utime(path),
         }[how]()
        return prediction

    request = make_file_request(path, spec, Options(), "", {})
    arguments = (request, spec, "", tmp_path / "out", "a", (), predict, lambda stage, fraction: None)
    if refused:
        with pytest.raises(UnsupportedImageError, match="was changed while it was looked at"):
            process_input(*arguments)
        assert not list((tmp_path / "out").glob("*.json"))
    else:
        assert process_input(*arguments)["row"]["status"] == "done"


def test_on_a_full_disk_nothing_cut_is_left_and_with_room_again_the_batch_goes_on(run, tmp_path):
    disk = tmp_path / "out"
    disk.mkdir()
    if sys.platform != "linux" or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)],
                                                 capture_output=True).returncode:
        pytest.skip("only an administrator may mount a disk")
    try:
        inputs = [scan(tmp_path / "in" / f"{name}.nrrd") for name in "abcd"]
        (disk / "a.json").write_text("foreign")
        rows, told = run(*inputs)
        failed = [text for row, text in zip(rows, told, strict=True) if row["status"] == "failed"]
        assert failed and all("cannot be written" in text and "free some space" in text for text in failed)
        for path in disk.glob("*.json"):
            if path.name != "a.json":
                _, manifest = read_result(path)
                assert all((disk / file.name).stat().st_size == file.size for file in manifest.outputs)
        assert not list(disk.glob(f"{PART}*")) and not list((disk / HIDDEN).glob("staged-*"))
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        rows, _ = run(*inputs, skip=True)
        assert [row["status"] for row in rows] == ["done"] * 4 == [row["status"] for row in table(disk)]
        assert (disk / "a.json").read_text() == "foreign"
    finally:
        subprocess.run(["umount", str(disk)], check=True)
