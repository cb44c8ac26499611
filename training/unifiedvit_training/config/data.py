"""The section `data`: where images come from, and which side of the split each is on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_serializer, model_validator

from .section import Section

#: In `mask_values`, the name of what is no segment.
BACKGROUND = "background"
#: In prepared masks, what nobody labelled; mask classes are fewer.
IGNORE = 255


class Split(Section):
    """Which side of the split an image is on. Images of one group are never separated.

    Either by a column of the table (`column` with `train`, `validation`, `test`: lists of its values; one source may be
    on a single side, such as another hospital's that is for `test` alone), or dealt out by group and stratified by
    class: `fractions` (train, validation, test), or `folds` of which number `fold` (1 ... folds) is for validation.
    """

    column: str | None = None
    train: list[str] = Field(default=[])
    validation: list[str] = Field(default=[])
    test: list[str] = Field(default=[])
    fractions: tuple[float, float, float] = (0.70, 0.15, 0.15)
    folds: int | None = Field(default=None, ge=2, le=100)
    fold: int = Field(default=1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, given: Any) -> Any:
        """Values of a column are texts; YAML reads 1 as a number, and 1 and 1.0 are one value."""
        if isinstance(given, dict):
            for side in ("train", "validation", "test"):
                if isinstance(given.get(side), list):
                    given = given | {side: [re.sub(r"^(-?\d+)\.0+$", r"\1", str(value)) for value in given[side]]}
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Split:
        if self.column and not (self.train or self.validation or self.test):
            raise ValueError("a split by column needs the values of `train`, of `validation` or of `test`")
        if sorted(self.train + self.validation + self.test) != sorted({*self.train, *self.validation, *self.test}):
            raise ValueError("a value stands on two sides of the split")
        if self.folds and self.fold > self.folds:
            raise ValueError(f"fold {self.fold} of {self.folds} folds")
        if abs(sum(self.fractions) - 1) > 1e-6 or min(self.fractions) < 0:
            raise ValueError("the three fractions are from 0 to 1 and add up to 1")
        return self


class Source(Section):
    """One set of images: a CSV table, or a folder laid out in a known way.

    Attributes:
        name: of the set; metrics are given for each.
        table: CSV file with one row an image or volume. `columns` names the table's columns for what is needed:
            `image` and `label` or `mask`; `group` (what must not be separated: the patient), `plane`, and, for
            several labels at once, `labels` (separated by semicolons or bars, "none" for nothing found), or a column
            for each: `{edema: <column>}`, with 1 and 0, empty or -1 for not known. A label that is left out is not
            known; without `labels`, the columns are called as the classes are. For models of several channels `image`
            names a column for each: `{t1c: <column>, t2: <column>}`; a channel that is left out, or whose cell is
            empty, is missing. Without `image`, the columns are called as the channels are.
        folder: instead of a table. With `images/`, `masks/` and `labels.csv`; or with one folder a class; or with
            volumes and, beside each, its mask as `<name>_label.<ending>` or `<name>_seg.<ending>`.
        images, masks: folders that the table's paths start from; None: the table's own folder.
        columns: what the table calls them; `image`, `mask`, `label`, `labels`, `group`, `plane`.
        metadata: the table's column of each of the model's `metadata`, `{age: <column>}`; an empty cell is missing, and
            so is what is left out.
        label: the class of all images, where no column tells it.
        mask_values: value in the mask files -> name of the segment, or "background". Empty: any value above 0 is the
            only segment. What is not named and 0 is background.
        ignore: value in the mask files of what nobody labelled, of partial masks (scribbles, boxes): neither loss nor
            metric counts it. None: masks are whole. Where it is 0, `mask_values` names another value "background".
        empty_masks: for images without a mask file: True: nothing is there (a healthy image); False: not known.
            None: nothing is there where the class has no lesion, not known elsewhere.
        slice_labels: volumes: "lesion": slices with a mask take the volume's class, slices without take the class
            without a lesion; "volume": all slices take the volume's class. Several labels at once, "lesion": a finding
            with a segment is where that is drawn; of one without, the slices of a volume that has it are not known.
        split: on which side an image is.
    """

    name: str
    table: Path | None = None
    folder: Path | None = None
    images: Path | None = None
    masks: Path | None = None
    columns: dict[Literal["image", "mask", "label", "labels", "group", "plane"], str | dict[str, str]] = Field(
        default={})
    metadata: dict[str, str] = Field(default={})
    label: str | None = None
    mask_values: dict[int, str] = Field(default={})
    ignore: int | None = Field(default=None, ge=0)
    empty_masks: bool | None = None
    slice_labels: Literal["lesion", "volume"] = "lesion"
    split: Split = Split()

    @model_validator(mode="after")
    def _one_column_each(self) -> Source:
        wrong = [key for key, name in self.columns.items() if key not in ("image", "labels") and isinstance(name, dict)]
        if wrong:
            raise ValueError(f"columns.{wrong[0]} is one column; several are possible for image and labels alone")
        return self

    @model_validator(mode="after")
    def _unlabelled(self) -> Source:
        if self.ignore is not None and self.ignore in self.mask_values:
            raise ValueError(f"ignore is {self.ignore}, which mask_values calls {self.mask_values[self.ignore]}")
        if self.ignore == 0 and BACKGROUND not in self.mask_values.values():
            raise ValueError(f"where ignore is 0, mask_values must name the value that is {BACKGROUND!r}")
        return self

    @model_serializer(mode="wrap")
    def _as_ever(self, write: Any) -> dict[str, Any]:
        """Without `ignore` where masks are whole, and `metadata` where there are none, so that datasets and runs from
        before there were any go on."""
        return {name: value for name, value in write(self).items()
                if not ((name == "ignore" and value is None) or (name == "metadata" and not value))}

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.table is None) == (self.folder is None):
            raise ValueError("a source is either a `table` or a `folder`")
        return self


class Data(Section):
    """Where images come from and how they are prepared.

    `plane` is for volumes ("auto": the acquisition plane), in use too; `slice_stride` keeps each n-th slice of one;
    `every_class` False: classes may lack images, at one site of a federation whose others have them.
    """

    sources: list[Source] = Field(min_length=1)
    plane: Literal["auto", "axial", "coronal", "sagittal"] = "auto"
    slice_stride: int = Field(default=1, ge=1)
    every_class: bool = True

    @model_serializer(mode="wrap")
    def _as_ever(self, write: Any) -> dict[str, Any]:
        """Without `every_class` where nothing may lack, so that datasets from before it are not made again."""
        return {name: value for name, value in write(self).items() if name != "every_class" or not value}
