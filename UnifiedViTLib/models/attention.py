"""The attention of a network made visible for one look: who looked at whom, from the image to the diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from timm.models.swin_transformer import PatchMerging, SwinTransformerBlock, window_partition, window_reverse
from torch import nn
from torch.nn.functional import linear, pad

from .encoders import ViTEncoder
from .hierarchical import SwinEncoder
from .output import UnifiedNetwork
from .unified_decoder import QueryLayer


@dataclass(frozen=True)
class Attention:
    """Tokens look at tokens.

    Attributes:
        probabilities: (B, heads, T, S), each of the T tokens' shares of the S that it looks at.
    """

    probabilities: torch.Tensor

    def back(self, row: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """How much counts of what was looked at, by how much of those that looked: (B, T) and (B, T, S) -> (B, S)."""
        return (row[:, None] @ weights)[:, 0]


@dataclass(frozen=True)
class WindowedAttention:
    """Cells of a map look at each other within (shifted) windows.

    Attributes:
        probabilities: (B x windows, heads, A, A), A cells a window.
        size: rows and columns of the map.
        window, shift: rows and columns.
    """

    probabilities: torch.Tensor
    size: tuple[int, int]
    window: tuple[int, int]
    shift: tuple[int, int]

    def back(self, row: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """As `Attention.back`, (B, rows x columns) and (B x windows, A, A) -> (B, rows x columns).

        The windows are cut as the network cuts them and put back in place; what fell on cells that only fill up the
        last windows is cut off.
        """
        rows, columns = self.size
        cells = torch.roll(row.unflatten(1, self.size), [-step for step in self.shift], dims=(1, 2))
        cells = pad(cells, (0, -columns % self.window[1], 0, -rows % self.window[0]))
        windows = window_partition(cells[..., None], self.window).flatten(1)
        read = (windows[:, None] @ weights).reshape(-1, *self.window, 1)
        cells = window_reverse(read, self.window, *cells.shape[1:])[:, :rows, :columns, 0]
        return torch.roll(cells, self.shift, dims=(1, 2)).flatten(1)


@dataclass(frozen=True)
class Merging:
    """Cells of a map of this `size` are merged two by two; each counts a quarter."""

    size: tuple[int, int]

    def back(self, row: torch.Tensor) -> torch.Tensor:
        """(B, merged cells) -> (B, rows x columns)."""
        rows, columns = self.size
        cells = row.unflatten(1, (-(-rows // 2), -(-columns // 2))) / 4
        return cells.repeat_interleave(2, 1).repeat_interleave(2, 2)[:, :rows, :columns].flatten(1)


@dataclass(frozen=True)
class Trace:
    """What was seen of one look, in the order in which it happened.

    Attributes:
        encoder: attention of the encoder's blocks, and a pyramid's mergings.
        decoder: of the queries of a unified decoder; True for what they look up in the patches, False for what they
            exchange.
    """

    encoder: list[Attention | WindowedAttention | Merging] = field(default_factory=list)
    decoder: list[tuple[bool, Attention]] = field(default_factory=list)

    @property
    def attentions(self) -> list[Attention | WindowedAttention]:
        """All of them without the mergings, the encoder's first."""
        return [*(step for step in self.encoder if not isinstance(step, Merging)), *(step for _, step in self.decoder)]


@contextmanager
def visible_attention(network: UnifiedNetwork) -> Iterator[Trace]:
    """Within the block, every look of `network` adds to the trace; after it the network is as it was.

    Fused attention never forms its probabilities, so that it is computed step by step here; answers differ from the
    fused ones by rounding alone. Gradients flow through what is seen.
    """
    trace, seen = Trace(), []
    with ExitStack() as undo:
        def watch(module: nn.Module, told: Callable[..., Any]) -> None:
            undo.callback(module.register_forward_hook(told).remove)

        def attended(block: nn.Module, inputs: tuple[torch.Tensor], _: torch.Tensor) -> None:
            if isinstance(block, SwinTransformerBlock):
                rows, columns = inputs[0].shape[1:3]
                trace.encoder.append(
                    WindowedAttention(seen.pop(), (rows, columns), block.window_size, block.shift_size))
            else:
                trace.encoder.append(Attention(seen.pop()))

        def merged(_: nn.Module, inputs: tuple[torch.Tensor], __: torch.Tensor) -> None:
            rows, columns = inputs[0].shape[1:3]
            trace.encoder.append(Merging((rows, columns)))

        def looked_up(look: nn.MultiheadAttention, inputs: tuple[torch.Tensor, ...], _: tuple
                       ) -> tuple[torch.Tensor, None]:
            answer, probabilities = _attend(look, *inputs)
            trace.decoder.append((True, Attention(probabilities)))
            return answer, None

        def exchanged(look: nn.MultiheadAttention, inputs: tuple[torch.Tensor, ...], _: tuple
                       ) -> tuple[torch.Tensor, None]:
            answer, probabilities = _attend(look, *inputs)
            trace.decoder.append((False, Attention(probabilities)))
            return answer, None

        for module in network.modules():
            if hasattr(module, "fused_attn"):
                attention: Any = module  # timm's
                undo.callback(setattr, attention, "fused_attn", attention.fused_attn)
                attention.fused_attn = False
                watch(attention.attn_drop, lambda _, __, probabilities: seen.append(probabilities))
            if isinstance(module, PatchMerging):
                watch(module, merged)
            elif isinstance(module, QueryLayer):
                watch(module.cross_attn, looked_up)
                if module.self_attn:
                    watch(module.self_attn, exchanged)
        for block in encoder_blocks(network.encoder):
            watch(block, attended)
        yield trace


def encoder_blocks(encoder: ViTEncoder | SwinEncoder) -> list[nn.Module]:
    """The blocks of the transformer in it, the first one first."""
    if isinstance(encoder, SwinEncoder):
        return [block for stage in encoder.swin.layers for block in stage.blocks]
    return list(encoder.vit.blocks)


def _attend(look: nn.MultiheadAttention, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
            ) -> tuple[torch.Tensor, torch.Tensor]:
    """What torch's module computes, and the probabilities by which it does, which torch gives only as a copy that no
    gradient reaches."""
    q, k, v = (
        linear(x, weight, bias).unflatten(2, (look.num_heads, -1)).transpose(1, 2)
        for x, weight, bias in zip((queries, keys, values), look.in_proj_weight.chunk(3), look.in_proj_bias.chunk(3),
                                   strict=True)
    )
    probabilities = (q @ k.transpose(2, 3) * look.head_dim**-0.5).softmax(dim=3)
    return look.out_proj((probabilities @ v).transpose(1, 2).flatten(2)), probabilities
