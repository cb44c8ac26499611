"""ModelSpec: all that a set of weights needs to be run, read from JSON and checked at the door."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .diagnosis import IDENTIFIER, TEMPERATURES, DiagnosisClass, DiagnosisSpec, LabelRule, read_diagnosis
from .errors import ModelSpecError
from .fields import FILE, SHA256, Fields
from .patient_spec import PatientSpec, read_patient
from .planes import PLANES
from .records import Record, Save
from .review import Review, read_review

FORMAT = 2
SPEC_FILE = "model.json"
#: The architecture of a model that is several others asked as one; its description has `members` for `arguments`.
ENSEMBLE = "ensemble"
#: Every member takes its share of the time and the memory.
MOST_MEMBERS = 10
#: Bytes of a description.
LARGEST_SPEC = 4 << 20
#: Pixels of all masks of a slice: what one slice takes in memory has to have a bound.
MOST_MASK_PIXELS = 1 << 26
#: Arguments of networks that follow from other fields of a description.
DERIVED_ARGUMENTS = ("mask_classes", "diagnosis_classes", "image_size", "in_channels")
#: What a channel of the network's input that is missing is filled with: far outside of normalised intensities, which
#: 0 is not, and exact in half precision.
MISSING = -1000.0

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_TERMINOLOGY = re.compile(r"[^~|]*(~[^~|]*){6}\|?")


@dataclass(frozen=True)
class Channel(Record):
    """One of several images of a patient that a model looks at together: `name` for programs, `expects` for people."""

    name: str
    expects: str


@dataclass(frozen=True)
class Segment(Record):
    """A mask class: its label is its place in `ModelSpec.segments` plus one (0 is background).

    `colour` is RGB, 0-255; `terminology` is Slicer's "context~category~type~modifier~regionContext~region~modifier".
    """

    name: str
    colour: tuple[int, int, int]
    terminology: str


@dataclass(frozen=True)
class VolumeRule(Record):
    """How slices become one answer; see `inference.pooling`.

    Attributes:
        pooling: "lesion_weighted" or "mean"; of a multi-label model "top_k" or "mean".
        top_k: so many of the most suspicious slices decide whether there is a lesion, or a finding.
        max_normal_probability: nothing is drawn on a slice whose probability of "nothing found" is above this.
        min_component_ml: connected pieces of a segment under this volume are dropped (3-D volumes alone).
        min_component_probability: connected pieces are dropped unless the probability of a lesion reaches this on one
            of their slices (3-D volumes alone); 0 drops none.
    """

    pooling: str
    top_k: int
    max_normal_probability: float
    min_component_ml: float
    min_component_probability: float = 0.0


@dataclass(frozen=True)
class OODSpec(Record):
    """Statistics that tell how far an image is from what the model was trained on; see `inference.ood`.

    `threshold`: the distance that one in a hundred validation slices exceeds. `format` 1 knows embeddings alone, 2 also
    what pictures look like. `known_channels`: sets of channels that the images behind the statistics had; empty: all.
    `probed_channels`: those that have a probe; the empty set alone for the probe of a model of one image.
    """

    file: str
    sha256: str
    threshold: float
    format: int = 1
    known_channels: tuple[tuple[str, ...], ...] = ()
    probed_channels: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Graph(Record):
    """The network for programs without torch: an ONNX file whose numbers lie in the weights' own file."""

    file: str
    sha256: str


@dataclass(frozen=True)
class TrainingData(Record):
    """What a model learnt from, and under which licence."""

    name: str
    licence: str


@dataclass(frozen=True)
class Result(Record):
    """What a model reached: `dataset` says on what, `metrics` are by name."""

    dataset: str
    metrics: dict[str, Any]


@dataclass(frozen=True)
class Member(Record):
    """A network of an ensemble.

    `id`, `version` and `sha256` (of the weights) are of the model that it was; the others as in `ModelSpec`.
    """

    id: str
    version: str
    sha256: str
    architecture: str
    arguments: dict[str, Any]
    size: int
    temperature: float


