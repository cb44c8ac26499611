"""The manual as its tests read it: pages, headings, links and examples; and small images and models for these."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from builders import head_volume, tiny_model, to_sitk, write_series
from pacs import slices
from patient_heads import give_patient_head
from pydicom import Dataset

ROOT = Path(__file__).resolve().parent.parent
#: What somebody wrote by hand; a model's card is written by `export`.
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "training").glob("*.md"),
                ROOT / "benchmarks" / "README.md"])
#: The model that examples name, and a smaller one in its place.
MODEL, NEWER = "brain-t1ce", "99.0.0"
SMALL = {"arguments": {"encoder": "test_vit", "decoder_widths": [8, 8, 8]},
         "biases": {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}}

#: The PACS that examples name.
PACS = "https://pacs.example/dicom-web"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def name_of(page: Path) -> str:
    """For the names of tests."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """Fenced blocks of a page in a language; "" for those without, such as commands."""
    return [text for name, text in _FENCE.findall(page.read_text(encoding="utf-8")) if name == language]


def commands(page: Path, program: str) -> list[list[str]]:
    """Arguments of each line of a fenced block that calls a program, comments left out and continued lines joined."""
    lines = "\n".join(blocks(page, "")).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith(f"{program} ")]


def prose(page: Path) -> str:
    """A page without its fenced blocks and code."""
    return re.sub(r"`[^`\n]+`", "`code`", _FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """What links to headings of a page are called."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """Targets of a page's links and pictures that lie in the repository."""
    return [target for target in re.findall(r"\]\(([^()\s]+)\)", prose(page)) if not re.match(r"[a-z]+:", target)]


def small_model(folder: Path) -> Path:
    """A model that is taken for the bundled one where it is imported, as it is newer."""
    return tiny_model(folder, id=MODEL, version=NEWER, **SMALL).folder


def write_inputs(folder: Path) -> None:
    """All files that the examples name, small."""
    volume = head_volume(shape=(5, 45, 41))
    for name in ("scans", "patients"):
        (folder / name).mkdir()
    for name in ("brain.nrrd", "t1c.nrrd", "t2.nrrd", "flair.nrrd", "scans/a_t1ce.nii.gz", "left.nrrd",
                 "patients/a_t1c.nii.gz", "patients/a_t2.nii.gz"):
        sitk.WriteImage(to_sitk(volume), str(folder / name))
    sitk.WriteImage(to_sitk(replace(volume, array=volume.array[:, :, ::-1])), str(folder / "right.nrrd"))
    (folder / "patients.csv").write_text("patient,image_left,image_right,age,sex\n17,left.nrrd,right.nrrd,63,F\n")
    expert = sitk.GetImageFromArray((np.indices(volume.array.shape).sum(axis=0) < 40).astype(np.uint8))
    expert.CopyInformation(to_sitk(volume))
    sitk.WriteImage(expert, str(folder / "expert.nii.gz"))
    mask = np.zeros(volume.array.shape, np.uint8)
    mask[2, 20:30, 15:30] = 1
    sitk.WriteImage(to_sitk(replace(volume, array=mask)), str(folder / "lesion.nrrd"))
    write_series(folder / "dicom-series", volume.array.astype(np.int16), volume.ijk_to_ras)


def series_of_examples() -> list[Dataset]:
    """What the PACS of the examples has."""

    def change(data: Dataset, k: int) -> None:
        data.StudyInstanceUID, data.StudyDate = "1.2.826.0.1.7.1", "20261105"

    return slices(change=change)


def write_models(folder: Path) -> None:
    """All models' folders that the examples name, small."""
    tiny_model(folder / "models" / "my-model", id="my-model", seed=1, **SMALL)
    channels = [{"name": "t1c", "expects": "T1 with contrast"}, {"name": "t2", "expects": "T2"}]
    tiny_model(folder / "models" / "two-sequences", id="two-sequences", **SMALL,
               input={"size": 32, "modality": "MR", "expects": "MR of the head", "channels": channels})
    give_patient_head(tiny_model(folder / "models" / "both-sides", id="both-sides", **SMALL).folder)
