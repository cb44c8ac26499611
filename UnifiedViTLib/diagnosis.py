"""The diagnosis in a model's description: its classes, and how their logits become an answer."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from .errors import ModelSpecError
from .fields import Fields
from .records import Record

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
TEMPERATURES = 0.01, 100
_BIASES, _THRESHOLDS = (-20, 20), (0.001, 0.999)
#: DICOM's SH and LO, without what they use as a separator.
_CODE, _MEANING = re.compile(r"[A-Za-z0-9._-]{1,16}"), re.compile(r"[^\\]{1,64}")
MULTI_CLASS, MULTI_LABEL = "multi-class", "multi-label"
#: What stands in tables and files where a multi-label model finds nothing; no class is called so.
NONE = "none"


@dataclass(frozen=True)
class Code(Record):
    """A term of a dictionary, as DICOM has it: "302820008", "SCT", "Intracranial meningioma"."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class DiagnosisClass(Record):
    """A diagnosis: `name` for programs, `display` for people, `code` for DICOM (None: results make up a private one);
    `lesion` is False for "nothing found"."""

    name: str
    display: str
    lesion: bool
    code: Code | None = None


@dataclass(frozen=True)
class LabelRule(Record):
    """How the logit of a finding becomes a probability, and from which one on the finding is said to be there.

    Attributes:
        temperature, bias: the probability is sigmoid(logit / temperature + bias) (Platt 1999, eq. 1).
        threshold: at this probability and above, it is found.
        segment: name of the segment that outlines it; None if none does.
    """

    temperature: float
    bias: float
    threshold: float
    segment: str | None = None


class DiagnosisSpec(NamedTuple):
    """What a description says of the diagnosis; fields as in `ModelSpec`."""

    classes: tuple[DiagnosisClass, ...]
    temperature: float
    label_rules: tuple[LabelRule, ...]
    nothing_found: str


def read_diagnosis(diagnosis: Fields, segments: Collection[str]) -> DiagnosisSpec:
    """Check the table "diagnosis".

    Args:
        segments: names of the model's segments.

    Raises:
        ModelSpecError: names the field that is wrong.
    """
    several = diagnosis.choice("task", (MULTI_CLASS, MULTI_LABEL)) == MULTI_LABEL
    tables = diagnosis.tables("classes", 2, 255)
    classes = tuple(_diagnosis_class(c) for c in tables)
    if len({c.name for c in classes}) != len(classes):
        raise ModelSpecError("diagnosis.classes: two classes have the same name.")
    if not several:
        if sum(not c.lesion for c in classes) > 1:
            raise ModelSpecError("diagnosis.classes: more than one class says that nothing was found.")
        return DiagnosisSpec(classes, diagnosis.number("temperature", *TEMPERATURES), (), "")
    if "temperature" in diagnosis.data:
        raise ModelSpecError("diagnosis.temperature: in a multi-label model each of the classes has its own.")
    for table, one in zip(tables, classes, strict=True):
        if not one.lesion:
            raise ModelSpecError(f"{table.where}lesion: true is needed; a multi-label model has findings alone.")
        if one.name == NONE:
            raise ModelSpecError(f"{table.where}name: {NONE!r} says that nothing was found; give the class another.")
    return DiagnosisSpec(
        classes, 1.0, tuple(_label_rule(table, segments) for table in tables), diagnosis.text("nothing_found")
    )


def _diagnosis_class(table: Fields) -> DiagnosisClass:
    code = None
    if "code" in table.data:
        term = table.table("code")
        code = Code(term.text("value", _CODE), term.text("scheme", _CODE), term.text("meaning", _MEANING))
    return DiagnosisClass(table.text("name", IDENTIFIER), table.text("display"), table.flag("lesion"), code)


def _label_rule(table: Fields, segments: Collection[str]) -> LabelRule:
    return LabelRule(
        table.number("temperature", *TEMPERATURES), table.number("bias", *_BIASES),
        table.number("threshold", *_THRESHOLDS),
        table.choice("segment", tuple(segments)) if "segment" in table.data else None,
    )
