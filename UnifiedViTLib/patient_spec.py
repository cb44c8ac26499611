"""The section "patient" of a model's description: which images and metadata its patient head takes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

from .diagnosis import IDENTIFIER, TEMPERATURES
from .errors import MetadataError, ModelSpecError
from .fields import FILE, SHA256, Fields
from .records import Record

#: Fields of metadata, choices of one, and images of a patient.
MOST_FIELDS, MOST_CHOICES, MOST_IMAGES = 32, 64, 64
_LARGEST = 1e9
#: A number as text.
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class MetadataField(Record):
    """Something that is known of a patient: a number, or one of several choices.

    Attributes:
        name: for programs; `display` is the same for people.
        unit: of a number, for people; "" for none.
        minimum, maximum: of a number, the values that can be meant; others are refused.
        seen: of a number, the smallest and the largest of the patients that the head has learnt from.
        choices: the values; empty for a number.
    """

    name: str
    display: str
    unit: str = ""
    minimum: float = 0.0
    maximum: float = 0.0
    seen: tuple[float, float] = (0.0, 0.0)
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        values = "/".join(self.choices) if self.choices else f"{self.minimum:g} to {self.maximum:g}{unit}"
        return f"{self.name} ({values})"

    def describe(self, value: float | str) -> str:
        """A value for people: "63 years", "F"."""
        return value if isinstance(value, str) else f"{value:g} {self.unit}".rstrip()


@dataclass(frozen=True)
class PatientSpec(Record):
    """The patient head: it puts the images and the metadata of a patient together (`inference.patient`).

    Attributes:
        file, sha256: its weights, safetensors beside the description.
        temperature: of its logits.
        most_images: of a patient that it has learnt from.
        fields: the metadata that it knows; none for a head that puts images together alone.
    """

    file: str
    sha256: str
    temperature: float
    most_images: int
    fields: tuple[MetadataField, ...]


def read_patient(patient: Fields, multi_label: bool) -> PatientSpec:
    """Check the table "patient".

    Args:
        multi_label: whether the model is; patient heads are for models of one class an image.

    Raises:
        ModelSpecError: names the field that is wrong.
    """
    if multi_label:
        raise ModelSpecError("patient: a patient head is for multi-class models.")
    fields = tuple(map(read_field, patient.tables("fields", 0, MOST_FIELDS)))
    if len({field.name for field in fields}) < len(fields):
        raise ModelSpecError("patient.fields: two fields have the same name.")
    return PatientSpec(patient.file_name("file", FILE), patient.text("sha256", SHA256),
                       patient.number("temperature", *TEMPERATURES), patient.integer("most_images", 1, MOST_IMAGES),
                       fields)


def read_field(field: Fields) -> MetadataField:
    """Check one of the fields.

    Raises:
        ModelSpecError: names what is wrong.
    """
    name, display = field.text("name", IDENTIFIER), field.text("display")
    if "choices" in field.data:
        choices = field.data["choices"]
        if not isinstance(choices, list) or not 2 <= len(choices) <= MOST_CHOICES:
            raise ModelSpecError(f"{field.where}choices: a list of 2 to {MOST_CHOICES} texts is needed.")
        texts = [Fields({"choice": choice}, "", f"{field.where}choices.").text("choice") for choice in choices]
        if len({text.casefold() for text in texts}) < len(texts) or any(text != text.strip() for text in texts):
            raise ModelSpecError(f"{field.where}choices: texts are needed that differ, without blanks around them.")
        return MetadataField(name, display, choices=tuple(texts))
    minimum = field.number("minimum", -_LARGEST, _LARGEST)
    maximum = field.number("maximum", minimum, _LARGEST)
    seen = field.table("seen")
    low = seen.number("minimum", minimum, maximum)
    return MetadataField(name, display, field.text("unit") if "unit" in field.data else "", minimum, maximum,
                         (low, seen.number("maximum", low, maximum)))


def check_metadata(given: Mapping[str, object], fields: Sequence[MetadataField], model: str
                   ) -> dict[str, float | str]:
    """What is known of a patient, as a head takes it.

    Args:
        given: by the fields' names: numbers, texts; None or "" for missing.
        fields: that the model knows.
        model: its name, for people.

    Returns:
        the values that are not missing: numbers as floats, choices as the model writes them.

    Raises:
        MetadataError: a field is not known, or its value cannot be meant; says which values can.
    """
    by_name = {field.name: field for field in fields}
    values: dict[str, float | str] = {}
    for name, value in given.items():
        if name not in by_name:
            known = f"It knows {', '.join(by_name)}." if by_name else "It knows images alone."
            raise MetadataError(f"{model} does not know the metadata {name!r}. {known}")
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        values[name] = check_value(value, by_name[name])
    return values


def check_value(value: object, field: MetadataField) -> float | str:
    """A value that is not missing, as a head takes it.

    Raises:
        MetadataError: it cannot be meant; says which values can.
    """
    if field.choices:
        text = str(value).strip().casefold()
        match = next((choice for choice in field.choices if choice.casefold() == text), None)
        if match is None:
            raise MetadataError(f"{field.name} is {str(value)[:60]!r}, but one of {', '.join(field.choices)} is "
                                "needed; leave it out where it is not known.")
        return match
    number = _number(value)
    if number is None or not field.minimum <= number <= field.maximum:
        unit = f" {field.unit}" if field.unit else ""
        raise MetadataError(f"{field.name} is {str(value)[:60]!r}, but a number from {field.minimum:g} to "
                            f"{field.maximum:g}{unit} is needed; leave it out where it is not known.")
    return number


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Real | str):  # numpy's numbers are real ones, too
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):  # Python reads 6_3 as 63
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
