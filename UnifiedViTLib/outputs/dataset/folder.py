"""The folder of a dataset: cases are added whole or not at all, by one process at a time, under pseudonyms."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from ...errors import OutputError, UnsupportedImageError
from ...imaging.geometry import UNKNOWN
from ...locking import file_lock
from ...native import native_path
from ...records import Record
from ...texts import is_plain
from ..files import write_volume
from ..writing import unwritable, write_atomically
from .cases import TABLE, Case, read_cases, write_cases
from .correction import Correction, Proposal, agreement

IMAGES, MASKS = "images", "masks"
#: What the masks' values mean, and the secret that pseudonyms of patients are made with.
NOTE, SALT = "dataset.json", "salt-not-to-be-passed-on.txt"
_LOCK = ".unifiedvit.lock"
_FORMAT = 1
#: Names of files of ours; others in the folder are left alone.
_OURS = re.compile(r"case-[0-9a-f]{8}\.(nrrd|png)")
#: A whole case is written meanwhile.
_PATIENCE_S = 120.0
_LONGEST_REVIEWER = 64


@dataclass(frozen=True)
class Addition(Record):
    """A case that was added.

    Attributes:
        case: as the table has it.
        replaced: of the same image, in whose place it came; None for none.
    """

    case: Case
    replaced: Case | None = None

    @property
    def sentence(self) -> str:
        """What was added, and how far the model was off."""
        case = self.case
        dice = "no Dice (nothing drawn, or what the model drew is not known)"
        if case.dice is not None:
            dice = f"Dice {case.dice:.2f} to what the model drew"
        diagnosis = {None: "diagnosis not known", False: "diagnosis confirmed"}.get(
            case.overturned, f"diagnosis changed from {case.proposed_label} to {case.label}")
        earlier = "" if self.replaced is None else f" It replaces the correction of the same image by " \
                                                   f"{self.replaced.reviewer}."
        return f"{case.name}: {dice}; {diagnosis}.{earlier}"


class CorrectionDataset:
    """A dataset of corrected results: `images/`, `masks/` and `labels.csv`.

    Args:
        folder: made by the first `add` if it is not there.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def add(self, correction: Correction) -> Addition:
        """Add a case under a new pseudonym. A case of the same image is replaced; its files stay until something else
        is added, so that `undo` can bring it back.

        Raises:
            UnsupportedImageError: the correction cannot be used, or is of another model's classes or segments.
            OutputError: the folder cannot be written to, or is not of a dataset; what was there is as it was.
        """
        reviewer = correction.reviewer.strip()
        if not reviewer or not is_plain(reviewer) or len(reviewer) > _LONGEST_REVIEWER:
            raise UnsupportedImageError(f"Say who corrected it, in a line of at most {_LONGEST_REVIEWER} letters: a "
                                        "name, initials or a number of your choice.")
        proposal, label, mask = correction.proposal, correction.diagnosis, correction.labelmap()
        digest = image_digest(correction.array)
        self._make()
        with self._locked():
            salt = self._salt()
            self._check_note(proposal)
            for place in (IMAGES, MASKS):
                (self.folder / place).mkdir(exist_ok=True)
            cases = read_cases(self.folder)
            self._sweep(cases)
            replaced = next((case for case in cases if case.image_sha256 == digest), None)
            name = f"case-{secrets.token_hex(4)}"
            file = f"{name}{'.png' if _is_picture(correction) else '.nrrd'}"
            case = Case(
                image=file, mask=file, label=label, group=_pseudonym(salt, correction.patient or digest),
                reviewer=reviewer, model=proposal.model, model_version=proposal.version,
                proposed_label=proposal.label, added=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                image_sha256=digest, seconds=_rounded(correction.seconds, 0),
                dice=_rounded(agreement(proposal, mask), 4),
                extra_columns=replaced.extra_columns if replaced else {},
            )
            _write(correction.array, correction.ijk_to_ras, self.folder / IMAGES / file)
            _write(mask, correction.ijk_to_ras, self.folder / MASKS / file)
            write_cases([*(one for one in cases if one is not replaced), case], self.folder)
        return Addition(case, replaced)

    def cases(self) -> tuple[Case, ...]:
        """All cases, in the order in which they were added.

        Raises:
            UnsupportedImageError: the folder is of no such dataset, or its table was changed.
        """
        self._check_there()
        return read_cases(self.folder)

    def remove(self, name: str) -> Case:
        """Take a case out, and its files off the disk.

        Args:
            name: as of `Case.name`.

        Raises:
            UnsupportedImageError: there is no such case.
            OutputError: the folder cannot be written to.
        """
        self._check_there()
        with self._locked():
            cases = read_cases(self.folder)
            case = self._named(name, cases)
            rest = [one for one in cases if one is not case]
            write_cases(rest, self.folder)
            self._sweep(rest)
        return case

    def undo(self, addition: Addition) -> None:
        """Take back what was added; what it replaced comes back.

        Raises:
            UnsupportedImageError: it is no longer there.
            OutputError: the folder cannot be written to, or what it replaced has gone for good.
        """
        self._check_there()
        earlier = addition.replaced
        with self._locked():
            cases = read_cases(self.folder)
            case = self._named(addition.case.name, cases)
            if earlier and not all(file.is_file() for file in self._files(earlier)):
                raise OutputError(f"{earlier.name}, which {case.name} replaced, cannot be brought back: something was "
                                  f"added since, and its files have gone. Remove {case.name} if it is wrong.")
            rest = [one for one in cases if one is not case] + ([earlier] if earlier else [])
            write_cases(rest, self.folder)
            self._sweep(rest)

    def source(self) -> dict[str, Any]:
        """The entry of `data.sources` with which `prepare` reads it.

        Raises:
            UnsupportedImageError: the folder is of no such dataset.
        """
        self._check_there()
        segments = self._note()["segments"]
        return {"name": "corrections", "folder": str(self.folder.resolve()),
                "mask_values": dict(enumerate(segments, start=1))}

    def _make(self) -> None:
        """The folder; one with other data is refused."""
        folder = self.folder
        begun = any((folder / name).exists() for name in (NOTE, _LOCK))
        if not begun and any((folder / name).exists() for name in (TABLE, IMAGES, MASKS)):
            raise OutputError(f"{folder} holds other data than corrected results. Choose a new or empty folder.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error

    def _check_there(self) -> None:
        if not (self.folder / NOTE).is_file():
            raise UnsupportedImageError(f"{self.folder} is no dataset of corrected results: it has no {NOTE}. Check "
                                        "the path.")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone in the folder."""
        end = time.monotonic() + _PATIENCE_S

        def waiting() -> None:
            if time.monotonic() > end:
                raise OutputError(f"Another program has been writing to {self.folder} for {_PATIENCE_S:.0f} seconds. "
                                  "Wait until it is done, then try again.")

        try:
            with file_lock(self.folder / _LOCK, waiting):
                yield
        except OSError as error:
            raise unwritable(self.folder / TABLE, error) from error

    def _salt(self) -> bytes:
        """The folder's secret; made once."""
        file = self.folder / SALT
        if not file.is_file():
            if (self.folder / NOTE).is_file():
                raise OutputError(f"{file.name} has gone from {self.folder}: without it, patients would get new "
                                  "pseudonyms and stand on both sides of a split. Put it back, or begin a new folder.")
            write_atomically(file, lambda part: part.write_text(secrets.token_hex(32), encoding="ascii"))
        return file.read_bytes()

    def _note(self) -> dict[str, Any]:
        try:
            note = json.loads((self.folder / NOTE).read_text(encoding="utf-8"))
            if note["format"] != _FORMAT or not isinstance(note["segments"], list):
                raise ValueError("another format")
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise UnsupportedImageError(f"{self.folder / NOTE} cannot be read: it was changed, or another version "
                                        "wrote it. Restore it, or begin a new folder.") from error
        return note

    def _check_note(self, proposal: Proposal) -> None:
        """Write what this dataset is of, or see that the model is of the same."""
        own = {"classes": list(proposal.classes), "segments": list(proposal.segments),
               "diagnosis": "multi-label" if proposal.multi_label else "multi-class"}
        file = self.folder / NOTE
        if not file.is_file():
            text = json.dumps({"format": _FORMAT, **own, "mask_values": dict(enumerate(own["segments"], start=1))},
                              indent=1)
            write_atomically(file, lambda part: part.write_text(text + "\n", encoding="utf-8"))
            return
        note = self._note()
        for key, values in own.items():
            if note.get(key) != values:
                raise UnsupportedImageError(
                    f"{self.folder} has other {'diagnoses' if key == 'diagnosis' else key} than {proposal.model} "
                    f"({_words(note.get(key))} there, {_words(values)} here): one dataset teaches one set of them. "
                    "Choose another folder for this model."
                )

    def _named(self, name: str, cases: Sequence[Case]) -> Case:
        case = next((one for one in cases if one.name == name), None)
        if case is None:
            raise UnsupportedImageError(f"There is no {name} in {self.folder}. `unifiedvit-train added` lists what is "
                                        "there.")
        return case

    def _files(self, case: Case) -> tuple[Path, Path]:
        return self.folder / IMAGES / case.image, self.folder / MASKS / case.mask

    def _sweep(self, cases: Sequence[Case]) -> None:
        """Remove files of ours that no case names: of additions that were killed, replaced or taken back."""
        listed = {file for case in cases for file in self._files(case)}
        for name in (IMAGES, MASKS):
            for file in (self.folder / name).glob("case-*"):
                if _OURS.fullmatch(file.name) and file not in listed:
                    with suppress(OSError):
                        file.unlink()


def _write(array: np.ndarray, ijk_to_ras: np.ndarray, path: Path) -> None:
    if path.suffix == ".png":
        image = sitk.GetImageFromArray(array[0])
        write_atomically(path, lambda part: sitk.WriteImage(image, native_path(part)))
        return
    exact = array.astype({"b1": np.uint8, "f2": np.float32}.get(array.dtype.str[1:], array.dtype))
    write_volume(exact, ijk_to_ras, path)


def _is_picture(correction: Correction) -> bool:
    """Whether it is 2-D without sizes, as pictures are: a volume's file would claim that it has some."""
    array = correction.array
    return len(array) == 1 and correction.geometry.spacing == UNKNOWN and array.dtype in (np.uint8, np.uint16)


def _rounded(value: float | None, digits: int) -> float | None:
    """As the table has it."""
    return None if value is None else round(value, digits)


def image_digest(array: np.ndarray) -> str:
    """By which an image is known again (`Case.image_sha256`): of the voxels, wherever they come from, as grids differ
    in the last digits between a file and a scene.

    Args:
        array: (K, J, I), any unit.
    """
    native = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(f"{native.dtype.str} {native.shape} ".encode() + np.ascontiguousarray(native).tobytes()
                          ).hexdigest()


def _pseudonym(salt: bytes, patient: str) -> str:
    return f"patient-{hmac.new(salt, patient.encode(), hashlib.sha256).hexdigest()[:12]}"


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
