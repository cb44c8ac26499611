"""`unifiedvit-train suggest`: which images of a folder to label next, with the reasons."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from UnifiedViTLib.outputs.dataset.folder import IMAGES, CorrectionDataset
from UnifiedViTLib.outputs.files import names_found
from UnifiedViTLib.service.batch.inputs import find_inputs
from UnifiedViTLib.service.store.catalogue import check_contents, verify_files
from UnifiedViTLib.spec import ModelSpec
from UnifiedViTLib.texts import printable, table_cell

from ..errors import DataError
from ..storage import write_whole
from .examination import Examination
from .examiner import Examiner, examiner
from .reasons import reasons, score_parts
from .selection import Choice, Scores, by_patient, score_images, weighted_k_centre

TABLE_FILE, KEPT = "suggestions.csv", "suggestions"
#: Of a line of the table: to be labelled next; not among these; not to be labelled, which its note explains.
SUGGESTED, LATER, LEFT_OUT = "suggested", "later", "left out"
FIELDS: tuple[str, ...] = ("rank", "image", "patient", "status", "reasons", "diagnosis", "probability", "margin",
                           "mask_confidence", "ood_score", "score", "note")


@dataclass(frozen=True)
class Suggestions:
    """The images of a folder by what is worth labelling.

    Attributes:
        rows: the table, by the names of `FIELDS`: first what is suggested, in order; then what is not, by score; then
            what is left out.
        file: where it is written.
    """

    rows: list[dict[str, str]]
    file: Path

    def on(self, status: str) -> list[dict[str, str]]:
        """The rows of a status."""
        return [row for row in self.rows if row["status"] == status]


def suggest(spec: ModelSpec, folder: Path, budget: int, work: Path, dataset: Path | None = None) -> Suggestions:
    """Examine the images of a folder, those in it too, and choose which to label.

    An image scores by the mean of its ranks in three parts: how close the diagnosis is, how unsure the mask, how unlike
    the training images it looks. Chosen is by greedy k-centre on the network's embeddings, each distance weighted by
    the score, around what is labelled in `dataset`. Images of one patient follow each other.

    Args:
        spec: the model.
        folder: of the images; results of UnifiedViT in it are none.
        budget: so many images are suggested at most.
        work: folder of the table, and of what is known of each image, from which the same call goes on after a stop.
        dataset: of `add`; images in it are left out.

    Raises:
        DataError: there is nothing to suggest.
        UnsupportedImageError: the folder or the dataset cannot be read.
        RunError, OutputError: something cannot be written, or the network's process not be started.
        WeightsError, DeviceError, DependencyError, ModelSpecError: the model cannot be run here.
    """
    verify_files(spec)
    check_contents(spec)
    labelled = {case.image_sha256: case.name for case in CorrectionDataset(dataset).cases()} if dataset else {}
    paths = find_inputs(folder, recursive=True)
    if not paths:
        raise DataError(f"{folder} holds no images to label. Name a folder with NRRD, NIfTI, MetaImage, DICOM, PNG or "
                        "JPEG images.")
    with examiner(spec, work / KEPT) as opened:
        centres = _labelled_features(opened, dataset) if dataset else []
        examined, left_out = _examine_all(opened, paths, labelled)
    rows = _ranked(spec, folder, examined, budget, centres) if examined else []
    rows += [_row(path, LEFT_OUT, note=note) for path, note in left_out]
    suggestions = Suggestions(rows, work / TABLE_FILE)
    write_whole(suggestions.file, _csv(rows))
    if not examined:
        raise DataError(f"None of the {len(paths)} images in {folder} is to be labelled; {suggestions.file} says why "
                        "of each.")
    return suggestions


def _labelled_features(opened: Examiner, dataset: Path) -> list[np.ndarray]:
    answers = [opened.examine(dataset / IMAGES / case.image)
               for case in tqdm(CorrectionDataset(dataset).cases(), "Labelled images", disable=None)]
    return [answer.features for answer in answers if isinstance(answer, Examination)]


def _examine_all(opened: Examiner, paths: list[Path], labelled: dict[str, str]
                 ) -> tuple[dict[Path, Examination], list[tuple[Path, str]]]:
    """What is to be ranked, and what is not, each with a sentence."""
    examined: dict[Path, Examination] = {}
    left_out: list[tuple[Path, str]] = []
    first: dict[str, Path] = {}
    for path in tqdm(paths, "Images", disable=None):
        answer = opened.examine(path)
        if isinstance(answer, str):
            left_out.append((path, answer))
            tqdm.write(printable(f"Left out: {answer}"), sys.stderr)
        elif answer.image_sha256 in labelled:
            left_out.append((path, f"labelled already, as {labelled[answer.image_sha256]}"))
        elif answer.image_sha256 in first:
            left_out.append((path, f"the same image as {first[answer.image_sha256].name}"))
        else:
            first[answer.image_sha256], examined[path] = path, answer
    return examined, left_out


def _ranked(spec: ModelSpec, folder: Path, examined: dict[Path, Examination], budget: int, centres: list[np.ndarray]
            ) -> list[dict[str, str]]:
    paths, answers = list(examined), list(examined.values())
    parts = [score_parts(answer) for answer in answers]
    scores = score_images({name: np.array([part[name] for part in parts]) for name in parts[0]})
    features = np.stack([answer.features for answer in answers])
    choices = weighted_k_centre(features, scores.total, np.array(centres).reshape(-1, features.shape[1]), budget)
    patients = _numbered([_patient(path, answer, folder) for path, answer in examined.items()])
    chosen = {choice.index for choice in choices}
    rest = sorted(set(range(len(paths))) - chosen, key=lambda index: -scores.total[index])

    def row(index: int, choice: Choice | None, rank: str) -> dict[str, str]:
        why = reasons(answers[index], _ranks_of(scores, index), choice, spec) if choice else ()
        return _row(paths[index], SUGGESTED if choice else LATER, answers[index], rank=rank, patient=patients[index],
                    reasons="; ".join(why), score=f"{scores.total[index]:.3f}")

    return [*(row(choice.index, choice, str(rank)) for rank, choice in enumerate(by_patient(choices, patients), 1)),
            *(row(index, None, "") for index in rest)]


def _ranks_of(scores: Scores, index: int) -> dict[str, float]:
    return {name: float(ranks[index]) for name, ranks in scores.parts.items()}


def _patient(path: Path, answer: Examination, folder: Path) -> str:
    """What is equal for images of one patient, as `add` has it: the PatientID, else the image's folder; but images that
    lie in the searched folder itself are each of another one."""
    if answer.patient:
        return answer.patient
    home = path.resolve().parent
    return str(path if home == folder.resolve() else home)


def _numbered(patients: list[str]) -> list[str]:
    """Numbers in place of what may name a patient."""
    numbers = {patient: str(number) for number, patient in enumerate(dict.fromkeys(patients), 1)}
    return [numbers[patient] for patient in patients]


def _row(path: Path, status: str, answer: Examination | None = None, **cells: str) -> dict[str, str]:
    row = dict.fromkeys(FIELDS, "") | {"image": str(path), "status": status} | cells
    if answer is None:
        return row
    score = answer.ood_score
    return row | {"diagnosis": names_found(answer.diagnosis), "probability": f"{answer.diagnosis.probability:.4f}",
                  "margin": f"{answer.margin:.4f}", "mask_confidence": f"{answer.mask_confidence:.4f}",
                  "ood_score": "" if score is None else f"{score:.4f}"}


def _csv(rows: list[dict[str, str]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, FIELDS)
    writer.writeheader()
    writer.writerows({name: table_cell(printable(cell)) for name, cell in row.items()} for row in rows)
    return file.getvalue()
