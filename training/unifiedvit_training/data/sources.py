"""Which images there are, and what is said of each: from tables (CSV) and from folders laid out in a known way."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from UnifiedViTLib.diagnosis import NONE
from UnifiedViTLib.imaging.reading import SUFFIXES

from ..config import Model, Project, Source
from ..errors import DataError
from .dataset import Item
from .names import SEGMENTATION, as_number, folded, folded_patient

#: What cells of a column for one label hold. -1 is "uncertain" in the tables of CheXpert and MIMIC-CXR.
_ANSWERS = {"1": 1, "1.0": 1, "true": 1, "yes": 1, "0": 0, "0.0": 0, "false": 0, "no": 0, "": -1, "-1": -1, "-1.0": -1}
#: What the name of a mask beside its image ends with, before the file's ending.
_BESIDE = ("_label", "_seg", "_mask", SEGMENTATION)
#: Patients that are none: what programs write into an empty cell.
_NOBODY = {"nan", "none", "null", "n/a", "#n/a", "<na>"}
#: So many of the complaints are spelt out.
_SHOWN = 10


@dataclass(frozen=True)
class Listed:
    """An item whose side is not decided yet, and what the column of the split says of it ("" without one)."""

    item: Item
    split: str


@dataclass
class _Complaints:
    """What is wrong, collected so that it can be put right in one go."""

    sentences: list[str] = field(default_factory=list)

    def add(self, where: str, sentence: str) -> None:
        self.sentences.append(f"{where}: {sentence}")

    def raise_if_any(self) -> None:
        """Raise a `DataError` if anything was added."""
        if self.sentences:
            count = len(self.sentences)
            more = f"\n  ... and {count - _SHOWN} more" if count > _SHOWN else ""
            raise DataError(
                f"The data have {count} mistake{'s' if count > 1 else ''}. Put {'them' if count > 1 else 'it'} right "
                "and run again:\n  " + "\n  ".join(self.sentences[:_SHOWN]) + more
            )


def list_items(project: Project) -> dict[str, list[Listed]]:
    """For each source, in order, its images and volumes; no image is opened.

    Raises:
        DataError: tables, columns, files or classes are wrong; all that was found is said at once.
    """
    complaints = _Complaints()
    found = {}
    for source in project.data.sources:
        if source.name in found:
            complaints.add(source.name, "two sources have this name; give each its own")
        _check_names(source, project.model, complaints)
        rows = list(_rows(source, project.model, complaints))
        _check_repeats(source, rows, complaints)
        if not rows and not any(text.startswith(source.name) for text in complaints.sentences):
            complaints.add(source.name, f"no images in {source.table or source.folder}")
        found[source.name] = rows
    complaints.raise_if_any()
    return found


def _check_names(source: Source, model: Model, complaints: _Complaints) -> None:
    segments = [segment.name for segment in model.segments]
    for value, name in source.mask_values.items():
        if name not in segments:
            complaints.add(source.name, f"mask_values: {value} is {name!r}, but the segments are {', '.join(segments)}")
    if not source.mask_values and len(segments) > 1:
        complaints.add(source.name, f"say in mask_values which value is which of {', '.join(segments)}")
    if source.label is not None and not _class_named(source.label, model):
        complaints.add(source.name, f"the label {source.label!r} is none of {', '.join(model.class_names)}")


def _check_repeats(source: Source, rows: list[Listed], complaints: _Complaints) -> None:
    seen: set[Path] = set()
    for row in rows:
        for image in filter(None, row.item.channels or (row.item.image,)):
            if image in seen:
                complaints.add(source.name, f"{image.name} is listed twice; keep one row")
            seen.add(image)


def _rows(source: Source, model: Model, complaints: _Complaints) -> Iterator[Listed]:
    if source.table is not None:
        home = source.table.parent
        return _from_table(source, source.table, source.images or home, source.masks or home, model, complaints)
    folder = source.folder
    assert folder is not None, "a source has a table or a folder"
    if model.channel_names and not (folder / "labels.csv").is_file():
        complaints.add(source.name, "a folder without a table does not say which channel an image is; give a `table`")
        return iter(())
    if not folder.is_dir():
        complaints.add(source.name, f"there is no folder {folder}; check `folder`, and --data")
        return iter(())
    if (folder / "labels.csv").is_file():
        masks = source.masks or folder / "masks"
        return _from_table(source, folder / "labels.csv", source.images or folder / "images", masks, model, complaints)
    return _from_folder(source, folder, model, complaints)


def _from_table(source: Source, table: Path, images: Path, masks: Path, model: Model,
                complaints: _Complaints) -> Iterator[Listed]:
    try:
        text = table.read_text(encoding="utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = reader.fieldnames = [name.strip() for name in reader.fieldnames or []]
        rows = [(reader.line_num, {key: _clean(value) for key, value in row.items()}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        complaints.add(source.name, f"{table} cannot be read as a table in UTF-8 ({error})")
        return
    columns = _columns(source, table, header, complaints)
    findings_in = _finding_columns(source, table, header, columns, model, complaints)
    images_in = _image_columns(source, table, header, model, complaints)
    if not any(images_in):
        return
    beside = None if "mask" in columns else _stems(masks) if source.folder else {}
    spelled: dict[str, str] = {}
    for line, read in rows:
        where = f"{source.name}, {table.name} line {line}"
        row = {key: value for key, value in read.items() if value is not None}
        if len(row) < len(read):
            complaints.add(where, f"the row does not have {len(header)} cells like the header")
            continue
        cells = {key: row[name] for key, name in columns.items()}
        named = [row[name] if name else "" for name in images_in]
        files = tuple(_file(images, cell, where, "image", complaints) if cell else None for cell in named)
        first = next(filter(None, named), "")
        if not first:
            complaints.add(where, "the image is not named")
        image = next(filter(None, files), None)
        mask = _file(masks, cells["mask"], where, "mask", complaints) if cells.get("mask") else None
        if image is None:
            continue
        if beside:
            mask = beside.get(_stem(image))
        if findings_in:
            labels, unknown = _answered(row, findings_in, where, model, complaints)
        else:
            cell = cells.get("labels", cells.get("label")) or source.label or ""
            labels, unknown = _labels(cell, where, model, complaints), ()
        patient = cells.get("group") or ""
        if patient.lower() in _NOBODY:
            complaints.add(where, f"the patient is called {patient!r}, as programs write an empty cell; name the "
                           "patient, or leave the cell empty where the image is of nobody else's")
        group = spelled.setdefault(folded_patient(patient), patient) or first
        yield Listed(
            Item(
                name=f"{source.name}/{first}", image=image, mask=mask,
                labels=labels, group=f"{source.name}/{group}",
                source=source.name, side="", volume=False, plane=cells.get("plane", ""),
                channels=files if model.channel_names else (), unknown=unknown, patient=patient,
            ),
            as_number(row[source.split.column]) if source.split.column in header else "",
        )


def _clean(value: str | list[str] | None) -> str | None:
    return value.strip() if isinstance(value, str) else None


def _columns(source: Source, table: Path, header: list[str], complaints: _Complaints) -> dict[str, str]:
    """For what is needed of mask, label, labels, group, plane: the table's name of it, where it has one."""
    known = {name.lower(): name for name in header}
    columns = {}
    for key in ("mask", "label", "labels", "group", "plane"):
        name = source.columns.get(key) or known.get(key)
        if isinstance(name, dict):
            continue  # a column for each label: see `_finding_columns`
        if name in header:
            columns[key] = name
        elif name is not None:
            _no_column(source, table, header, key, name, complaints)
    if source.split.column and source.split.column not in header:
        complaints.add(
            source.name, f"{table.name} has no column {source.split.column!r} to split by (it has {', '.join(header)})"
        )
    return columns


