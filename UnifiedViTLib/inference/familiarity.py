"""Familiarity: how far an image is from those that the model was trained on. Needs numpy alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from ..errors import WeightsError
from ..spec import ModelSpec


@dataclass(frozen=True)
class FamiliarityStatistics:
    """Training images in the space of embeddings: one Gaussian a diagnosis, all of one shape (Lee et al. 2018).

    Attributes:
        means: (C, E) float32, the mean embedding of each diagnosis.
        whitening: (E, E) float32, W with W^T W the inverse of the covariance that all diagnoses share.
        threshold: distance that one in a hundred slices of a familiar image exceeds.
    """

    means: np.ndarray
    whitening: np.ndarray
    threshold: float

    def distances(self, embeddings: np.ndarray) -> np.ndarray:
        """Mahalanobis distance to the nearest diagnosis (the root of Lee et al. 2018, eq. 2).

        Args:
            embeddings: (N, E), what the images look like to the network (`UnifiedOutput.embedding`).

        Returns:
            (N,) in standard deviations; about the root of E for images like those of training.

        Raises:
            WeightsError: the statistics are of another network.
        """
        if embeddings.shape[1:] != self.means.shape[1:]:
            raise WeightsError(
                f"The familiarity statistics are of another network: they hold {self.means.shape[1]} values an image, "
                f"the network gives {embeddings.shape[1]}. Download or export the model again."
            )
        points = embeddings @ self.whitening.T
        centres = self.means @ self.whitening.T
        return np.sqrt(np.min([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=0))


def load_statistics(spec: ModelSpec) -> FamiliarityStatistics | None:
    """The model's statistics, verified and never unpickled; None for a model without them.

    Raises:
        WeightsError: the file is missing, damaged, or not the one that the description names.
    """
    if spec.familiarity is None:
        return None
    from safetensors import SafetensorError
    from safetensors.numpy import load

    file = spec.folder / spec.familiarity.file
    try:
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != spec.familiarity.sha256:
            raise WeightsError(
                f"{file.name} of {spec.name} is damaged or not the one that its description names. "
                "Download or export the model again."
            )
        tensors = load(data)
        means, whitening = (tensors[name].astype(np.float32) for name in ("means", "whitening"))
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise WeightsError(
            f"{file.name} of {spec.name} cannot be read ({error}). Download or export the model again."
        ) from error
    if not (means.ndim == 2 and len(means) and whitening.shape == (means.shape[1],) * 2
            and np.isfinite(means).all() and np.isfinite(whitening).all()):
        raise WeightsError(f"{file.name} of {spec.name} does not hold what it should. Export the model again.")
    return FamiliarityStatistics(means, whitening, spec.familiarity.threshold)
