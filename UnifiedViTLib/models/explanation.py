"""Where a network looked for a diagnosis: maps by attention, by gradients, and by both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch.nn.functional import interpolate

from .attention import Merging, Trace, WindowedAttention, encoder_blocks, visible_attention
from .dual_decoder import DualDecoder, mask_pooling_weights
from .encoders import Features
from .ensemble import Ensemble
from .hierarchical import SwinEncoder
from .output import UnifiedNetwork, UnifiedOutput
from .unified_decoder import UnifiedDecoder

#: Added to the factors of the hybrid map, so that one which is empty does not empty the others.
_FLOOR = 1e-3


class _ForwardPass(NamedTuple):
    """One look at images, as it was seen.

    Attributes:
        output: what the network answered.
        features: what its encoder gave.
        trace: its attention.
        last: the last patch embeddings from which all of the diagnosis comes: (B, T, D), what the last block of a ViT
            reads; (B, D, h, w), what a pyramid ends with.
    """

    output: UnifiedOutput
    features: Features
    trace: Trace
    last: torch.Tensor


def explain(network: UnifiedNetwork, images: torch.Tensor, classes: torch.Tensor, method: str) -> torch.Tensor:
    """Maps of what speaks for a class.

    Args:
        network: one of `ARCHITECTURES` in evaluation mode, or an ensemble, whose map is the mean of its members'; it
            is left as it was.
        images: (B, in_channels, H, W), as the network reads them.
        classes: (B,) int64, for each image the class to explain.
        method: a key of `METHODS`.

    Returns:
        (B, H, W) float32, each map from 0 to 1; 0 everywhere where it says nothing.

    Raises:
        ValueError: the network gives no diagnosis.
    """
    if isinstance(network, Ensemble):
        members: Any = network.members
        maps = [_scaled(explain(member, seen, classes, method), images.shape[-2:])
                for member, seen in zip(members, network.as_seen(images), strict=True)]
        return torch.stack(maps).mean(dim=0)
    if network.classifier is None:
        raise ValueError("A network without a diagnosis has nothing that could be explained.")
    by_gradient = method != "rollout"
    with torch.inference_mode(False), torch.set_grad_enabled(by_gradient):
        forward_pass = _forward(network, images.detach().clone().requires_grad_(by_gradient))
        maps = METHODS[method](network, forward_pass, classes.clone())  # a normal tensor, whatever the caller's mode
    return _scaled(maps.detach().float(), images.shape[-2:])


def _forward(network: UnifiedNetwork, images: torch.Tensor) -> _ForwardPass:
    kept, gradients = {}, torch.is_grad_enabled()

    def keep(name: str, value: Features | torch.Tensor) -> None:
        kept[name] = value

    def forget_gradients(*_: object) -> None:
        torch.set_grad_enabled(False)

    def go_on(*_: object) -> None:
        torch.set_grad_enabled(gradients)

    hooks = [
        network.encoder.register_forward_hook(lambda _, __, features: keep("features", features)),
        encoder_blocks(network.encoder)[-1].register_forward_pre_hook(lambda _, inputs: keep("tokens", inputs[0])),
    ]
    if network.segmentation:  # no gradient of a diagnosis comes through what is drawn: half of the memory is saved
        hooks += [network.segmentation.register_forward_pre_hook(forget_gradients),
                  network.segmentation.register_forward_hook(go_on)]
    try:
        with visible_attention(network) as trace:
            output = network(images)
    finally:
        for hook in hooks:
            hook.remove()
    features = kept["features"]
    last = features.patch_maps[-1] if isinstance(network.encoder, SwinEncoder) else kept["tokens"]
    return _ForwardPass(output, features, trace, last)


def _rollout(network: UnifiedNetwork, forward_pass: _ForwardPass, classes: torch.Tensor) -> torch.Tensor:
    """Attention rollout (Abnar and Zuidema 2020): half of each layer is its attention, the mean of its heads, half the
    residual connection. Not of one class: it tells what the network looked at, whatever it made of it."""
    weights = [step.probabilities.mean(dim=1) for step in forward_pass.trace.attentions]
    return _back(forward_pass, weights, _reading(network, forward_pass), 0.5)


def _relevance(network: UnifiedNetwork, forward_pass: _ForwardPass, classes: torch.Tensor) -> torch.Tensor:
    """Attention times its gradient (Chefer et al. 2021, "Generic attention-model explainability", eq. 5 and 6): heads
    count by how much they raise the logit of the class, those that lower it not at all.

    To these rules the queries of a unified decoder and the patches are one sequence; what the paper scales between
    several sequences (eq. 8 to 10) is left out.
    """
    seen = [step.probabilities for step in forward_pass.trace.attentions]
    weights = [(gradient * probabilities).clamp(min=0).mean(dim=1)
               for gradient, probabilities in zip(_gradients(forward_pass, classes, seen), seen, strict=True)]
    return _back(forward_pass, weights, _reading(network, forward_pass, classes), 1.0)


def _grad_cam(network: UnifiedNetwork, forward_pass: _ForwardPass, classes: torch.Tensor) -> torch.Tensor:
    """Grad-CAM (Selvaraju et al. 2017, eq. 1 and 2) of the last patch embeddings: channels count by their mean
    gradient, what speaks against the class not at all."""
    (gradient,) = _gradients(forward_pass, classes, [forward_pass.last])
    gradient, patches = (_as_map(x, forward_pass) for x in (gradient, forward_pass.last))
    return (gradient.mean(dim=(2, 3), keepdim=True) * patches).sum(dim=1).clamp(min=0)


def _hybrid(network: UnifiedNetwork, forward_pass: _ForwardPass, classes: torch.Tensor) -> torch.Tensor:
    """Relevance, Grad-CAM and the probability that anything is drawn, multiplied: what speaks for the class, where a
    lesion is seen. It cannot show that a diagnosis comes from elsewhere. Where nothing is drawn, the other two
    remain."""
    drawn = forward_pass.output.mask_logits
    size = forward_pass.features.patch_maps[0].shape[-2:] if drawn is None else drawn.shape[-2:]
    product = torch.ones(()) if drawn is None else 1 - drawn.detach().float().softmax(dim=1)[:, 0] + _FLOOR
    for part in (_relevance, _grad_cam):
        product = product * (_scaled(part(network, forward_pass, classes), size) + _FLOOR)
    return product


#: By name: network, what was seen of its look, and classes (B,) -> maps (B, h, w) of any size and scale.
METHODS: dict[str, Callable[[UnifiedNetwork, _ForwardPass, torch.Tensor], torch.Tensor]] = {
    "rollout": _rollout, "relevance": _relevance, "grad-cam": _grad_cam, "hybrid": _hybrid,
}


def _gradients(forward_pass: _ForwardPass, classes: torch.Tensor, of: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Of each image's logit of its class."""
    logits = forward_pass.output.class_logits
    assert logits is not None, "only networks with a diagnosis are explained"
    score = logits.gather(1, classes[:, None]).sum()
    return torch.autograd.grad(score, of, retain_graph=True)


