"""Out-of-distribution statistics: how far an image is from those of training, and whether it is rotated. Needs numpy
alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import WeightsError
from ...integrity import load_arrays
from ...spec import ModelSpec
from .sequence_probe import MANY_SLICES, SequenceProbe
from .texture import ROTATIONS, layout, texture, undo_rotation


@dataclass(frozen=True)
class Gaussians:
    """Training images in some space: one Gaussian a diagnosis, all of one shape (Lee et al. 2018).

    Attributes:
        means: (C, E) float32, the mean of each diagnosis.
        whitening: (E, E) float32, W with W^T W the inverse of the covariance that all diagnoses share.
    """

    means: np.ndarray
    whitening: np.ndarray

    def distances(self, points: np.ndarray) -> np.ndarray:
        """Mahalanobis distance (N,) of points (N, E) to the nearest diagnosis (the root of Lee et al. 2018, eq. 2), in
        standard deviations; about the root of E for images like those of training."""
        white, centres = points @ self.whitening.T, self.means @ self.whitening.T
        return np.sqrt(np.min([((white - centre) ** 2).sum(axis=1) for centre in centres], axis=0))


@dataclass(frozen=True)
class OrientationStatistics:
    """How much nearer to the training images a picture comes if its rotation is undone.

    Attributes:
        gaussians: training images by what `texture` sees.
        thresholds: (3,) float32, for each of `ROTATIONS` what one in a hundred in-distribution slices gains by it.
    """

    gaussians: Gaussians
    thresholds: np.ndarray


@dataclass(frozen=True)
class OODFeatures:
    """What N slices look like.

    Attributes:
        points: (N, F) float32, in the space of `OODStatistics.training`.
        views: of `texture_views`; empty for format 1.
        blank: (N,) bool, slices with nothing on them.
    """

    points: np.ndarray
    views: list[np.ndarray]
    blank: np.ndarray

    @classmethod
    def concatenate(cls, parts: Sequence[OODFeatures]) -> OODFeatures:
        """Of one piece of slices after the other, at least one."""
        views = [np.concatenate(pieces) for pieces in zip(*(part.views for part in parts), strict=True)]
        return cls(np.concatenate([part.points for part in parts]), views,
                   np.concatenate([part.blank for part in parts]))


@dataclass(frozen=True)
class OODStatistics:
    """What training images look like to the network, and (format 2) without it.

    Attributes:
        training: training images by the network's embedding alone, or (format 2) with what `texture` sees behind it.
        threshold: distance that one in a hundred in-distribution slices exceeds.
        orientation: None for format 1.
        probes: one for each set of channels that may be given and be of other sequences.
    """

    training: Gaussians
    threshold: float
    orientation: OrientationStatistics | None = None
    probes: tuple[SequenceProbe, ...] = ()

    def features(self, embeddings: np.ndarray, images: np.ndarray) -> OODFeatures:
        """What `score` goes by, in this thread alone: it may run beside a network.

        Args:
            embeddings: (N, E), what the images look like to the network (`UnifiedOutput.embedding`).
            images: (N, channels, size, size) float32, the network's input.

        Raises:
            WeightsError: the statistics are of another network.
        """
        features = [] if self.orientation is None else texture_views(images)
        points = np.concatenate([embeddings, *features[:1]], axis=1)
        if points.shape[1] != self.training.means.shape[1]:
            own = self.training.means.shape[1] - points.shape[1] + embeddings.shape[1]
            raise WeightsError(
                f"The out-of-distribution statistics are of another network: they hold {own} values an image, "
                f"the network gives {embeddings.shape[1]}. Download or export the model again."
            )
        return OODFeatures(points, features, (images == images[:, :, :1, :1]).all(axis=(1, 2, 3)))

    def score(self, features: OODFeatures, images: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        """How far slices are from those of training, and whether they look as if they were turned.

        Args:
            features: of N slices.
            images: (N,) int, the number, from 0, of the image that each is of; None: all are of one.

        Returns:
            (N,) distances as of `Gaussians.distances`; (N, len(ROTATIONS)) bool, whether a slice gains so much by being
            put right that it looks turned; of an image of few slices, which cannot outvote one that does so by chance,
            it must besides look, put right, as those of training do. Of format 2, a slice with nothing on it has the
            distance NaN and is not turned; of format 1, the second is None.
        """
        distances = self.training.distances(features.points)
        if self.orientation is None:
            return distances, None
        as_is, *others = (self.orientation.gaussians.distances(view) for view in features.views)
        put_right = np.stack(others, axis=1)
        rotated = (as_is[:, None] - put_right > self.orientation.thresholds) & ~features.blank[:, None]
        image = np.zeros(len(distances), int) if images is None else images
        few = np.bincount(image, ~features.blank)[image] < MANY_SLICES
        rotated &= ~few[:, None] | (put_right <= self.orientation.gaussians.means.shape[1] ** 0.5)
        distances[features.blank] = np.nan
        return distances, rotated

    def mistaken(self, features: OODFeatures, given: Sequence[str]) -> bool:
        """Whether an image looks as if it were of other sequences than those it is given as; False where no probe is
        for these channels, or nothing is to be seen.

        Args:
            features: of the slices.
            given: names of the channels that are given, in the model's order; none for a model of one image.
        """
        points = features.points[~features.blank]
        return len(points) > 0 and any(one.mistaken(points) for one in self.probes if one.channels == tuple(given))


def texture_views(images: np.ndarray) -> list[np.ndarray]:
    """What `texture` sees of images (N, channels, size, size), (N, F) float32: as they are, and put right as if they
    were each of `ROTATIONS`."""
    channels = [(texture(channel), layout(channel)) for channel in np.moveaxis(images, 1, 0)]
    views = [channels, *([undo_rotation(*channel, turn) for channel in channels] for turn in ROTATIONS)]
    return [np.concatenate([part.reshape(len(images), -1) for channel in view for part in channel], axis=1)
            for view in views]


def load_ood_statistics(spec: ModelSpec) -> OODStatistics | None:
    """The model's statistics, verified and never unpickled; None for a model without them.

    Raises:
        WeightsError: the file is missing, damaged, or not the one that the description names.
    """
    if spec.ood is None:
        return None
    arrays = load_arrays(spec.folder, spec.name, spec.ood.file, spec.ood.sha256)
    try:
        tensors = {name: array.astype(np.float32) for name, array in arrays.items()}
        training = _gaussians(tensors, "")
        orientation = None
        if spec.ood.format == 2:
            orientation = OrientationStatistics(_gaussians(tensors, "orientation_"), tensors["orientation_thresholds"])
        probes = tuple(
            SequenceProbe(channels, tensors["probe_weights"][number],
                          *(float(tensors[name][number]) for name in ("probe_biases", "probe_margins")))
            for number, channels in enumerate(spec.ood.probed_channels)
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise WeightsError(
            f"{spec.ood.file} of {spec.name} cannot be read ({error}). Download or export the model again."
        ) from error
    sound = _sound(training)
    if orientation is not None:
        sound = sound and _sound(orientation.gaussians) and orientation.thresholds.shape == (len(ROTATIONS),)
    size = training.means.shape[1:]
    sound = sound and all(one.weights.shape == size and np.isfinite([*one.weights, one.bias, one.margin]).all()
                          for one in probes)
    if not sound:
        raise WeightsError(f"{spec.ood.file} of {spec.name} does not hold what it should. Export the model again.")
    return OODStatistics(training, spec.ood.threshold, orientation, probes)


def _gaussians(tensors: dict[str, np.ndarray], prefix: str) -> Gaussians:
    """Of format 2, `whitening` holds the upper triangle alone, row by row."""
    means, whitening = tensors[f"{prefix}means"], tensors[f"{prefix}whitening"]
    if whitening.ndim == 1:
        full = np.zeros((means.shape[-1],) * 2, np.float32)
        full[np.triu_indices(len(full))] = whitening
        whitening = full
    return Gaussians(means, whitening)


def _sound(gaussians: Gaussians) -> bool:
    means, whitening = gaussians.means, gaussians.whitening
    return bool(means.ndim == 2 and len(means) > 0 and whitening.shape == (means.shape[1],) * 2
            and np.isfinite(means).all() and np.isfinite(whitening).all())
