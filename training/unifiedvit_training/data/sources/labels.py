"""Diagnoses as tables and folders write them: names of classes, lists of names, or a column for each."""

from __future__ import annotations

import re

from UnifiedViTLib.diagnosis import NONE
from UnifiedViTLib.names import folded

from ...config import Model
from .complaints import Complaints

#: What cells of a column for one label hold. -1 is "uncertain" in the tables of CheXpert and MIMIC-CXR.
_ANSWERS = {"1": 1, "1.0": 1, "true": 1, "yes": 1, "0": 0, "0.0": 0, "false": 0, "no": 0, "": -1, "-1": -1, "-1.0": -1}


def class_named(name: str, model: Model) -> str | None:
    """The class of this name, however its letters are written: upper or lower, accents composed or not."""
    if name in model.class_names:
        return name
    same = [known for known in model.class_names if folded(known) == folded(name)]
    return same[0] if len(same) == 1 else None


def labels_of_cell(cell: str, where: str, model: Model, complaints: Complaints) -> tuple[str, ...]:
    """Names of the diagnoses in a cell, in the order of the model's classes.

    Args:
        cell: names, with ";" or "|" between them.
        where: source and line.
        model: whose classes they are.
        complaints: get what is wrong with it.
    """
    names = {name.strip() for name in re.split("[;|]", cell)} - {""}
    if model.multi_label and names == {NONE}:
        return (NONE,)
    names = {class_named(name, model) or name for name in names}
    unknown = sorted(names - set(model.class_names))
    if unknown:
        complaints.add(where, f"unknown class {', '.join(unknown)}; the classes are {', '.join(model.class_names)}")
    elif len(names) > 1 and not model.multi_label:
        complaints.add(where, f"more than one class ({cell}), but the diagnosis is multi-class")
    return tuple(name for name in model.class_names if name in names)


def labels_of_columns(row: dict[str, str], columns: dict[str, str], where: str, model: Model, complaints: Complaints
                      ) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the columns of the labels say.

    Args:
        row: column -> cell.
        columns: class -> its column.
        where: source and line.
        model: whose classes they are.
        complaints: get what is wrong with it.

    Returns:
        Names of the diagnoses that are true ("none" where none is; empty where nothing is known), and of those that
        are not known.
    """
    answers = dict.fromkeys(model.class_names, -1)
    for name, column in columns.items():
        answer = _ANSWERS.get(row[column].lower())
        if answer is None:
            complaints.add(where, f"{column} is {row[column]!r}; write 1 or 0, or leave it empty where it is not known")
        else:
            answers[name] = answer
    if max(answers.values()) < 0:
        return (), ()
    true, unknown = (tuple(name for name, answer in answers.items() if answer == value) for value in (1, -1))
    return true or (NONE,), unknown
