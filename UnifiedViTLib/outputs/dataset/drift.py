"""How far readers change what a model proposes, version by version: whether it still fits what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...records import Record
from .cases import Case

_COLUMNS = ("Model", "Version", "Cases", "Dice", "of", "Overturned", "of", "First", "Last")


@dataclass(frozen=True)
class VersionDrift(Record):
    """What became of the proposals of one version of a model.

    Attributes:
        model, version: of the model.
        cases: how many were corrected or confirmed.
        dice: mean between what was proposed and what it became, 0 to 1; None where it is known of none.
        measured: cases that this is the mean of.
        overturned: share of diagnoses that were changed, 0 to 1; None where none is known.
        judged: cases that this is the share of.
        first, last: dates of the first and the last case.
    """

    model: str
    version: str
    cases: int
    dice: float | None
    measured: int
    overturned: float | None
    judged: int
    first: str
    last: str


def drift(cases: Sequence[Case]) -> tuple[VersionDrift, ...]:
    """By model and version, in the order in which they came into use."""
    ordered = sorted(cases, key=lambda case: case.added)
    versions = dict.fromkeys((case.model, case.model_version) for case in ordered)
    return tuple(_of_version(*version, [case for case in ordered if (case.model, case.model_version) == version])
                 for version in versions)


def drift_table(rows: Sequence[VersionDrift]) -> str:
    """For a terminal; "-" for what is not known."""
    cells = [_COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_COLUMNS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def _of_version(model: str, version: str, cases: Sequence[Case]) -> VersionDrift:
    values = [case.dice for case in cases if case.dice is not None]
    judged = [case.overturned for case in cases if case.overturned is not None]
    return VersionDrift(model, version, len(cases), sum(values) / len(values) if values else None, len(values),
                        sum(judged) / len(judged) if judged else None, len(judged), cases[0].added, cases[-1].added)


def _cells(row: VersionDrift) -> tuple[str, ...]:
    dice = "-" if row.dice is None else f"{row.dice:.3f}"
    share = "-" if row.overturned is None else f"{row.overturned:.0%}"
    return (row.model, row.version, str(row.cases), dice, str(row.measured), share, str(row.judged), row.first[:10],
            row.last[:10])
