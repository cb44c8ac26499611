"""What a model says of an image that nobody has labelled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import softmax

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.channels import PreparedChannels, prepare_channels
from UnifiedViTLib.imaging.preparation import PreparedVolume
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.reading.dicom.header import dicom_identity
from UnifiedViTLib.inference.channels import order_channels
from UnifiedViTLib.inference.decision import NetworkOutput, decide
from UnifiedViTLib.inference.prediction import Diagnosis
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.uncertainty import CONTRADICTION
from UnifiedViTLib.inference.warnings import (
    MOST_FLAGGED,
    flagged_fraction,
    label_map_warnings,
    missing_channel_warnings,
    modality_warnings,
)
from UnifiedViTLib.outputs.dataset.folder import image_digest
from UnifiedViTLib.records import Record
from UnifiedViTLib.spec import ModelSpec

#: A voxel that is less probable than this to be part of a segment does not count: of a whole volume, such voxels would
#: outweigh every outline.
_FAINT = 0.05


@dataclass(frozen=True)
class Examination(Record):
    """What a model says of an image.

    Attributes:
        diagnosis: of the volume.
        margin: 0 to 1, how far the diagnosis is ahead of the next one: the difference of their probabilities; of a
            multi-label model how far the finding that it is least sure of is from being as good as a coin.
        mask_confidence: 0 to 1, the Dice that the mask is expected to have if the voxels' probabilities are right
            (soft Dice confidence, Borges et al. 2024); where nothing is drawn, 1 less the probability of the likeliest
            voxel; at most `CONTRADICTION` where mask and diagnosis contradict each other.
        drawn: whether anything is.
        contradictory: whether mask and diagnosis contradict each other.
        ood_score: mean distance of the slices from the training images, in units of the model's threshold; None where
            it is not known.
        is_ood: whether it is called unlike the training images.
        image_sha256: of the voxels.
        patient: a digest of the DICOM PatientID; "" where there is none.
        features: (E,) float32, the mean embedding of the slices that show something.
    """

    diagnosis: Diagnosis
    margin: float
    mask_confidence: float
    drawn: bool
    contradictory: bool
    ood_score: float | None
    is_ood: bool
    image_sha256: str
    patient: str
    features: np.ndarray


def examine(path: Path, predictor: Predictor) -> Examination:
    """Read an image and let a model look at all of its slices, once.

    Args:
        path: a file, or a folder with a DICOM series.
        predictor: of the model; for models of several sequences the image is the first of them.

    Raises:
        UnsupportedImageError: it cannot be read, is a mask, or of another modality than the model's.
        DeviceError: there is not enough memory.
    """
    spec = predictor.spec
    volume = read(path)
    volumes, first = order_channels(volume, spec)
    prepared = prepare_channels(volumes, spec.size, spec.plane, first)
    unfit = [*modality_warnings(prepared, spec), *label_map_warnings(prepared)]
    if unfit:
        raise UnsupportedImageError(unfit[0])
    observer = _Observer()
    output, _ = predictor.run_network(prepared, observe=observer.add)
    decision = decide(output, prepared, spec)
    drawn = any(segment.voxels for segment in decision.segments)
    contradictory = spec.healthy is not None and (decision.diagnosis.label == spec.classes[spec.healthy].name) == drawn
    confidence, (ood_score, is_ood) = observer.mask_confidence, _ood(output, prepared, spec)
    return Examination(
        diagnosis=decision.diagnosis,
        margin=_margin(decision.diagnosis),
        mask_confidence=min(confidence, CONTRADICTION) if contradictory else confidence,
        drawn=drawn,
        contradictory=contradictory,
        ood_score=ood_score,
        is_ood=is_ood,
        image_sha256=image_digest(volume.array),
        patient=dicom_identity(volume.files[0]).patient_id if volume.files else "",
        features=observer.features,
    )


class _Observer:
    """What the mask and the embeddings of a volume come to, batch by batch."""

    def __init__(self) -> None:
        self._embeddings: list[np.ndarray] = []
        self._overlap = self._areas = self._peak = 0.0

    def add(self, images: np.ndarray, masks: np.ndarray, embeddings: np.ndarray) -> None:
        """Take in a batch, as a `BatchObserver`."""
        pictured = (images != images[:, :, :1, :1]).any(axis=(1, 2, 3))
        self._embeddings.append(embeddings[pictured])
        foreground = 1 - softmax(masks, axis=1)[:, 0]
        drawn = masks.argmax(axis=1) > 0
        self._peak = max(self._peak, float(foreground.max()))
        foreground[foreground < _FAINT] = 0
        self._overlap += float(foreground[drawn].sum())
        self._areas += float(foreground.sum()) + float(drawn.sum())

    @property
    def features(self) -> np.ndarray:
        return np.concatenate(self._embeddings).mean(axis=0).astype(np.float32)

    @property
    def mask_confidence(self) -> float:
        return 2 * self._overlap / self._areas if self._overlap else 1 - self._peak


def _margin(diagnosis: Diagnosis) -> float:
    if diagnosis.thresholds is not None:
        return 2 * diagnosis.certainty - 1
    second, first = sorted([0.0, *diagnosis.probabilities.values()])[-2:]
    return first - second


def _ood(output: NetworkOutput, prepared: PreparedVolume, spec: ModelSpec) -> tuple[float | None, bool]:
    """`ood_score` and `is_ood`."""
    judged = not isinstance(prepared, PreparedChannels) or missing_channel_warnings(prepared, spec)[1]
    share = None if output.distances is None or not judged else flagged_fraction(output.distances, spec)
    if share is None or spec.ood is None or output.distances is None:
        return None, False
    return float(np.nanmean(output.distances)) / spec.ood.threshold, share > MOST_FLAGGED
