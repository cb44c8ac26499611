"""Unified decoder: a class query and mask queries in one transformer decoder ([Kassar], table 1)."""

from __future__ import annotations

import torch
from timm.layers import DropPath, Mlp
from torch import nn

from .dual_decoder import check_task
from .encoders import ViTEncoder
from .output import UnifiedNetwork, UnifiedOutput
from .token_heads import token_heads

#: A description from elsewhere must not make us build without end.
MOST_LAYERS = 24


class QueryLayer(nn.Module):
    """Queries look at the image, then at each other, then think (Cheng et al. 2022, "Mask2Former", in that order).

    Args:
        width: D.
        heads: of both attentions.
        alone: there is only one query, which has no other to look at.
        drop_path: stochastic depth, in training alone.
    """

    def __init__(self, width: int, heads: int, alone: bool, drop_path: float) -> None:
        super().__init__()
        self.norm_image = nn.LayerNorm(width)
        self.cross_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm_queries = None if alone else nn.LayerNorm(width)
        self.self_attn = None if alone else nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = Mlp(width, 2 * width)
        self.drop_path = DropPath(drop_path)

    def forward(self, queries: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
        """Queries (B, Q, D) and normalised patch embeddings (B, N, D) -> queries (B, Q, D)."""
        seen, _ = self.cross_attn(self.norm_image(queries), patches, patches, need_weights=False)
        queries = queries + self.drop_path(seen)
        if self.self_attn and self.norm_queries:
            x = self.norm_queries(queries)
            heard, _ = self.self_attn(x, x, x, need_weights=False)
            queries = queries + self.drop_path(heard)
        return queries + self.drop_path(self.mlp(self.norm_mlp(queries)))


class UnifiedDecoder(UnifiedNetwork):
    """One ViT looks once; one transformer decoder gives both answers.

    A class query and one query a mask class attend to the patch embeddings and to each other. The class query is read
    by a linear classifier, the mask queries are multiplied with the patch embeddings upsampled to the image's size.

    In training every layer's queries are read, through the same norm, classifier and product, and each is taught
    (`forward_every_layer`; deep supervision as in Carion et al. 2020, "DETR").

    Args:
        encoder: a ViT of timm with patch 16.
        decoder_layers: of the transformer decoder.
        decoder_widths: channels of the upsampled embeddings at 1/8, 1/4, 1/2 (and at full size as at 1/2); None
            follows the encoder's width.
        dropout: before the linear classifier, in training alone.
        mask_classes, diagnosis_classes, in_channels, image_size, stem_width, drop_path, task: as in
            `SharedEncoderDualDecoder`. A single-task baseline has the queries of its task alone.
    """

    def __init__(self, mask_classes: int, diagnosis_classes: int, encoder: str = "vit_tiny_patch16_224",
                 in_channels: int = 1, image_size: int = 224, stem_width: int | None = None, decoder_layers: int = 3,
                 decoder_widths: list[int] | None = None, drop_path: float = 0.0, dropout: float = 0.0,
                 task: str = "both") -> None:
        super().__init__()
        check_task(task)
        if not 1 <= decoder_layers <= MOST_LAYERS:
            raise ValueError(f"decoder_layers: 1 to {MOST_LAYERS} are possible, not {decoder_layers}.")
        self.encoder = ViTEncoder(encoder, in_channels, image_size, stem_width, drop_path)
        width, heads = self.encoder.width, self.encoder.vit.blocks[0].attn.num_heads
        queries = (task != "segmentation") + mask_classes * (task != "classification")
        self.queries = nn.Parameter(torch.randn(queries, width) * 0.02)
        self.layers = nn.ModuleList(QueryLayer(width, heads, queries == 1, drop_path) for _ in range(decoder_layers))
        self.norm = nn.LayerNorm(width)
        self.segmentation, self.product, self.classifier = token_heads(
            self.encoder, diagnosis_classes, decoder_widths, dropout, task)

    def no_weight_decay(self) -> set[str]:
        """Names of the parameters that are kept from weight decay, as timm has it for tokens."""
        return {"queries"}

    def forward(self, image: torch.Tensor) -> UnifiedOutput:
        """(B, in_channels, H, W), H and W multiples of 16, normalised -> UnifiedOutput."""
        return self._answers(image, every_layer=False)[-1]

    def forward_every_layer(self, image: torch.Tensor) -> list[UnifiedOutput]:
        """What every layer of the decoder would answer, the last as `forward`; for the losses in training."""
        return self._answers(image, every_layer=True)

    def _answers(self, image: torch.Tensor, every_layer: bool) -> list[UnifiedOutput]:
        features = self.encoder(image)
        patches = features.patch_maps[-1].flatten(2).transpose(1, 2)
        pixels = self.segmentation(features) if self.segmentation else None
        embedding = features.patch_maps[0].mean(dim=(2, 3))
        queries, answers = self.queries.expand(image.shape[0], -1, -1), []
        for layer in self.layers:
            queries = layer(queries, patches)
            if every_layer or layer is self.layers[-1]:
                read = self.norm(queries)
                class_logits = self.classifier(read[:, 0]) if self.classifier else None
                first = 1 if self.classifier else 0  # the mask queries come after the class query
                mask_logits = self.product(read[:, first:], pixels) if self.product else None
                answers.append(UnifiedOutput(mask_logits, class_logits, embedding))
        return answers