def _finding_columns(source: Source, table: Path, header: list[str], columns: dict[str, str], model: Model,
                     complaints: _Complaints) -> dict[str, str]:
    """Class -> the table's column of it, for tables with a column for each label; empty for others."""
    given = source.columns.get("labels")
    if not isinstance(given, dict):
        if not model.multi_label or source.label or {"label", "labels"} & {*columns}:
            return {}
        known = {name.lower(): name for name in header}
        return {name: known[name.lower()] for name in model.class_names if name.lower() in known}
    if not model.multi_label:
        complaints.add(source.name, "columns.labels names a column for each class, but the diagnosis is multi-class")
        return {}
    for key, name in given.items():
        if key not in model.class_names:
            complaints.add(source.name, f"columns.labels: there is no class {key!r}; the classes are "
                           f"{', '.join(model.class_names)}")
        elif name not in header:
            _no_column(source, table, header, key, name, complaints)
    return {key: name for key, name in given.items() if key in model.class_names and name in header}


def _image_columns(source: Source, table: Path, header: list[str], model: Model, complaints: _Complaints) -> list[str]:
    """The table's column of each channel, "" where it has none; of the only image for models without channels."""
    given, names = source.columns.get("image"), model.channel_names or ["image"]
    if given is None:
        known = {name.lower(): name for name in header}
        columns = {name: known[name.lower()] for name in names if name.lower() in known}
        columns = columns or {name: name for name in names}  # none is there: each is told
    elif isinstance(given, dict) and not model.channel_names:
        complaints.add(source.name, "columns.image names a column for each channel, but model.input has no channels")
        return []
    elif isinstance(given, str) and model.channel_names:
        complaints.add(source.name, f"columns.image is one column, but the model looks at {', '.join(names)}: write "
                       f"image: {{{names[0]}: {given}, ...}}")
        return []
    else:
        columns = given if isinstance(given, dict) else {"image": given}
    for key, name in columns.items():
        if key not in names:
            complaints.add(source.name, f"columns.image: there is no channel {key!r}; the channels are "
                           f"{', '.join(names)}")
        elif name not in header:
            _no_column(source, table, header, key, name, complaints)
    return [columns[name] if columns.get(name) in header else "" for name in names]


