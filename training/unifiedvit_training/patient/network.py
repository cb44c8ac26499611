"""The patient head in torch, to learn; `UnifiedViTLib.inference.patient.head` is the same in numpy, for use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from UnifiedViTLib.inference.patient.head import log_probabilities, shapes
from UnifiedViTLib.patient_spec import MetadataField

from .cases import PatientCase

#: Dimensions of the tokens, and of the layers between.
WIDTH, HIDDEN = 16, 16


@dataclass(frozen=True)
class Batch:
    """N patients with at most V images, C classes and F fields.

    Attributes:
        logs: (N, V, C) log probabilities; `present`: (N, V) bool, images that are there.
        values: (N, F) numbers, places of choices; `known`: (N, F) bool.
        labels: (N,) int64.
    """

    logs: torch.Tensor
    present: torch.Tensor
    values: torch.Tensor
    known: torch.Tensor
    labels: torch.Tensor

    def take(self, rows: np.ndarray) -> Batch:
        """Some of the patients."""
        return Batch(*(value[torch.from_numpy(rows)] for value in vars(self).values()))

    def thinned(self, drop: float, generator: torch.Generator) -> Batch:
        """Fields and images taken away by chance, so that what is missing is learnt; each patient keeps an image.

        Args:
            drop: probability for each.
            generator: of the chance.
        """
        chance = torch.rand(self.present.shape, generator=generator).masked_fill(~self.present, -1)
        kept = (chance > drop) | (chance == chance.max(dim=1, keepdim=True).values)
        known = self.known & (torch.rand(self.known.shape, generator=generator) > drop)
        return Batch(self.logs, kept & self.present, self.values, known, self.labels)


def batch_of(cases: Sequence[PatientCase], fields: Sequence[MetadataField]) -> Batch:
    """Patients as the network takes them; values that no field knows are missing."""
    most = max(len(case.probabilities) for case in cases)
    logs = np.zeros((len(cases), most, cases[0].probabilities.shape[1]), np.float32)
    present = np.zeros((len(cases), most), bool)
    values, known = np.zeros((len(cases), len(fields)), np.float32), np.zeros((len(cases), len(fields)), bool)
    for n, case in enumerate(cases):
        count = len(case.probabilities)
        logs[n, :count], present[n, :count] = log_probabilities(case.probabilities), True
        for f, field in enumerate(fields):
            value = case.values.get(field.name)
            if value is not None and (not field.choices or value in field.choices):
                values[n, f] = field.choices.index(str(value)) if field.choices else value
                known[n, f] = True
    labels = np.array([case.label for case in cases], np.int64)
    return Batch(*map(torch.from_numpy, (logs, present, values, known, labels)))


def initial_parameters(batch: Batch, fields: Sequence[MetadataField], seed: int) -> dict[str, torch.Tensor]:
    """By the names of `shapes`. The query and the last layer are zero, so that the answer begins as that of the images;
    `fusion` is a logit here.

    Args:
        batch: those to learn from, for the mean and the deviation of numbers.
        fields: the metadata.
        seed: of the chance.
    """
    generator = torch.Generator().manual_seed(seed)
    parameters = {}
    for name, shape in shapes(fields, batch.logs.shape[2], WIDTH, HIDDEN).items():
        if name in ("query", "fusion") or name.startswith("output."):
            parameters[name] = torch.zeros(shape)
        elif name.endswith(".standard"):
            number = int(name.removeprefix("field").partition(".")[0])
            values = batch.values[batch.known[:, number], number]
            parameters[name] = torch.stack([values.mean(), values.std(correction=0).clamp_min(1e-6)])
        else:
            spread = 1.0 if name.endswith("hidden.weight") and name.startswith("field") else 0.3
            parameters[name] = torch.randn(shape, generator=generator) * spread
    return parameters


def patient_logits(parameters: dict[str, torch.Tensor], batch: Batch, fields: Sequence[MetadataField]) -> torch.Tensor:
    """(N, C), before the temperature; as `PatientHead.diagnose` computes them.

    Args:
        parameters: of `initial_parameters`.
        batch: the patients.
        fields: the metadata.
    """
    images = _linear(parameters, "image", batch.logs - batch.logs.mean(dim=2, keepdim=True))
    tokens = torch.cat([images, *(_field_token(parameters, batch, number, field)[:, None]
                                  for number, field in enumerate(fields))], dim=1)
    scores = tokens @ parameters["query"] / math.sqrt(tokens.shape[2])
    there = torch.cat([batch.present, torch.ones_like(batch.known)], dim=1)
    attention = scores.masked_fill(~there, -math.inf).softmax(dim=1)
    weights = attention[:, : batch.present.shape[1]]
    fused = ((weights / weights.sum(dim=1, keepdim=True))[:, :, None] * batch.logs).sum(dim=1)
    fused = fused * batch.present.sum(dim=1, keepdim=True) ** parameters["fusion"].sigmoid()
    hidden = torch.tanh(_linear(parameters, "hidden", (attention[:, :, None] * tokens).sum(dim=1)))
    return fused + _linear(parameters, "output", hidden) * batch.known.any(dim=1, keepdim=True)


def arrays_of(parameters: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """As the library stores them."""
    stored = parameters | {"fusion": parameters["fusion"].sigmoid()}
    return {name: np.ascontiguousarray(value.detach().numpy(), np.float32) for name, value in stored.items()}


def _linear(parameters: dict[str, torch.Tensor], name: str, inputs: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.linear(inputs, parameters[f"{name}.weight"], parameters[f"{name}.bias"])


def _field_token(parameters: dict[str, torch.Tensor], batch: Batch, number: int, field: MetadataField) -> torch.Tensor:
    """(N, D)."""
    part, values = f"field{number}", batch.values[:, number]
    if field.choices:
        token = parameters[f"{part}.choices"][values.long()]
    else:
        centre, scale = parameters[f"{part}.standard"]
        hidden = torch.tanh(_linear(parameters, f"{part}.hidden", ((values - centre) / scale)[:, None]))
        token = _linear(parameters, f"{part}.value", hidden)
    return torch.where(batch.known[:, number, None], token, parameters[f"{part}.missing"])
