"""Heads without their rim: what a brain looks like that a program has stripped of its skull."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

from UnifiedViTLib.imaging.intensity import CLIP
from UnifiedViTLib.spec import MISSING

#: How much is cut away all round, as a share of the frame's side, and how unevenly.
_THINNEST, _THICKEST, _UNEVEN = 0.04, 0.12, 0.4
#: A slice stays whole where less than this share of its lesion, or of its frame, would be left.
_LESION_LEFT, _FRAME_LEFT = 0.7, 0.03
#: Side of the coarse grid of unevenness; numbers of chance that a slice needs.
_COARSE = 4
NUMBERS = 2 + _COARSE**2


def strip(images: torch.Tensor, masks: torch.Tensor, share: float, chance: torch.Tensor
          ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Cut the rim of the body away in `share` of the slices: skull, scalp and, lower down, much of the face.

    What is left is normalised anew, as `imaging.intensity.normalise` would if the image had come like that, and all
    else becomes air. A slice whose lesion lies in the rim stays as it is.

    Args:
        images: (B, C, H, W) float32, normalised, missing channels `spec.MISSING`.
        masks: (B, H, W) uint8, mask class.
        share: probability of each slice.
        chance: (B, NUMBERS) in [0, 1).

    Returns:
        images and masks, new where a slice was cut, and (B,) the share of the frame that the body now fills: in use
        the frame is drawn around what is left.
    """
    images, masks, zoom = images.clone(), masks.clone(), torch.ones(len(images))
    for n in torch.nonzero(chance[:, 0] < share).flatten().tolist():
        depth = _THINNEST + (_THICKEST - _THINNEST) * float(chance[n, 1])
        field = smooth_field(chance[n, 2:].view(1, 1, _COARSE, _COARSE) * 2 - 1, images.shape[-1])[0, 0]
        kept = _inside(images[n], depth * (1 + _UNEVEN * field))
        lesion = masks[n] > 0
        if kept.float().mean() < _FRAME_LEFT or (lesion & kept).sum() < _LESION_LEFT * lesion.sum():
            continue
        masks[n] *= kept
        zoom[n] = 1 - 2 * depth
        for channel in images[n]:
            if channel.amax() > MISSING / 2:
                _cut(channel, kept)
    return images, masks, zoom.to(images.device)


def smooth_field(coarse: torch.Tensor, size: int) -> torch.Tensor:
    """(B, C, n, n) -> (B, C, size, size), cubic between the given values."""
    return F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)


def _inside(channels: torch.Tensor, depth: torch.Tensor) -> torch.Tensor:
    """Where one is deeper in the body than `depth` (H, W; shares of the side), (H, W) bool, by the first channel of
    (C, H, W) that is there."""
    there = channels.amax(dim=(1, 2)) > MISSING / 2
    image = channels[int(there.float().argmax())].cpu().numpy()
    body = ndimage.binary_fill_holes(_body(image))
    return torch.from_numpy(ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1] > (
        depth.cpu().numpy() * len(image))).to(channels.device)


def _body(image: np.ndarray) -> np.ndarray:
    """What is not air, as `imaging.intensity.measure_foreground` has it."""
    low, high = np.percentile(image, (1, 99.5))
    return image > low + 0.1 * (high - low)


def _cut(image: torch.Tensor, kept: torch.Tensor) -> None:
    """Normalise (H, W) over what is kept, the rest made air, in place."""
    air, ceiling = image.quantile(image.new_tensor([0.01, 0.995]))
    tissue = image[kept & (image > air + 0.1 * (ceiling - air))]
    if tissue.numel() < 2:
        return
    deviation, mean = torch.std_mean(tissue)
    image.copy_(((torch.where(kept, image, air) - mean) / deviation.clamp_min(1e-3)).clamp(*CLIP))
