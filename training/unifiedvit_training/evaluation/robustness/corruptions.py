"""What goes wrong with images, at five severities: each corrupts a prepared slice, the same way every time.

Slices are scaled so that air is 0 and the brightest half percent begins at 1, corrupted, and normalised anew as in use,
where the corrupted image is all there is. What moves the picture moves its mask along. MONAI's transforms where it has
them; ghosting, motion and JPEG are ours.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import torch
from monai.transforms import (
    AdjustContrast,
    GaussianSmooth,
    KSpaceSpikeNoise,
    RandBiasField,
    RandRicianNoise,
    RandSimulateLowResolution,
)
from PIL import Image
from scipy.ndimage import affine_transform, rotate, shift

from UnifiedViTLib.imaging.intensity import measure_foreground, normalise
from UnifiedViTLib.spec import MISSING

SEVERITIES = (1, 2, 3, 4, 5)
#: In place of a corruption: the slice as it is, normalised anew as the others are.
CLEAN = "clean"
#: Share of the lines around the middle of k-space that ghosting and motion leave as they are.
_MIDDLE = 0.04
#: So often the head moves while k-space is read.
_MOVES = 3

#: (H, W) float32 scaled as above, a level and a source of chance -> the same shape.
Corrupt = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
#: A level and a source of chance -> matrix (2, 2) and shift (2,): where each point of the new picture comes from, in
#: shares of the side from its middle.
Move = Callable[[float, np.random.Generator], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Corruption:
    """One thing that goes wrong.

    Attributes:
        levels: at severities 1 to 5.
        meaning: what a level is, in words.
        corrupt: changes intensities; or
        move: changes where things are.
    """

    levels: tuple[float, float, float, float, float]
    meaning: str
    corrupt: Corrupt | None = None
    move: Move | None = None


def corrupt(images: np.ndarray, mask: np.ndarray, name: str, severity: int, place: int
            ) -> tuple[np.ndarray, np.ndarray]:
    """Corrupt a slice. Chance depends on the corruption, the severity and `place` alone; channels share it.

    Args:
        images: (C, H, W) float32, prepared; missing channels are `spec.MISSING` and stay so.
        mask: (H, W) uint8, mask class.
        name: a key of `CORRUPTIONS`, or `CLEAN`.
        severity: 1 to 5; means nothing for `CLEAN`.
        place: number of the slice in its dataset.

    Returns:
        images and mask of the same shapes.
    """
    there = [channel[0, 0] > MISSING / 2 for channel in images]
    found = np.array(images, np.float32)
    kind = CORRUPTIONS.get(name)
    level = kind.levels[severity - 1] if kind else 0.0

    def chance() -> np.random.Generator:
        return np.random.default_rng([crc32(name.encode()), severity, place])

    if kind and kind.move:
        matrix, offset = kind.move(level, chance())
        mask = _moved(mask, matrix, offset, order=0)
    for channel in np.flatnonzero(there):
        foreground = measure_foreground(images[channel])
        scale = foreground.ceiling - foreground.air
        image = (images[channel] - foreground.air) / scale
        if kind:
            image = kind.corrupt(image, level, chance()) if kind.corrupt else _moved(image, matrix, offset, order=1)
        image = np.ascontiguousarray(image, np.float32)
        found[channel] = normalise(image[None], measure_foreground(image))[0]
    return found, mask


def _moved(image: np.ndarray, matrix: np.ndarray, offset: np.ndarray, order: int) -> np.ndarray:
    """What lies outside is air."""
    middle = (np.array(image.shape) - 1) / 2
    place: Any = middle - matrix @ middle + offset * np.array(image.shape)  # scipy's types know no shift of each axis
    return affine_transform(image, matrix, place, order=order)


def _seed(chance: np.random.Generator) -> int:
    return int(chance.integers(2**31))


def _monai(transform: Any, image: np.ndarray) -> np.ndarray:
    """One of MONAI's transforms on one channel."""
    return np.asarray(transform(torch.from_numpy(np.ascontiguousarray(image, np.float32))[None]))[0]


