"""The manifest of a result: what was looked at, with what, and which files were written. It lies in the result's JSON.

"Done before", tables and clean-up ask it, never a file's name: a file that no manifest of its folder describes as it is
belongs to somebody else. The JSON carries its own SHA-256 (the seal), so that one that was edited is told too.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..imaging.volume import Volume
from ..records import Load, Record, Save
from ..spec import ModelSpec
from .writing import sha256_of

FORMAT = 3
KEY = "manifest"
#: A JSON of ours is smaller than this.
MOST_BYTES = 64 << 20
#: What of a model's description changes no answer to an image.
_WORDS = ("folder", "description", "training", "results", "licence", "patient")


@dataclass(frozen=True)
class InputFile(Record):
    """A file that was looked at, as it was then.

    Attributes:
        path: absolute; or the address on a DICOMweb server; or the name of a file that was sent to `unifiedvit serve`.
        size: bytes.
        sha256: of its content.
        mtime_ns, ctime_ns, inode: as `os.stat` gives them; 0 of what came over a network.
    """

    path: str
    size: int
    sha256: str
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True)
class DicomImage(Record):
    """Which DICOM images were looked at: identifiers of a study, a series and its images, no person's.

    Attributes:
        path: absolute, of the image or the series' folder; or the address on a DICOMweb server.
        study_uid, series_uid: "" where the files do not give them.
        sop_instance_uids: of the files that were taken, in the order of the slices.
    """

    path: str
    study_uid: str
    series_uid: str
    sop_instance_uids: tuple[str, ...]


@dataclass(frozen=True)
class OutputFile(Record):
    """A file that was written: its name in the manifest's folder, its bytes, and the SHA-256 of its content."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Request(Record):
    """What is asked: of which image, of which model, and how. The same request of the same files has the same answer.

    Attributes:
        source: absolute path of the image, a file or a series' folder (DICOMDIR/UID for a series of a DICOMDIR); or the
            address of a series on a DICOMweb server.
        channels: absolute path of each further sequence, by the channel's name.
        model_id, model_version: for people.
        model_sha256: as of `model_sha256`.
        options: all that was asked for, by name; values as JSON has them.
    """

    source: str
    channels: dict[str, str]
    model_id: str
    model_version: str
    model_sha256: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Manifest(Record):
    """What a result is of, and what belongs to it.

    Attributes:
        request: what was asked.
        inputs: all files of the image and of further sequences.
        hashed_ns: when `inputs` were hashed, nanoseconds since 1970.
        software: versions by package, of what computed it.
        outputs: files beside the JSON that carries this.
        dicom: of those images that are DICOM.
        voxels: of the image, as of `imaging.identical.sample_voxels`: what tells it in another format.
    """

    request: Request
    inputs: tuple[InputFile, ...]
    hashed_ns: int
    software: dict[str, str]
    outputs: tuple[OutputFile, ...]
    dicom: tuple[DicomImage, ...] = ()
    voxels: tuple[float, ...] = ()

    def to_dict(self, save: Save | None = None) -> dict[str, Any]:
        """As JSON has it."""
        return {"format": FORMAT, **super().to_dict(save)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], load: Load | None = None, **others: Any) -> Manifest:
        """The same manifest.

        Raises:
            KeyError, TypeError, ValueError: it is none, or one of another format.
        """
        fields = dict(data)
        if fields.pop("format") != FORMAT:
            raise ValueError("a manifest of another format")
        manifest = super().from_dict(fields, load, **others)
        if any(os.path.basename(file.name) != file.name for file in manifest.outputs):
            raise ValueError("a result's files lie beside its manifest")
        return manifest


def retrieved_from(manifest: Manifest, source: str) -> Manifest:
    """The manifest of files that were retrieved for the time of a run: they are named by where they came from.

    Args:
        manifest: of the files in their temporary folder.
        source: address of the series on its DICOMweb server.
    """
    inputs = tuple(InputFile(instance_address(source, os.path.basename(file.path)), file.size, file.sha256, 0, 0, 0)
                   for file in manifest.inputs)
    dicom = tuple(replace(image, path=source) for image in manifest.dicom)
    return replace(manifest, request=replace(manifest.request, source=source), inputs=inputs, dicom=dicom)


