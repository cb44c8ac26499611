"""The sections `fit`, `pretrain` and `machine`: how a network learns."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from .section import Section


class Initial(Section):
    """What a run begins from: `weights` (a .safetensors of another run) or `timm` (a pre-trained encoder of that
    name, or the CNN before it; from a package of the extra `pretrained` where there is one, else fetched by timm).
    Both None: from scratch. `freeze` keeps that share of the encoder's blocks as they are (1: all of it, running
    statistics too, and the decoders learn from what it says in use), without their norms where `freeze_norms` is False;
    `layer_decay` multiplies the learning rate once for every block further from the output (1: the same for all)."""

    weights: Path | None = None
    timm: str | None = None
    freeze: float = Field(default=0.0, ge=0, le=1)
    freeze_norms: bool = True
    layer_decay: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _one_origin(self) -> Initial:
        if self.weights and self.timm:
            raise ValueError("a run begins either from `weights` or from `timm`")
        return self

    @property
    def keeps_encoder(self) -> bool:
        """Whether all of the encoder stays as it is."""
        return self.freeze == 1 and self.freeze_norms


class Teacher(Section):
    """A model that teaches (distillation): `model` is its id or folder, or "average": the run's own averaged weights
    (mean teacher), whose say grows over the first third of the run. `weight` is the share of the loss that is the
    distance from its answers (1: it alone teaches), `temperature` how far both are softened. It teaches slices without
    a mask or label, too."""

    model: str
    weight: float = Field(default=0.5, gt=0, le=1)
    temperature: float = Field(default=2.0, ge=1, le=20)


#: The name of the teacher that is the run's own average.
AVERAGE = "average"


class Augmentation(Section):
    """How strongly images are changed; each number is the top of a range, 0 turns that change off.

    Degrees; shares of the side (shift, elastic, crop); factors as logarithms (scale, anisotropic_scale, gain, gamma,
    bias_field, and tone_curve: the slopes of a random rising curve through the intensities, so that a scanner's
    histogram tells nothing); standard deviations of the body's intensity (offset, noise); probabilities (flip, blur;
    skull_strip: the rim of the body is cut away and all outside becomes air, as where a program has stripped a brain of
    its skull; burnt_in: measuring crosses and text are painted at places without a meaning; artefacts: noise, spikes of
    k-space or movement, as in MR; drop_channel: each channel but one is taken away, so that the network learns to do
    without; for several channels alone).
    """

    rotation: float = Field(default=25.0, ge=0, le=180)
    flip: float = Field(default=0.5, ge=0, le=1)
    scale: float = Field(default=0.25, ge=0, le=1)
    anisotropic_scale: float = Field(default=0.08, ge=0, le=1)
    shift: float = Field(default=0.12, ge=0, le=0.5)
    elastic: float = Field(default=0.05, ge=0, le=0.3)
    crop: float = Field(default=0.1, ge=0, le=0.5)
    gain: float = Field(default=0.2, ge=0, le=1)
    offset: float = Field(default=0.25, ge=0, le=2)
    gamma: float = Field(default=0.35, ge=0, le=2)
    tone_curve: float = Field(default=0.5, ge=0, le=2)
    bias_field: float = Field(default=0.35, ge=0, le=2)
    noise: float = Field(default=0.12, ge=0, le=2)
    blur: float = Field(default=0.15, ge=0, le=1)
    drop_channel: float = Field(default=0.25, ge=0, le=1)
    skull_strip: float = Field(default=0.0, ge=0, le=1)
    burnt_in: float = Field(default=0.0, ge=0, le=1)
    artefacts: float = Field(default=0.0, ge=0, le=1)


class Stage(Section):
    """So many epochs with inputs of `size` pixels a side."""

    size: int = Field(ge=32, le=1024, multiple_of=16)
    epochs: int = Field(ge=1)


class Optimiser(Section):
    """AdamW, linear warm-up and a cosine to nothing."""

    learning_rate: float = Field(default=6e-4, gt=0)
    weight_decay: float = Field(default=0.05, ge=0)
    warm_up: float = Field(default=0.05, ge=0, lt=1)
    grad_clip: float = Field(default=1.0, gt=0)


class Machine(Section):
    """Where and in what precision a run computes: Lightning Fabric's words. `threads`: of each process; None: all."""

    accelerator: str = "auto"
    devices: int = Field(default=1, ge=1)
    num_nodes: int = Field(default=1, ge=1)
    strategy: str = "auto"
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    threads: int | None = Field(default=None, ge=1)