@dataclass(frozen=True)
class ModelSpec(Record):
    """What a model is, expects, gives, was trained on and reached. Read it with `load_spec`.

    `folder` holds `model.json` and the weights. `ood`, `graph`, `review` and `patient` are None for models that come
    without them.
    `members` is empty but for an ensemble, which has no `arguments`; `channels` is empty for models that look at one
    image. `plane` is that of the slices that it has learnt from; "auto": of those that were acquired. A model is either
    multi-class, with one `temperature`, or multi-label: several of its classes may be there at once, each by its own of
    `label_rules`, in their order; where none is found, `nothing_found` says so.
    """

    folder: Path
    id: str
    version: str
    name: str
    description: str
    architecture: str
    arguments: dict[str, Any]
    size: int
    modality: str
    expects: str
    segments: tuple[Segment, ...]
    classes: tuple[DiagnosisClass, ...]
    temperature: float
    volume_rule: VolumeRule
    weights_file: str
    sha256: str
    licence: str
    training: tuple[TrainingData, ...]
    results: tuple[Result, ...]
    ood: OODSpec | None
    members: tuple[Member, ...] = ()
    channels: tuple[Channel, ...] = ()
    graph: Graph | None = None
    review: Review | None = None
    label_rules: tuple[LabelRule, ...] = ()
    nothing_found: str = ""
    patient: PatientSpec | None = None
    plane: str = "auto"

    def to_dict(self, save: Save | None = None) -> dict[str, Any]:
        """As JSON has it; the folder absolute, as it may be read elsewhere."""
        return super().to_dict(save) | {"folder": os.path.abspath(self.folder)}

    @property
    def multi_label(self) -> bool:
        """Whether several classes may be there at once."""
        return bool(self.label_rules)

    @property
    def weights(self) -> Path:
        """The safetensors file."""
        return self.folder / self.weights_file

    @property
    def healthy(self) -> int | None:
        """Index of the class that means "nothing found", if the model has one."""
        return next((n for n, c in enumerate(self.classes) if not c.lesion), None)

    @property
    def outlined(self) -> list[int]:
        """Indices of the classes that masks show: those with a lesion; of findings those with a segment, or all where
        none is named for any."""
        if not self.multi_label:
            return [n for n, c in enumerate(self.classes) if c.lesion]
        return [n for n, rule in enumerate(self.label_rules) if rule.segment] or list(range(len(self.classes)))


def load_spec(path: str | Path) -> ModelSpec:
    """Read and check a model's description; the weights are checked when they are loaded.

    Args:
        path: the model's folder, or its `model.json`.

    Raises:
        ModelSpecError: names the field that is wrong.
    """
    path = Path(path)
    file = path / SPEC_FILE if path.is_dir() else path
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST_SPEC:
            raise OSError("it is no file of a sensible size")
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: no text, or a path with a null character
        raise ModelSpecError(
            f"{file} cannot be read ({getattr(error, 'strerror', None) or error}). A model is a folder with "
            f"{SPEC_FILE} and its weights."
        ) from error
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        raise ModelSpecError(f"{file} is not JSON ({error}). Download or export the model again.") from error
    return parse_spec(data, file.parent)


def _refuse_constant(name: str) -> None:
    """Python's parser takes NaN and Infinity, which JSON does not know; results would carry them on."""
    raise ValueError(f"{name} is not a number that JSON knows")


def parse_spec(data: Any, folder: Path) -> ModelSpec:
    """Check `data` (what `model.json` holds) field by field.

    Raises:
        ModelSpecError: names the field that is wrong.
    """
    top = Fields(data, SPEC_FILE, "")
    _check_format(top)
    image = top.table("input")
    size = image.size("size")
    channels = _channels(image)
    segments = tuple(
        Segment(s.text("name"), s.colour("colour"), s.text("terminology", _TERMINOLOGY))
        for s in top.tables("segments", 1, 254)
    )
    diagnosis = read_diagnosis(top.table("diagnosis"), [segment.name for segment in segments])
    architecture = top.text("architecture", IDENTIFIER)
    counts = len(segments) + 1, len(diagnosis.classes), len(channels) or 1
    is_ensemble = architecture == ENSEMBLE
    members = _members(top, diagnosis, counts) if is_ensemble else ()
    arguments = {} if is_ensemble else _arguments(top, counts, size)
    if (len(segments) + 1) * size**2 > MOST_MASK_PIXELS:
        raise ModelSpecError(f"input.size: {size} is too large for masks of {len(segments)} segments.")
    rule, weights = top.table("aggregation"), top.table("weights")
    spec = ModelSpec(
        folder=folder,
        id=top.file_name("id", IDENTIFIER),
        version=top.text("version", _VERSION),
        name=top.text("name"),
        description=top.text("description"),
        architecture=architecture,
        arguments=arguments,
        size=size,
        modality=image.choice("modality", ("MR", "CT", "XR", "US", "any")),
        expects=image.text("expects"),
        segments=segments,
        classes=diagnosis.classes,
        temperature=diagnosis.temperature,
        volume_rule=_volume_rule(rule, multi_label=bool(diagnosis.label_rules)),
        weights_file=weights.file_name("file", FILE),
        sha256=weights.text("sha256", SHA256),
        licence=weights.text("licence"),
        training=tuple(TrainingData(t.text("name"), t.text("licence")) for t in top.tables("training", 1, 100)),
        results=tuple(Result(r.text("dataset"), r.metrics("metrics")) for r in top.tables("results", 0, 100)),
        ood=_ood(top.table("ood"), [channel.name for channel in channels]) if "ood" in top.data else None,
        members=members,
        channels=channels,
        graph=Graph(*_file(top.table("graph"))) if "graph" in top.data else None,
        review=read_review(top.table("review")) if "review" in top.data else None,
        label_rules=diagnosis.label_rules,
        nothing_found=diagnosis.nothing_found,
        patient=read_patient(top.table("patient"), bool(diagnosis.label_rules)) if "patient" in top.data else None,
        plane=image.choice("plane", ("auto", *PLANES)) if "plane" in image.data else "auto",
    )
    _check_files(spec)
    return spec


