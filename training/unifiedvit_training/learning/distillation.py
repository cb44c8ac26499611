"""Distillation: a network learns from the answers of a model that is there already, or of its own average (mean
teacher), besides masks and labels."""

from __future__ import annotations

import math

import torch
from torch.nn.functional import interpolate, kl_div, log_softmax

from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.integrity import verify_weights
from UnifiedViTLib.models import UnifiedOutput
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.spec import ModelSpec

from ..config import AVERAGE, Model, Teacher
from ..errors import RunError


class TeacherNetwork:
    """An exported model, or an ensemble, whose answers to the same augmented images are a network's targets.

    Args:
        spec: of that model.
        device: of torch.
    """

    def __init__(self, spec: ModelSpec, device: torch.device) -> None:
        self._size = spec.size
        self._network = load_network(spec).to(device).to(memory_format=torch.channels_last)

    @torch.no_grad()
    def __call__(self, images: torch.Tensor) -> UnifiedOutput:
        """What the teacher says of images (B, C, H, W), at its own size; mask logits (B, S, H, W)."""
        height, width = images.shape[-2:]
        answer = self._network(_resized(images, (self._size, self._size)))
        return UnifiedOutput(_resized(answer.mask_logits.float(), (height, width)), answer.class_logits.float(),
                             answer.embedding)


def averages_answers(average: torch.nn.Module, images: torch.Tensor) -> UnifiedOutput:
    """What the moving average of a network's weights says of images (B, C, H, W): the teacher of Tarvainen and Valpola
    (2017)."""
    with torch.no_grad():
        answer = average(images)
    mask_logits, class_logits = (None if one is None else one.float() for one in answer[:2])
    return UnifiedOutput(mask_logits, class_logits, answer.embedding)


def growing_weight(share: float) -> float:
    """How much of its weight the average has as a teacher, 0 to 1, after this share of the run (0..1): at first it
    knows nothing (the ramp of Laine and Aila 2017, over the first third)."""
    return math.exp(-5 * (1 - min(1.0, 3 * share)) ** 2)


def distillation_losses(output: UnifiedOutput, taught: UnifiedOutput, temperature: float, multi_label: bool
                        ) -> dict[str, torch.Tensor]:
    """How far a network's answers are from its teacher's, by task ("mask", "class"): the divergence of the
    distributions softened by the temperature T, times T^2 so that gradients do not shrink with it (Hinton et al. 2015,
    section 2); for the mask the mean over pixels.

    Args:
        output: of the network that learns; a task that it does not have has no loss.
        taught: of the teacher, for the same images.
        temperature: T, at least 1.
        multi_label: each diagnosis is a question of its own.
    """
    losses = {}
    if output.mask_logits is not None:
        assert taught.mask_logits is not None, "a teacher has the tasks of the network that learns"
        losses["mask"] = _divergence(output.mask_logits.float(), taught.mask_logits, temperature)
    if output.class_logits is not None:
        assert taught.class_logits is not None, "a teacher has the tasks of the network that learns"
        logits, target = output.class_logits.float(), taught.class_logits
        if multi_label:  # of each diagnosis against its absence
            logits, target = (torch.stack([torch.zeros_like(one), one], dim=1) for one in (logits, target))
        losses["class"] = _divergence(logits, target, temperature)
    return losses


def _divergence(logits: torch.Tensor, target: torch.Tensor, temperature: float) -> torch.Tensor:
    """Mean over all but the classes, which are axis 1, of the divergence from the target."""
    each = kl_div(log_softmax(logits / temperature, dim=1), log_softmax(target / temperature, dim=1),
                  reduction="none", log_target=True)
    return each.sum(dim=1).mean() * temperature**2


def _resized(maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    if maps.shape[-2:] == size:
        return maps
    return interpolate(maps, size, mode="bilinear", antialias=True)


def find_teacher(teacher: Teacher | None, model: Model) -> ModelSpec | None:
    """The model that teaches, whole, with the channels and the questions of the network that learns; None where there
    is no teacher, or it is the run's own average.

    Args:
        teacher: which model.
        model: of the network that learns.

    Raises:
        ModelSpecError: there is none.
        RunError: it looks at other channels or answers other questions.
        WeightsError: its weights are damaged.
    """
    if teacher is None or teacher.model == AVERAGE:
        return None
    spec = find_model(teacher.model)
    agreement = {
        "channels": [channel.name for channel in spec.channels] == list(model.channel_names),
        "segments": [segment.name for segment in spec.segments] == [segment.name for segment in model.segments],
        "classes": [one.name for one in spec.classes] == model.class_names,
        "one diagnosis or several": spec.multi_label == model.multi_label,
    }
    if differing := [name for name, agrees in agreement.items() if not agrees]:
        raise RunError(f"fit.teacher: {spec.name} differs from this project in its {', '.join(differing)}. Only a "
                       "model with the same questions can teach it.")
    verify_weights(spec)
    return spec
