"""Where a run begins: weights of another run or of timm, and which of them learn how fast."""

from __future__ import annotations

import math
from typing import Any

import timm
import torch
from timm.layers import resample_abs_pos_embed
from timm.models import group_parameters
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from UnifiedViTLib.models.hybrid import CNNStages

from ..config import Initial, Optimiser
from ..errors import RunError
from ..peers import Peer
from ..runs.checkpoints import load_weights
from .pretrained import load_packaged_weights

#: What the names of the tokens of missing channels begin with in an encoder.
_TOKENS = "gate."


def load_initial_weights(network: nn.Module, initial: Initial) -> str:
    """Copy into `network` what fits in name and shape, position embeddings of another grid resampled.

    Args:
        network: of any architecture whose encoder is `network.encoder`; changed in place.
        initial: `weights`: of any run, of `pretrain`, or of a model's folder. `timm`: the encoder alone, or the
            CNN before it, the first convolution adapted to the number of channels.

    Returns:
        A sentence that says what was taken.

    Raises:
        RunError: the weights cannot be read or fetched, or nothing of them fits.
    """
    if (found := initial_tensors(network, initial)) is None:
        return "All weights begin at random."
    given, origin = found
    own = network.state_dict()
    fitting = {name: value for name, value in given.items() if name in own and own[name].shape == value.shape}
    if not any(value.ndim > 1 for value in fitting.values()):
        raise RunError(
            f"Nothing of {origin} fits this network in name and shape. Begin from weights of the same encoder "
            "(model.arguments), or from scratch."
        )
    network.load_state_dict(fitting, strict=False)
    parts = (
        f"{sum(name.startswith(part + '.') for name in fitting)} of {len(module.state_dict())} of its {part}"
        for part, module in network.named_children() if module.state_dict()
    )
    return f"Tensors that the network takes over from {origin}: {', '.join(parts)}."


def initial_tensors(network: nn.Module, initial: Initial) -> tuple[dict[str, torch.Tensor], str] | None:
    """What a run begins from, by the names that it has in `network`, position embeddings of another grid resampled,
    and where it comes from; None where all begins at random.

    Raises:
        RunError: it cannot be read or fetched.
    """
    if initial.weights:
        tensors, origin = load_weights(initial.weights), str(initial.weights)
    elif initial.timm:
        tensors, origin = _from_timm(network, initial.timm), initial.timm
    else:
        return None
    return {name: _resampled(network, name, value) for name, value in tensors.items()}, origin


def parameter_groups(network: nn.Module, optimiser: Optimiser, initial: Initial) -> list[dict]:
    """What the optimiser is to learn, in groups; the frozen share of the encoder is set so and left out.

    Weight decay is for matrices and kernels, not for biases, norms, and what the encoder exempts (tokens, position
    embeddings). Where a part of the encoder is frozen, the running statistics of its batch normalisation go on
    following the images.

    Args:
        network: of any architecture whose encoder is `network.encoder`. An encoder whose blocks timm does not know
            counts as one block.
        optimiser: its `weight_decay`.
        initial: `freeze`: the embedding and the first blocks, rounded to whole blocks; `freeze_norms`: with their
            norms; `layer_decay`.

    Returns:
        Groups for AdamW; "scale" is what the learning rate is to be multiplied with: layer_decay to the power of the
        number of blocks between the parameters and the decoders (Bao et al. 2022), so 1 in the decoders.
    """
    levels = _levels(network)
    top = max(levels.values()) + 1
    frozen = round(initial.freeze * (top - 1)) if initial.freeze else -1
    exempt, learning = _exempt(network), set() if initial.freeze_norms else normalisation_names(network)
    groups: dict[tuple[float, float], dict] = {}
    for name, parameter in network.named_parameters():
        level = levels.get(name, top)
        if level <= frozen and name not in learning:
            parameter.requires_grad_(False)
            continue
        decay = 0.0 if parameter.ndim <= 1 or name in exempt else optimiser.weight_decay
        scale = initial.layer_decay ** (top - level)
        group = groups.setdefault((scale, decay), {"params": [], "weight_decay": decay, "scale": scale})
        group["params"].append(parameter)
    return list(groups.values())


