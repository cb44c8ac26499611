"""The command line: `unifiedvit patient IMAGE...`, or of many patients, `unifiedvit patient --table`."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from . import NOTICE
from .errors import MetadataError, UnsupportedImageError
from .inference.patient.diagnosis import View, check_one_class, diagnose_patient
from .outputs.manifest import InputFile, fingerprint
from .outputs.patient_file import as_text, write_patient
from .outputs.patient_images import PatientImage, check_distinct, check_images, stored_image
from .outputs.patient_table import DOCUMENT, TABLE, PatientResult
from .patient_spec import check_metadata
from .service.batch.patient_list import is_result, read_patients
from .service.batch.patients import diagnose_patients
from .service.batch.runner import BatchSettings, TaskResult, serial
from .service.worker.client import WorkerClient
from .spec import ModelSpec
from .streams import tell
from .texts import printable


def add_patient_command(commands) -> None:
    """Add `patient` to the sub-parsers of `unifiedvit`."""
    from .inference.backends.base import DEVICES

    patient = commands.add_parser(
        "patient", help="one diagnosis of a patient, from several images and metadata",
        description="For models with a patient head (models lists what each takes). Of one patient, nothing is written "
        f"without --output; for masks and pages, run predict. {NOTICE}",
    )
    patient.add_argument("images", nargs="*", metavar="IMAGE", type=Path, help="images of one patient, as an input of "
                         "predict; or what predict has written of them, NAME.json")
    patient.add_argument("--model", "-m", required=True, metavar="ID|PATH", help="a model's id or folder (see models)")
    patient.add_argument("--metadata", action="append", default=[], metavar="NAME=VALUE", type=_assignment,
                         help="what else is known of the patient, for example age=63; what is left out is missing")
    patient.add_argument("--output", "-o", type=Path, metavar="FILE.json|DIR", help="write the diagnosis there, with "
                         "the values of the metadata; with --table, a folder for the results of images and patients")
    patient.add_argument("--device", default="auto", choices=DEVICES)
    group = patient.add_argument_group("many patients")
    group.add_argument("--table", type=Path, metavar="FILE.csv", help="in place of images: a table with the columns "
                       "patient, image (and image_...; files, or NAME.json of predict, from the table's folder), and "
                       "metadata; a patient may have several lines")
    group.add_argument("--skip-existing", action="store_true", help="images whose result in DIR is still true are not "
                       "looked at again, as of predict")
    patient.set_defaults(run=_patient)


def _assignment(text: str) -> tuple[str, str]:
    """NAME=VALUE."""
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError(f"{text!r}: write it as NAME=VALUE, for example age=63")
    return name, value


def _patient(options: argparse.Namespace) -> int:
    from .service.store.catalogue import find_model

    _check_options(options)
    spec, metadata = find_model(options.model), dict(options.metadata)
    check_one_class(spec)
    if options.table:
        return _table(options, spec)
    check_metadata(metadata, spec.patient.fields if spec.patient else (), spec.name)  # before minutes of looking
    images = _look(options.images, spec, options.device)
    patient = diagnose_patient(spec, [image.view for image in images if image.view], metadata)
    if options.output:
        write_patient(patient, spec, [file for image in images for file in image.files], options.output)
    tell(as_text(patient, spec), sys.stdout)
    written = f"Written: {options.output}. " if options.output else ""
    tell(printable(f"{written}{NOTICE}"), sys.stdout)
    return 0


def _check_options(options: argparse.Namespace) -> None:
    """Raise an error for what does not go together."""
    if bool(options.images) == bool(options.table):
        raise UnsupportedImageError("Give the images of one patient, or --table with many patients; one of the two.")
    if len(dict(options.metadata)) < len(options.metadata):
        raise MetadataError("--metadata gives two values for one name. Give each once.")
    if options.table and options.metadata:
        raise MetadataError("--metadata is of one patient. With --table, metadata are columns of the table.")
    if options.table and not options.output:
        raise UnsupportedImageError("--table needs --output DIR: a folder for the results.")
    if options.skip_existing and not options.table:
        raise UnsupportedImageError("--skip-existing belongs to --table.")


def _look(images: list[Path], spec: ModelSpec, device: str) -> list[PatientImage]:
    """What the model says of each image.

    Raises:
        UnsupportedImageError: one cannot be read, or is given twice, or they are of several patients.
    """
    from .imaging.identical import sample_voxels
    from .imaging.reading import read
    from .service.worker.protocol import PredictRequest

    found = [stored_image(image, spec) if is_result(image) else PatientImage(image, _files(image)) for image in images]
    check_images(found)
    with closing(WorkerClient()) as client:
        for number, image in enumerate(found):
            if image.view is None:
                volume = read(image.path)
                found[number] = replace(image, voxels=sample_voxels(volume))
                check_distinct(found)
                view = View.of(client.run(PredictRequest(volume, spec, device=device)))
                found[number] = replace(found[number], view=replace(view, name=str(image.path)))
    return found


def _files(image: Path) -> tuple[InputFile, ...]:
    """Of an image that is to be read; none where it does not exist, which reading tells."""
    from .imaging.file_set import files_of

    return fingerprint([file for file in files_of(image) if file.is_file()])


def _table(options: argparse.Namespace, spec: ModelSpec) -> int:
    """Many patients: 0, or 1 if some failed."""
    from tqdm import tqdm

    patients = read_patients(options.table, spec)
    with tqdm(total=1.0, unit="", disable=None, file=sys.stderr, bar_format="{l_bar}{bar}{postfix}") as bar, \
            closing(WorkerClient()) as client:
        def progress(stage: str, fraction: float) -> None:
            bar.set_postfix_str(stage, refresh=False)
            bar.n = fraction
            bar.refresh()

        def ended(result: TaskResult) -> None:
            with bar.external_write_mode():
                if result.row["status"] != "done":
                    tell(printable(f"{result.path}: {result.text}"), sys.stderr)

        results = diagnose_patients(patients, options.output, BatchSettings(spec, device=options.device),
                                    serial(client), skip_existing=options.skip_existing, progress=progress, ended=ended)
    for result in results:
        tell(printable(_line(result)), sys.stdout if result.diagnosis else sys.stderr)
    done = sum(result.diagnosis is not None for result in results)
    tell(printable(f"{done} of {len(results)} patients done; {TABLE} and {DOCUMENT} in {options.output}. {NOTICE}"),
         sys.stdout)
    return 0 if done == len(results) else 1


def _line(result: PatientResult) -> str:
    """A patient for a terminal."""
    if result.diagnosis is None:
        return f"{result.name}: {result.error}"
    diagnosis = result.diagnosis.diagnosis
    return "\n".join([f"{result.name}: {diagnosis.display} ({diagnosis.probability:.0%})",
                      *(f"  ! {warning}" for warning in result.diagnosis.warnings)])