def _noise(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    """As in magnitude images of MR: Rician (Gudbjartsson and Patz 1995)."""
    transform = RandRicianNoise(prob=1.0, std=level, sample_std=False)
    return _monai(transform.set_random_state(_seed(chance)), image)


def _blur(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    return _monai(GaussianSmooth(level * image.shape[0] / 100), image)


def _bias(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    transform = RandBiasField(degree=3, coeff_range=(-level, level), prob=1.0)
    return _monai(transform.set_random_state(_seed(chance)), image)


def _spikes(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    """Two spikes, each a wave of this amplitude over the picture."""
    size = np.array(image.shape)
    angle, radius = chance.uniform(0, np.pi, 2), chance.uniform(0.05, 0.25, 2)
    places = (size[:, None] // 2 + np.stack([np.sin(angle), np.cos(angle)]) * radius * size[:, None]).astype(int).T
    strength = float(np.log(level * image.size))  # of one coefficient of an unscaled Fourier transform
    return _monai(KSpaceSpikeNoise([tuple(map(int, place)) for place in places], [strength, strength]), image)


def _contrast(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    """Darker or brighter in the middle of the range, by chance."""
    return _monai(AdjustContrast(level if chance.random() < 0.5 else 1 / level), image)


def _resolution(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    transform = RandSimulateLowResolution(prob=1.0, downsample_mode="area", upsample_mode="bilinear",
                                          zoom_range=(level, level))
    return _monai(transform, image)


def _ghosting(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    """Every second to fifth line of k-space is weaker: faint copies of the picture along the phase direction."""
    lines = np.fft.fftshift(np.fft.fft2(image), axes=0)
    weak = np.arange(len(image)) % chance.integers(2, 6) == 0
    lines[weak & ~_in_the_middle(len(image))] *= 1 - level
    return np.abs(np.fft.ifft2(np.fft.ifftshift(lines, axes=0)))


def _motion(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    """Lines of k-space are those of a head that moved several times, turned by up to `level` degrees and shifted by up
    to `level` % of the side; its middle, which says where things are, is of the head at rest."""
    size = len(image)
    mixed = np.fft.fftshift(np.fft.fft2(image), axes=0)
    middle = _in_the_middle(size)
    starts = np.sort(chance.integers(0, size, _MOVES))
    for start, stop in zip(starts, [*starts[1:], size], strict=True):
        turned = rotate(image, chance.uniform(-level, level), reshape=False, order=1)
        elsewhere = shift(turned, chance.uniform(-level, level, 2) * size / 100, order=1)
        lines = np.fft.fftshift(np.fft.fft2(elsewhere), axes=0)
        read = np.arange(size)
        read = (read >= start) & (read < stop) & ~middle
        mixed[read] = lines[read]
    return np.abs(np.fft.ifft2(np.fft.ifftshift(mixed, axes=0)))


def _in_the_middle(size: int) -> np.ndarray:
    return np.abs(np.arange(size) - size // 2) <= _MIDDLE * size / 2


def _jpeg(image: np.ndarray, level: float, chance: np.random.Generator) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)).save(file, "jpeg", quality=int(level))
    return np.asarray(Image.open(file), np.float32) / 255


def _crop(level: float, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A window somewhere in the picture fills it."""
    return np.eye(2) * (1 - level), chance.uniform(-level, level, 2) / 2


def _rotation(level: float, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    angle = np.deg2rad(level) * chance.choice([-1, 1])
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]), np.zeros(2)


#: By name, in the order of reports.
CORRUPTIONS: dict[str, Corruption] = {
    "noise": Corruption((0.02, 0.04, 0.08, 0.12, 0.18), "standard deviation of Rician noise", _noise),
    "blur": Corruption((0.3, 0.6, 0.9, 1.3, 1.8), "Gaussian's standard deviation, % of the side", _blur),
    "bias field": Corruption((0.2, 0.35, 0.5, 0.7, 1.0), "largest coefficient of its logarithm (degree 3)", _bias),
    "ghosting": Corruption((0.15, 0.3, 0.45, 0.6, 0.8), "what every 2nd to 5th line of k-space loses", _ghosting),
    "motion": Corruption((1.0, 2.0, 3.0, 4.5, 6.0), "up to so many degrees, and % of the side", _motion),
    "spikes": Corruption((0.03, 0.06, 0.1, 0.16, 0.25), "amplitude of each of two waves", _spikes),
    "contrast": Corruption((1.2, 1.5, 1.8, 2.2, 3.0), "gamma, or one over it", _contrast),
    "JPEG": Corruption((50, 30, 18, 10, 5), "quality", _jpeg),
    "resolution": Corruption((0.7, 0.5, 0.35, 0.25, 0.18), "share of the lines that is left", _resolution),
    "crop": Corruption((0.05, 0.1, 0.15, 0.22, 0.3), "share of the side that is cut away", move=_crop),
    "rotation": Corruption((5, 10, 15, 25, 40), "degrees", move=_rotation),
}
