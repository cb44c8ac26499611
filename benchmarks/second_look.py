"""What a second, closer look at small lesions gives: `python -m benchmarks.second_look WORK`, WORK with the `dataset`
of `unifiedvit-train prepare`; `--model` for another one than the default.

Of each slice with a true mask on the validation side: where something is seen that is smaller than half of a square
around it, that square is enlarged to the network's size and looked at once more, and the logits of both looks are
averaged within. By thirds of the lesions' size, as in `evaluate`; the mirror image, whose look costs as much, beside.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import interpolate
from unifiedvit_training.data.dataset import SliceSet, lesion_of, load_dataset
from unifiedvit_training.evaluation.bootstrap import with_intervals
from unifiedvit_training.evaluation.metrics import mean, over_segments, overlap_values

from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.models import UnifiedNetwork
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

from .measuring import table

#: Sides of the second look's square, of the image's side.
SQUARES = (0.43, 0.57, 0.71)
#: Seen is what has this probability, and half of the slice's highest, at least.
LEAST = 0.1
MIRRORED, BATCH = "mirrored", 16


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.second_look")
    parser.add_argument("work", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    arguments = parser.parse_args()
    spec, slices = find_model(arguments.model), load_dataset(arguments.work / "dataset").slices
    indices = slices.on("validation")
    indices = indices[slices.has_mask[indices]]
    drawn, looked = look_twice(load_network(spec), slices, indices)
    print(f"`{spec.id} {spec.version}`, {len(indices)} slices of the validation side.")
    for source in np.unique(slices.sources[indices]):
        print(f"\n{source}:\n")
        print_gains(drawn, looked, slices, indices, slices.sources[indices] == source)


@torch.inference_mode()
def look_twice(network: UnifiedNetwork, slices: SliceSet, indices: np.ndarray
               ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What is drawn (N, H, W) uint8 at one look ("once"), with the mirror image, and with each of `SQUARES`; and of the
    latter whether there was a second look (N,) bool."""
    squares = [f"square of {share:.0%}" for share in SQUARES]
    drawn = {name: [] for name in ("once", MIRRORED, *squares)}
    looked = {name: [] for name in squares}
    for start in range(0, len(indices), BATCH):
        images = torch.from_numpy(slices.inputs(indices[start:start + BATCH]))
        once = _mask_logits(network, images)
        drawn["once"].append(_labels(once))
        drawn[MIRRORED].append(_labels(once + _mask_logits(network, images.flip(-1)).flip(-1)))
        for name, share in zip(squares, SQUARES, strict=True):
            found = {n: place for n, logits in enumerate(once) if (place := _square(logits, share)) is not None}
            both = once.clone()
            if found:
                closer = torch.cat([interpolate(images[n:n + 1, :, rows, columns], size=images.shape[-2:],
                                                mode="bicubic") for n, (rows, columns) in found.items()])
                for logits, (n, (rows, columns)) in zip(_mask_logits(network, closer), found.items(), strict=True):
                    part = both[n, :, rows, columns]
                    part += interpolate(logits[None], size=part.shape[-2:], mode="bilinear", antialias=True)[0]
                    part /= 2
            drawn[name].append(_labels(both))
            looked[name] += [n in found for n in range(len(images))]
    return ({name: np.concatenate(parts) for name, parts in drawn.items()},
            {name: np.array(values) for name, values in looked.items()})


def _labels(logits: torch.Tensor) -> np.ndarray:
    return logits.argmax(dim=1).numpy().astype(np.uint8)


def _mask_logits(network: UnifiedNetwork, images: torch.Tensor) -> torch.Tensor:
    logits = network(images.contiguous(memory_format=torch.channels_last)).mask_logits
    assert logits is not None, "of a model that draws"
    return logits


def _square(logits: torch.Tensor, share: float) -> tuple[slice, slice] | None:
    """Rows and columns of the square around what is seen; None where nothing is, or it is larger than half of that."""
    probability = 1 - logits.softmax(dim=0)[0]
    seen = probability >= max(LEAST, float(probability.max()) / 2)
    side = round(len(probability) * share / 2) * 2
    if not seen.any():
        return None
    places = []
    for axis in (0, 1):
        along, weights = torch.nonzero(seen)[:, axis], probability[seen]
        if along.max() - along.min() + 1 > side / 2:
            return None
        middle = float((along * weights).sum() / weights.sum())
        first = int(np.clip(round(middle - side / 2), 0, len(probability) - side))
        places.append(slice(first, first + side))
    return places[0], places[1]


def print_gains(drawn: dict[str, np.ndarray], looked: dict[str, np.ndarray], slices: SliceSet, indices: np.ndarray,
                rows: np.ndarray) -> None:
    """Dice and found at one look, and what each other way adds, by thirds of the lesions' size; at `rows` (N,) bool."""
    masks = np.asarray(slices.masks[indices])
    pixels = lesion_of(masks).sum(axis=(1, 2))
    low, high = np.quantile(pixels[pixels > 0], [1 / 3, 2 / 3], method="lower")
    thirds = {f"up to {low:.0f} pixels": (pixels > 0) & (pixels <= low),
              f"up to {high:.0f} pixels": (pixels > low) & (pixels <= high), "larger": pixels > high}
    values = {name: overlap_values(each, masks, np.ones(len(masks), bool), int(drawn["once"].max()))
              for name, each in drawn.items()}
    dice = {name: over_segments(value["dice"]) for name, value in values.items()}
    lines = []
    for name in drawn:
        cells = []
        for part in thirds.values():
            there, first = rows & part, name == "once"
            measured = {"dice": dice[name] - (0 if first else dice["once"]), "found": values[name]["detected"]}
            found = with_intervals(lambda weights, there=there, measured=measured: {
                key: mean(value[there], weights) for key, value in measured.items()}, slices.groups[indices][there])
            change = found["dice"]
            cells.append(f"{change.value:{'.3f' if first else '+.3f'}} [{change.low:.3f}, {change.high:.3f}]; "
                         f"{found['found'].value:.3f}")
        empty = np.nanmean(values[name]["empty"][rows])
        again = f"{looked[name][rows].mean():.0%}" if name in looked else ""
        lines.append([name, *cells, f"{empty:.3f}", again])
    table(["Dice, or what is gained; found", *thirds, "empty", "looked at twice"], lines)


if __name__ == "__main__":
    main()
