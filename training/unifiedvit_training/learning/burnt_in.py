"""Burnt-in marks imitated: measuring crosses and text, as ultrasound devices paint them into the image.

Where a reader has measured, the crosses stand around the lesion and give it away. Crosses and words at places that
mean nothing make them useless as a shortcut.
"""

from __future__ import annotations

import math

import torch

#: Crosses are at the ends of the axes of an ellipse; half the length of their arms, shares of the side.
_AXES, _ARM = (0.05, 0.3), (0.012, 0.025)
#: Rows and columns of a letter, letters in a line, lines.
_LETTER, _LETTERS, _LINES = (5, 3), (3, 12), 3
#: Brightness of the marks, as a share of the channel's range.
_BRIGHTNESS = (0.7, 1.0)


def burn_in(images: torch.Tensor, probability: float, generators: list[torch.Generator]) -> torch.Tensor:
    """Paint crosses and lines of text into some of the images, at places that mean nothing.

    Args:
        images: (B, C, H, W) float32, any scale; all channels of a sample get the same marks.
        probability: of each sample.
        generators: B sources of chance (on the CPU), one a sample.

    Returns:
        images, new where something was painted.
    """
    images = images.clone()
    for image, generator in zip(images, generators, strict=True):
        draw = torch.rand(8, generator=generator).tolist()
        if draw[0] >= probability:
            continue
        marks = torch.zeros(image.shape[-2:], dtype=torch.bool)
        if draw[1] < 0.8:
            _crosses(marks, draw[2:7], generator)
        if draw[1] > 0.3:
            _text(marks, generator)
        # Each channel by its own range; a missing one stays as it is.
        low, high = image.amin(dim=(1, 2), keepdim=True), image.amax(dim=(1, 2), keepdim=True)
        bright = low + (high - low) * _between(_BRIGHTNESS, draw[7])
        image.copy_(torch.where(marks.to(image.device), bright, image))
    return images


def _between(limits: tuple[float, float], share: float) -> float:
    return limits[0] + (limits[1] - limits[0]) * share


def _crosses(marks: torch.Tensor, chance: list[float], generator: torch.Generator) -> None:
    """Two or four crosses around a place without a meaning, upright or lying, into (H, W) bool."""
    side = len(marks)
    row, column, turn, first, arm = chance
    second = float(torch.rand(1, generator=generator))
    length = max(1, round(side * _between(_ARM, arm)))
    for number, axis in enumerate((first, second)[: 1 + round(second)]):
        angle, radius = math.pi * (turn + number / 2), side * _between(_AXES, axis) / 2
        for sign in (-1, 1):
            y = round(row * side + sign * radius * math.sin(angle))
            x = round(column * side + sign * radius * math.cos(angle))
            if 0 <= y < side and 0 <= x < side:
                marks[max(0, y - length) : y + length + 1, x] = True
                marks[y, max(0, x - length) : x + length + 1] = True


def _text(marks: torch.Tensor, generator: torch.Generator) -> None:
    """Lines of letters that no alphabet has, into (H, W) bool."""
    side = len(marks)
    row, column, many, scale, letters = torch.rand(5, generator=generator).tolist()
    height = 1 + round(scale * side / 128)
    for line in range(1 + int(many * _LINES)):
        count = int(_between(_LETTERS, letters))
        word = torch.zeros(_LETTER[0], count * (_LETTER[1] + 1), dtype=torch.bool)
        for letter in range(count):
            at = letter * (_LETTER[1] + 1)
            word[:, at : at + _LETTER[1]] = torch.rand(_LETTER, generator=generator) < 0.6
        word = word.repeat_interleave(height, 0).repeat_interleave(height, 1)
        top, left = int(row * side) + line * (_LETTER[0] + 2) * height, int(column * side * 0.8)
        if top < side:
            place = marks[top : top + word.shape[0], left : left + word.shape[1]]
            place |= word[: place.shape[0], : place.shape[1]]