def _check_format(top: Fields) -> None:
    number = top.integer("format", 1, 1_000_000)
    if number != FORMAT:
        remedy = "Export it again with this version" if number < FORMAT else "Update UnifiedViT"
        raise ModelSpecError(f"format: this is a model of format {number}; this version reads {FORMAT}. {remedy}.")


def _check_files(spec: ModelSpec) -> None:
    """On a system that does not tell upper from lower case, too, no file may stand for two."""
    names = [SPEC_FILE, spec.weights_file, *(part.file for part in (spec.ood, spec.graph, spec.patient) if part)]
    if len({name.lower() for name in names}) < len(names):
        raise ModelSpecError(f"weights.file: {', '.join(names)} are not all different files.")


def _channels(image: Fields) -> tuple[Channel, ...]:
    """A model of one image does not name it."""
    if "channels" not in image.data:
        return ()
    channels = tuple(Channel(c.text("name", IDENTIFIER), c.text("expects")) for c in image.tables("channels", 2, 16))
    if len({c.name for c in channels}) != len(channels):
        raise ModelSpecError("input.channels: two channels have the same name.")
    return channels


def _arguments(network: Fields, counts: tuple[int, int, int], size: int) -> dict[str, Any]:
    """Of a network; `counts`: of the classes of the mask, of those of the diagnosis, and of channels."""
    mask_classes, diagnosis_classes, channels = counts
    values = (mask_classes, diagnosis_classes, size, channels)
    return network.arguments("arguments") | dict(zip(DERIVED_ARGUMENTS, values, strict=True))


def _members(top: Fields, diagnosis: DiagnosisSpec, counts: tuple[int, int, int]) -> tuple[Member, ...]:
    if diagnosis.label_rules:
        raise ModelSpecError("diagnosis.task: an ensemble is multi-class.")
    return tuple(_member(member, counts) for member in top.tables("members", 2, MOST_MEMBERS))


def _member(member: Fields, counts: tuple[int, int, int]) -> Member:
    architecture, size = member.text("architecture", IDENTIFIER), member.size("size")
    if architecture == ENSEMBLE:
        raise ModelSpecError(f"{member.where}architecture: an ensemble has no ensembles among its members.")
    return Member(
        member.text("id", IDENTIFIER), member.text("version", _VERSION), member.text("sha256", SHA256), architecture,
        _arguments(member, counts, size), size, member.number("temperature", *TEMPERATURES),
    )


def _volume_rule(rule: Fields, multi_label: bool) -> VolumeRule:
    return VolumeRule(
        rule.choice("pooling", ("top_k" if multi_label else "lesion_weighted", "mean")),
        rule.integer("top_k", 1, 1000),
        rule.number("max_normal_probability", 0, 1),
        rule.number("min_component_ml", 0, 1000),
        rule.number("min_component_probability", 0, 1) if "min_component_probability" in rule.data else 0.0,
    )


def _file(part: Fields) -> tuple[str, str]:
    return part.file_name("file", FILE), part.text("sha256", SHA256)


def _ood(statistics: Fields, channels: list[str]) -> OODSpec:
    if (number := statistics.integer("format", 1, 1_000_000) if "format" in statistics.data else 1) > 2:
        raise ModelSpecError(f"ood.format: they are of format {number}; this version reads 1 and 2. Update UnifiedViT.")
    return OODSpec(*_file(statistics), statistics.number("threshold", 0, 1e6), number,
                   *(_channel_sets(statistics, key, channels) for key in ("known_channels", "probed_channels")))


def _channel_sets(statistics: Fields, key: str, channels: list[str]) -> tuple[tuple[str, ...], ...]:
    sets = statistics.data.get(key, [])
    if not isinstance(sets, list) or not all(isinstance(one, list) and (one or not channels)
                                             and all(name in channels for name in one) for one in sets):
        raise ModelSpecError(f"ood.{key}: lists of the model's channels are needed.")
    return tuple(tuple(names) for names in sets)
