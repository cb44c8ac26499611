"""The one YAML file of a project: its data, its model, and how it is trained. Checked before anything runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer, model_validator

from .errors import ConfigError

Task = Literal["both", "classification", "segmentation"]

#: What each architecture is built with where the YAML names it alone: all about the size of a ViT-Tiny, behind early
#: convolutions, which few images need.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "shared_encoder_dual_decoder": {"encoder": "vit_tiny_patch16_224", "stem_width": 24, "look_where_drawn": True},
    "hierarchical": {"encoder": "swin_tiny_patch4_window7_224", "width": 48, "stem_width": 24,
                     "decoder_widths": [96, 96, 48, 24], "look_where_drawn": True},
    "hybrid_cnn_transformer": {"encoder": "vit_tiny_patch16_224", "cnn": "resnet10t", "look_where_drawn": True},
    "unified_decoder": {"encoder": "vit_tiny_patch16_224", "stem_width": 24},
    "fully_integrated": {"encoder": "vit_tiny_patch16_224", "stem_width": 24},
}


class Section(BaseModel):
    """A part of the file. Names that are not known are refused, so that a misspelt option is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Kind = TypeVar("Kind", bound=Section)


class Split(Section):
    """Which side of the split an image is on. Images of one group are never separated.

    Either by a column of the table (`column` with `train`, `validation`, `test`: lists of its values), or dealt out
    by group and stratified by class: `fractions` (train, validation, test), or `folds` of which number `fold`
    (1 ... folds) is for validation.
    """

    column: str | None = None
    train: list[str] = []
    validation: list[str] = []
    test: list[str] = []
    fractions: tuple[float, float, float] = (0.70, 0.15, 0.15)
    folds: int | None = Field(None, ge=2, le=100)
    fold: int = Field(1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, given: Any) -> Any:
        """Values of a column are texts; YAML reads 1 as a number."""
        if isinstance(given, dict):
            for side in ("train", "validation", "test"):
                if isinstance(given.get(side), list):
                    given = given | {side: [str(value) for value in given[side]]}
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Split:
        if self.column and not (self.train and self.validation):
            raise ValueError("a split by column needs the values of `train` and of `validation`")
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
        name: of the set; figures are given for each.
        table: CSV file with one row an image or volume. `columns` names the table's columns for what is needed:
            `image` and `label` or `mask`; `group` (what must not be separated: the patient), `plane`, and, for
            several labels at once, `labels` (separated by semicolons). For models of several channels `image` names
            a column for each: `{t1c: <column>, t2: <column>}`; a channel that is left out, or whose cell is empty, is
            missing. Without `image`, the columns are called as the channels are.
        folder: instead of a table. With `images/`, `masks/` and `labels.csv`; or with one folder a class; or with
            volumes and, beside each, its mask as `<name>_label.<ending>` or `<name>_seg.<ending>`.
        images, masks: folders that the table's paths start from; None: the table's own folder.
        columns: what the table calls them; `image`, `mask`, `label`, `labels`, `group`, `plane`.
        label: the class of all images, where no column tells it.
        mask_values: value in the mask files -> name of the segment. Empty: any value above 0 is the only segment.
        empty_masks: for images without a mask file: True: nothing is there (a healthy image); False: not known.
            None: nothing is there where the class has no lesion, not known elsewhere.
        slice_labels: volumes: "lesion": slices with a mask take the volume's class, slices without take the class
            without a lesion; "volume": all slices take the volume's class.
        split: on which side an image is.
    """

    name: str
    table: Path | None = None
    folder: Path | None = None
    images: Path | None = None
    masks: Path | None = None
    columns: dict[Literal["image", "mask", "label", "labels", "group", "plane"], str | dict[str, str]] = {}
    label: str | None = None
    mask_values: dict[int, str] = {}
    empty_masks: bool | None = None
    slice_labels: Literal["lesion", "volume"] = "lesion"
    split: Split = Split()

    @model_validator(mode="after")
    def _one_column_each(self) -> Source:
        wrong = [key for key, name in self.columns.items() if key != "image" and isinstance(name, dict)]
        if wrong:
            raise ValueError(f"columns.{wrong[0]} is one column; several are possible for image alone")
        return self

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.table is None) == (self.folder is None):
            raise ValueError("a source is either a `table` or a `folder`")
        return self


class Data(Section):
    """Where images come from and how they are prepared.

    `plane` is for volumes ("auto": the acquisition plane); `every` keeps each n-th slice of a volume.
    """

    sources: list[Source] = Field(min_length=1)
    plane: Literal["auto", "axial", "coronal", "sagittal"] = "auto"
    every: int = Field(1, ge=1)


class ChannelCard(Section):
    """One of several images of a patient that are looked at together; fields as in `model.json`."""

    name: str = Field(pattern=r"[a-z0-9][a-z0-9._-]{0,63}")
    expects: str


class Input(Section):
    """What the network sees; fields as in `model.json`. `channels`: none for models that look at one image."""

    size: int = Field(224, ge=32, le=1024, multiple_of=16)
    modality: Literal["MR", "CT", "XR", "US", "any"]
    expects: str
    channels: list[ChannelCard] = Field([], max_length=16)

    @model_validator(mode="after")
    def _several(self) -> Input:
        if len(self.channels) == 1:
            raise ValueError("one channel needs no list of `channels`")
        if len({channel.name for channel in self.channels}) < len(self.channels):
            raise ValueError("two of `channels` have the same name")
        return self

    @model_serializer(mode="wrap")
    def _as_ever(self, write: Any) -> dict[str, Any]:
        """Without `channels` where there are none, so that datasets and runs from before there were any go on."""
        return {name: value for name, value in write(self).items() if name != "channels" or value}


class SegmentCard(Section):
    """A mask class: name, colour (RGB, 0-255), Slicer's terminology entry."""

    name: str
    colour: tuple[int, int, int]
    terminology: str = "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Altered " \
        "Structure~SCT^52988006^Lesion~^^~Anatomic codes - DICOM master list~^^~^^|"


