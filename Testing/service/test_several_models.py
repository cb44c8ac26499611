"""Several models in one run of the command line, and which of them knows an image."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
import SimpleITK as sitk
from builders import head_volume, spec_data, tiny_model, to_sitk

from UnifiedViTLib import which_cli
from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.outputs.inventory import HIDDEN
from UnifiedViTLib.service.store.catalogue import find_models
from UnifiedViTLib.service.store.download import import_model

SMALL = {"arguments": {"encoder": "test_vit", "decoder_widths": [8, 8, 8]}}
GLIOMA = {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}
SLICES_LOOKED_AT = re.compile(r"of (\d+) slices\s+looked")
NOTHING = {"classifier": [4.0, 0.0, 0.0], "segmentation": [3.0, 0.0, 0.0]}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    """Two models that say different things, and one whose weights are damaged."""
    folder = tmp_path_factory.mktemp("models")
    made = {name: tiny_model(folder / name, id=name, biases=biases, **SMALL).folder
            for name, biases in (("one", GLIOMA), ("two", NOTHING), ("damaged", GLIOMA))}
    (made["damaged"] / "weights.safetensors").write_bytes(b"damaged")
    return made


@pytest.fixture
def scan(tmp_path) -> Path:
    sitk.WriteImage(to_sitk(head_volume(shape=(4, 45, 41))), str(tmp_path / "head.nrrd"))
    return tmp_path / "head.nrrd"


@pytest.fixture
def predict(warm_worker, scan, tmp_path, capsys):
    """Run on the scan into "out"; what is returned, stdout and stderr."""

    def run(*arguments: str | Path):
        code = main(["predict", str(scan), "-o", str(tmp_path / "out"), "--device", "cpu", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows(folder: Path) -> list[tuple[str, str, str, str]]:
    with open(folder / "results.csv", newline="", encoding="utf-8") as file:
        return [(row["result"], row["model"], row["status"], row["diagnosis"]) for row in csv.DictReader(file)]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != HIDDEN}


def test_each_model_gives_each_input_a_result_of_its_own_and_a_row(predict, models, tmp_path):
    code, out, _ = predict("-m", models["one"], "--model", models["two"])
    assert code == 0 and "2 of 2 done" in out and "head-one: Glioma" in out
    both = [("head-one", "one 1.2.3", "done", "glioma"), ("head-two", "two 1.2.3", "done", "healthy")]
    assert rows(tmp_path / "out") == both
    for name in ("one", "two"):
        document = json.loads((tmp_path / "out" / f"head-{name}.json").read_text())
        assert document["model"]["id"] == name and (tmp_path / "out" / f"head-{name}.seg.nrrd").is_file()
    before = files(tmp_path / "out")
    code, out, _ = predict("-m", models["one"], "-m", models["two"], "--skip-existing")
    assert code == 0 and out.count("done before") == 2 and files(tmp_path / "out") == before


def test_a_model_that_is_added_leaves_what_others_did_and_does_only_what_is_missing(predict, models, tmp_path):
    predict("-m", models["one"])
    before = files(tmp_path / "out")
    _, out, _ = predict("-m", models["one"], "-m", models["two"], "--skip-existing")
    assert "head: done before" in out and "head-two: " in out
    assert [row[:2] for row in rows(tmp_path / "out")] == [("head", "one 1.2.3"), ("head-two", "two 1.2.3")]
    after = files(tmp_path / "out")
    assert {name for name in before if before[name] != after[name]} == {"results.csv"}
    _, out, _ = predict("-m", models["two"], "--skip-existing", "--tta")
    assert "done again: it was made with other options (tta)" in out and len(rows(tmp_path / "out")) == 2


def test_a_model_that_cannot_run_leaves_the_others_and_is_told(predict, models, tmp_path):
    code, out, err = predict("-m", models["damaged"], "-m", models["one"])
    assert code == 1 and "1 of 2 done" in out
    assert "damaged 1.2.3 was not run: The weights of Tiny (weights.safetensors) are damaged" in err
    assert rows(tmp_path / "out") == [("head-one", "one 1.2.3", "done", "glioma")]
    assert predict("-m", models["damaged"])[0] == 2, "alone, nothing could be started"


def test_an_image_that_fails_fails_for_each_model_by_name(predict, models, scan, tmp_path):
    predict("-m", models["one"], "-m", models["two"])
    scan.write_text("not an image")
    code, _, err = predict("-m", models["one"], "-m", models["two"])
    assert code == 1 and "(one 1.2.3): " in err and "(two 1.2.3): " in err
    assert [row[1:3] for row in rows(tmp_path / "out")] == [("one 1.2.3", "failed"), ("two 1.2.3", "failed")]
    assert not list((tmp_path / "out").glob("head*"))


def test_two_models_of_one_id_are_refused_and_one_that_is_named_twice_is_one(models, tmp_path):
    namesake = tiny_model(tmp_path / "namesake", id="one", **SMALL)
    with pytest.raises(ModelSpecError, match="Two of the models are called one"):
        find_models([str(models["one"]), str(namesake.folder)])
    assert [spec.id for spec in find_models([str(models["one"]), str(models["one"])])] == ["one"]
    assert [spec.id for spec in find_models([])] == ["brain-t1ce"]


def test_which_lists_every_model_with_a_reason_and_chooses_none(warm_worker, models, scan, tmp_path, monkeypatch,
                                                               capsys):
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "cache"))
    monkeypatch.setattr(which_cli, "WorkerClient", lambda: warm_worker)
    import_model(models["one"])
    ct = spec_data()["input"] | {"modality": "CT", "expects": "CT of the liver"}
    import_model(tiny_model(tmp_path / "ct", id="liver", input=ct, **SMALL).folder)
    assert main(["models", "which", str(scan), "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line for line in out.splitlines() if line[:1] not in ("", " ")}
    assert {"brain-t1ce", "brain-t1ce-flair", "breast-ultrasound", "one", "liver"} < lines.keys()
    assert "does not fit    100%" in lines["breast-ultrasound"] and "not judged" in lines["one"]
    assert "no statistics" in lines["one"] and "Research use only" in out
    assert "Not judged: " in out.splitlines()[-1] and "None of the installed models knows" in out


def test_which_looks_at_a_region_alone(warm_worker, models, scan, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "cache"))
    monkeypatch.setattr(which_cli, "WorkerClient", lambda: warm_worker)
    assert main(["models", "which", str(scan), "--device", "cpu"]) == 0
    looked_at = SLICES_LOOKED_AT.findall(capsys.readouterr().out)
    image = sitk.ReadImage(str(scan))
    left, back, top = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
    box = [str(number) for number in (-left, -back, top, 30, 30, image.GetSpacing()[2])]
    assert main(["models", "which", str(scan), "--device", "cpu", "--region", *box]) == 0
    of_region = SLICES_LOOKED_AT.findall(capsys.readouterr().out)
    assert 0 < int(of_region[0]) < int(looked_at[0])
    far = ["9000", *box[1:]]
    assert main(["models", "which", str(scan), "--device", "cpu", "--region", *far]) == 2
    assert "region" in capsys.readouterr().err


def test_which_says_in_words_that_there_is_no_image(tmp_path, capsys):
    assert main(["models", "which", str(tmp_path / "none.nrrd")]) == 2
    assert "none.nrrd" in capsys.readouterr().err
