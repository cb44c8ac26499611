"""The architectures, each as small as it may be, for the tests of all of them."""

from __future__ import annotations

import timm
import torch
from timm.models import register_model

from UnifiedViTLib.models import build_model


@register_model
def four_block_vit(pretrained: bool = False, **arguments):
    """timm's ViT for tests, of width 64, with fewer blocks."""
    return timm.create_model("test_vit", pretrained, **{"depth": 4} | arguments)


#: The smallest of each.
TINY = {
    "shared_encoder_dual_decoder": {"encoder": "four_block_vit", "stem_width": 4, "decoder_widths": [8, 8, 8],
                                    "mask_attended_pooling": True},
    "hierarchical": {"encoder": "swin_tiny_patch4_window7_224", "width": 12, "depths": [1, 2, 1, 1], "stem_width": 4,
                     "decoder_widths": [8, 8, 8, 8], "mask_attended_pooling": True},
    "hybrid_cnn_transformer": {"encoder": "four_block_vit", "cnn": "test_resnet", "decoder_widths": [8, 8, 8],
                               "mask_attended_pooling": True, "attention_gates": True},
    "unified_decoder": {"encoder": "four_block_vit", "stem_width": 4, "decoder_layers": 2, "decoder_widths": [8, 8, 8]},
    "fully_integrated": {"encoder": "four_block_vit", "stem_width": 4, "decoder_widths": [8, 8, 8]},
}


SIZES = {"mask_classes": 4, "diagnosis_classes": 3, "image_size": 64}


def network(name: str, seed: int = 0, **arguments):
    torch.manual_seed(seed)
    return build_model(name, TINY[name] | SIZES | arguments)


def images(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
