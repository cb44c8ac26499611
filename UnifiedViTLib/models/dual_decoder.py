"""Two decoders on one encoder: one draws the mask, one names the diagnosis."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from .encoders import PATCH, Features
from .output import UnifiedNetwork, UnifiedOutput

TASKS = ("both", "classification", "segmentation")


def check_task(task: str) -> None:
    """Raise a ValueError for what is not one of `TASKS`."""
    if task not in TASKS:
        raise ValueError(f"task: {task!r} is not one of {', '.join(TASKS)}.")


class DualDecoder(UnifiedNetwork):
    """What the architectures with two decoders have in common; each brings its encoder and its segmentation decoder.

    Diagnosis softmax(W_cls z_0^(L) + b_cls) ([Kassar], eq. 6); mask by progressive upsampling (7). Both are returned
    as logits; the softmax belongs to the loss (8) and to calibration.

    With `mask_attended_pooling` the classifier reads, beside the image's token, the mean of the patch embeddings
    weighted by how much of a lesion the decoder drew on each (no gradient flows back through the weights, so that the
    mask is shaped by its own loss alone). In the paper the tasks meet only in the encoder; this lets the diagnosis look
    where the mask is.

    Args:
        encoder: image -> Features; its `width` is that of `cls` and of the deepest map.
        segmentation: the segmentation decoder; None for the baseline that only classifies.
        diagnosis_classes: C.
        task: "both", or "classification" or "segmentation" for the single-task baseline: the same encoder and the one
            decoder. A classification baseline gives no mask to pool by.
        mask_attended_pooling: see above.
        dropout: before the linear classifier.
    """

    #: Which of `Features.patch_maps` the embedding is the mean of (see `UnifiedOutput`), and the pixels along a side of
    #: each cell of the deepest one.
    early, stride = 0, PATCH

    def __init__(self, encoder: Any, segmentation: nn.Module | None, diagnosis_classes: int, task: str,
                 mask_attended_pooling: bool, dropout: float) -> None:
        super().__init__()
        check_task(task)
        self.encoder = encoder
        self.segmentation, self.classifier = segmentation, None
        self.mask_attended_pooling = mask_attended_pooling and task == "both"
        if task != "segmentation":
            read = 2 * encoder.width if self.mask_attended_pooling else encoder.width
            self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(read, diagnosis_classes))

    def decode_mask(self, features: Features) -> torch.Tensor:
        """Features -> mask logits (B, S, H, W)."""
        return self.segmentation(features)

    def forward(self, image: torch.Tensor) -> UnifiedOutput:
        """(B, in_channels, H, W), H and W multiples of 16, normalised -> UnifiedOutput."""
        features = self.encoder(image)
        mask_logits = self.decode_mask(features) if self.segmentation else None
        embedding = features.patch_maps[self.early].mean(dim=(2, 3))
        if not self.classifier:
            return UnifiedOutput(mask_logits, None, embedding)
        read = features.cls
        if self.mask_attended_pooling and mask_logits is not None:
            read = torch.cat([read, pool_patches_by_mask(features.patch_maps[-1], mask_logits, self.stride)], dim=1)
        return UnifiedOutput(mask_logits, self.classifier(read), embedding)


def pool_patches_by_mask(patches: torch.Tensor, mask_logits: torch.Tensor, stride: int = PATCH) -> torch.Tensor:
    """Mean patch embedding, weighted by the probability that a patch shows anything but background.

    Args:
        patches: (B, D, h, w).
        mask_logits: (B, S, H, W).
        stride: H / h = W / w, rounded up where the last patches reach beyond the image.

    Returns:
        (B, D); close to the plain mean where nothing is drawn.
    """
    weight = mask_pooling_weights(mask_logits, stride)
    return ((patches * weight).sum(dim=(2, 3)) / weight.sum(dim=(2, 3))).to(patches.dtype)


def mask_pooling_weights(mask_logits: torch.Tensor, stride: int = PATCH) -> torch.Tensor:
    """What `pool_patches_by_mask` weighs by, (B, 1, h, w): above 0, not scaled; no gradient flows through it."""
    drawn = 1 - mask_logits.detach().float().softmax(dim=1)[:, :1]
    return avg_pool2d(drawn, stride, ceil_mode=True) + 1e-3
