"""Models of other programs: told by the names of their files what they are and what runs them. Nothing is unpickled."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ...errors import ModelSpecError
from ...spec import SPEC_FILE

#: So much of a folder is looked at.
_DEEPEST, _MOST_FILES = 4, 1000
_CHECKPOINTS = {
    ".pt": "a PyTorch file", ".pth": "a PyTorch checkpoint", ".ckpt": "a PyTorch checkpoint", ".ts": "TorchScript",
    ".onnx": "an ONNX network", ".h5": "a Keras (HDF5) file", ".hdf5": "a Keras (HDF5) file",
    ".keras": "a Keras file", ".pb": "a TensorFlow network", ".tflite": "a TensorFlow Lite network",
    ".safetensors": "weights in safetensors",
}
_EXPORT = ("UnifiedViT needs the description of the network, its input and classes as well: train with "
           "unifiedvit-train, and export the run with unifiedvit-train export.")
_NNUNET = "Run it with Slicer's extension SlicerNNUNet."
_NNUNET_FILE = re.compile(r"(^|/)(fold_(\d|all)/(checkpoint_\w+\.pth|model_\w+\.model)|checkpoint_(final|best)\.pth)$")


def check_own(path: Path) -> None:
    """Return if a model may be this program's: a folder, an archive or a file that another program's is not.

    Args:
        path: a folder, a .zip, or a file.

    Raises:
        ModelSpecError: it is another program's; says which, and what runs it.
    """
    names = _names_in(path)
    if any(PurePosixPath(name).name == SPEC_FILE for name in names):
        return
    kind, advice = _recognised(path, names)
    if kind:
        raise ModelSpecError(f"{path.name or path} is {kind}, not a model of UnifiedViT. {advice}")


def _names_in(path: Path) -> list[str]:
    """Relative paths of the files in a folder or an archive, with slashes; of another file its name."""
    if path.is_dir():
        names: list[str] = []
        for folder, inner, files in os.walk(path):
            place = Path(folder).relative_to(path)
            if len(place.parts) >= _DEEPEST:
                inner.clear()
            names += [(place / file).as_posix() for file in files]
            if len(names) >= _MOST_FILES:
                break
        return names
    try:
        with zipfile.ZipFile(path) as archive:  # a PyTorch file is one, too
            return [path.name, *archive.namelist()[:_MOST_FILES]]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return [path.name]


def _recognised(path: Path, names: Sequence[str]) -> tuple[str, str]:
    """What it is and what to do, in words; "" for what is not known."""
    lower = [name.lower() for name in names]
    bases = {PurePosixPath(name).name for name in lower}
    if any(name.endswith(("configs/metadata.json", "extra/metadata.json")) for name in lower):
        return "a MONAI bundle", "Run it with Slicer's extensions MONAILabel or MONAIAuto3DSeg."
    if {"labels.csv", "model.pt"} <= bases:
        return "a MONAI Auto3DSeg model", "Run it with Slicer's extension MONAIAuto3DSeg."
    if {"plans.json", "dataset.json"} <= bases or "plans.pkl" in bases or any(map(_NNUNET_FILE.search, lower)):
        places = "/".join([*path.absolute().parts, *names]).lower()
        if "totalsegmentator" in places:
            return "a model of TotalSegmentator", "Run it with Slicer's extension TotalSegmentator."
        return "a model of nnU-Net", _NNUNET
    if path.is_file() and any(name.endswith("/data.pkl") for name in lower):
        is_script = any("/code/" in name for name in lower)
        return "TorchScript" if is_script else "a PyTorch checkpoint", _EXPORT
    for name in lower:
        kind = _CHECKPOINTS.get(PurePosixPath(name).suffix)
        if kind:
            alone = path.is_file() and name == path.name.lower()
            return kind if alone else f"{kind} ({PurePosixPath(name).name}) without {SPEC_FILE}", _EXPORT
    return "", ""
