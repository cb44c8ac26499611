"""The upscaler of [AGSR]: a latent-diffusion model (Rombach et al. 2022) by the library `diffusers`.

It draws what looks likely, and may invent structure: it is the least to be believed of the upscalers. Its weights are
the user's: a folder as `LDMSuperResolutionPipeline` saves it, safetensors alone. Nothing is ever downloaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DependencyError, WeightsError
from ...texts import error_reason
from .base import FACTOR

#: Steps of denoising, and what sides of its images are multiples of.
STEPS, _MULTIPLE = 50, 32


class LatentDiffusion:
    """A latent-diffusion pipeline on the CPU."""

    def __init__(self, folder: Path) -> None:
        """Read the pipeline in `folder`.

        Raises:
            DependencyError: diffusers is not installed.
            WeightsError: the folder holds no such pipeline, or not as safetensors.
        """
        try:
            from diffusers import DDIMScheduler, UNet2DModel, VQModel

            # From its own file: what the package offers depends on libraries that this pipeline does not use.
            from diffusers.pipelines.latent_diffusion.pipeline_latent_diffusion_superresolution import (
                LDMSuperResolutionPipeline,
            )
        except ImportError as error:
            raise DependencyError(
                f"The latent-diffusion upscaler needs the library diffusers ({error}). Install it with "
                "pip install diffusers, or choose another upscaler."
            ) from error
        try:
            parts: dict[str, Any] = {
                name: kind.from_pretrained(folder / name, use_safetensors=True, local_files_only=True,
                                           low_cpu_mem_usage=False)
                for name, kind in (("vqvae", VQModel), ("unet", UNet2DModel))}
            parts["scheduler"] = DDIMScheduler.from_pretrained(folder / "scheduler", local_files_only=True)
        except Exception as error:  # diffusers says in many ways that something is not as it should be
            raise WeightsError(
                f"{folder} holds no latent-diffusion upscaler that can be read ({error_reason(error)}). "
                "Needed are the folders vqvae, unet and scheduler, with weights as .safetensors."
            ) from error
        self.name = f"latent diffusion, {folder.name}, {STEPS} steps"
        self._pipeline: Any = LDMSuperResolutionPipeline(**parts)
        self._pipeline.set_progress_bar_config(disable=True)

    def upscale(self, image: np.ndarray) -> np.ndarray:
        """As `Upscaler.upscale`, within 0 to 1; the same image gives the same answer."""
        import torch

        h, w = image.shape
        padded = np.pad(np.clip(image, 0, 1), [(0, -n % _MULTIPLE) for n in (h, w)], mode="edge").astype(np.float32)
        given = torch.from_numpy(2 * padded - 1).expand(1, 3, -1, -1)
        drawn = self._pipeline(given, num_inference_steps=STEPS, generator=torch.Generator().manual_seed(0),
                               output_type="np").images[0]
        return drawn.mean(axis=-1)[:FACTOR * h, :FACTOR * w]
