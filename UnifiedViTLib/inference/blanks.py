"""Slices with nothing on them are looked at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Run = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def deduplicate_blank_slices(run: Run) -> Run:
    """`run`, but of images that have one value everywhere only the first with that value is given to the network.

    The network says the same of equal images, so this changes nothing but the time: volumes without a skull, or padded
    with empty slices, have many.

    Args:
        run: images (n, channels, H, W) to mask logits, class logits and embedding.
    """
    known: dict[bytes, tuple[np.ndarray, ...]] = {}

    def run_rest(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        blank = (images == images[:, :, :1, :1]).all(axis=(1, 2, 3))
        if not blank.any():
            return run(images)
        keys = [image[:, 0, 0].tobytes() if empty else None for image, empty in zip(images, blank, strict=True)]
        new = [n for n, key in enumerate(keys) if key is None or (key not in known and key not in keys[:n])]
        found = dict(zip(new, zip(*run(images[new]), strict=True), strict=True)) if new else {}
        known.update({keys[n]: answer for n, answer in found.items() if keys[n] is not None})
        answers = [found[n] if n in found else known[key] for n, key in enumerate(keys)]
        return tuple(np.stack(parts) for parts in zip(*answers, strict=True))

    return run_rest
