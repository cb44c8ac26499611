"""Images and what is said of each, from a table (CSV) with a row for each."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from UnifiedViTLib.errors import MetadataError
from UnifiedViTLib.names import NOBODY, as_number, folded_patient, lost_names
from UnifiedViTLib.patient_spec import check_value
from UnifiedViTLib.texts import delimited

from ...config import Model, Source
from ..dataset import Item
from .columns import Columns
from .complaints import Complaints
from .files import masks_of_images
from .labels import labels_of_cell, labels_of_columns
from .listed import Listed

#: Characters of a path in a complaint: where a quote is missing, a cell holds many rows.
_LONGEST_SHOWN = 300


class TableReader:
    """Reads a table.

    Args:
        source: that it is of.
        table: the file.
        images: folder that the names of images start from.
        masks: folder that the names of masks start from.
        model: what the network will read and say.
        complaints: get what is wrong.
    """

    def __init__(self, source: Source, table: Path, images: Path, masks: Path, model: Model, complaints: Complaints
                 ) -> None:
        self._source, self._table, self._images, self._masks = source, table, images, masks
        self._model, self._complaints = model, complaints
        self._fields = {card.name: card.field() for card in model.metadata}
        self._spellings: dict[str, str] = {}  # of patients: the first one counts

    def items(self) -> Iterator[Listed]:
        """The images of the rows that name one."""
        try:
            header, rows = self._read()
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            remedy = '; save it as "CSV UTF-8"' if isinstance(error, UnicodeDecodeError) else ""
            self._complaints.add(self._source.name,
                                 f"{self._table} cannot be read as a table in UTF-8 ({error}){remedy}")
            return
        columns = Columns(self._source, self._table.name, header, self._model, self._complaints)
        if not any(columns.images):
            return
        group = columns.single.get("group", "")
        if lost := lost_names((line, cells.get(group) or "") for line, cells in rows):
            self._complaints.add(self._source.name, f"{self._table.name}, {lost}")
        found: list[tuple[str, Listed]] = []
        for line, cells in rows:
            where = f"{self._source.name}, {self._table.name} line {line}"
            row = {key: value for key, value in cells.items() if value is not None}
            if len(row) < len(cells):
                self._complaints.add(where, f"the row does not have {len(header)} cells like the header")
                continue
            item = self._item(row, columns, where)
            if item is not None:
                found.append((where, Listed(item, as_number(row[columns.split]) if columns.split else "")))
        masks = {}
        if self._source.folder and "mask" not in columns.single:
            masks = masks_of_images({listed.item.image: where for where, listed in found}, self._images, self._masks,
                                    self._source.name, self._complaints)
        for _, listed in found:
            mask = masks.get(listed.item.image, listed.item.mask)
            yield replace(listed, item=replace(listed.item, mask=mask))

    def _read(self) -> tuple[list[str], list[tuple[int, dict[str, str | None]]]]:
        """The header; and for each row its line, and column -> cell, None where there are too few or too many."""
        text, delimiter = delimited(self._table.read_text(encoding="utf-8-sig"))
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = [name.strip() for name in reader.fieldnames or []]
        reader.fieldnames = header
        return header, [(reader.line_num, {key: _clean(value) for key, value in row.items()}) for row in reader]

    def _item(self, row: dict[str, str], columns: Columns, where: str) -> Item | None:
        """What a row says."""
        cells = {key: row[name] for key, name in columns.single.items()}
        names = [row[name] if name else "" for name in columns.images]
        files = tuple(self._file(self._images, name, where, "image") if name else None for name in names)
        first = next(filter(None, names), "")
        if not first:
            self._complaints.add(where, "the image is not named")
        mask = self._file(self._masks, cells["mask"], where, "mask") if cells.get("mask") else None
        image = next(filter(None, files), None)
        if image is None:
            return None
        labels, unknown = self._labels(row, cells, columns, where)
        patient = self._patient(cells, where)
        group = self._spellings.setdefault(folded_patient(patient), patient) or first
        return Item(
            name=f"{self._source.name}/{first}", image=image, mask=mask,
            labels=labels, group=f"{self._source.name}/{group}",
            source=self._source.name, side="", volume=False, plane=cells.get("plane", ""),
            channels=files if self._model.channel_names else (), unknown=unknown, patient=patient,
            metadata=self._metadata(row, columns, where),
        )

    def _file(self, folder: Path, cell: str, where: str, what: str) -> Path | None:
        """The file that `cell`, which is not empty, names, if it is there; tables written on Windows have
        backslashes."""
        path = folder / cell.replace("\\", "/")
        if os.path.exists(path):  # unlike a Path's, for all that may stand in a cell
            return path
        shown = str(path) if len(str(path)) <= _LONGEST_SHOWN else f"{str(path)[:_LONGEST_SHOWN]}..."
        self._complaints.add(where, f"the {what} {shown} does not exist")
        return None

    def _labels(self, row: dict[str, str], cells: dict[str, str], columns: Columns, where: str
                ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """As of `labels_of_columns`."""
        if columns.findings:
            return labels_of_columns(row, columns.findings, where, self._model, self._complaints)
        cell = cells.get("labels", cells.get("label")) or self._source.label or ""
        return labels_of_cell(cell, where, self._model, self._complaints), ()

    def _metadata(self, row: dict[str, str], columns: Columns, where: str) -> dict[str, float | str]:
        """What else is known of the patient; cells that are empty, or as programs write empty ones, are missing."""
        values: dict[str, float | str] = {}
        for name, column in columns.metadata.items():
            field, cell = self._fields[name], row[column]
            if not cell or (cell.lower() in NOBODY and cell not in field.choices):
                continue
            try:
                values[name] = check_value(cell, field)
            except MetadataError as error:
                self._complaints.add(where, str(error))
        return values

    def _patient(self, cells: dict[str, str], where: str) -> str:
        patient = cells.get("group") or ""
        if patient.lower() in NOBODY:
            self._complaints.add(where, f"the patient is called {patient!r}, as programs write an empty cell; name the "
                                 "patient, or leave the cell empty where the image is of nobody else's")
        return patient


def _clean(value: str | list[str] | None) -> str | None:
    return value.strip() if isinstance(value, str) else None
