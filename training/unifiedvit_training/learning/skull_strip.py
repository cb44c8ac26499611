"""Skull stripping imitated: heads without their rim, as most public brain tumour images are."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

from UnifiedViTLib.imaging.intensity import CLIP
from UnifiedViTLib.spec import MISSING

from ..config import IGNORE

#: How deep the cut is, as a share of the frame's side, and how much that varies around the head.
_MIN_DEPTH, _MAX_DEPTH, _DEPTH_VARIATION = 0.04, 0.12, 0.4
#: A slice stays whole where less than this share of its lesion, or of its frame, would remain.
_MIN_LESION_LEFT, _MIN_FRAME_LEFT = 0.7, 0.03
#: Side of the coarse grid of the variation; random numbers that a slice needs.
_GRID = 4
RANDOM_NUMBERS = 2 + _GRID**2


def skull_strip(images: torch.Tensor, masks: torch.Tensor, probability: float, random: torch.Tensor
                ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Cut the rim of the body away in some of the slices: skull, scalp and, lower down, much of the face.

    What is left is normalised anew, as `imaging.intensity.normalise` would if the image had come like that, and all
    else becomes air. A slice whose lesion lies in the rim stays as it is.

    Args:
        images: (B, C, H, W) float32, normalised, missing channels `spec.MISSING`.
        masks: (B, H, W) uint8, mask class, `IGNORE` what nobody labelled.
        probability: of each slice.
        random: (B, RANDOM_NUMBERS) in [0, 1).

    Returns:
        images and masks, new where a slice was cut, and (B,) the share of the frame that the body now fills: in use
        the frame is drawn around what is left.
    """
    images, masks, zoom = images.clone(), masks.clone(), torch.ones(len(images))
    for n in torch.nonzero(random[:, 0] < probability).flatten().tolist():
        depth = _MIN_DEPTH + (_MAX_DEPTH - _MIN_DEPTH) * float(random[n, 1])
        variation = smooth_field(random[n, 2:].view(1, 1, _GRID, _GRID) * 2 - 1, images.shape[-1])[0, 0]
        brain = _inside(images[n], depth * (1 + _DEPTH_VARIATION * variation))
        lesion = (masks[n] > 0) & (masks[n] != IGNORE)
        if brain.float().mean() < _MIN_FRAME_LEFT or (lesion & brain).sum() < _MIN_LESION_LEFT * lesion.sum():
            continue
        masks[n] *= brain
        zoom[n] = 1 - 2 * depth
        for channel in images[n]:
            if channel.amax() > MISSING / 2:
                _cut(channel, brain)
    return images, masks, zoom.to(images.device)


def smooth_field(coarse: torch.Tensor, size: int) -> torch.Tensor:
    """(B, C, n, n) -> (B, C, size, size), cubic between the values."""
    return F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)


def _inside(channels: torch.Tensor, depth: torch.Tensor) -> torch.Tensor:
    """Where a pixel is deeper in the body than `depth` (H, W; shares of the side), (H, W) bool, by the first channel of
    (C, H, W) that is not missing."""
    available = channels.amax(dim=(1, 2)) > MISSING / 2
    image = channels[int(available.float().argmax())].cpu().numpy()
    # As `imaging.intensity.measure_foreground` tells body from air.
    air, ceiling = np.percentile(image, (1, 99.5))
    body: Any = ndimage.binary_fill_holes(image > air + 0.1 * (ceiling - air))
    distances: Any = ndimage.distance_transform_edt(np.pad(body, 1))
    distance = distances[1:-1, 1:-1]
    return torch.from_numpy(distance > depth.cpu().numpy() * len(image)).to(channels.device)


def _cut(image: torch.Tensor, brain: torch.Tensor) -> None:
    """Normalise (H, W) over the brain, the rest made air, in place."""
    air, ceiling = image.quantile(image.new_tensor([0.01, 0.995]))
    tissue = image[brain & (image > air + 0.1 * (ceiling - air))]
    if tissue.numel() < 2:
        return
    deviation, mean = torch.std_mean(tissue)
    image.copy_(((torch.where(brain, image, air) - mean) / deviation.clamp_min(1e-3)).clamp(*CLIP))
