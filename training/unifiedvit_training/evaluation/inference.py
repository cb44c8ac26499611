"""What a network says of prepared slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from UnifiedViTLib.inference.backends.base import Run
from UnifiedViTLib.inference.progress import ProgressCallback, ignore
from UnifiedViTLib.inference.tta import Augmentation, average_with_mirror

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
    progress: ProgressCallback = ignore,
) -> SliceOutputs:
    """Let `network` look at the slices at `indices`, in float32 as in use; it is left in evaluation mode.

    Args:
        network: gives a `UnifiedOutput`; it is on `device`.
        slices: prepared slices.
        indices: (N,) which of them, at least one.
        batch_size: slices at a time.
        device: that it runs on.
        tta: look at the mirror image of every slice too, and take the mean of the logits.
        augmentation: look at the slices changed; what is drawn is brought back to its place.
        progress: told the fraction of the slices that were looked at.
    """
    network.eval()
    run = average_with_mirror(_as_run(network, device)) if tta else _as_run(network, device)
    all_logits, drawn, all_embeddings = [], [], []
    for start in tqdm(range(0, len(indices), batch_size), desc="Looking", unit="batch", leave=False, disable=None):
        progress("Evaluating", start / len(indices))
        images = slices.inputs(indices[start:start + batch_size])
        masks, logits, embeddings = run(augmentation.apply(images) if augmentation else images)
        if logits.shape[1]:
            all_logits.append(logits)
        if logits.shape[1] and embeddings.shape[1]:
            all_embeddings.append(embeddings)
        if masks.shape[1]:
            masks = np.ascontiguousarray(augmentation.undo(masks) if augmentation else masks)
            drawn.append(torch.from_numpy(masks).argmax(dim=1).to(torch.uint8).numpy())
    return SliceOutputs(*(np.concatenate(parts) if parts else None for parts in (all_logits, drawn, all_embeddings)))


def _as_run(network: torch.nn.Module, device: torch.device | str) -> Run:
    """`network` as the predictor sees one; what a single-task baseline does not give has no classes."""

    def run(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        output = network(torch.from_numpy(images).to(device).contiguous(memory_format=torch.channels_last))
        shapes = (len(images), 0, 1, 1), (len(images), 0), (len(images), 0)
        masks, logits, embeddings = (
            np.empty(shape, np.float32) if part is None else part.float().cpu().numpy()
            for part, shape in zip((output.mask_logits, output.class_logits, output.embedding), shapes, strict=True))
        return masks, logits, embeddings

    return run