def _reading(network: UnifiedNetwork, forward_pass: _ForwardPass, classes: torch.Tensor | None = None) -> torch.Tensor:
    """(B, T) what the classifier reads of the encoder's last tokens.

    [CLS] counts 1. Means over the patches (a pyramid's, and that under the mask) count as an attention of one head:
    by the patches' shares, or, with `classes`, by what they add to the logit.
    """
    patches = forward_pass.features.patch_maps[-1].flatten(2)
    row = patches.new_zeros(len(patches), _prefix(forward_pass) + patches.shape[2])
    if isinstance(network, UnifiedDecoder):
        return row  # there the queries read
    row[:, : min(_prefix(forward_pass), 1)] = 1
    if not isinstance(network, DualDecoder):
        return row
    width, shares = patches.shape[1], {}
    if isinstance(network.encoder, SwinEncoder):
        shares[0] = torch.full_like(patches[:, 0], 1 / patches.shape[2])
    if network.mask_attended_pooling and forward_pass.output.mask_logits is not None:
        drawn = mask_pooling_weights(forward_pass.output.mask_logits, network.stride).flatten(1)
        shares[width] = drawn / drawn.sum(dim=1, keepdim=True)
    for start, share in shares.items():
        if classes is not None:
            weight = network.classifier[-1].weight[classes, start:start + width]
            share = (share * torch.einsum("bd,bdn->bn", weight, patches)).clamp(min=0)
        row[:, _prefix(forward_pass):] += share.detach()
    return row


def _back(forward_pass: _ForwardPass, weights: list[torch.Tensor], row: torch.Tensor, residual: float) -> torch.Tensor:
    """From what is read at the end to what it came from, layer by layer: (B, T) -> (B, h, w) over the image.

    Only the one row that is read goes back, not the matrix of all tokens; so a pyramid's 3,136 cells cost little.

    Args:
        weights: (B, T, S) of each attention.
        residual: share of a layer that is its residual connection; as much is its attention.
    """
    weights = list(weights)
    if forward_pass.trace.decoder:
        queries = row.new_zeros(len(row), forward_pass.trace.decoder[0][1].probabilities.shape[2])
        queries[:, 0] = 1  # the class query
        for of_patches, step in reversed(forward_pass.trace.decoder):
            read = step.back(queries, weights.pop())
            if of_patches:
                row[:, _prefix(forward_pass):] += residual * read
                queries = residual * queries
            else:
                queries = residual * (queries + read)
    for step in reversed(forward_pass.trace.encoder):
        row = step.back(row) if isinstance(step, Merging) else row + step.back(row, weights.pop())
    first = forward_pass.trace.encoder[0]
    size = first.size if isinstance(first, WindowedAttention) else forward_pass.features.patch_maps[-1].shape[-2:]
    return row[:, _prefix(forward_pass):].unflatten(1, tuple(size))


def _prefix(forward_pass: _ForwardPass) -> int:
    """Tokens before the patches."""
    return (
        0
        if forward_pass.last.ndim == 4
        else forward_pass.last.shape[1] - forward_pass.features.patch_maps[-1][0, 0].numel()
    )


def _as_map(last: torch.Tensor, forward_pass: _ForwardPass) -> torch.Tensor:
    """`_ForwardPass.last`, or its gradient, as (B, D, h, w)."""
    if last.ndim == 4:
        return last
    return last[:, _prefix(forward_pass):].transpose(1, 2).unflatten(2, forward_pass.features.patch_maps[-1].shape[-2:])


def _scaled(maps: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Maps (B, h, w) brought to `size`, each from 0 to 1."""
    maps = interpolate(maps[:, None], size=tuple(size), mode="bilinear")[:, 0]
    low, high = maps.amin(dim=(1, 2), keepdim=True), maps.amax(dim=(1, 2), keepdim=True)
    return (maps - low) / (high - low).clamp(min=torch.finfo(maps.dtype).tiny)
