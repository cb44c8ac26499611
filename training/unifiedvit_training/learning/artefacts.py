"""Faults of an MR scanner imitated: noise, spikes in k-space, and a patient who moved.

They are the three that cost a network the most (`evaluation/robustness`), which has its own, other code for them.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

#: Above this share of the range a pixel counts as body.
_BODY = 0.1
#: Standard deviation of the noise, amplitude of a wave: shares of the range; at most so many waves.
_NOISE, _WAVE, _WAVES = (0.02, 0.2), (0.02, 0.2), 2
#: Waves a picture: (lowest, highest) share of the highest frequency.
_FREQUENCY = (0.05, 0.7)
#: Degrees, share of the side, and how often; lines around the middle of k-space that stay, as a share of all.
_TURN, _SHIFT, _MOVES, _MIDDLE = 6.0, 0.06, 3, 0.04


def add_artefacts(images: torch.Tensor, probability: float, generators: list[torch.Generator]) -> torch.Tensor:
    """Noise, waves or movement in some of the channels; each channel was acquired by itself.

    Args:
        images: (B, C, H, W) float32, any scale.
        probability: of each channel of a sample; which of the three is as likely as another.
        generators: B sources of chance (on the CPU), one a sample.

    Returns:
        images, new where something was changed; the body's mean and standard deviation stay, as they would after
        `imaging.intensity.normalise`.
    """
    images = images.clone()
    kinds = (_noise, _spikes, _movement)
    for image, generator in zip(images, generators, strict=True):
        for channel in image:
            draw = torch.rand(3, generator=generator).tolist()
            low, high = channel.aminmax()
            if draw[0] >= probability or high - low < 1e-3:
                continue
            scaled = (channel - low) / (high - low)
            body = scaled > _BODY
            changed = kinds[int(draw[1] * len(kinds))](scaled, draw[2], generator)
            spread, mean = torch.std_mean(channel[body], correction=0)
            new_spread, new_mean = torch.std_mean(changed[body], correction=0)
            channel.copy_((changed - new_mean) / new_spread.clamp_min(1e-3) * spread + mean)
    return images


def _noise(image: torch.Tensor, level: float, generator: torch.Generator) -> torch.Tensor:
    """Rician: the magnitude of a complex picture with noise in both parts (Gudbjartsson and Patz 1995)."""
    low, high = _NOISE
    # Faint noise is the more frequent, in scanners too.
    real, imaginary = (low + (high - low) * level**2) * torch.randn(2, *image.shape, generator=generator).to(image)
    return torch.hypot(image + real, imaginary)


def _spikes(image: torch.Tensor, level: float, generator: torch.Generator) -> torch.Tensor:
    """Each spike in k-space is a wave over the whole picture."""
    count = int(torch.randint(1, _WAVES + 1, (), generator=generator))
    rows, columns = (torch.arange(side, device=image.device) for side in image.shape)
    changed = image.clone()
    for angle, radius, phase in torch.rand(count, 3, generator=generator).tolist():
        frequency = math.pi * (_FREQUENCY[0] + (_FREQUENCY[1] - _FREQUENCY[0]) * radius**2)  # radians a pixel
        y, x = math.sin(math.pi * angle) * frequency, math.cos(math.pi * angle) * frequency
        wave = torch.cos(y * rows[:, None] + x * columns[None] + 2 * math.pi * phase)
        changed += (_WAVE[0] + (_WAVE[1] - _WAVE[0]) * level) * wave
    return changed.abs()


def _movement(image: torch.Tensor, level: float, generator: torch.Generator) -> torch.Tensor:
    """Runs of lines of k-space are those of a head that has turned and shifted; its middle is of the head at rest."""
    size = image.shape[0]
    draws = torch.rand(_MOVES, 4, generator=generator)
    turn, moved = (math.radians(_TURN) * level, 2 * _SHIFT * level)
    theta = torch.stack([_pose(turn * (2 * a - 1), moved * (2 * x - 1), moved * (2 * y - 1))
                         for a, x, y, _ in draws.tolist()]).to(image)
    heads = F.grid_sample(image.expand(_MOVES, 1, -1, -1), F.affine_grid(theta, [_MOVES, 1, *image.shape], False),
                          padding_mode="border", align_corners=False)[:, 0]
    lines = torch.fft.fftshift(torch.fft.fft2(torch.cat([image[None], heads])), dim=1)
    read = torch.arange(size, device=image.device)
    middle = (read - size // 2).abs() <= _MIDDLE * size / 2
    mixed = lines[0].clone()
    starts = sorted((draws[:, 3] * size).int().tolist())
    for head, start, stop in zip(lines[1:], starts, [*starts[1:], size], strict=True):
        late = (read >= start) & (read < stop) & ~middle
        mixed[late] = head[late]
    return torch.fft.ifft2(torch.fft.ifftshift(mixed, dim=0)).abs()


def _pose(angle: float, x: float, y: float) -> torch.Tensor:
    """(2, 3), in the frame of `affine_grid`."""
    return torch.tensor([[math.cos(angle), -math.sin(angle), x], [math.sin(angle), math.cos(angle), y]])
