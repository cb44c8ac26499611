"""The section `model`: what is built, and what its description will say."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_serializer, model_validator

from UnifiedViTLib.diagnosis import NONE
from UnifiedViTLib.patient_spec import MOST_FIELDS

from .metadata import MetadataCard
from .section import Section

Task = Literal["both", "classification", "segmentation"]

#: What each architecture is built with where the YAML names it alone: all about the size of a ViT-Tiny, behind early
#: convolutions, which few images need.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "shared_encoder_dual_decoder": {"encoder": "vit_tiny_patch16_224", "stem_width": 24, "mask_attended_pooling": True},
    "hierarchical": {"encoder": "swin_tiny_patch4_window7_224", "width": 48, "stem_width": 24,
                     "decoder_widths": [96, 96, 48, 24], "mask_attended_pooling": True},
    "hybrid_cnn_transformer": {"encoder": "vit_tiny_patch16_224", "cnn": "resnet10t", "mask_attended_pooling": True},
    "unified_decoder": {"encoder": "vit_tiny_patch16_224", "stem_width": 24},
    "fully_integrated": {"encoder": "vit_tiny_patch16_224", "stem_width": 24},
}


class ChannelCard(Section):
    """One of several images of a patient that are looked at together; fields as in `model.json`."""

    name: str = Field(pattern=r"[a-z0-9][a-z0-9._-]{0,63}")
    expects: str


class Input(Section):
    """What the network sees; fields as in `model.json`. `channels`: none for models that look at one image. `plane` is
    that of `data`, which says it for both."""

    size: int = Field(default=224, ge=32, le=1024, multiple_of=16)
    modality: Literal["MR", "CT", "XR", "US", "any"]
    expects: str
    channels: list[ChannelCard] = Field(default=[], max_length=16)
    plane: Literal["auto", "axial", "coronal", "sagittal"] = "auto"

    @model_validator(mode="after")
    def _several(self) -> Input:
        if len(self.channels) == 1:
            raise ValueError("one channel needs no list of `channels`")
        if len({channel.name for channel in self.channels}) < len(self.channels):
            raise ValueError("two of `channels` have the same name")
        return self

    @model_serializer(mode="wrap")
    def _as_ever(self, write: Any) -> dict[str, Any]:
        """Without `channels` and `plane` where there are none, so that datasets and runs from before them go on."""
        return {name: value for name, value in write(self).items()
                if (name != "channels" or value) and (name != "plane" or value != "auto")}


class SegmentCard(Section):
    """A mask class: name, colour (RGB, 0-255), Slicer's terminology entry."""

    name: str
    colour: tuple[int, int, int]
    terminology: str = "Segmentation category and type - DICOM master list~SCT^49755003^Morphologically Altered " \
        "Structure~SCT^52988006^Lesion~^^~Anatomic codes - DICOM master list~^^~^^|"


class CodeCard(Section):
    """A term of a dictionary, as DICOM has it: 302820008, SCT, Intracranial meningioma."""

    value: str
    scheme: str
    meaning: str


class ClassCard(Section):
    """A diagnosis: `name` as in the labels, `display` for people, `lesion` False for "nothing found".

    `segment`, of multi-label models: name of the segment that outlines this finding. `code`: for results as DICOM.
    """

    name: str
    display: str
    lesion: bool = True
    segment: str | None = None
    code: CodeCard | None = None

    @model_serializer(mode="wrap")
    def _as_ever(self, write: Any) -> dict[str, Any]:
        """Without `segment` and `code` where there are none, so that datasets and runs from before there were any go
        on."""
        return {name: value for name, value in write(self).items()
                if name not in ("segment", "code") or value is not None}


class TrainingDataCard(Section):
    """What a model learns from, and under which licence."""

    name: str
    licence: str


class Model(Section):
    """What is built, and what its description will say.

    `architecture` and `arguments` are the library's (`UnifiedViTLib.models`); without `arguments` it has those of
    `ARGUMENTS`. `task` "classification" or "segmentation" trains the single-task baseline of the same network.
    `diagnosis` "multi-label": several classes may be true at once; each is a finding, and `nothing_found` is said
    where there is none. `metadata` is what else may be known of a patient (`unifiedvit-train patient`).
    `weights_dtype` is how an exported model's weights are stored, and rounded to wherever a run is measured: "int8" (a
    scale for each row) makes half the file of "float16".
    """

    id: str = Field(pattern=r"[a-z0-9][a-z0-9._-]{0,63}")
    version: str = Field(pattern=r"\d+\.\d+\.\d+")
    name: str
    description: str
    input: Input
    segments: list[SegmentCard] = Field(min_length=1, max_length=254)
    classes: list[ClassCard] = Field(min_length=2, max_length=255)
    diagnosis: Literal["multi-class", "multi-label"] = "multi-class"
    nothing_found: str = "No finding"
    licence: str
    training: list[TrainingDataCard] = Field(min_length=1)
    limits: list[str] = Field(default=[])
    task: Task = "both"
    architecture: str = "shared_encoder_dual_decoder"
    arguments: dict[str, Any]
    weights_dtype: Literal["float16", "int8"] = "float16"
    metadata: list[MetadataCard] = Field(default=[], max_length=MOST_FIELDS)

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
        for what in ("classes", "segments", "metadata"):
            names = [card.name for card in getattr(self, what)]
            if len(set(names)) != len(names):
                raise ValueError(f"two of `{what}` have the same name")
        if sum(not c.lesion for c in self.classes) > 1:
            raise ValueError("more than one class says that nothing was found (`lesion: false`)")
        if self.metadata and self.multi_label:
            raise ValueError("`metadata` are for models of one class an image, not for `diagnosis: multi-label`")
        return self

    @model_validator(mode="after")
    def _findings(self) -> Model:
        shown = [c for c in self.classes if c.segment]
        if not self.multi_label:
            if shown:
                raise ValueError(f"`segment` of {shown[0].name} is for `diagnosis: multi-label` alone")
            return self
        if any(not c.lesion for c in self.classes) or NONE in self.class_names:
            raise ValueError("a multi-label model has findings alone: take the class for nothing found out of "
                             f"`classes`, say it in `nothing_found`, and write {NONE!r} in tables")
        unknown = [c.segment for c in shown if c.segment not in {s.name for s in self.segments}]
        if unknown:
            raise ValueError(f"there is no segment {unknown[0]!r}")
        return self

    @model_serializer(mode="wrap")
    def _as_ever(self, write: Any) -> dict[str, Any]:
        """Without `metadata` where there are none, so that runs from before there were any go on."""
        return {name: value for name, value in write(self).items() if name != "metadata" or value}

    @property
    def multi_label(self) -> bool:
        """Whether several classes may be true at once."""
        return self.diagnosis == "multi-label"

    @property
    def outlined(self) -> set[str]:
        """Names of the classes that masks show: those with a lesion; of findings those with a segment, or all where
        none is named for any."""
        if not self.multi_label:
            return {c.name for c in self.classes if c.lesion}
        return {c.name for c in self.classes if c.segment} or {*self.class_names}

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
