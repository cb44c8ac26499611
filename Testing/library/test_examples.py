"""The scripts of examples/: each runs as a newcomer would run it, on small data."""

from __future__ import annotations

import runpy
import sys

import matplotlib
import pytest
import SimpleITK as sitk
from evaluation_sets import quicken
from manual import ROOT, small_model, write_inputs
from unifiedvit_training import cli as training
from unifiedvit_training.cli import main as unifiedvit_train
from unifiedvit_training.phantom import make_phantom

from UnifiedViTLib import cli
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.store.catalogue import find_model


def run(script: str, *arguments, monkeypatch) -> None:
    """Run a script as the main program."""
    monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
    runpy.run_path(str(ROOT / "examples" / script), run_name="__main__")


def test_a_folder_is_predicted_and_plotted_and_a_bad_file_does_not_end_it(tmp_path, monkeypatch, capsys):
    matplotlib.use("Agg")
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "models"))
    assert cli.main(["models", "import", str(small_model(tmp_path / "newer"))]) == 0
    (tmp_path / "data").mkdir()
    write_inputs(tmp_path / "data")
    scans = tmp_path / "data" / "scans"
    (scans / "broken.nrrd").write_text("not an image")
    run("predict_folder.py", scans, tmp_path / "results", monkeypatch=monkeypatch)
    assert sorted(file.name for file in (tmp_path / "results").iterdir()) == ["a_t1ce.seg.nrrd", "plot.png"]
    said = capsys.readouterr().out
    assert "a_t1ce.nii.gz: Glioma" in said and "broken.nrrd: " in said


def test_a_folder_without_images_and_a_missing_argument_are_told_in_a_sentence(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="no image to plot"):
        run("predict_folder.py", tmp_path, tmp_path / "results", monkeypatch=monkeypatch)
    with pytest.raises(SystemExit, match="Usage"):
        run("predict_folder.py", tmp_path, monkeypatch=monkeypatch)


def test_a_model_is_trained_on_a_folder_and_can_be_used(tmp_path, monkeypatch):
    quicken(monkeypatch)
    # The graph for OpenVINO takes longer than all the rest; `test_training_export` has it.
    monkeypatch.setattr(training, "main", lambda arguments: unifiedvit_train(
        [*arguments, "--no-onnx"] if arguments[0] == "export" else arguments))
    images, model = tmp_path / "my-images", tmp_path / "my-model"
    make_phantom(images, images=32, volumes=0)
    run("train_your_own.py", images, model, "--size", 32, "--epochs", 1, "--encoder", "test_vit",
        monkeypatch=monkeypatch)
    spec = find_model(str(model))
    assert [one.name for one in spec.classes if not one.lesion] == ["healthy"] and len(spec.classes) == 4
    prediction = Predictor(spec, "cpu").predict(read(images / "images" / "0000.png"))
    assert prediction.labelmap.shape == (1, *reversed(sitk.ReadImage(str(images / "images" / "0000.png")).GetSize()))
    assert "Trained by examples/train_your_own.py" in (model / "README.md").read_text(encoding="utf-8")
