"""What a network says of prepared slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from UnifiedViTLib.inference.uncertainty import Augmentation
from UnifiedViTLib.models import UnifiedOutput

from ..data.dataset import SliceSet


@dataclass(frozen=True)
class SliceOutputs:
    """Answers for N slices, in the order asked for; None where a single-task baseline gives none.

    Attributes:
        class_logits: (N, C) float32.
        drawn: (N, size, size) uint8, the mask class of each pixel (0 background).
        embeddings: (N, E) float32, what the images look like to the network; peers have none.
    """

    class_logits: np.ndarray | None
    drawn: np.ndarray | None
    embeddings: np.ndarray | None


@torch.inference_mode()
def predict_slices(
    network: torch.nn.Module,
    slices: SliceSet,
    indices: np.ndarray,
    batch_size: int = 16,
    device: torch.device | str = "cpu",
    tta: bool = False,
    augmentation: Augmentation | None = None,
) -> SliceOutputs:
    """Let `network` look at the slices at `indices`, in float32 as in use; it is left in evaluation mode.

    Args:
        network: gives a `UnifiedOutput`; it is on `device`.
        slices: prepared slices.
        indices: (N,) which of them, at least one.
        batch_size: slices at a time.
        tta: look at the mirror image of every slice too, and take the mean of the logits.
        augmentation: look at the slices changed; what is drawn is brought back to its place.
    """
    network.eval()
    forward = _tta_network(network) if tta else network
    logits, drawn, embeddings = [], [], []
    for start in tqdm(range(0, len(indices), batch_size), desc="Looking", unit="batch", leave=False, disable=None):
        images = slices.inputs(indices[start:start + batch_size])
        images = torch.from_numpy(augmentation.apply(images) if augmentation else images)
        output = forward(images.to(device).contiguous(memory_format=torch.channels_last))
        if output.class_logits is not None:
            logits.append(output.class_logits.float().cpu().numpy())
        if output.class_logits is not None and output.embedding is not None:
            embeddings.append(output.embedding.float().cpu().numpy())
        if output.mask_logits is not None:
            masks = output.mask_logits
            if augmentation:
                masks = torch.from_numpy(np.ascontiguousarray(augmentation.undo(masks.float().cpu().numpy())))
            drawn.append(masks.argmax(dim=1).to(torch.uint8).cpu().numpy())
    return SliceOutputs(*(np.concatenate(parts) if parts else None for parts in (logits, drawn, embeddings)))


def _tta_network(network: torch.nn.Module) -> Callable[[torch.Tensor], UnifiedOutput]:
    """`network` as it looks at images and their mirror images; embeddings are of the images alone, as in use."""

    def forward(images: torch.Tensor) -> UnifiedOutput:
        seen, mirrored = network(images), network(images.flip(-1))
        return UnifiedOutput(
            None if seen.mask_logits is None else (seen.mask_logits + mirrored.mask_logits.flip(-1)) / 2,
            None if seen.class_logits is None else (seen.class_logits + mirrored.class_logits) / 2,
            seen.embedding,
        )

    return forward
