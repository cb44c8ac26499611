"""Upscalers behind one interface: an image in, the same image four times as fine out. Loads without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ...errors import DependencyError, ModelSpecError
from ...resources import resources
from ..backends.candidates import torch_is_there
from ..choices import UPSCALERS
from .base import DESCRIPTION_FILE, FACTOR, PIPELINE_FILE, Upscaler


class Lanczos:
    """A windowed sinc: as sharp as what was sampled allows, and nothing learnt."""

    name = "Lanczos"

    def upscale(self, image: np.ndarray) -> np.ndarray:
        h, w = image.shape
        first = 0.5 / FACTOR - 0.5  # centre of the first new pixel, in old ones
        drawn = sitk.Resample(
            sitk.GetImageFromArray(np.ascontiguousarray(image, np.float32)), (FACTOR * w, FACTOR * h),
            sitk.Transform(2, sitk.sitkIdentity), sitk.sitkLanczosWindowedSinc, (first, first), (1 / FACTOR,) * 2,
        )
        return sitk.GetArrayFromImage(drawn)


def check_upscaler(chosen: str) -> None:
    """Return if `make_upscaler` can make it here; its files are read when it is made.

    Raises:
        ModelSpecError: there is no such upscaler.
        DependencyError: what it needs is not installed.
    """
    if chosen in UPSCALERS:
        packages = chosen == "lanczos" or torch_is_there()
    elif any((Path(chosen) / file).is_file() for file in (DESCRIPTION_FILE, PIPELINE_FILE)):
        packages = torch_is_there()
    else:
        raise ModelSpecError(
            f"There is no upscaler {chosen!r}. Choose {', '.join(UPSCALERS)}, or a folder with {DESCRIPTION_FILE} "
            f"(from unifiedvit-train superres) or {PIPELINE_FILE} (a latent-diffusion upscaler of diffusers)."
        )
    if not packages:
        raise DependencyError(f"The upscaler {chosen} needs PyTorch, which is not installed. Install torch and timm.")


def make_upscaler(chosen: str) -> Upscaler:
    """The upscaler of this name, or of the folder of this path.

    Raises:
        ModelSpecError, DependencyError: as `check_upscaler`; the description is wrong.
        WeightsError: the weights are missing or damaged.
    """
    check_upscaler(chosen)
    if chosen == "lanczos":
        return Lanczos()
    folder = resources() / "Upscalers" / "brain-t1ce" if chosen == "learned" else Path(chosen)
    if (folder / DESCRIPTION_FILE).is_file():
        from .learned import LearnedUpscaler

        return LearnedUpscaler(folder)
    from .latent_diffusion import LatentDiffusion

    return LatentDiffusion(folder)