class ClassCard(Section):
    """A diagnosis: `name` as in the labels, `display` for people, `lesion` False for "nothing found"."""

    name: str
    display: str
    lesion: bool = True


class TrainingDataCard(Section):
    """What a model learns from, and under which licence."""

    name: str
    licence: str


class Model(Section):
    """What is built, and what its description will say.

    `architecture` and `arguments` are the library's (`UnifiedViTLib.models`); without `arguments` it has those of
    `ARGUMENTS`. `task` "classification" or "segmentation" trains the single-task twin of the same network.
    `diagnosis` "multi-label": several classes may be true at once.
    """

    id: str = Field(pattern=r"[a-z0-9][a-z0-9._-]{0,63}")
    version: str = Field(pattern=r"\d+\.\d+\.\d+")
    name: str
    description: str
    input: Input
    segments: list[SegmentCard] = Field(min_length=1, max_length=254)
    classes: list[ClassCard] = Field(min_length=2, max_length=255)
    diagnosis: Literal["multi-class", "multi-label"] = "multi-class"
    licence: str
    training: list[TrainingDataCard] = Field(min_length=1)
    limits: list[str] = []
    task: Task = "both"
    architecture: str = "shared_encoder_dual_decoder"
    arguments: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _usual_arguments(cls, given: Any) -> Any:
        """An architecture named alone has the arguments of `ARGUMENTS`; an unknown one is refused when it is built."""
        if isinstance(given, dict) and "arguments" not in given:
            named = given.get("architecture", cls.model_fields["architecture"].default)
            given = given | {"arguments": ARGUMENTS.get(str(named), {})}
        return given

    @model_validator(mode="after")
    def _distinct(self) -> Model:
        for what, names in (("classes", [c.name for c in self.classes]), ("segments", [s.name for s in self.segments])):
            if len(set(names)) != len(names):
                raise ValueError(f"two of `{what}` have the same name")
        if sum(not c.lesion for c in self.classes) > 1:
            raise ValueError("more than one class says that nothing was found (`lesion: false`)")
        return self

    @property
    def class_names(self) -> list[str]:
        """Names of the diagnoses, in the order of the logits."""
        return [c.name for c in self.classes]

    @property
    def channel_names(self) -> list[str]:
        """Names of the channels, in the order of the input; none for models that look at one image."""
        return [channel.name for channel in self.input.channels]

    @property
    def healthy(self) -> int | None:
        """Index of the class that means "nothing found", if there is one."""
        return next((n for n, c in enumerate(self.classes) if not c.lesion), None)

    def build_arguments(self, **more: Any) -> dict[str, Any]:
        """What `UnifiedViTLib.models.build_model` needs, `more` added."""
        channels = {"in_channels": len(self.input.channels)} if self.input.channels else {}
        return self.arguments | channels | {
            "mask_classes": len(self.segments) + 1, "diagnosis_classes": len(self.classes),
            "image_size": self.input.size, "task": self.task, **more,
        }


