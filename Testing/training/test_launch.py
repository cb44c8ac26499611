"""In which precision a run computes."""

from __future__ import annotations

import torch
from unifiedvit_training.config import Machine
from unifiedvit_training.learning.launch import start_fabric


def computed_in(machine: Machine) -> torch.dtype:
    with start_fabric(machine).autocast():
        return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


def test_a_processor_without_instructions_for_bfloat16_learns_in_float32(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")

    assert computed_in(Machine(accelerator="cpu")) == torch.float32


def test_a_precision_that_is_asked_for_is_kept(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")

    assert computed_in(Machine(accelerator="cpu", precision="bf16-mixed")) == torch.bfloat16
