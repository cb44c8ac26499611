"""What client and server say to each other of a run: checked records, the same function on both sides making them.

A client describes what it asks for (`Job`); the server describes what it gave the worker, by the same function, and
refuses where the two differ; the answer carries the SHA-256 of that description, which the client compares with its
own. So no result of another volume, geometry, model or option is taken.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ... import __version__
from ...errors import ServerError, UnsupportedImageError
from ...imaging.geometry import DERIVED, GIVEN, UNKNOWN, GeometrySource
from ...imaging.mr_sequence import SEQUENCES
from ...imaging.volume import Volume
from ...inference.choices import UPSCALERS
from ...inference.options import Options, choices
from ...outputs.manifest import model_sha256
from ...records import Record
from ...spec import ModelSpec
from ...texts import is_plain
from ..worker.protocol import PredictRequest, RankModelsRequest

#: Types of voxels by the names that numpy gives them.
DTYPES = {name: np.dtype(name) for name in ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2",
                                            "<f4", "<f8")}
#: What stands for a name, a note and the like, none of which leave a client (`hiding`).
ALIAS = re.compile(r"text[0-9]{30}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MODALITY = re.compile(r"[A-Z0-9_ ]{0,16}")
_NAMED = ("T1", "T2", "FLAIR", "diffusion", "susceptibility")
_MOST_VOLUMES, _MOST_NOTES, _LONGEST_AXIS, _MOST_MODELS = 16, 64, 1 << 16, 256
#: Bytes of voxels that are hashed, packed or unpacked at a time.
PIECE = 1 << 20
JobKind = TypeVar("JobKind", bound="VolumesJob")


@dataclass(frozen=True)
class ModelIdentity(Record):
    """Which model, to the last bit: `weights_sha256` is of its weights, `model_sha256` of all that changes an
    answer."""

    id: str
    version: str
    weights_sha256: str
    model_sha256: str


@dataclass(frozen=True)
class ArrayHeader(Record):
    """An array that follows by itself: `dtype` is a name of `DTYPES`, `sha256` of its bytes in C order."""

    dtype: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def nbytes(self) -> int:
        """Bytes, unpacked."""
        count = DTYPES[self.dtype].itemsize
        for length in self.shape:
            count *= length
        return count


@dataclass(frozen=True)
class VolumeHeader(Record):
    """A volume without its voxels, names and identifiers.

    Attributes:
        channel: which of the model's channels it is; "" for a model of one image.
        name, notes: aliases.
        voxels: their header, (K, J, I).
        ijk_to_ras: the 16 numbers of the matrix, row by row; JSON keeps every bit of them.
        planar, geometry: as of `Volume`.
        modality: DICOM's, "" for none, or an alias for one of no DICOM form.
        sequences: MR sequences by name or series.
        frame: number of the frame of reference among the volumes of a job, from 1; 0 for none.
    """

    channel: str
    name: str
    notes: tuple[str, ...]
    voxels: ArrayHeader
    ijk_to_ras: tuple[float, ...]
    planar: bool
    geometry: GeometrySource
    modality: str
    sequences: tuple[str, ...]
    frame: int

    def volume(self, array: np.ndarray) -> Volume:
        """The volume that this describes."""
        metadata = {"Modality": self.modality, SEQUENCES: "\\".join(self.sequences),
                    "FrameOfReferenceUID": str(self.frame or "")}
        matrix = np.array(self.ijk_to_ras).reshape(4, 4)
        return Volume(array, matrix, self.name, self.planar, self.notes,
                      {key: text for key, text in metadata.items() if text}, self.geometry)


@dataclass(frozen=True)
class VolumesJob(Record):
    """What is asked for of volumes; `version` is the client's."""

    version: str
    options: Options
    volumes: tuple[VolumeHeader, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Bytes of what is sent, part by part, unpacked."""
        return tuple(volume.voxels.nbytes for volume in self.volumes)

    @property
    def paths(self) -> list[Path]:
        """Where the volumes lie in the job's folder."""
        return [Path(f"volume-{number}") for number in range(len(self.volumes))]

    @property
    def sha256(self) -> str:
        """Of all of it, the voxels' sums among it."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class Job(VolumesJob):
    """A model is to look at them, each of which is one of its channels."""

    model: ModelIdentity


@dataclass(frozen=True)
class RankJob(VolumesJob):
    """Which of some models knows the only volume (`model_ranking.which_model`)? Of the options, the region counts."""

    models: tuple[ModelIdentity, ...]


def identity(spec: ModelSpec) -> ModelIdentity:
    """Which model it is."""
    return ModelIdentity(spec.id, spec.version, spec.sha256, model_sha256(spec))


def describe_job(request: PredictRequest) -> Job:
    """A request as a job, its volumes without names (`hiding.hide`).

    Raises:
        UnsupportedImageError: voxels of a type that is not passed on.
    """
    first = request.spec.channels[0].name if request.spec.channels else ""
    volumes = {request.input_channel or first: request.volume, **request.extra_channels}
    return Job(__version__, request.options, tuple(_describe(channel, volume) for channel, volume in volumes.items()),
               identity(request.spec))


def describe_ranking(request: RankModelsRequest) -> RankJob:
    """The same for a question which model it is."""
    return RankJob(__version__, Options(region=request.region), (_describe("", request.volume), ),
                   tuple(map(identity, request.specs)))


def _describe(channel: str, volume: Volume) -> VolumeHeader:
    metadata = volume.metadata
    return VolumeHeader(
        channel, volume.name, volume.notes, describe_array(volume.array),
        tuple(np.asarray(volume.ijk_to_ras, np.float64).ravel().tolist()), volume.planar, volume.geometry,
        metadata.get("Modality", ""), tuple(filter(None, metadata.get(SEQUENCES, "").split("\\"))),
        int(metadata.get("FrameOfReferenceUID") or 0),
    )


def describe_array(array: np.ndarray) -> ArrayHeader:
    """The header of an array.

    Raises:
        UnsupportedImageError: numbers of a type that is not passed on.
    """
    dtype = array.dtype.newbyteorder("<").str if array.dtype.kind in "iuf" else array.dtype.str
    if dtype not in DTYPES:
        raise UnsupportedImageError(f"Voxels of the type {array.dtype} cannot be sent. Convert the image to float32.")
    digest = hashlib.sha256()
    for piece in pieces(array):
        digest.update(piece)
    return ArrayHeader(dtype, tuple(array.shape), digest.hexdigest())


def pieces(array: np.ndarray) -> Iterator[memoryview]:
    """The bytes of an array in C order, little-endian, so many at a time that memory stays bounded."""
    rows = np.atleast_1d(array)
    dtype = rows.dtype.newbyteorder("<") if rows.dtype.kind in "iuf" else rows.dtype
    step = max(1, PIECE * len(rows) // max(1, rows.nbytes))
    for start in range(0, len(rows), step):
        yield np.ascontiguousarray(rows[start:start + step], dtype).data.cast("B")


def read_json(text: bytes) -> Any:
    """JSON as it is defined: neither NaN nor Infinity.

    Raises:
        ValueError: it is none.
    """
    def no_number(name: str) -> None:
        raise ValueError(f"{name} is no number of JSON")

    try:
        return json.loads(text, parse_constant=no_number)
    except RecursionError as error:
        raise ValueError("it is nested without end") from error


def parse_job(data: Any) -> Job:
    """A job from JSON, every value of it checked.

    Raises:
        ServerError: it is none; says what is wrong.
        UnsupportedImageError: its region is none.
    """
    return _parse(Job, data)


def parse_rank_job(data: Any) -> RankJob:
    """As `parse_job`."""
    job = _parse(RankJob, data)
    if len(job.volumes) > 1 or not 1 <= len(job.models) <= _MOST_MODELS:
        raise malformed(f"there are {len(job.volumes)} volumes and {len(job.models)} models")
    return job


def _parse(kind: type[JobKind], data: Any) -> JobKind:
    if isinstance(data, Mapping) and data.get("version") != __version__:  # others may have other fields
        raise version_mismatch(str(data.get("version"))[:40], __version__)
    try:
        job = kind.from_dict(data)
    except (TypeError, ValueError, OverflowError) as error:
        raise malformed(str(error)) from error
    if not 1 <= len(job.volumes) <= _MOST_VOLUMES:
        raise malformed(f"there are {len(job.volumes)} volumes")
    if len({volume.channel for volume in job.volumes}) < len(job.volumes):
        raise malformed("two volumes are of one channel")
    check_options(job.options)
    for volume in job.volumes:
        _check_volume(volume)
    return job


def check_options(options: Options) -> None:
    """Return if each value is one that is offered. An upscaler in a folder would be one of the server's.

    Raises:
        ServerError: one is not.
    """
    for option, choice in choices():
        value = getattr(options, option.name)
        if choice.values and value is not None and value not in choice.values:
            raise malformed(f"the option {option.name} has no such value")
    if options.superres is not None and options.superres not in UPSCALERS:
        raise ServerError(f"A server super-resolves with {' or '.join(UPSCALERS)} alone, not with an upscaler of a "
                          "folder. Choose one of these, or run on this computer.")
    if options.dicom:
        raise malformed("DICOM objects are written where the files are")
    label = options.heatmap_class
    if label is not None and (len(label) > 200 or not is_plain(label)):
        raise malformed("heatmap_class is no name of a class")
    if not np.isfinite(options.superres_quantile):
        raise malformed("superres_quantile is no number")
    if options.region is not None and options.region.source and not ALIAS.fullmatch(options.region.source):
        raise malformed("the source of the region is told in plain")


def _check_volume(volume: VolumeHeader) -> None:
    texts = (volume.name, *volume.notes)
    if len(volume.notes) > _MOST_NOTES or not all(map(ALIAS.fullmatch, texts)):
        raise malformed("a name is told in plain")
    if not _MODALITY.fullmatch(volume.modality) and not ALIAS.fullmatch(volume.modality):
        raise malformed("the modality is none of DICOM's")
    if not set(volume.sequences) <= {*_NAMED} or not 0 <= volume.frame <= _MOST_VOLUMES:
        raise malformed("sequences, or the frame of reference, are none")
    if not {volume.geometry.spacing, volume.geometry.orientation, volume.geometry.position} <= {GIVEN, DERIVED,
                                                                                                UNKNOWN}:
        raise malformed("the geometry comes from nowhere")
    if len(volume.ijk_to_ras) != 16 or not np.isfinite(volume.ijk_to_ras).all():
        raise malformed("ijk_to_ras is not 16 numbers")
    check_array(volume.voxels, 3)


def check_array(header: ArrayHeader, axes: int) -> None:
    """Return if an array can be as its header says.

    Raises:
        ServerError: it cannot.
    """
    if header.dtype not in DTYPES:
        raise malformed("an array has a type that is not known")
    if len(header.shape) != axes or not all(1 <= length <= _LONGEST_AXIS for length in header.shape):
        raise malformed("an array has a size that cannot be")
    if not _SHA256.fullmatch(header.sha256):
        raise malformed("an array has no SHA-256")


def make_request(job: Job, spec: ModelSpec, files: list[Path], device: str) -> PredictRequest:
    """What the worker is asked for a job.

    Args:
        job: checked.
        spec: its model.
        files: with the voxels of each volume, unpacked; they are read only where they are needed.
        device: where to compute.

    Raises:
        ServerError: what lies in the files is not what the job says.
    """
    first, *others = _volumes(job, files)
    channel, *names = (header.channel for header in job.volumes)
    request = PredictRequest(first, spec, job.options, device, input_channel=channel,
                             extra_channels=dict(zip(names, others, strict=True)))
    if describe_job(request) != job:
        raise _other_voxels()
    return request


def make_rank_request(job: RankJob, specs: Sequence[ModelSpec], files: list[Path], device: str) -> RankModelsRequest:
    """What the worker is asked where models are to be ranked.

    Args:
        job: checked.
        specs: its models.
        files, device: as of `make_request`.

    Raises:
        ServerError: what lies in the files is not what the job says.
    """
    (volume,) = _volumes(job, files)
    request = RankModelsRequest(volume, tuple(specs), device, job.options.region)
    if describe_ranking(request) != job:
        raise _other_voxels()
    return request


def _volumes(job: VolumesJob, files: list[Path]) -> list[Volume]:
    return [header.volume(np.memmap(file, DTYPES[header.voxels.dtype], "r", shape=header.voxels.shape))
            for header, file in zip(job.volumes, files, strict=True)]


def _other_voxels() -> ServerError:
    return ServerError("What came of the image is not what was sent (its SHA-256 differs). Run again.")


def hidden_region(options: Options, alias: str) -> Options:
    """The options, `alias` in place of what their region was made from, which may name a file."""
    if options.region is None or not options.region.source:
        return options
    return replace(options, region=replace(options.region, source=alias))


def version_mismatch(client: str, server: str) -> ServerError:
    """For two programs that may mean different things by the same words."""
    return ServerError(f"The server runs UnifiedViT {server}, this is {client}; only the same version gives answers "
                       "that can be relied on. Install the same version on both.")


def malformed(reason: str) -> ServerError:
    """For what no program of ours says."""
    return ServerError(f"What came over the network is malformed: {reason[:200]}. Install the same version of "
                       "UnifiedViT on both sides; if it is the same, please report it.")
