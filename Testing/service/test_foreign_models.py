"""Models of other programs: each is told by what it is and what runs it, and nothing of it is unpickled."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from mirrors import model_folder

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.service.store.download import cache_bytes, import_model

BUNDLE = ("configs/metadata.json", "configs/inference.json", "models/model.pt", "LICENSE")
NNUNET = ("plans.json", "dataset.json", "fold_0/checkpoint_final.pth")

pytestmark = pytest.mark.usefixtures("cache")


class Trap:
    """Makes a folder where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def trap(tmp_path) -> bytes:
    return pickle.dumps(Trap(tmp_path / "unpickled"))


def written(folder: Path, names, content: bytes) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def packed(folder: Path) -> Path:
    path = folder.parent / "packed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


@pytest.mark.parametrize("pack", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize(("folder", "names", "kind", "runner"), [
    ("spleen_ct", BUNDLE, "a MONAI bundle", "MONAILabel or MONAIAuto3DSeg"),
    ("brats", ("model.pt", "labels.csv"), "a MONAI Auto3DSeg model", "MONAIAuto3DSeg"),
    ("Dataset001_Liver", [f"nnUNetTrainer__nnUNetPlans__3d_fullres/{name}" for name in NNUNET], "a model of nnU-Net",
     "SlicerNNUNet"),
    ("Task001", ("plans.pkl", "fold_0/model_final_checkpoint.model"), "a model of nnU-Net", "SlicerNNUNet"),
    ("Dataset291_TotalSegmentator_part1_organs_1559subj", NNUNET, "a model of TotalSegmentator", "TotalSegmentator"),
])
def test_a_folder_or_zip_of_another_program_is_told_with_the_extension_that_runs_it(tmp_path, cache, trap, folder,
                                                                                   names, kind, runner, pack):
    path = written(tmp_path / folder, names, trap)
    path = packed(path) if pack else path
    with pytest.raises(ModelSpecError) as told:
        import_model(path)
    assert str(told.value).startswith(f"{path.name} is {kind}, not a model of UnifiedViT. Run it with Slicer's")
    assert runner in str(told.value)
    assert not (tmp_path / "unpickled").exists() and cache_bytes() == 0


@pytest.mark.parametrize(("name", "kind"), [
    ("net.pt", "a PyTorch file"), ("net.pth", "a PyTorch checkpoint"), ("net.onnx", "an ONNX network"),
    ("net.h5", "a Keras (HDF5) file"), ("net.safetensors", "weights in safetensors"),
])
def test_a_bare_file_of_weights_is_told_with_the_way_to_a_model(tmp_path, trap, name, kind):
    path = written(tmp_path, [name], trap) / name
    for use in (import_model, find_model):
        with pytest.raises(ModelSpecError) as told:
            use(str(path))
        assert str(told.value).startswith(f"{name} is {kind}, not a model")
        assert "unifiedvit-train export" in str(told.value)
    assert not (tmp_path / "unpickled").exists()


def test_what_pytorch_writes_is_told_whatever_it_is_called(tmp_path):
    torch.save({"w": torch.zeros(3)}, tmp_path / "net.zip")
    with pytest.raises(ModelSpecError, match=r"net\.zip is a PyTorch checkpoint"):
        import_model(tmp_path / "net.zip")
    (tmp_path / "fold_0").mkdir()
    torch.save({"w": torch.zeros(3)}, tmp_path / "fold_0" / "checkpoint_final.pth")
    with pytest.raises(ModelSpecError, match="a model of nnU-Net"):
        import_model(tmp_path / "fold_0" / "checkpoint_final.pth")


def test_a_folder_of_weights_without_a_description_names_what_is_missing(tmp_path, trap):
    with pytest.raises(ModelSpecError, match=r"mine is a PyTorch checkpoint \(best.pth\) without model.json"):
        import_model(written(tmp_path / "mine", ["best.pth"], trap))


def test_our_own_model_comes_in_whatever_lies_beside_it(tmp_path):
    spec = model_folder(tmp_path / "exported")
    written(spec.folder, ["model.onnx", "training/checkpoint_final.pth", "plans.json", "dataset.json"], b"beside")
    assert import_model(spec.folder).id == "tiny"


def test_the_command_line_says_it(tmp_path, trap, capsys):
    bundle = written(tmp_path / "bundle", BUNDLE, trap)
    assert main(["models", "import", str(bundle)]) == 2
    assert "bundle is a MONAI bundle" in capsys.readouterr().err
    assert main(["predict", "x.nrrd", "-o", str(tmp_path / "out"), "-m", str(bundle)]) == 2
    assert "bundle is a MONAI bundle" in capsys.readouterr().err
