"""Several networks asked as one (Lakshminarayanan et al. 2017, "deep ensembles")."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.functional import interpolate

from .output import UnifiedNetwork, UnifiedOutput


class Ensemble(UnifiedNetwork):
    """The mean of what trained networks say: of their calibrated probabilities (Lakshminarayanan et al. 2017, section
    2.4) and of their mask logits. Each looks at the image at its own size.

    Args:
        members: networks that give both answers, the same mask classes and diagnoses in the same order.
        sizes: pixels along a side of each one's input.
        temperatures: of each one's calibration.
        size: pixels along a side of the ensemble's input and of its masks.
    """

    def __init__(self, members: Sequence[UnifiedNetwork], sizes: Sequence[int], temperatures: Sequence[float],
                 size: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.sizes, self.temperatures, self.size = tuple(sizes), tuple(temperatures), size
        for other in {*sizes} - {size}:  # follow from the sizes: not among the weights
            for start, stop in ((size, other), (other, size)):
                self.register_buffer(f"from_{start}_to_{stop}", _resampling(start, stop), persistent=False)

    @property
    def encoder(self) -> nn.Module:
        """The first member's, whose embedding is the ensemble's; all see the same channels."""
        first: Any = self.members[0]
        return first.encoder

    def forward(self, image: torch.Tensor) -> UnifiedOutput:
        """(B, in_channels, size, size) -> UnifiedOutput; the softmax of its class logits is the mean of the members'
        calibrated probabilities, its embedding is the first member's.

        Raises:
            ValueError: the image has another size.
        """
        if image.shape[-2:] != (self.size, self.size):
            raise ValueError(
                f"The input is {image.shape[-2]} x {image.shape[-1]}; this ensemble looks at {self.size} x {self.size}."
            )
        masks, logits, embeddings = zip(*self.each(image), strict=True)
        return UnifiedOutput(
            torch.stack(masks).mean(dim=0),
            torch.stack(logits).logsumexp(dim=0) - math.log(len(logits)),
            embeddings[0],
        )

    def each(self, image: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """What each member says of images (B, in_channels, size, size), in the ensemble's terms: mask logits of the
        ensemble's size, class logits whose softmax are the member's calibrated probabilities, and embedding."""
        return [
            (self._resized(output.mask_logits, size, self.size),
             (output.class_logits / temperature).log_softmax(dim=-1), output.embedding)
            for output, size, temperature in zip(
                (member(seen) for member, seen in zip(self.members, self.as_seen(image), strict=True)),
                self.sizes, self.temperatures, strict=True)
        ]

    def as_seen(self, image: torch.Tensor) -> list[torch.Tensor]:
        """(B, in_channels, size, size) at the size of each member."""
        return [self._resized(image, self.size, size) for size in self.sizes]

    def _resized(self, maps: torch.Tensor, start: int, stop: int) -> torch.Tensor:
        """Maps (B, c, start, start) -> (B, c, stop, stop)."""
        if start == stop:
            return maps
        matrix = getattr(self, f"from_{start}_to_{stop}")
        return matrix @ maps @ matrix.T


def _resampling(count: int, out_count: int) -> torch.Tensor:
    """Matrix (out_count, count) that resamples a line linearly; shrinking averages, so that nothing aliases.

    A matrix, because runtimes of ONNX do not agree on what interpolation with averaging is.
    """
    line = torch.eye(count)[None, None]
    return interpolate(line, (out_count, count), mode="bilinear", antialias=True)[0, 0]
