"""The patient head: a class query that attends to the images and the metadata of a patient. Needs numpy alone.

Tokens are, in a space of D dimensions: one an image, from its log probabilities; one a field of metadata, from its
value, or a learned one where it is missing. One learned query attends to all of them (attention pooling). With
attention a over V images whose log probabilities are z, and a small network f of the attended tokens, the logits are

    V ** fusion * sum(a_v z_v) / sum(a_v)  +  f(sum of a_t token_t) where something is known of the patient

so that of one image and nothing known the answer is the image's own, whatever the weights are; `fusion`, 0 to 1, says
how far images speak independently of each other (0: they are averaged, 1: they add up).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import WeightsError
from ...integrity import load_arrays
from ...patient_spec import MetadataField, PatientSpec
from ...spec import ModelSpec

#: The least probability of a class of an image that is told from none.
LEAST_PROBABILITY = 1e-4
#: Dimensions of the tokens, and of what is hidden, at most.
_MOST_WIDTH = 256
_LARGEST_FILE = 4 << 20


@dataclass(frozen=True)
class PatientOutput:
    """What the head says of a patient.

    Attributes:
        probabilities: (C,) float64, calibrated.
        image_weights: (V,) attention to each image; `field_weights`: (F,) to each field of metadata, missing ones too.
            Together they add up to 1.
    """

    probabilities: np.ndarray
    image_weights: np.ndarray
    field_weights: np.ndarray


@dataclass(frozen=True)
class PatientHead:
    """Weights by name, float32; `shapes` says which.

    Attributes:
        spec: what the head takes.
        arrays: as of `shapes`.
    """

    spec: PatientSpec
    arrays: Mapping[str, np.ndarray]

    def diagnose(self, probabilities: np.ndarray, values: Mapping[str, float | str]) -> PatientOutput:
        """Put images and metadata together; the order of the images does not matter.

        Args:
            probabilities: (V, C) of the images, calibrated.
            values: of `patient_spec.check_metadata`; fields that are left out are missing.
        """
        logs = log_probabilities(probabilities)
        tokens = np.concatenate([self._image_tokens(logs), self._field_tokens(values)])
        scores = tokens @ self.arrays["query"].astype(float) / math.sqrt(tokens.shape[1])
        attention = np.exp(scores - scores.max())
        attention /= attention.sum()
        images = attention[: len(logs)]
        logits = len(logs) ** float(self.arrays["fusion"][0]) * (images / images.sum()) @ logs
        if values:
            hidden = np.tanh(self._linear("hidden", attention @ tokens))
            logits = logits + self._linear("output", hidden)
        if values or len(logs) > 1:
            logits = logits / self.spec.temperature
        exponential = np.exp(logits - logits.max())
        return PatientOutput(exponential / exponential.sum(), images, attention[len(logs):])

    def _image_tokens(self, logs: np.ndarray) -> np.ndarray:
        """(V, D)."""
        return self._linear("image", logs - logs.mean(axis=1, keepdims=True))

    def _field_tokens(self, values: Mapping[str, float | str]) -> np.ndarray:
        """(F, D)."""
        tokens = [self._field_token(number, field, values.get(field.name))
                  for number, field in enumerate(self.spec.fields)]
        return np.stack(tokens) if tokens else np.zeros((0, len(self.arrays["query"])))

    def _field_token(self, number: int, field: MetadataField, value: float | str | None) -> np.ndarray:
        part = f"field{number}"
        if value is None:
            return self.arrays[f"{part}.missing"].astype(float)
        if field.choices:
            return self.arrays[f"{part}.choices"][field.choices.index(str(value))].astype(float)
        centre, scale = self.arrays[f"{part}.standard"].astype(float)
        return self._linear(f"{part}.value", np.tanh(self._linear(f"{part}.hidden", np.array(
            [(float(value) - centre) / scale]))))

    def _linear(self, name: str, inputs: np.ndarray) -> np.ndarray:
        return inputs @ self.arrays[f"{name}.weight"].astype(float).T + self.arrays[f"{name}.bias"].astype(float)


def log_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """What the head takes of images, (V, C) float64."""
    return np.log(np.maximum(np.asarray(probabilities, dtype=float), LEAST_PROBABILITY))


def shapes(fields: Sequence[MetadataField], classes: int, width: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """Of the arrays of a head, by name.

    Args:
        fields: the metadata.
        classes: C.
        width: D, of the tokens.
        hidden: of the layers between.
    """
    sizes: dict[str, tuple[int, ...]] = {
        "query": (width,), "fusion": (1,), "image.weight": (width, classes), "image.bias": (width,),
        "hidden.weight": (hidden, width), "hidden.bias": (hidden,),
        "output.weight": (classes, hidden), "output.bias": (classes,),
    }
    for number, field in enumerate(fields):
        part = f"field{number}"
        sizes[f"{part}.missing"] = (width,)
        if field.choices:
            sizes[f"{part}.choices"] = (len(field.choices), width)
        else:
            sizes |= {f"{part}.standard": (2,), f"{part}.hidden.weight": (hidden, 1), f"{part}.hidden.bias": (hidden,),
                      f"{part}.value.weight": (width, hidden), f"{part}.value.bias": (width,)}
    return sizes


def load_patient_head(spec: ModelSpec) -> PatientHead | None:
    """The model's patient head, verified and never unpickled; None for a model without one.

    Raises:
        WeightsError: the file is missing, damaged, or not the one that the description names.
    """
    if spec.patient is None:
        return None
    arrays = load_arrays(spec.folder, spec.name, spec.patient.file, spec.patient.sha256, _LARGEST_FILE)
    if not is_sound(arrays, spec.patient.fields, len(spec.classes)):
        raise WeightsError(f"{spec.patient.file} of {spec.name} does not hold what it should. Export the model again.")
    return PatientHead(spec.patient, arrays)


def is_sound(arrays: Mapping[str, np.ndarray], fields: Sequence[MetadataField], classes: int) -> bool:
    """Whether arrays are those of a head: float32, finite, of the right shapes, and nothing else.

    Args:
        arrays: by name.
        fields, classes: as for `shapes`.
    """
    bias = arrays.get("hidden.bias", np.zeros(0))
    query = arrays.get("query", np.zeros(0))
    if not (bias.ndim == query.ndim == 1 and 0 < bias.size <= _MOST_WIDTH and 0 < query.size <= _MOST_WIDTH):
        return False
    sizes = shapes(fields, classes, query.size, bias.size)
    if {name: array.shape for name, array in arrays.items()} != sizes:
        return False
    if not all(array.dtype == np.float32 and np.isfinite(array).all() for array in arrays.values()):
        return False
    scales = [array[1] for name, array in arrays.items() if name.endswith(".standard")]
    return 0 <= arrays["fusion"][0] <= 1 and all(scale > 0 for scale in scales)
