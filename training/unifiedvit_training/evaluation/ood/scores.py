"""Scores for out-of-distribution detection, side by side: how far a slice is from training, by which features and by
which distance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from UnifiedViTLib.imaging.intensity import CLIP
from UnifiedViTLib.inference.ood.texture import layout, texture
from UnifiedViTLib.models import UnifiedNetwork

from .fit import fit_gaussians

#: By name, (N, F) of N slices.
Features = dict[str, np.ndarray]
#: Distance to the fifth nearest training slice.
_NEIGHBOURS = 5
_BINS = 24
#: What the network gives as `UnifiedOutput.embedding`; for a plain ViT the first of the depths.
EMBEDDING = "embedding"
_DEPTHS = ("patches at 1/4", "patches at 1/2", "patches at 3/4", "last patches")


@dataclass(frozen=True)
class Score:
    """A way to tell: the features it reads, and by which distance."""

    features: tuple[str, ...]
    distance: str

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.distance}: {' + '.join(self.features)}"


#: What models are exported with.
EXPORTED = Score((EMBEDDING, "texture", "layout"), "Mahalanobis")
SCORES = (
    *(Score((name,), "Mahalanobis")
      for name in (EMBEDDING, *_DEPTHS[1:], "[CLS]", "texture", "layout", "histogram")),
    Score((EMBEDDING,), "5-NN"), Score(("[CLS]",), "5-NN"), Score(("texture",), "5-NN"),
    Score((EMBEDDING, "texture"), "Mahalanobis"), EXPORTED,
    Score((EMBEDDING, "texture", "layout"), "5-NN"),
    Score((EMBEDDING, "texture", "layout", "histogram"), "Mahalanobis"),
    Score(("texture", "layout", "histogram"), "Mahalanobis"),
)


@torch.inference_mode()
def extract_features(network: UnifiedNetwork, images: np.ndarray) -> Features:
    """What N slices (N, channels, size, size) look like: `EMBEDDING`, and what `SCORES` read."""
    seen = []
    hook = network.encoder.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        embedding = network(torch.from_numpy(images)).embedding
    finally:
        hook.remove()
    features = {name: depth.mean(dim=(2, 3)) for name, depth in zip(_DEPTHS, seen[0].patch_maps, strict=True)}
    features |= {EMBEDDING: embedding, "[CLS]": seen[0].cls}
    first, count = images[:, 0], len(images)
    return {name: tensor.float().numpy() for name, tensor in features.items()} | {
        "texture": texture(first).reshape(count, -1), "layout": layout(first).reshape(count, -1),
        "histogram": np.array([np.histogram(image, _BINS, CLIP)[0] / image.size for image in first], np.float32),
    }


def fit_score(score: Score, train: Features, labels: np.ndarray) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """From the features of slices to their distances (N,) from training slices with these diagnoses.

    Args:
        score: which features, and which distance.
        train: features of training slices, by name.
        labels: (M,) their diagnoses.
    """
    def joined(features: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.concatenate([features[name] for name in score.features], axis=1)

    if score.distance == "Mahalanobis":
        fitted = fit_gaussians(joined(train), labels)
        return lambda features: fitted.distances(joined(features))
    scaler = StandardScaler().fit(joined(train))
    nearest = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(scaler.transform(joined(train)))
    return lambda features: nearest.kneighbors(scaler.transform(joined(features)))[0][:, -1]
