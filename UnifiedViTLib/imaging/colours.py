"""Grey images that are stored in colours."""

from __future__ import annotations

import numpy as np

from ..errors import UnsupportedImageError

#: How far, of 255, a tint may lead away from grey; what is noise in it; and which share of a slice may be of another
#: colour.
TINT, TINT_NOISE, COLOURED_SHARE = 40, 8, 0.001
#: Of the largest value: colours under transparency that are black but for rounding.
HIDDEN = 0.03
#: An image has at least so many grey values; what has fewer may be labels, whose colours mean something.
FEWEST_GREYS = 64


def grey(array: np.ndarray, name: str, alpha: bool) -> tuple[np.ndarray, str]:
    """The grey values of an image whose colours say no more than those, and a note on how they were read.

    Args:
        array: (..., components).
        name: of the image, for the sentence that refuses it.
        alpha: whether a fourth component is transparency, which is dropped if nothing but black lies under it.

    Raises:
        UnsupportedImageError: the colours mean something of their own (Doppler, a stained slice), are no colours, or
            are seen in part alone.
    """
    colours = array
    if alpha and array.shape[-1] == 4:
        colours = array[..., :-1]
        _check_seen(colours, array[..., -1], name)
    if all(np.array_equal(colours[..., 0], colours[..., c]) for c in range(1, colours.shape[-1])):
        return np.ascontiguousarray(colours[..., 0]), "A colour image whose channels are all the same was read as grey."
    luminance = _tinted(colours) if colours.shape[-1] == 3 and colours.dtype == np.uint8 else None
    if luminance is None:
        raise UnsupportedImageError(
            f"{name} is a colour or vector image ({array.shape[-1]} components). "
            "Convert it to grey, or extract one component, and run on that."
        )
    return luminance, "A grey image with a tint, or with the noise of a compression in its colours, was read as grey."


def _check_seen(colours: np.ndarray, opacity: np.ndarray, name: str) -> None:
    """Raise an UnsupportedImageError where transparency hides other colours than black in parts of an image: a program
    shows what lies behind it there, white or black."""
    hidden = (opacity < opacity.max()) & (colours.max(axis=-1) > HIDDEN * opacity.max())
    if hidden.mean() > COLOURED_SHARE:
        raise UnsupportedImageError(
            f"{name} is transparent in parts that are not black, so that what is seen there depends on the program. "
            "Save it without transparency, as it is to be seen, and run again."
        )


def _tinted(colours: np.ndarray) -> np.ndarray | None:
    """The luminance (ITU-R BT.601) of colours (..., 3) uint8 that are one weak tint; None where they are more.

    Ultrasound devices show grey through a tint (sepia, blue), and JPEG's colours are a few values off: in both every
    luminance has one colour, near grey. A Doppler box has many.
    """
    red, green, blue = (colours[..., channel].astype(np.uint32) for channel in range(3))
    luminance = ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)
    if len(np.unique(luminance)) < FEWEST_GREYS:
        return None
    count = np.maximum(np.bincount(luminance.ravel(), minlength=256), 1)
    for channel in (0, 2):
        chroma = colours[..., channel].astype(np.int16) - luminance
        curve = np.rint(np.bincount(luminance.ravel(), chroma.ravel(), 256) / count).astype(np.int16)
        coloured = (np.abs(chroma) > TINT) | (np.abs(chroma - curve[luminance]) > TINT_NOISE)
        if coloured.mean(axis=(-2, -1)).max() > COLOURED_SHARE:
            return None
    return luminance
