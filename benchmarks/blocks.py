"""How much of the shipped network its transformer blocks are, by the size of the image: the most that fewer tokens
(merged, pruned, in windows) or a linear attention could save, if what they leave cost nothing."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from unifiedvit_training.comparison.costs import multiplications

from UnifiedViTLib.models import build_model
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

from .measuring import interleaved, machine, table, times_as_fast

SIZES, BATCH, ROUNDS = (224, 384, 512), 4, 12


def main() -> None:
    """Measure and print."""
    spec = find_model(DEFAULT_MODEL)
    rows = []
    for size in SIZES:
        arguments = spec.arguments | {"image_size": size}
        whole, without = (build_model(spec.architecture, arguments).eval() for _ in range(2))
        without.encoder.vit.blocks = nn.Sequential(*(nn.Identity() for _ in without.encoder.vit.blocks))
        images = torch.randn(BATCH, spec.arguments["in_channels"], size, size)
        times = interleaved({"whole": _look(whole, images), "without": _look(without, images)}, ROUNDS)
        every, others = multiplications(whole, size), multiplications(without, size)
        fast = times_as_fast(times, "without", "whole")
        rows.append([size, f"{every / 1e9:.2f}", f"{1 - others / every:.0%}", fast])
    print(f"## Transformer blocks\n\n{machine()}\n\n`{spec.id} {spec.version}`'s network, eager torch in float32, "
          f"batches of {BATCH}, {ROUNDS} rounds interleaved.\n")
    table(["side, pixels", "GMAC a slice", "of it in the blocks", "times as fast without any: median (range)"], rows)


@torch.inference_mode()
def _run(network: nn.Module, images: torch.Tensor) -> None:
    network(images)


def _look(network: nn.Module, images: torch.Tensor) -> Callable[[], None]:
    return lambda: _run(network, images)
