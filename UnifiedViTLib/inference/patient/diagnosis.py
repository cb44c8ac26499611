"""`diagnose_patient`: the images of a patient and what else is known of him or her into one diagnosis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import UnsupportedImageError
from ...patient_spec import MetadataField, check_metadata
from ...records import Record
from ...spec import ModelSpec
from ...texts import percents
from ..decision import diagnose
from ..prediction import Diagnosis, Prediction
from ..warnings import NEVER_SURE, review_threshold
from .head import PatientHead, load_patient_head

IMAGE, METADATA = "image", "metadata"


@dataclass(frozen=True)
class View(Record):
    """An image of a patient that a model has looked at.

    Attributes:
        name: of the image.
        probabilities: of its diagnosis, by class name.
        warnings: of its result.
    """

    name: str
    probabilities: dict[str, float]
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, prediction: Prediction) -> View:
        """The view that a prediction is.

        Raises:
            UnsupportedImageError: it is of a region alone.
        """
        if prediction.region:
            raise region_alone(prediction.name)
        return cls(prediction.name, prediction.diagnosis.probabilities, prediction.warnings)


@dataclass(frozen=True)
class Evidence(Record):
    """What one image, or one thing that is known of the patient, had to do with the diagnosis.

    Attributes:
        kind: "image" or "metadata".
        name: of the image or the field.
        value: for people: what the image alone shows, or the value with its unit.
        weight: attention to it, 0 to 1; of all images and fields, missing ones too, they add up to 1.
        probability_without: of the patient's diagnosis, were this not given; None for the only image.
    """

    kind: str
    name: str
    value: str
    weight: float
    probability_without: float | None


@dataclass(frozen=True)
class PatientDiagnosis(Record):
    """One diagnosis of a patient.

    Attributes:
        diagnosis: of the patient.
        images_alone: what the images say, had nothing else been known.
        evidence: images in the order given, then the metadata that counted.
        metadata: all that was given, as the model writes it.
        missing: names of the fields that were not given.
        warnings: sentences for the reader.
    """

    diagnosis: Diagnosis
    images_alone: Diagnosis
    evidence: tuple[Evidence, ...]
    metadata: dict[str, Any]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


def diagnose_patient(spec: ModelSpec, images: Sequence[Prediction | View],
                     metadata: Mapping[str, object] | None = None) -> PatientDiagnosis:
    """Put the images of one patient and what else is known together, by the model's patient head.

    Of a single image, with nothing known, the answer is the image's own.

    Args:
        spec: the model, which gave the predictions.
        images: of one patient, in any order.
        metadata: by the names of `spec.patient.fields`; what is left out, None or "" is missing.

    Raises:
        MetadataError: the model does not know a field, or a value cannot be meant.
        UnsupportedImageError: the model is multi-label, there is no image, there are more than the model has learnt
            from, one is given twice, or one was looked at by another model.
        WeightsError: the head is missing or damaged.
    """
    check_one_class(spec)
    views = [View.of(image) if isinstance(image, Prediction) else image for image in images]
    _check_images(spec, images, views)
    known = check_metadata(metadata or {}, spec.patient.fields if spec.patient else (), spec.name)
    head = load_patient_head(spec)
    probabilities = np.array([[view.probabilities[c.name] for c in spec.classes] for view in views])
    if head is None:  # a single image, and nothing else
        return _of_image(spec, views[0], probabilities[0])
    values, outside = _within_training(known, head.spec.fields)
    output = head.diagnose(probabilities, values)
    diagnosis = diagnose(output.probabilities, spec)
    images_alone = diagnose(head.diagnose(probabilities, {}).probabilities, spec)
    evidence = _evidence(head, spec, views, probabilities, values)
    own = [diagnose(row, spec) for row in probabilities]
    together = _review(spec, diagnosis) if values or len(views) > 1 else []
    return PatientDiagnosis(
        diagnosis, images_alone, evidence, dict(known),
        tuple(field.name for field in head.spec.fields if field.name not in known),
        (*_disagreement(diagnosis, images_alone, own, views), *together, *outside, *_warnings_of(views)),
    )


def check_one_class(spec: ModelSpec) -> None:
    """Return if the model gives one class an image, which is what a patient's diagnosis is made of.

    Raises:
        UnsupportedImageError: it is multi-label.
    """
    if spec.multi_label:
        raise UnsupportedImageError(f"{spec.name} is a multi-label model, and a patient's diagnosis is made of one "
                                    "class an image. Run `unifiedvit predict` on each image.")


def region_alone(name: str) -> UnsupportedImageError:
    """The sentence for a result of some slices, which would count as the whole image."""
    return UnsupportedImageError(f"{name} was looked at in a region alone, and a patient's diagnosis is made of whole "
                                 "images. Look at all of it.")


def _check_images(spec: ModelSpec, images: Sequence[Prediction | View], views: Sequence[View]) -> None:
    if not views:
        raise UnsupportedImageError("A patient's diagnosis needs at least one image. Give one.")
    names = [c.name for c in spec.classes]
    foreign = next((view.name for view, image in zip(views, images, strict=True) if list(view.probabilities) != names
                    or (isinstance(image, Prediction) and image.spec.sha256 != spec.sha256)), None)
    if foreign is not None:
        raise UnsupportedImageError(f"{foreign} was looked at by another model than {spec.name}. Look at all images "
                                    "with one model.")
    twice = [name for name, count in Counter(view.name for view in views).items() if count > 1]
    if twice:
        raise UnsupportedImageError(f"Two of the images are called {twice[0]}: an image that is given twice would "
                                    "count twice. Give each once, under a name of its own.")
    most = spec.patient.most_images if spec.patient else 1
    if len(views) > most:
        learnt = f"has learnt from patients with at most {most}" if spec.patient else "has no patient head"
        raise UnsupportedImageError(f"{len(views)} images are given, and {spec.name} {learnt}. Give fewer, or take a "
                                    "model that was trained with `unifiedvit-train patient` on such patients.")


def _of_image(spec: ModelSpec, view: View, probabilities: np.ndarray) -> PatientDiagnosis:
    diagnosis = diagnose(probabilities, spec)
    return PatientDiagnosis(diagnosis, diagnosis, (Evidence(IMAGE, view.name, _shows(diagnosis), 1.0, None),), {}, (),
                            _warnings_of([view]))


def _within_training(known: Mapping[str, float | str], fields: Sequence[MetadataField]
                     ) -> tuple[dict[str, float | str], list[str]]:
    """The values that patients of training had or could have had, and warnings on the others, which count as missing:
    what a head makes of them nobody has seen."""
    values, warnings = dict(known), []
    for field in fields:
        value = known.get(field.name)
        if isinstance(value, float) and not field.seen[0] <= value <= field.seen[1]:
            del values[field.name]
            warnings.append(f"{field.display} ({field.describe(value)}) lies outside of what the model has learnt from "
                            f"({field.seen[0]:g} to {field.seen[1]:g}), and was not used.")
    return values, warnings


def _evidence(head: PatientHead, spec: ModelSpec, views: Sequence[View], probabilities: np.ndarray,
              values: Mapping[str, float | str]) -> tuple[Evidence, ...]:
    output = head.diagnose(probabilities, values)
    best = int(output.probabilities.argmax())
    evidence = []
    for number, view in enumerate(views):
        rest = np.delete(probabilities, number, axis=0)
        without = float(head.diagnose(rest, values).probabilities[best]) if len(rest) else None
        evidence.append(Evidence(IMAGE, view.name, _shows(diagnose(probabilities[number], spec)),
                                 float(output.image_weights[number]), without))
    for field, weight in zip(head.spec.fields, output.field_weights, strict=True):
        if field.name in values:
            rest = {name: value for name, value in values.items() if name != field.name}
            evidence.append(Evidence(METADATA, field.name, field.describe(values[field.name]), float(weight),
                                     float(head.diagnose(probabilities, rest).probabilities[best])))
    return tuple(evidence)


def _shows(diagnosis: Diagnosis) -> str:
    return f"{diagnosis.display} {diagnosis.probability:.0%}"


def _disagreement(diagnosis: Diagnosis, images_alone: Diagnosis, own: Sequence[Diagnosis], views: Sequence[View]
                  ) -> list[str]:
    warnings = []
    if diagnosis.label != images_alone.label:
        warnings.append(f"Metadata changed the diagnosis: from the images alone it would be {_shows(images_alone)}.")
    if len({one.label for one in own}) > 1:
        each = ", ".join(f"{view.name} {_shows(one)}" for view, one in zip(views, own, strict=True))
        warnings.append(f"The images contradict each other: {each}.")
    return warnings


def _review(spec: ModelSpec, diagnosis: Diagnosis) -> list[str]:
    """Whether a reader should review the patient's diagnosis, by the threshold of that of images."""
    threshold = review_threshold(spec, False)
    if threshold is None:
        return [NEVER_SURE]
    if diagnosis.probability >= threshold:
        return []
    sure, enough = percents(diagnosis.probability, threshold)
    shown = f"{diagnosis.display} {sure}"
    return [f"The patient's diagnosis is uncertain ({shown}, under {enough}): review it."]


def _warnings_of(views: Sequence[View]) -> tuple[str, ...]:
    return tuple(f"{view.name}: {warning}" for view in views for warning in view.warnings)
