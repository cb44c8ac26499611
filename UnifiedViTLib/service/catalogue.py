"""The models at hand."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelSpecError
from ..resources import resources
from ..spec import SPEC_FILE, ModelSpec, load_spec

DEFAULT_MODEL = "brain-t1ce"


def installed_models() -> list[ModelSpec]:
    """Descriptions of the models that come with UnifiedViT, by id."""
    return [load_spec(file.parent) for file in sorted((resources() / "Models").glob(f"*/{SPEC_FILE}"))]


def find_model(asked: str) -> ModelSpec:
    """The model with this id, or in this folder.

    Raises:
        ModelSpecError: there is none; says which there are.
    """
    path = Path(asked)
    if path.exists():
        return load_spec(path)
    models = {spec.id: spec for spec in installed_models()}
    if asked not in models:
        raise ModelSpecError(
            f"There is no model {asked!r}. Installed: {', '.join(models) or 'none'}; or give a model's folder."
        )
    return models[asked]
