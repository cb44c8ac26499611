"""The training loop: one network, two losses ([Kassar], eq. 8), on Lightning Fabric."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import timm.layers
import torch
from lightning.fabric import Fabric
from monai.losses import DiceCELoss

from UnifiedViTLib.models import build_model

from .augment import augment
from .data import SliceSet
from .evaluate import slice_metrics


@dataclass
class FitConfig:
    """What a run is made of.

    `stages` are (side of the input in pixels, epochs), small and quick ones first. `initial` is another run's
    checkpoint to begin from: what fits in name and shape is taken over.
    """

    classes: list[str]
    mask_classes: int = 2
    architecture: str = "shared_encoder_dual_decoder"
    arguments: dict = field(default_factory=lambda: {"encoder": "vit_tiny_patch16_224", "stem_width": 24,
                                                     "look_where_drawn": True, "drop_path": 0.05, "dropout": 0.1})
    stages: list[tuple[int, int]] = field(default_factory=lambda: [(160, 11), (224, 3)])
    batch: int = 24
    learning_rate: float = 6e-4
    weight_decay: float = 0.05
    warm_up: float = 0.05
    class_weight: float = 1.0
    mask_weight: float = 1.0
    label_smoothing: float = 0.05
    ema: float = 0.998
    initial: str | None = None
    seed: int = 0
    threads: int = 2


class Averaged:
    """An exponential moving average of a network's weights and buffers."""

    def __init__(self, network: torch.nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval()
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, network: torch.nn.Module) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for mean, value in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value.detach(), 1 - decay)
            else:
                mean.copy_(value)


def fit(data: SliceSet, train: np.ndarray, validation: dict[str, np.ndarray], config: FitConfig, run: Path) -> Path:
    """Train, or go on where a killed run stopped.

    Args:
        data: prepared slices.
        train: indices to learn from.
        validation: name -> indices to measure on, after every second epoch.
        config: the recipe.
        run: folder for `config.json`, `log.jsonl`, `last.ckpt`.

    Returns:
        The checkpoint; its "average" entry is what to export.
    """
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.json").write_text(json.dumps(asdict(config), indent=1))
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    timm.layers.set_fused_attn(False)  # on the CPU the plain form's backward pass is faster
    fabric = Fabric(accelerator="auto", devices=1, precision="bf16-mixed")
    network = build_model(config.architecture, {
        **config.arguments, "mask_classes": config.mask_classes, "diagnosis_classes": len(config.classes)
    }).to(memory_format=torch.channels_last)
    if config.initial:
        _take_over(network, Path(config.initial))
    average = Averaged(network, config.ema)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=config.learning_rate,
    )
    network, optimiser = fabric.setup(network, optimiser)
    masking = DiceCELoss(softmax=True, to_onehot_y=True, include_background=False, batch=True)
    naming = torch.nn.CrossEntropyLoss(ignore_index=-1, label_smoothing=config.label_smoothing)

    epochs = [size for size, count in config.stages for _ in range(count)]
    steps = len(train) // config.batch
    first, checkpoint = 0, run / "last.ckpt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        average.network.load_state_dict(state["average"])
        first, average.steps = state["epoch"], state["steps"]
    # Cost, not count, is what the schedule runs over: a step at 224 is worth two at 160.
    cost = np.cumsum([0] + [size**2 for size in epochs]).astype(float)
    for epoch in range(first, len(epochs)):
        generator = torch.Generator().manual_seed(1000 * config.seed + epoch)
        order = train[torch.randperm(len(train), generator=generator).numpy()]
        started, sums = time.monotonic(), np.zeros(2)
        network.train()
        for step in range(steps):
            done = (cost[epoch] + (step + 1) / steps * epochs[epoch] ** 2) / cost[-1]
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * _schedule(done, config.warm_up)
            chosen = np.sort(order[step * config.batch:(step + 1) * config.batch])
            images = torch.from_numpy(data.images[chosen].astype(np.float32))[:, None]
            masks, labels = torch.from_numpy(data.masks[chosen]), torch.from_numpy(data.labels[chosen])
            images, masks = augment(images, masks, epochs[epoch], 1.0, generator)
            images = fabric.to_device(images.contiguous(memory_format=torch.channels_last))
            masks, labels = fabric.to_device((masks, labels))
            output = network(images)
            mask_loss = masking(output.mask_logits.float(), masks[:, None])
            class_loss = naming(output.class_logits.float(), labels)
            fabric.backward(config.mask_weight * mask_loss + config.class_weight * class_loss)
            fabric.clip_gradients(network, optimiser, max_norm=1.0)
            optimiser.step()
            optimiser.zero_grad()
            average.update(network.module)
            sums += mask_loss.item(), class_loss.item()
            if step % 50 == 0:
                print(f"epoch {epoch} step {step}/{steps} mask {mask_loss.item():.3f} class {class_loss.item():.3f} "
                      f"{(step + 1) * config.batch / (time.monotonic() - started):.1f} images/s", flush=True)
        _save(checkpoint, {"network": network.module.state_dict(), "optimiser": optimiser.state_dict(),
                           "average": average.network.state_dict(), "epoch": epoch + 1, "steps": average.steps})
        row = {"epoch": epoch + 1, "size": epochs[epoch], "mask_loss": sums[0] / steps, "class_loss": sums[1] / steps,
               "seconds": time.monotonic() - started}
        if epoch % 3 == 2 or epoch + 1 == len(epochs):
            for name, indices in validation.items():
                row[name] = slice_metrics(average.network, data, indices, config.classes)
        with open(run / "log.jsonl", "a") as log:
            log.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)
    return checkpoint


def _schedule(done: float, warm_up: float) -> float:
    """Share of the top learning rate after `done` (0..1) of the run: linear warm-up, then a cosine to nothing."""
    if done < warm_up:
        return done / warm_up
    return 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def _take_over(network: torch.nn.Module, checkpoint: Path) -> None:
    """Copy what fits in name and shape from a checkpoint's averaged weights."""
    own = network.state_dict()
    given = torch.load(checkpoint, weights_only=True)["average"]
    fitting = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
    print(f"{len(fitting)} of {len(own)} tensors taken over from {checkpoint}", flush=True)
    network.load_state_dict(fitting, strict=False)


def _save(path: Path, state: dict) -> None:
    """Write beside, then rename, so that a kill leaves the old checkpoint or the new one."""
    torch.save(state, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)
