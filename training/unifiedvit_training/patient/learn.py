"""Learning a patient head from held-out patients, and whether it is worth having."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold
from torch.nn.functional import cross_entropy

from UnifiedViTLib.patient_spec import MetadataField

from ..config import Model
from ..errors import DataError, RunError
from ..evaluation.calibrate import fit_temperature
from .cases import PatientCase
from .network import Batch, arrays_of, batch_of, initial_parameters, patient_logits

#: Fewer patients, or fewer of a diagnosis, are too few to learn from; values that fewer have are not used.
FEWEST, FEWEST_EACH, FEWEST_KNOWN = 30, 5, 5
_FOLDS, _DROP = 5, 0.3
_STEPS, _EVERY, _LEARNING_RATE, _WEIGHT_DECAY = 400, 20, 3e-3, 1.0
#: One-sided 95 %: by how many standard errors the head must be better than the images alone.
_SURE = 1.645


@dataclass(frozen=True)
class LearntHead:
    """What was learnt.

    Attributes:
        arrays: of the head, as the library stores them.
        described: the fields, as `model.json` has them.
        temperature: of the logits.
        most_images: of a patient.
        gain, error: by how much the log loss of patients that a head had not seen is below that of the mean of their
            images, and its standard error.
        steps: that were taken.
        notes: sentences on what was not used.
    """

    arrays: dict[str, np.ndarray]
    described: list[dict]
    temperature: float
    most_images: int
    gain: float
    error: float
    steps: int
    notes: list[str]


def learn_head(cases: Sequence[PatientCase], model: Model, seed: int) -> LearntHead:
    """Learn from patients whom the network has not learnt from: it is surer of those that it has than of others.

    Each of five parts is judged by a head that learnt from the other four: that says after how many steps to stop, how
    sure the answers may be (the temperature), and whether the head is better than the mean of the images (which
    flatters it a little: the number of steps is chosen on the same patients). Then a head learns from all of them.

    Args:
        cases: on the validation side.
        model: its classes and metadata.
        seed: of the chance.

    Raises:
        DataError: too few patients, or of a field too few.
        RunError: it is not better than the images alone, surely.
    """
    _check_enough(cases, model)
    described, notes = _learnable(cases, model)
    fields = [field for field, _ in described]
    most = max(len(case.probabilities) for case in cases)
    if not fields and most == 1:
        raise DataError("Every patient has one image, and model.metadata is empty: there is nothing to put together. "
                        "Name metadata, or the patient's images by the column `group`.")
    batch = batch_of(cases, fields)
    labels, held_out = batch.labels.numpy(), np.zeros((_STEPS // _EVERY, len(cases), len(model.classes)), np.float32)
    folds = StratifiedKFold(min(_FOLDS, *Counter(labels.tolist()).values()), shuffle=True, random_state=seed)
    for fold, (others, part) in enumerate(folds.split(labels, labels)):
        judged = batch.take(part)
        for number, parameters in enumerate(_learn(batch.take(others), fields, _STEPS, seed + fold)):
            with torch.no_grad():
                held_out[number, part] = patient_logits(parameters, judged, fields).numpy()
    losses = np.stack([_losses(logits, batch.labels) for logits in held_out])
    best = int(losses.mean(axis=1).argmin())
    gains = _losses(_images_alone(batch), batch.labels) - losses[best]
    gain, error = float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(len(gains)))
    if gain <= _SURE * error:
        raise RunError(
            f"On {len(cases)} patients that it had not seen, a patient head is not surely better than the mean of "
            f"their images: its log loss is lower by {gain:.3f}, with a standard error of {error:.3f}. No head is "
            "written. More patients on the validation side may show it, or the metadata tell nothing that the images "
            "do not."
        )
    steps = (best + 1) * _EVERY
    *_, parameters = _learn(batch, fields, steps, seed)
    return LearntHead(arrays_of(parameters), [block for _, block in described],
                      fit_temperature(held_out[best], labels), most, gain, error, steps, notes)


def _check_enough(cases: Sequence[PatientCase], model: Model) -> None:
    counts = Counter(case.label for case in cases)
    rare = [f"{name} ({counts[n]})" for n, name in enumerate(model.class_names) if counts[n] < FEWEST_EACH]
    if len(cases) < FEWEST or rare:
        few = f"; too few of {', '.join(rare)}" if rare else ""
        raise DataError(
            f"The validation side has {len(cases)} patients with a known diagnosis{few}. A patient head learns from "
            f"them alone, at least {FEWEST}, and {FEWEST_EACH} of each diagnosis: give that side more, by `split`."
        )


def _learnable(cases: Sequence[PatientCase], model: Model) -> tuple[list[tuple[MetadataField, dict]], list[str]]:
    """Fields, and as `model.json` has them, with what patients have; choices that hardly any has are left out.

    Raises:
        DataError: hardly any patient has a field, or all have the same value.
    """
    fields, notes = [], []
    for card in model.metadata:
        values = [case.values[card.name] for case in cases if card.name in case.values]
        counts = Counter(values)
        if card.choices:
            kept = [choice for choice in card.choices if counts[choice] >= FEWEST_KNOWN]
            rare = [choice for choice in card.choices if choice not in kept]
            if rare and len(kept) > 1:
                notes.append(f"{card.name}: fewer than {FEWEST_KNOWN} patients on the validation side are "
                             f"{', '.join(rare)}; the head does not know it.")
            enough, card = len(kept) > 1, card.model_copy(update={"choices": kept})
            seen = None
        else:
            numbers = [value for value in values if isinstance(value, float)]
            enough = len(numbers) >= FEWEST_KNOWN and len(counts) > 1
            seen = (min(numbers), max(numbers)) if enough else None
        if not enough:
            raise DataError(f"{card.name} cannot be learnt: on the validation side {len(values)} of {len(cases)} "
                            f"patients have it, with {len(counts)} different values. Take it out of model.metadata, or "
                            "name its column in `metadata` of the sources.")
        fields.append((card.field(seen), card.described(seen)))
    return fields, notes


def _learn(batch: Batch, fields: Sequence[MetadataField], steps: int, seed: int):
    """The parameters after each `_EVERY` steps; the same tensors every time."""
    parameters = initial_parameters(batch, fields, seed)
    learnt = [value.requires_grad_() for name, value in parameters.items() if not name.endswith(".standard")]
    optimiser = torch.optim.AdamW(learnt, lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    generator = torch.Generator().manual_seed(seed)
    for step in range(1, steps + 1):
        optimiser.zero_grad()
        cross_entropy(patient_logits(parameters, batch.thinned(_DROP, generator), fields), batch.labels).backward()
        optimiser.step()
        if step % _EVERY == 0:
            yield parameters


def _images_alone(batch: Batch) -> np.ndarray:
    """(N, C) mean log probabilities of the images: what one would do without a head."""
    count = batch.present.sum(dim=1, keepdim=True)
    return (batch.logs.sum(dim=1) / count).numpy()


def _losses(logits: np.ndarray, labels: torch.Tensor) -> np.ndarray:
    """(N,) log loss."""
    return cross_entropy(torch.from_numpy(logits), labels, reduction="none").numpy()
