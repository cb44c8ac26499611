"""Whether two volumes are one image, whatever formats they came in: by some of the voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .slicing import canonical_axes
from .volume import Volume

#: Voxels that are compared, of so many whose mean and deviation they are measured by, as formats rescale. Noise alone
#: makes two scans differ in most of them.
_SAMPLES, _LOOKED_AT = 64, 4096
#: By how much they may differ, in standard deviations of the image: formats round what they rescale.
_ROUNDING = 1e-3
_DECIMALS = 5


def sample_voxels(volume: Volume) -> tuple[float, ...]:
    """What `first_of_same` compares: how many voxels lie along right, anterior and superior (of a picture, as it is
    stored), and the values of some, in standard deviations from the mean; () where these all have one value."""
    array = volume.array
    if not volume.planar:
        axes, signs = canonical_axes(volume.ijk_to_ras)
        array = array.transpose([2 - axis for axis in axes])[tuple(slice(None, None, sign) for sign in signs)]
    chance = np.random.default_rng(0)
    places = tuple((chance.random(_LOOKED_AT) * count).astype(int) for count in array.shape)
    values = array[places].astype(np.float64)
    if np.ptp(values[:_SAMPLES]) == 0:
        return ()
    values = (values - values.mean()) / values.std()
    return (*map(float, array.shape), *np.round(values[:_SAMPLES], _DECIMALS).tolist())


def first_of_same(samples: Sequence[tuple[float, ...]]) -> list[int]:
    """For each image the number of the first one that is the same.

    Args:
        samples: of `sample_voxels`; () of images that nothing is known of, which are the same as none.
    """
    known = np.full((len(samples), _SAMPLES + 3), np.inf)
    first = []
    for n, sample in enumerate(samples):
        first.append(n)
        if len(sample) == known.shape[1]:
            same = np.flatnonzero(np.abs(known[:n] - sample).max(axis=1) < _ROUNDING)
            first[n] = int(same[0]) if len(same) else n
            known[n] = sample
    return first
