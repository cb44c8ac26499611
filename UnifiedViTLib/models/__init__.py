"""The networks: encoders from timm, our decoders and heads, one file an architecture; ensembles. Needs torch."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ModelSpecError
from ..spec import ModelSpec
from .timm_import import import_timm

import_timm()  # before all that need it

# ruff: noqa: E402
from .ensemble import Ensemble
from .fully_integrated import FullyIntegrated
from .hierarchical import HierarchicalDualDecoder
from .hybrid import HybridCNNTransformer
from .output import UnifiedNetwork, UnifiedOutput
from .shared_encoder import SharedEncoderDualDecoder
from .unified_decoder import UnifiedDecoder

#: Architectures by the name that a spec and a training configuration use: image in, `UnifiedOutput` out, the timm
#: encoder in `encoder`.
ARCHITECTURES: dict[str, Callable[..., UnifiedNetwork]] = {
    "shared_encoder_dual_decoder": SharedEncoderDualDecoder,
    "hierarchical": HierarchicalDualDecoder,
    "hybrid_cnn_transformer": HybridCNNTransformer,
    "unified_decoder": UnifiedDecoder,
    "fully_integrated": FullyIntegrated,
}

__all__ = ["ARCHITECTURES", "UnifiedNetwork", "UnifiedOutput", "build_model", "network_of"]


def build_model(architecture: str, arguments: dict) -> UnifiedNetwork:
    """The named architecture, freshly initialised.

    Args:
        architecture: a key of `ARCHITECTURES`.
        arguments: keyword arguments of its constructor.

    Raises:
        ModelSpecError: the name or an argument is not known.
    """
    if architecture not in ARCHITECTURES:
        raise ModelSpecError(
            f"architecture: {architecture!r} is not one of {', '.join(ARCHITECTURES)}. "
            "The model may need a newer version of UnifiedViT."
        )
    try:
        return ARCHITECTURES[architecture](**arguments)
    except Exception as error:  # timm and torch say in many ways that they do not know an argument or a value
        raise ModelSpecError(f"arguments: {architecture} cannot be built from {arguments}: {error}") from error


def network_of(spec: ModelSpec) -> UnifiedNetwork:
    """The network that a description tells of, freshly initialised: one architecture, or an ensemble of several.

    Raises:
        ModelSpecError: names the field that is wrong.
    """
    if not spec.members:
        return build_model(spec.architecture, spec.arguments)
    networks = []
    for n, member in enumerate(spec.members):
        try:
            networks.append(build_model(member.architecture, member.arguments))
        except ModelSpecError as error:
            raise ModelSpecError(f"members[{n}].{error}") from error
    return Ensemble(networks, [m.size for m in spec.members], [m.temperature for m in spec.members], spec.size)