class Initial(Section):
    """What a run begins from: `weights` (a .safetensors of another run) or `timm` (a pre-trained encoder of that
    name, fetched by timm). Both None: from scratch. `freeze` keeps that share of the encoder's blocks as they are;
    `layer_decay` multiplies the learning rate once for every block further from the output (1: the same for all)."""

    weights: Path | None = None
    timm: str | None = None
    freeze: float = Field(0.0, ge=0, le=1)
    layer_decay: float = Field(1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _one_origin(self) -> Initial:
        if self.weights and self.timm:
            raise ValueError("a run begins either from `weights` or from `timm`")
        return self


class Augmentation(Section):
    """How strongly images are changed; each number is the top of a range, 0 turns that change off.

    Degrees; shares of the side (shift, elastic, crop); factors as logarithms (scale, squeeze, gain, gamma, bias, and
    tone: the slopes of a random rising curve through the intensities, so that a scanner's histogram tells nothing);
    standard deviations of the body's intensity (offset, noise); probabilities (flip, blur, and drop_channel: each
    channel but one is taken away, so that the network learns to do without; for several channels alone).
    """

    rotation: float = Field(25.0, ge=0, le=180)
    flip: float = Field(0.5, ge=0, le=1)
    scale: float = Field(0.25, ge=0, le=1)
    squeeze: float = Field(0.08, ge=0, le=1)
    shift: float = Field(0.12, ge=0, le=0.5)
    elastic: float = Field(0.05, ge=0, le=0.3)
    crop: float = Field(0.1, ge=0, le=0.5)
    gain: float = Field(0.2, ge=0, le=1)
    offset: float = Field(0.25, ge=0, le=2)
    gamma: float = Field(0.35, ge=0, le=2)
    tone: float = Field(0.5, ge=0, le=2)
    bias: float = Field(0.35, ge=0, le=2)
    noise: float = Field(0.12, ge=0, le=2)
    blur: float = Field(0.15, ge=0, le=1)
    drop_channel: float = Field(0.25, ge=0, le=1)


class Stage(Section):
    """So many epochs with inputs of `size` pixels a side."""

    size: int = Field(ge=32, le=1024, multiple_of=16)
    epochs: int = Field(ge=1)


class Optimiser(Section):
    """AdamW, linear warm-up and a cosine to nothing."""

    learning_rate: float = Field(6e-4, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    warm_up: float = Field(0.05, ge=0, lt=1)
    clip: float = Field(1.0, gt=0)


class Machine(Section):
    """Where and in what precision a run computes: Lightning Fabric's words. `threads`: of each process; None: all."""

    accelerator: str = "auto"
    devices: int = Field(1, ge=1)
    num_nodes: int = Field(1, ge=1)
    strategy: str = "auto"
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    threads: int | None = Field(None, ge=1)


class Fit(Section):
    """How the network is trained.

    Attributes:
        stages: small inputs first are quicker; the last stage should have the model's input size.
        batch: slices between two steps of the optimiser, over all devices.
        micro_batch: slices at a time on one device; None: `batch` divided by the devices. The rest is accumulated,
            so that a run does not depend on how many processes share it.
        loss_balance: "fixed" ([Kassar], eq. 8 with `class_weight` and `mask_weight`), "uncertainty" (Kendall et al.
            2018) or "gradient_norm" (Chen et al. 2018).
        class_balance: how often slices are drawn: "none", "sqrt" or "equal" over the diagnoses.
        ema: decay of the moving average of weights, which is what is kept.
        validate_every: epochs between two measurements on the validation side.
        patience: measurements without a better score before the run stops; None: never.
        save_minutes: between two checkpoints.
    """

    stages: list[Stage] = Field(min_length=1)
    batch: int = Field(24, ge=1)
    micro_batch: int | None = Field(None, ge=1)
    optimiser: Optimiser = Optimiser()
    loss_balance: Literal["fixed", "uncertainty", "gradient_norm"] = "fixed"
    class_weight: float = Field(1.0, ge=0)
    mask_weight: float = Field(1.0, ge=0)
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    class_balance: Literal["none", "sqrt", "equal"] = "none"
    drop_path: float = Field(0.05, ge=0, lt=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    ema: float = Field(0.998, ge=0, lt=1)
    augmentation: Augmentation = Augmentation()
    initial: Initial = Initial()
    validate_every: int = Field(3, ge=1)
    patience: int | None = Field(None, ge=1)
    save_minutes: float = Field(5.0, ge=0)


class Pretrain(Section):
    """Masked-image modelling without labels: `masked` of the patches are hidden and to be painted back."""

    size: int = Field(160, ge=32, le=1024, multiple_of=16)
    epochs: int = Field(10, ge=1)
    batch: int = Field(32, ge=1)
    masked: float = Field(0.6, gt=0, lt=1)
    decoder_width: int = Field(128, ge=32, multiple_of=32)
    decoder_depth: int = Field(2, ge=1)
    optimiser: Optimiser = Optimiser(learning_rate=1e-3)
    save_minutes: float = Field(5.0, ge=0)


class Project(Section):
    """The whole file."""

    data: Data
    model: Model
    fit: Fit
    pretrain: Pretrain = Pretrain()
    machine: Machine = Machine()
    seed: int = Field(0, ge=0, le=2**31)


def load_project(file: Path, changes: list[str] | None = None, data: Path | None = None) -> Project:
    """Read and check a project's YAML.

    Args:
        file: the YAML. Relative paths in it start from its folder.
        changes: "fit.batch=16" replaces one value; the right side is YAML.
        data: what relative paths of `data.sources` start from instead.

    Raises:
        ConfigError: the file cannot be read, or says where it is wrong.
    """
    return _anchored(read_yaml(file, Project, changes), file.parent, data or file.parent)


def read_yaml(file: Path, kind: type[Kind], changes: list[str] | None = None) -> Kind:
    """Read a YAML as a section of type `kind`, `changes` made first.

    Raises:
        ConfigError: the file cannot be read, or says where it is wrong.
    """
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise ConfigError(f"{file} holds no sections; see training/configs/ for examples.")
    for change in changes or []:
        _change(given, change)
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise ConfigError(f"{file}:\n" + "\n".join(_said(item) for item in error.errors())) from error


def _change(given: dict, change: str) -> None:
    path, separator, value = change.partition("=")
    if not separator:
        raise ConfigError(f"{change!r}: write it as section.name=value, for example fit.batch=16.")
    *sections, name = path.strip().split(".")
    place = given
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise ConfigError(f"{change!r}: {section} has no options of its own.")
    try:
        place[name] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"{change!r}: {value!r} is not YAML ({error}).") from error


def _said(item: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in item["loc"])
    return f"  {place or 'the file'}: {item['msg'].removeprefix('Value error, ')}"


def _anchored(project: Project, home: Path, data: Path) -> Project:
    """`project` with its relative paths made absolute."""

    def at(base: Path, path: Path | None) -> Path | None:
        return None if path is None else (base / path).resolve()

    sources = [
        source.model_copy(update={name: at(data, getattr(source, name))
                                  for name in ("table", "folder", "images", "masks")})
        for source in project.data.sources
    ]
    initial = project.fit.initial.model_copy(update={"weights": at(home, project.fit.initial.weights)})
    return project.model_copy(update={
        "data": project.data.model_copy(update={"sources": sources}),
        "fit": project.fit.model_copy(update={"initial": initial}),
    })
