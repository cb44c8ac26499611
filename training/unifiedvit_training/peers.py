"""Well-known networks to compare with: of segmentation-models-pytorch, MONAI and timm, behind our own interface.

They are trained and evaluated as the library's architectures are; the library never knows them, and none can be
exported. All but timm's need the extra `peers`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import timm
import torch
from torch import nn

from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.models import UnifiedNetwork, UnifiedOutput

from .errors import ConfigError

BOTH, MASK, CLASS = "both", "segmentation", "classification"


class Peer(UnifiedNetwork):
    """A network of others as a `UnifiedOutput`; `encoder` is what its learning rates are set by.

    Args:
        network: image -> mask logits, class logits, or both as a pair in this order.
        encoder: a part of `network`.
        task: which of the three it is.
    """

    def __init__(self, network: nn.Module, encoder: nn.Module, task: str) -> None:
        super().__init__()
        self.network, self.task = network, task
        object.__setattr__(self, "encoder", encoder)  # not a second copy of its weights under another name

    def forward(self, image: torch.Tensor) -> UnifiedOutput:
        """(B, 1, H, W) -> UnifiedOutput without an embedding."""
        given = self.network(image)
        mask_logits, class_logits = {BOTH: given, MASK: (given, None), CLASS: (None, given)}[self.task]
        embedding: Any = None
        return UnifiedOutput(mask_logits, class_logits, embedding)


def _smp(kind: str, encoder: str, sizes: dict[str, Any], task: str, **options: Any) -> Peer:
    """A network of segmentation-models-pytorch, from scratch; with a linear classifier on its encoder for "both"."""
    try:
        import segmentation_models_pytorch as smp
    except ImportError as error:
        raise _missing(error) from error
    aux = {"classes": sizes["classes"], "dropout": sizes["dropout"]} if task == BOTH else None
    network = getattr(smp, kind)(encoder, encoder_weights=None, in_channels=1, classes=sizes["mask"], aux_params=aux,
                                 **options)
    return Peer(network, network.encoder, task)


def _unet(sizes: dict[str, Any], task: str, encoder: str = "resnet18") -> Peer:
    return _smp("Unet", encoder, sizes, task)


def _deeplab(sizes: dict[str, Any], task: str, encoder: str = "resnet18") -> Peer:
    return _smp("DeepLabV3Plus", encoder, sizes, task)


def _dpt(sizes: dict[str, Any], task: str, encoder: str = "tu-vit_tiny_patch16_224") -> Peer:
    """Its decoder as narrow as the encoder asks for: the usual one has four times the weights of a ViT-Tiny."""
    with torch.device("meta"):  # for its width alone
        sketch: Any = timm.create_model(encoder.removeprefix("tu-"), pretrained=False)
        width = sketch.num_features
    return _smp("DPT", encoder, sizes, task, encoder_depth=4, dynamic_img_size=True,
                decoder_intermediate_channels=(width // 4, width // 2, width, width),
                decoder_fusion_channels=width // 3)


def _cnn(sizes: dict[str, Any], task: str, encoder: str = "resnet18") -> Peer:
    network = timm.create_model(encoder, pretrained=False, in_chans=1, num_classes=sizes["classes"],
                                drop_rate=sizes["dropout"])
    return Peer(network, network, task)


def _unetr(sizes: dict[str, Any], task: str) -> Peer:
    """UNETR in 2-D on a ViT-Tiny."""
    try:
        from monai.networks.nets import UNETR

        network = UNETR(1, sizes["mask"], sizes["image"], feature_size=16, hidden_size=192, mlp_dim=768, num_heads=3,
                        spatial_dims=2)
    except ImportError as error:  # MONAI's own, or einops beside it
        raise _missing(error) from error
    return Peer(network, network.vit, task)


def _swin_unetr(sizes: dict[str, Any], task: str) -> Peer:
    """Swin UNETR in 2-D, half as wide as the authors' smallest."""
    try:
        from monai.networks.nets import SwinUNETR

        network = SwinUNETR(1, sizes["mask"], feature_size=24, spatial_dims=2)
    except ImportError as error:
        raise _missing(error) from error
    return Peer(network, network.swinViT, task)


#: Builders by the name that a comparison uses, and the tasks that each can do.
PEERS: dict[str, tuple[Callable[..., Peer], tuple[str, ...]]] = {
    "peer_unet": (_unet, (BOTH, MASK)),
    "peer_deeplabv3plus": (_deeplab, (BOTH, MASK)),
    "peer_dpt": (_dpt, (BOTH, MASK)),
    "peer_cnn": (_cnn, (CLASS,)),
    "peer_unetr": (_unetr, (MASK,)),
    "peer_swin_unetr": (_swin_unetr, (MASK,)),
}


def build_peer(name: str, arguments: dict[str, Any]) -> Peer:
    """The named peer, freshly initialised.

    Args:
        name: a key of `PEERS`.
        arguments: as for `UnifiedViTLib.models.build_model`; `drop_path` and what else a peer does not know is left
            out, `encoder` alone is passed on.

    Raises:
        ConfigError: the extra `peers` is not installed.
        ModelSpecError: the peer cannot do that task, or cannot be built.
    """
    build, tasks = PEERS[name]
    task = arguments.get("task", BOTH)
    if task not in tasks:
        raise ModelSpecError(f"{name} cannot be trained with model.task {task}; set it to {' or '.join(tasks)}.")
    if arguments.get("in_channels", 1) > 1:
        raise ModelSpecError(f"{name} looks at one image; the library's architectures alone know several channels.")
    sizes = {"mask": arguments["mask_classes"], "classes": arguments["diagnosis_classes"],
             "image": arguments["image_size"], "dropout": arguments.get("dropout", 0.0)}
    options = {"encoder": arguments["encoder"]} if "encoder" in arguments else {}
    try:
        return build(sizes, task, **options)
    except (ConfigError, ModelSpecError):
        raise
    except Exception as error:  # each library says in its own way what it does not know
        raise ModelSpecError(f"arguments: {name} cannot be built from {arguments}: {error}") from error


def _missing(error: ImportError) -> ConfigError:
    return ConfigError(
        f"The networks to compare with are not installed ({error}). Install them: "
        'pip install "unifiedvit-training[peers]".'
    )
