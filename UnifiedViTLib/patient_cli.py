"""The command line: `unifiedvit patient IMAGE...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from . import NOTICE
from .errors import MetadataError, UnsupportedImageError
from .imaging.reading.dicom.identity import Identity
from .inference.patient.diagnosis import View, diagnose_patient, region_alone
from .outputs.comparison.reading import identity_of_inputs
from .outputs.manifest import InputFile, fingerprint, model_sha256, read_result
from .outputs.patient_file import as_text, write_patient
from .patient_spec import check_metadata
from .service.worker.client import WorkerClient
from .spec import ModelSpec
from .streams import tell
from .texts import printable


def add_patient_command(commands) -> None:
    """Add `patient` to the sub-parsers of `unifiedvit`."""
    from .inference.backends.base import DEVICES

    patient = commands.add_parser(
        "patient", help="one diagnosis of a patient, from several images and metadata",
        description="For models with a patient head (models lists what each takes). Nothing is written without "
        f"--output; for masks and pages, run predict. {NOTICE}",
    )
    patient.add_argument("images", nargs="+", metavar="IMAGE", type=Path, help="images of one patient, as an input of "
                         "predict; or what predict has written of them, NAME.json")
    patient.add_argument("--model", "-m", required=True, metavar="ID|PATH", help="a model's id or folder (see models)")
    patient.add_argument("--metadata", action="append", default=[], metavar="NAME=VALUE", type=_assignment,
                         help="what else is known of the patient, for example age=63; what is left out is missing")
    patient.add_argument("--output", "-o", type=Path, metavar="FILE.json", help="write the diagnosis there, with the "
                         "values of the metadata")
    patient.add_argument("--device", default="auto", choices=DEVICES)
    patient.set_defaults(run=_patient)


def _assignment(text: str) -> tuple[str, str]:
    """NAME=VALUE."""
    name, separator, value = text.partition("=")
    if not (name and separator):
        raise argparse.ArgumentTypeError(f"{text!r}: write it as NAME=VALUE, for example age=63")
    return name, value


def _patient(options: argparse.Namespace) -> int:
    from .service.store.catalogue import find_model

    spec, metadata = find_model(options.model), dict(options.metadata)
    if len(metadata) < len(options.metadata):
        raise MetadataError("--metadata gives two values for one name. Give each once.")
    check_metadata(metadata, spec.patient.fields if spec.patient else (), spec.name)  # before minutes of looking
    views, inputs = _look(options.images, spec, options.device)
    patient = diagnose_patient(spec, views, metadata)
    if options.output:
        write_patient(patient, spec, inputs, options.output)
    tell(as_text(patient, spec), sys.stdout)
    written = f"Written: {options.output}. " if options.output else ""
    tell(printable(f"{written}{NOTICE}"), sys.stdout)
    return 0


def _look(images: list[Path], spec: ModelSpec, device: str) -> tuple[list[View], list[InputFile]]:
    """What the model says of each image, and the files of all of them.

    Raises:
        UnsupportedImageError: one cannot be read, or is given twice, or they are of several patients.
    """
    from .imaging.file_set import files_of
    from .imaging.reading import read
    from .service.worker.protocol import PredictRequest

    views, of_images = [], {}
    with closing(WorkerClient()) as client:
        for image in images:
            if image.suffix.lower() == ".json":
                view, files = _stored(image, spec)
            else:
                volume = read(image)
                files = fingerprint(files_of(image))
                view = View.of(client.run(PredictRequest(volume, spec, device=device)))
            content = tuple(file.sha256 for file in files)
            if content and content in of_images:
                raise UnsupportedImageError(f"{image} is the same image as {of_images[content][0]}, and would count "
                                            "twice. Give each image once.")
            of_images[content] = image, files
            views.append(replace(view, name=str(image)))
    _check_one_patient(of_images.values())
    return views, [file for _, files in of_images.values() for file in files]


def _check_one_patient(of_images: Iterable[tuple[Path, Sequence[InputFile]]]) -> None:
    """Raise an UnsupportedImageError where DICOM images state that they are of several patients."""
    known: list[tuple[Path, Identity]] = []
    for image, files in of_images:
        identity = identity_of_inputs(files)
        for before, other in known:
            if identity.differs_from(other):
                raise UnsupportedImageError(f"{image} is of another patient than {before}, as their Patient IDs, names "
                                            "or dates of birth say. Give the images of one patient.")
        known.append((image, identity))


def _stored(path: Path, spec: ModelSpec) -> tuple[View, tuple[InputFile, ...]]:
    """The view that a result of `predict` is.

    Raises:
        UnsupportedImageError: it is none, of another model, or of a region alone.
    """
    found = read_result(path)
    if found is None:
        raise UnsupportedImageError(f"{path} is no result of unifiedvit predict, or was changed since it was written. "
                                    "Give the image, or run predict again.")
    document, manifest = found
    if manifest.request.model_sha256 != model_sha256(spec):
        raise UnsupportedImageError(f"{path} is a result of {manifest.request.model_id} "
                                    f"{manifest.request.model_version}, not of {spec.name} {spec.version} as it is "
                                    "now. Look at all images with one model.")
    if "region" in document:
        raise region_alone(str(path))
    return View(path.name, document["diagnosis"]["probabilities"], tuple(document["warnings"])), manifest.inputs
