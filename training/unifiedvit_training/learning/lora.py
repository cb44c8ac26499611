"""Low-rank adaptation (Hu et al. 2022) of the linear layers of the encoder's blocks, by peft."""

from __future__ import annotations

import copy
import re

from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import nn

_LINEAR = r"encoder\..*blocks\.\d+\.(attn\.(qkv|proj)|mlp\.(fc1|fc2))"


def add_lora(network: nn.Module, rank: int) -> list[nn.Parameter]:
    learning = {name: p.requires_grad for name, p in network.named_parameters()}
    targets = [n for n, m in network.named_modules() if isinstance(m, nn.Linear) and re.fullmatch(_LINEAR, n)]
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets), network)
    added = []
    for name, p in network.named_parameters():
        known = learning.get(name.replace(".base_layer.", "."))
        if known is None:
            added.append(p)
            p.requires_grad_(True)
        else:
            p.requires_grad_(known)
    print("LoRA:", len(targets), "layers,", sum(p.numel() for p in added), "weights")
    return added


def without_lora(network: nn.Module) -> nn.Module:
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent, _, last = name.rpartition(".")
            setattr(network.get_submodule(parent), last, module.get_base_layer())
    return network