def _no_column(source: Source, table: Path, header: list[str], key: str, name: str, complaints: _Complaints) -> None:
    complaints.add(source.name, f"{table.name} has no column {name!r} (it has {', '.join(header)}); "
                   f"say in `columns` which one is the {key}")


def _file(folder: Path, cell: str, where: str, what: str, complaints: _Complaints) -> Path | None:
    """The file that `cell`, which is not empty, names, if it is there; tables written on Windows have backslashes."""
    path = folder / cell.replace("\\", "/")
    if path.exists():
        return path
    complaints.add(where, f"the {what} {path} does not exist")
    return None


def _answered(row: dict[str, str], columns: dict[str, str], where: str, model: Model, complaints: _Complaints
              ) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the columns of the labels say: names of the diagnoses that are true (or "none"; empty where nothing is
    known), and of those that are not known."""
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


def _labels(cell: str, where: str, model: Model, complaints: _Complaints) -> tuple[str, ...]:
    """Names of the diagnoses in a cell, in the order of the model's classes."""
    names = {name.strip() for name in re.split("[;|]", cell)} - {""}
    if model.multi_label and names == {NONE}:
        return (NONE,)
    names = {_class_named(name, model) or name for name in names}
    unknown = sorted(names - set(model.class_names))
    if unknown:
        complaints.add(where, f"unknown class {', '.join(unknown)}; the classes are {', '.join(model.class_names)}")
    elif len(names) > 1 and not model.multi_label:
        complaints.add(where, f"more than one class ({cell}), but the diagnosis is multi-class")
    return tuple(name for name in model.class_names if name in names)


def _class_named(name: str, model: Model) -> str | None:
    """The class of this name, however its letters are written: upper or lower, accents composed or not."""
    if name in model.class_names:
        return name
    same = [known for known in model.class_names if folded(known) == folded(name)]
    return same[0] if len(same) == 1 else None


def _from_folder(source: Source, folder: Path, model: Model, complaints: _Complaints) -> Iterator[Listed]:
    """Images in `images/` (masks of the same name in `masks/`), or one folder a class, or all in one folder."""
    if source.split.column:
        complaints.add(source.name, "a folder without labels.csv has no column to split by; use fractions or folds")
    if (folder / "images").is_dir() or source.images:
        images = source.images or folder / "images"
        if not images.is_dir():
            complaints.add(source.name, f"there is no folder {images}; check `images`, and --data")
            return
        beside = _stems(source.masks or folder / "masks")
        label = source.label and _class_named(source.label, model)
        for image in (path for path in _images(images) if not _stem(path).endswith(SEGMENTATION)):
            yield _alone(source, image, images, label, beside.get(_stem(image)))
        return
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    for path in inner:
        label = _class_named(path.name, model)
        if label is None:
            complaints.add(
                source.name, f"the folder {path.name} is no class; the classes are {', '.join(model.class_names)}"
            )
            continue
        yield from _with_masks_beside(source, path, folder, label)
    if not inner:
        yield from _with_masks_beside(source, folder, folder, source.label and _class_named(source.label, model))


def _with_masks_beside(source: Source, folder: Path, home: Path, label: str | None) -> Iterator[Listed]:
    files = {_stem(path): path for path in _images(folder)}
    masks = {stem + ending for stem in files for ending in _BESIDE} & set(files)
    for stem, path in files.items():
        if stem not in masks:
            mask = next((files[stem + ending] for ending in _BESIDE if stem + ending in files), None)
            yield _alone(source, path, home, label, mask)


def _alone(source: Source, image: Path, home: Path, label: str | None, mask: Path | None) -> Listed:
    """An image that no table groups: a group of its own."""
    name = f"{source.name}/{image.relative_to(home).as_posix()}"
    return Listed(Item(name, image, mask, (label,) if label else (), name, source.name, side="", volume=False), "")


def _images(folder: Path) -> list[Path]:
    """Image files, by name."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(SUFFIXES))


def _stems(folder: Path) -> dict[str, Path]:
    """Masks of a folder by the names of their images, which Slicer's segmentations add ".seg" to."""
    return {_stem(path).removesuffix(SEGMENTATION): path for path in _images(folder)} if folder.is_dir() else {}


def _stem(path: Path) -> str:
    """The name without its ending, ".nii.gz" being one."""
    ending = max((s for s in SUFFIXES if path.name.lower().endswith(s)), key=len, default="")
    return path.name[: len(path.name) - len(ending)]