def uploaded(manifest: Manifest) -> Manifest:
    """The manifest of files that were sent for the time of a run: they are named without their folder."""
    inputs = tuple(InputFile(os.path.basename(file.path), file.size, file.sha256, 0, 0, 0) for file in manifest.inputs)
    dicom = tuple(replace(image, path=os.path.basename(image.path)) for image in manifest.dicom)
    request = manifest.request
    channels = {name: os.path.basename(path) for name, path in request.channels.items()}
    request = replace(request, source=os.path.basename(request.source), channels=channels)
    return replace(manifest, request=request, inputs=inputs, dicom=dicom)


def instance_address(series: str, uid: str) -> str:
    """What the manifest calls a file that came from a DICOMweb server.

    Args:
        series: address of its series.
        uid: of the instance.
    """
    return f"{series}/instances/{uid}"


def make_request(source: Path, spec: ModelSpec, options: Mapping[str, Any], channels: Mapping[str, Path] | None = None
                 ) -> Request:
    """What is asked for, with paths made absolute.

    Args:
        source: the image.
        spec: the model.
        options: of the run; values that JSON knows.
        channels: further sequences by name.
    """
    others = {name: os.path.abspath(path) for name, path in (channels or {}).items()}
    return Request(os.path.abspath(source), others, spec.id, spec.version, model_sha256(spec), dict(options))


def model_sha256(spec: ModelSpec) -> str:
    """Of all of a model that changes an answer to an image: the hashes of its weights, graph and statistics, its rules,
    calibration and the names it gives; not its description for people."""
    data = {name: value for name, value in spec.to_dict().items() if name not in _WORDS}
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def fingerprint(files: Sequence[Path]) -> tuple[InputFile, ...]:
    """Read files to their end for what identifies them.

    Raises:
        OSError: one cannot be read.
    """
    prints = []
    for file in files:
        before = os.stat(file)
        prints.append(InputFile(os.path.abspath(file), before.st_size, sha256_of(file), before.st_mtime_ns,
                                before.st_ctime_ns, before.st_ino))
    return tuple(prints)


def describe_dicom(path: str, volume: Volume) -> tuple[DicomImage, ...]:
    """The identifiers of a volume that was read from `path`; none where it is not DICOM."""
    if not volume.files:
        return ()
    metadata = volume.metadata
    images = filter(None, metadata.get("SOPInstanceUIDs", "").split("\\"))
    return (DicomImage(path, metadata.get("StudyInstanceUID", ""), metadata.get("SeriesInstanceUID", ""),
                       tuple(dict.fromkeys(images))),)


def same_stat(file: InputFile) -> bool:
    """Whether a file has the size, times and place on the disk that it had; not whether its content is the same."""
    try:
        now = os.stat(file.path)
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino) == (
        file.size, file.mtime_ns, file.ctime_ns, file.inode)


def is_written(folder: Path, file: OutputFile) -> bool:
    """Whether a file lies in the folder just as it was written."""
    path = folder / file.name
    try:
        return path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256
    except OSError:
        return False


def sealed(result: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """A result (as from `files.as_json`) with its manifest and the seal over both."""
    document = dict(result) | {KEY: manifest.to_dict()}
    document[KEY]["sha256"] = seal_of(document)
    return document


def read_result(path: Path) -> tuple[dict[str, Any], Manifest] | None:
    """A result and its manifest from its JSON; None if the file is not there, not ours, or was changed."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or KEY not in document:
            return None
        seal = document[KEY].pop("sha256")
        if seal != seal_of(document):
            return None
        manifest = Manifest.from_dict(document[KEY])
        document[KEY]["sha256"] = seal
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return document, manifest


def now_ns() -> int:
    """For `Manifest.hashed_ns`."""
    return time.time_ns()


def seal_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of all that a document says, whatever the order of its fields."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