class Fit(Section):
    """How the network is trained.

    Attributes:
        stages: small inputs first are quicker; the last stage should have the model's input size.
        batch_size: slices between two steps of the optimiser, over all devices.
        micro_batch: slices at a time on one device; None: `batch_size` divided by the devices. The rest is accumulated,
            so that a run does not depend on how many processes share it.
        loss_balance: "fixed" ([Kassar], eq. 8 with `class_weight` and `mask_weight`), "uncertainty" (Kendall et al.
            2018) or "gradient_norm" (Chen et al. 2018).
        labelled: share of the groups (patients) of the training side whose masks and labels are learnt from, chosen by
            the seed; the slices of the others are images alone, from which a teacher can teach. 1: all.
        class_balance: how often slices are drawn: "none", "sqrt" or "equal" over the diagnoses.
        ema: decay of the moving average of weights, which is what is kept.
        validate_every: epochs between two measurements on the validation side.
        teacher: a model whose answers are learnt from, besides masks and labels; None: these alone.
        patience: measurements without a better score before the run stops; None: never.
        save_minutes: between two checkpoints.
    """

    stages: list[Stage] = Field(min_length=1)
    batch_size: int = Field(default=24, ge=1)
    micro_batch: int | None = Field(default=None, ge=1)
    optimiser: Optimiser = Optimiser()
    loss_balance: Literal["fixed", "uncertainty", "gradient_norm"] = "fixed"
    class_weight: float = Field(default=1.0, ge=0)
    mask_weight: float = Field(default=1.0, ge=0)
    label_smoothing: float = Field(default=0.05, ge=0, lt=1)
    labelled: float = Field(default=1.0, gt=0, le=1)
    class_balance: Literal["none", "sqrt", "equal"] = "none"
    drop_path: float = Field(default=0.05, ge=0, lt=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    ema: float = Field(default=0.998, ge=0, lt=1)
    augmentation: Augmentation = Augmentation()
    initial: Initial = Initial()
    teacher: Teacher | None = None
    validate_every: int = Field(default=3, ge=1)
    patience: int | None = Field(default=None, ge=1)
    save_minutes: float = Field(default=5.0, ge=0)


class Pretrain(Section):
    """Masked-image modelling without labels: `mask_ratio` of the patches are hidden and to be painted back."""

    size: int = Field(default=160, ge=32, le=1024, multiple_of=16)
    epochs: int = Field(default=10, ge=1)
    batch_size: int = Field(default=32, ge=1)
    mask_ratio: float = Field(default=0.6, gt=0, lt=1)
    decoder_width: int = Field(default=128, ge=32, multiple_of=32)
    decoder_depth: int = Field(default=2, ge=1)
    optimiser: Optimiser = Optimiser(learning_rate=1e-3)
    save_minutes: float = Field(default=5.0, ge=0)


class Superres(Section):
    """The learned upscaler: residual blocks, trained on patches of the training side's slices as they were stored.

    `size`: pixels along a side of a fine patch; `batch_size`: patches between two steps of the optimiser.
    """

    channels: int = Field(default=32, ge=4, le=256)
    blocks: int = Field(default=4, ge=1, le=32)
    size: int = Field(default=96, ge=32, le=512, multiple_of=4)
    batch_size: int = Field(default=16, ge=4, multiple_of=4)
    steps: int = Field(default=4500, ge=1)
    optimiser: Optimiser = Optimiser(learning_rate=1e-3, weight_decay=0.0)
    save_steps: int = Field(default=250, ge=1)
