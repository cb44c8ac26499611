"""Many patients of a table: their images as a batch of `predict`, then one diagnosis of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ...errors import MetadataError, UnsupportedImageError
from ...inference.patient.diagnosis import diagnose_patient
from ...inference.patient.head import load_patient_head
from ...inference.progress import ProgressCallback, ignore
from ...names import patient_key
from ...outputs.patient_images import PatientImage, check_images, first_of_same_images, stored_image
from ...outputs.patient_table import PatientResult, check_own, write_patients
from ...spec import ModelSpec
from .patient_list import ListedPatient, is_result
from .runner import BatchExecutor, BatchSettings, TaskResult, process_files


def diagnose_patients(
    patients: Sequence[ListedPatient],
    output: Path,
    settings: BatchSettings,
    executor: BatchExecutor,
    *,
    skip_existing: bool = False,
    progress: ProgressCallback = ignore,
    ended: Callable[[TaskResult], None] = lambda result: None,
) -> list[PatientResult]:
    """Look at the images of all patients, put those of each together, and write `patients.csv` and `patients.json`.

    Results of images are kept in the folder, so that a run that was stopped goes on with `skip_existing`. What is wrong
    with a patient, or with one of the images, becomes the patient's end; none of the images is left out for it.

    Args:
        patients: of `patient_list.read_patients`.
        output: folder for the results; made if it is not there.
        settings: the model, and how to look.
        executor, skip_existing, progress: as of `process_files`.
        ended: told how each image ended that had to be looked at.

    Returns:
        how each patient ended, in their order.

    Raises:
        WeightsError: the patient head is damaged.
        UnifiedViTError: as `process_files`; `patients.*` of an earlier run are as they were.
    """
    check_own(output)
    load_patient_head(settings.spec)  # before minutes of looking
    images = {os.path.abspath(image): image for patient in patients if not patient.problem
              for image in patient.images if not is_result(image)}
    rows = process_files(list(images.values()), output, settings, executor, skip_existing=skip_existing,
                         progress=progress, ended=ended) if images else []
    of_images = dict(zip(images, rows, strict=True))
    gathered = [_gather(patient, of_images, output, settings.spec) for patient in patients]
    refused = _mixed_up(patients, gathered)
    results = [_diagnose(patient, refused.get(patient.name, found), settings.spec)
               for patient, found in zip(patients, gathered, strict=True)]
    write_patients(results, settings.spec, output)
    return results


def _gather(patient: ListedPatient, of_images: Mapping[str, Mapping[str, str]], output: Path, spec: ModelSpec
            ) -> list[PatientImage] | str:
    """What the model says of the patient's images, or a sentence on what is wrong."""
    if patient.problem:
        return patient.problem
    found = []
    try:
        for image in patient.images:
            if is_result(image):
                found.append(stored_image(image, spec))
                continue
            row = of_images[os.path.abspath(image)]
            if row["status"] != "done":
                return f"{image}: {row['error']}"
            found.append(stored_image(output / f"{row['result']}.json", spec, image))
        check_images(found)
    except UnsupportedImageError as error:
        return str(error)
    return found


def _mixed_up(patients: Sequence[ListedPatient], gathered: Sequence[list[PatientImage] | str]) -> dict[str, str]:
    """By the patient's name, sentences on images that the table gives to somebody else than another line of it, or than
    the images themselves."""
    images = [(patient.name, image) for patient, found in zip(patients, gathered, strict=True)
              if not isinstance(found, str) for image in found]
    refused = {}
    first = first_of_same_images([image for _, image in images])
    counts = Counter(first)
    for (name, image), same in zip(images, first, strict=True):
        if counts[same] > 1:
            owners = {other for (other, _), number in zip(images, first, strict=True) if number == same}
            others = sorted(owners - {name})
            refused[name] = (f"{image.path} is an image of {', '.join(others)}, too, as the table has it. Give each "
                             "image to one patient.")
    # Names may be pseudonyms, which agree with no file.
    stated = [image.identity.patient_id for _, image in images]
    if {patient_key(patient.name) for patient in patients}.intersection(stated):
        for (name, image), identifier in zip(images, stated, strict=True):
            if identifier and identifier != patient_key(name):
                refused[name] = (f"{image.path} states another Patient ID than {name}, and the table calls patients by "
                                 "their IDs. Put the table right.")
    return refused


def _diagnose(patient: ListedPatient, images: list[PatientImage] | str, spec: ModelSpec) -> PatientResult:
    """The end of a patient; `images` may be what is wrong."""
    if isinstance(images, str):
        return PatientResult(patient.name, error=images)
    try:
        diagnosis = diagnose_patient(spec, [image.view for image in images if image.view], patient.metadata)
    except (MetadataError, UnsupportedImageError) as error:
        return PatientResult(patient.name, error=str(error))
    return PatientResult(patient.name, diagnosis, tuple(file for image in images for file in image.files))