def _trunk(network: Any) -> tuple[str, Any] | None:
    """The part of the encoder that is timm's, and what the names of its tensors begin with in `network`."""
    return next(((f"encoder.{name}.", part) for name, part in network.encoder.named_children()
                 if hasattr(part, "group_matcher")), None)


def _levels(network: Any) -> dict[str, int]:
    """For each parameter of the encoder by name: 0 in what comes before the blocks, then the number of its block."""
    # Tokens of missing channels are nobody's pre-trained weights: they learn like the decoders.
    names = [f"encoder.{name}" for name, _ in network.encoder.named_parameters() if not name.startswith(_TOKENS)]
    if not (located := _trunk(network)):
        return dict.fromkeys(names, 1)
    prefix, trunk = located
    numbers: Any = group_parameters(trunk, trunk.group_matcher(), reverse=True)
    return {name: numbers[name.removeprefix(prefix)] if name.startswith(prefix) else 0 for name in names}


def normalisation_names(network: nn.Module, buffers: bool = False) -> set[str]:
    """Names of the parameters of layer, batch and group normalisation; with `buffers` of running statistics too."""
    kinds = (nn.LayerNorm, nn.GroupNorm, _BatchNorm)
    norms = [(place, module) for place, module in network.named_modules() if isinstance(module, kinds)]
    return {f"{place}.{name}" for place, module in norms
            for name in ([*module.state_dict()] if buffers else dict(module.named_parameters(recurse=False)))}


def _exempt(network: Any) -> set[str]:
    """Names of the parameters that timm, or the network itself, keeps from weight decay."""
    own = network.no_weight_decay() if hasattr(network, "no_weight_decay") else set()
    own |= {name for name, _ in network.named_parameters() if name.startswith(f"encoder.{_TOKENS}")}
    if not (located := _trunk(network)):
        return own
    prefix, trunk = located
    return own | {prefix + name for name in trunk.no_weight_decay()}


def _from_timm(network: Any, name: str) -> dict[str, torch.Tensor]:
    """Tensors of a pre-trained encoder, or of the CNN before it, for as many channels, under the names that they have
    in `network`."""
    channels = getattr(network.encoder, "in_channels", 1)  # networks to compare with look at one
    stem = getattr(network.encoder, "stem", None)
    if isinstance(stem, CNNStages) and stem.name == name:
        prefix = "encoder.stem.cnn."
    elif isinstance(network, Peer) and hasattr(network.encoder, "group_matcher"):  # timm's, with its own classifier
        prefix = "network."
    elif located := _trunk(network):
        prefix = located[0]
    elif isinstance(network, Peer) and hasattr(network.encoder, "model"):  # timm's, as smp wraps it
        prefix = "network.encoder.model."
    else:
        raise RunError("fit.initial.timm: this architecture's encoder is not one of timm. Begin from other weights.")
    if (packaged := load_packaged_weights(name, channels)) is not None:
        return {prefix + key: value for key, value in packaged.items()}
    try:
        trained = timm.create_model(name, pretrained=True, num_classes=0, in_chans=channels)
    except Exception as error:  # timm, its hub and the network fail in many ways
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise RunError(
            f"fit.initial.timm: {name} cannot be had from timm ({reason}). Check the name and the network "
            "connection, or give a .safetensors file as fit.initial.weights."
        ) from error
    return {prefix + key: value for key, value in trained.state_dict().items()}


def _resampled(network: nn.Module, name: str, value: torch.Tensor) -> torch.Tensor:
    """A ViT's position embeddings (1, prefix + N, D) on the grid of this network's; all else as it is."""
    located = _trunk(network)
    if not located or name != located[0] + "pos_embed" or value.ndim != 3:
        return value
    trunk = located[1]
    prefix = 0 if trunk.no_embed_class else trunk.num_prefix_tokens
    side = math.isqrt(max(value.shape[1] - prefix, 0))
    if side == 0 or side**2 + prefix != value.shape[1]:
        return value
    return resample_abs_pos_embed(value, list(trunk.patch_embed.grid_size), num_prefix_tokens=prefix)
