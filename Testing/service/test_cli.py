"""The command line as its user meets it: a real process, real files."""

from __future__ import annotations

import csv
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
from mirrors import mirror, model_folder, offer

from UnifiedViTLib.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def model(proven) -> Path:
    return proven.folder


def unifiedvit(*arguments, cwd=None) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "UnifiedViTLib.cli", *map(str, arguments)], cwd=cwd, text=True,
                          capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, encoding="utf-8")


def test_many_inputs_of_many_kinds_give_files_for_each_and_a_bad_one_is_told_and_skipped(tmp_path, model):
    volume = head_volume()
    images = tmp_path / "images"
    images.mkdir()
    sitk.WriteImage(to_sitk(volume), str(images / "a.nrrd"))
    sitk.WriteImage(to_sitk(volume), str(images / "b.nii.gz"))
    slice_2d = sitk.GetImageFromArray(np.clip(volume.array[9], 0, 255).astype(np.uint8))
    sitk.WriteImage(slice_2d, str(images / "c.png"))
    (images / "d.nrrd").write_text("not an image")
    series = write_series(tmp_path / "series", volume.array.astype(np.int16), volume.ijk_to_ras)
    done = unifiedvit("predict", images, series, "--output", tmp_path / "out", "--model", model, "--device", "cpu")
    assert done.returncode == 1, done.stderr
    assert "d.nrrd" in done.stderr and "cannot be read" in done.stderr
    assert "4 of 5 done" in done.stdout and "Research use only" in done.stdout
    for name in ("a", "b", "c", "series"):
        for ending in (".seg.nrrd", ".json", ".html", ".png"):
            assert (tmp_path / "out" / f"{name}{ending}").is_file()
        assert json.loads((tmp_path / "out" / f"{name}.json").read_text())["diagnosis"]["label"] == "glioma"
    with open(tmp_path / "out" / "results.csv", newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["done", "done", "done", "failed", "done"]
    assert len([path for path in (tmp_path / "out").iterdir() if path.is_file()]) == 17, "no temporary file is left"


def here(capsys, *arguments) -> tuple[int, str, str]:
    """The same command line in this process, as starting one takes seconds: exit code, standard output and error."""
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def test_one_good_input_ends_with_zero_and_the_plane_asked_for(tmp_path, model, capsys, warm_worker):
    sitk.WriteImage(to_sitk(head_volume(spacing=(2.0, 2.0, 2.0), shape=(40, 45, 41))), str(tmp_path / "a.nrrd"))
    code, _, err = here(capsys, "predict", tmp_path / "a.nrrd", "-o", tmp_path / "out", "-m", model, "--plane",
                        "coronal")
    assert code == 0, err
    result = json.loads((tmp_path / "out" / "a.json").read_text())
    assert result["plane"] == "coronal" and len(result["slices"]) == 45


@pytest.mark.parametrize(("named", "jobs"), [(["one", "two"], 1), (["one/head.nrrd", "two/head.nrrd"], 2)])
def test_inputs_of_the_same_name_have_a_result_each_of_their_own(tmp_path, model, capsys, warm_worker, named, jobs):
    for folder, slices in (("one", 6), ("two", 8)):
        (tmp_path / folder).mkdir()
        sitk.WriteImage(to_sitk(head_volume(None, (2.0, 2.0, 4.0), (slices, 40, 36))),
                        str(tmp_path / folder / "head.nrrd"))
    code, _, err = here(capsys, "predict", *(tmp_path / one for one in named), "-o", tmp_path / "out", "-m", model,
                        "--jobs", jobs)
    assert code == 0, err
    with open(tmp_path / "out" / "results.csv", newline="", encoding="utf-8") as file:
        names = {Path(row["input"]).parent.name: row["result"] for row in csv.DictReader(file)}
    assert names == {"one": "head", "two": "head-2"}
    for folder, slices in (("one", 6), ("two", 8)):
        assert sitk.ReadImage(str(tmp_path / "out" / f"{names[folder]}.seg.nrrd")).GetSize() == (36, 40, slices)


def test_an_unknown_model_a_missing_device_and_a_bad_output_folder_are_told_in_one_sentence(tmp_path, model, capsys):
    sitk.WriteImage(to_sitk(head_volume()), str(tmp_path / "a.nrrd"))
    (tmp_path / "file").write_text("in the way")
    code, _, err = here(capsys, "predict", tmp_path / "a.nrrd", "-o", tmp_path / "out", "-m", "no-such-model")
    assert code == 2 and "There is no model 'no-such-model'" in err and "Traceback" not in err
    blocked = unifiedvit("predict", tmp_path / "a.nrrd", "-o", tmp_path / "file" / "out", "-m", model)
    assert blocked.returncode == 2 and "Choose another" in blocked.stderr
    assert "Traceback" not in blocked.stderr


@pytest.mark.parametrize("given", [["a.nrrd", "-o", ""], ["", "-o", "out"], ["a.nrrd", "--output="],
                                   ["a.nrrd", "-o", "out", "-m", ""]])
def test_an_empty_argument_does_not_mean_the_current_folder(tmp_path, monkeypatch, capsys, given):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(["predict", *given])
    assert "an argument is empty" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_help_says_what_it_is_for_and_that_it_is_for_research(tmp_path):
    done = unifiedvit("predict", "--help")
    assert done.returncode == 0
    assert "Research use only" in done.stdout and "--plane" in done.stdout


def test_models_are_listed_with_what_they_were_trained_on_and_how_well_they_do(capsys):
    code, out, err = here(capsys, "models")
    assert code == 0, err
    assert "brain-t1ce" in out
    for words in ("Trained on", "Expects", "Weights", "accuracy", "dice"):
        assert words in out


def test_a_model_is_imported_used_verified_and_removed_and_the_cache_is_told(tmp_path, monkeypatch, capsys,
                                                                              warm_worker):
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "cache"))
    archive = shutil.make_archive(str(tmp_path / "tiny"), "zip", tiny_model(tmp_path / "model").folder)
    code, out, err = here(capsys, "models", "import", archive)
    assert code == 0 and "tiny 1.2.3 is ready" in out, err
    sitk.WriteImage(to_sitk(head_volume()), str(tmp_path / "a.nrrd"))
    code, _, err = here(capsys, "predict", tmp_path / "a.nrrd", "-o", tmp_path / "out", "-m", "tiny", "--device", "cpu")
    assert code == 0, err
    listed = here(capsys, "models", "list")
    assert listed == here(capsys, "models") and "tiny  1.2.3  Tiny" in listed[1] and "brain-t1ce" in listed[1]
    cache = here(capsys, "models", "cache")[1]
    assert str(tmp_path / "cache") in cache and " 0.0 MB" not in cache
    weights = tmp_path / "cache" / "tiny" / "1.2.3" / "weights.safetensors"
    assert here(capsys, "models", "verify")[0] == 0
    weights.write_bytes(b"damaged")
    code, out, err = here(capsys, "models", "verify")
    assert code == 1 and "damaged" in err and "brain-t1ce" in out
    weights.unlink()
    assert "! " in here(capsys, "models")[1] and here(capsys, "models", "verify")[0] == 1
    assert "tiny is removed" in here(capsys, "models", "remove", "tiny")[1]
    assert "tiny" not in here(capsys, "models")[1]
    code, _, err = here(capsys, "models", "remove", "brain-t1ce")
    assert code == 2 and "cannot be removed" in err


def test_a_model_is_downloaded_with_a_catalogue_of_ones_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with mirror() as server:
        catalogue = offer(model_folder(tmp_path / "published"), tmp_path / "models.json", server)
        listed = here(capsys, "models", "list", "--catalogue", catalogue)[1]
        assert "Not here yet: unifiedvit models download tiny (0.8 MB)" in listed
        done = unifiedvit("models", "download", "tiny", "--catalogue", catalogue)
    assert done.returncode == 0 and "tiny 1.2.3 is ready" in done.stdout, done.stderr
    code, out, _ = here(capsys, "models", "cache", "--clear")
    assert code == 0 and " 0.0 MB" in out
    code, _, err = here(capsys, "models", "download", "tiny")
    assert code == 2 and "no model 'tiny' to download" in err


def test_the_folder_of_models_is_chosen_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("UNIFIEDVIT_MODELS", raising=False)
    for variable in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    assert str(tmp_path / "disk") in here(capsys, "models", "cache", "--folder", tmp_path / "disk")[1]
    assert str(tmp_path / "disk") in here(capsys, "models", "cache")[1]
    assert str(tmp_path / "disk") not in here(capsys, "models", "cache", "--default")[1]
