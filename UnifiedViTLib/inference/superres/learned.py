"""The learned upscaler: its description, its weights, and torch on the CPU to run it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ModelSpecError, WeightsError
from ...fields import Fields
from ...integrity import verify_file
from ...texts import error_reason
from .base import DESCRIPTION_FILE

FORMAT = 1
_FILE, _SHA256 = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"), re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class UpscalerSpec:
    """What `upscaler.json` says. `channels` and `blocks` as of `models.upscaler.ResidualUpscaler`; the weights lie
    beside it."""

    folder: Path
    name: str
    channels: int
    blocks: int
    weights_file: str
    sha256: str


def load_upscaler_spec(folder: Path) -> UpscalerSpec:
    """Read and check the description in `folder`.

    Raises:
        ModelSpecError: it cannot be read, or names the field that is wrong.
    """
    file = folder / DESCRIPTION_FILE
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelSpecError(
            f"{file} cannot be read ({error}). Write it again with unifiedvit-train superres."
        ) from error
    top = Fields(data, DESCRIPTION_FILE, "")
    top.integer("format", FORMAT, FORMAT)
    weights = top.table("weights")
    return UpscalerSpec(folder, top.text("name"), top.integer("channels", 4, 256), top.integer("blocks", 1, 32),
                        weights.text("file", _FILE), weights.text("sha256", _SHA256))


class LearnedUpscaler:
    """A `models.upscaler.ResidualUpscaler` with its weights."""

    def __init__(self, folder: Path) -> None:
        """Read what `unifiedvit-train superres` wrote; the weights are verified and never unpickled.

        Raises:
            ModelSpecError: the description is wrong.
            WeightsError: the weights are missing, damaged, or of another network.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from ...models.upscaler import ResidualUpscaler

        spec = load_upscaler_spec(folder)
        verify_file(folder, spec.name, spec.weights_file, spec.sha256)
        self.name, self._torch = spec.name, torch
        self._network = ResidualUpscaler(spec.channels, spec.blocks).eval()
        try:
            self._network.load_state_dict(load_file(folder / spec.weights_file))
        except (OSError, RuntimeError, SafetensorError) as error:
            raise WeightsError(
                f"{spec.weights_file} does not hold the network that {DESCRIPTION_FILE} tells of "
                f"({error_reason(error)}). Write both again with unifiedvit-train superres."
            ) from error

    def upscale(self, image: np.ndarray) -> np.ndarray:
        with self._torch.inference_mode():
            given = self._torch.from_numpy(np.ascontiguousarray(image, np.float32))
            return self._network(given[None, None])[0, 0].numpy()
