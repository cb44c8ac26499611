"""What goes into the network and what comes out of it must say something: numbers, and not always the same."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..errors import UnsupportedImageError, WeightsError
from ..imaging.channels import PreparedChannels
from ..imaging.preparation import PreparedVolume
from ..spec import ModelSpec

#: Mask logits, class logits and embedding of a batch.
Outputs = tuple[np.ndarray, np.ndarray, np.ndarray]


def check_outputs(outputs: Outputs, images: np.ndarray, spec: ModelSpec) -> Outputs:
    """`outputs` of the network for `images` (n, channels, H, W), if they are what the model promises.

    Args:
        outputs: mask logits, class logits and embedding.
        images: what they are for.
        spec: the model.

    Raises:
        WeightsError: other shapes, or numbers that are not finite.
    """
    masks, logits, embeddings = outputs
    count, (height, width) = len(images), images.shape[-2:]
    promised = (count, len(spec.segments) + 1, height, width), (count, len(spec.classes))
    if (masks.shape, logits.shape) != promised or embeddings.ndim != 2 or len(embeddings) != count:
        raise WeightsError(
            f"The network of {spec.name} answers in the shapes {masks.shape}, {logits.shape} and {embeddings.shape}; "
            f"its description promises {promised[0]}, {promised[1]} and ({count}, any). Get or export the model again."
        )
    check_finite(outputs, spec)
    return outputs


def check_finite(outputs: Iterable[np.ndarray], spec: ModelSpec) -> None:
    """Raise a WeightsError if anything that the network gave is not a number."""
    if not all(np.isfinite(part).all() for part in outputs):
        raise WeightsError(
            f"The network of {spec.name} answers with values that are no numbers (NaN or infinite): its weights are "
            "damaged, or the training that made them failed. Get or export the model again."
        )


def check_not_blank(prepared: PreparedVolume) -> None:
    """Raise an UnsupportedImageError where every slice of every channel has one value everywhere: a volume may differ
    from slice to slice and yet show nothing on any."""
    channels = prepared.channels if isinstance(prepared, PreparedChannels) else (prepared,)
    if not any((image != image[0, 0]).any() for one in channels if one is not None for image in one.slices):
        if prepared.region_mask is not None:
            raise UnsupportedImageError(f"Every slice that the region touches in {prepared.volume.name} has one "
                                        "value everywhere; there is nothing to look at. Move the region.")
        raise UnsupportedImageError(
            f"Every slice of {prepared.volume.name} has one value everywhere; there is nothing to look at. Choose "
            "another plane, and check that the right file was loaded."
        )


class VariationCheck:
    """Sees over the batches of a volume whether the answer depends on what is shown."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._varies = False
        self._logits: np.ndarray | None = None

    def add(self, images: np.ndarray, masks: np.ndarray, logits: np.ndarray) -> None:
        """Take in a batch: the network's input (n, channels, H, W), its mask logits and its class logits.

        Args:
            images: (n, channels, H, W), the network's input.
            masks: (n, S + 1, H, W) logits.
            logits: (n, C), of the classes.

        Raises:
            UnsupportedImageError: the input is not finite.
        """
        if not np.isfinite(images).all():
            raise UnsupportedImageError(
                "The intensities are so large or so far apart that they cannot be normalised. Rescale the image, or "
                "replace the values that are no intensities, and run again."
            )
        pictured = (images != images[:, :, :1, :1]).any(axis=(1, 2, 3))
        if self._varies or not pictured.any():
            return
        masks, logits = masks[pictured], logits[pictured]
        if self._logits is None:
            self._logits = logits[0]
        self._varies = bool((masks != masks[:, :, :1, :1]).any() or (logits != self._logits).any())

    def conclude(self) -> None:
        """To be called when all of a volume has been looked at.

        Raises:
            WeightsError: the network answers the same whatever it is shown.
        """
        if self._logits is not None and not self._varies:
            raise WeightsError(
                f"The network of {self._spec.name} gives the same answer everywhere, whatever it is shown: its weights "
                "are damaged, or the training that made them failed. Get or export the model again."
            )
