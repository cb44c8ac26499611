"""Hybrid CNN-Transformer ([Kassar], table 1): a CNN's map is tokenised for a ViT (Chen et al. 2021, "TransUNet")."""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import nn

from .decoders import PyramidDecoder
from .dual_decoder import DualDecoder
from .encoders import Features, ViTEncoder


class CNNStages(nn.Module):
    """The first stages of a CNN of timm, down to one sixteenth of the image's size.

    Args:
        name: timm's name of a CNN with maps at strides 2, 4, 8 and 16, for example "resnet10t", "resnet26d",
            "tf_efficientnet_lite0".
        in_channels: of the image.
    """

    cnn: Any  # timm's

    def __init__(self, name: str, in_channels: int) -> None:
        super().__init__()
        self.name = name
        self.cnn = timm.create_model(name, pretrained=False, features_only=True, out_indices=(0, 1, 2, 3),
                                     in_chans=in_channels)
        strides = self.cnn.feature_info.reduction()
        if strides != [2, 4, 8, 16]:
            raise ValueError(f"{name} has maps at strides {strides}; needed are [2, 4, 8, 16], as a ResNet has them.")
        *self.stem_channels, self.out_channels = self.cnn.feature_info.channels()
        stages, _, last = self.cnn.feature_info.module_name(3).rpartition(".")
        if stages and isinstance(found := self.cnn.get_submodule(stages), nn.Sequential):
            del found[int(last) + 1:]  # timm keeps an EfficientNet's stages beyond 1/16, and runs them for nothing

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """(B, in_channels, H, W) -> maps at strides 2, 4, 8, 16."""
        return self.cnn(image)


class HybridCNNTransformer(DualDecoder):
    """A CNN looks first, a ViT reads each cell of its map at 1/16 as a token; the decoder takes its skips at 1/8, 1/4
    and 1/2 from the CNN, a linear classifier reads [CLS].

    Args:
        encoder: a ViT of timm.
        depth: blocks of the ViT; None: as many as it has by its name.
        cnn: see `CNNStages`; "resnet50" with "vit_base_patch16_224" is TransUNet's own pair.
        decoder_widths: channels at 1/8, 1/4, 1/2; None follows the encoder's width.
        attention_gates: what comes from below weighs the CNN's maps (`AttentionGate`).
        mask_classes, diagnosis_classes, in_channels, image_size, mask_attended_pooling, drop_path, dropout, task: as in
            `SharedEncoderDualDecoder`.
    """

    def __init__(self, mask_classes: int, diagnosis_classes: int, encoder: str = "vit_tiny_patch16_224",
                 cnn: str = "resnet10t", in_channels: int = 1, image_size: int = 224,
                 decoder_widths: list[int] | None = None, mask_attended_pooling: bool = False,
                 drop_path: float = 0.0, dropout: float = 0.0, task: str = "both", depth: int | None = None,
                 attention_gates: bool = False) -> None:
        hybrid = ViTEncoder(encoder, in_channels, image_size, drop_path=drop_path, stem=CNNStages(cnn, in_channels),
                            depth=depth)
        segmentation = None
        if task != "classification":
            channels = [hybrid.width, *reversed(hybrid.stem_channels)]
            segmentation = PyramidDecoder(channels, 3, mask_classes, decoder_widths, attention_gates)
        super().__init__(hybrid, segmentation, diagnosis_classes, task, mask_attended_pooling, dropout)

    def decode_mask(self, features: Features) -> torch.Tensor:
        """See `DualDecoder.decode_mask`."""
        return self.segmentation([features.patch_maps[-1], *reversed(features.stem_maps)])
