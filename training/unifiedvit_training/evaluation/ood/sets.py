"""Out-of-distribution images: drawn ones, photographs, and in-distribution ones held the wrong way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_sample_images

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.reading import SUFFIXES, read
from UnifiedViTLib.imaging.volume import Volume

from ...errors import DataError
from ...phantom import IMAGE, LESIONS, draw_head

#: So many images of each kind.
COUNT = 40
_SEED = 7


def picture(array: np.ndarray, name: str) -> Volume:
    """A 2-D image (H, W) as the library reads one."""
    return Volume(np.ascontiguousarray(array, np.float32)[None], np.eye(4), name, planar=True)


def synthetic_sets(in_distribution: Sequence[Volume], count: int = COUNT) -> dict[str, list[Volume]]:
    """Out-of-distribution sets that need no files, the same every time.

    Args:
        in_distribution: 2-D images that the model knows; the last three sets are made of them.
        count: images of each set at most.

    Returns:
        By name: white and smoothed noise; discs and squares; the drawn heads of `phantom`; parts of three photographs
        (scikit-learn's and matplotlib's own); in-distribution images with bright and dark exchanged, upside down, and
        turned by 90 degrees to the right.
    """
    chance = np.random.default_rng(_SEED)
    smooth = [0, 1, 2, 4, 8, 16]
    sets = {
        "noise": [gaussian_filter(chance.normal(100, 30, (200, 180)), smooth[n % len(smooth)]) for n in range(count)],
        "shapes": [_shapes(chance) for _ in range(count)],
        "drawn heads": [draw_head(((), *((kind,) for kind in LESIONS))[n % 4], IMAGE, [_SEED, 0, n], [_SEED, 1, n],
                                  0.05)[0][0] for n in range(count)],
        "photographs": _photographs(chance, count),
    }
    arrays = [volume.array[0] for volume in in_distribution[:count]]
    sets |= {
        "inverted": [array.max() - array for array in arrays],
        "upside down": [array[::-1] for array in arrays],
        "turned": [np.rot90(array, -1) for array in arrays],
    }
    return {name: [picture(array, name) for array in arrays] for name, arrays in sets.items() if arrays}


def volumes_of(path: Path) -> list[Volume]:
    """The image in a file, or all in a folder.

    Raises:
        DataError: there is none, or one cannot be used.
    """
    files = sorted(file for file in path.iterdir() if file.name.lower().endswith(SUFFIXES)) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path} holds no images. Name a file or another folder.")
    try:
        return [read(file, turn=True) for file in files]
    except UnsupportedImageError as error:
        raise DataError(str(error)) from error


def _shapes(chance: np.random.Generator, side: int = 256) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    drawn = np.zeros((side, side))
    for _ in range(chance.integers(2, 7)):
        row, column = np.abs(y - chance.uniform(40, side - 40)), np.abs(x - chance.uniform(40, side - 40))
        distance = np.hypot(row, column) if chance.random() < 0.5 else np.maximum(row, column)
        drawn[distance < chance.uniform(15, 70)] = chance.uniform(30, 255)
    return drawn + chance.normal(0, chance.choice([0, 3, 8]), drawn.shape)


def _photographs(chance: np.random.Generator, count: int) -> list[np.ndarray]:
    """Squares of grey photographs, of a third to all of their height."""
    portrait = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    colours = [Image.fromarray(image) for image in load_sample_images().images] + [Image.open(portrait)]
    grey = [np.asarray(image.convert("L"), np.float32) for image in colours]
    found = []
    for n in range(count):
        image = grey[n % len(grey)]
        side = int(chance.uniform(0.33, 1) * min(image.shape))
        row, column = (chance.integers(0, length - side + 1) for length in image.shape)
        found.append(image[row:row + side, column:column + side])
    return found
