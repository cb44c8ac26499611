"""The network that a project asks for: one of the library's architectures, or a peer to compare with."""

from __future__ import annotations

from typing import Any

from UnifiedViTLib.models import UnifiedNetwork, build_model

from ..config import Model
from ..peers import PEERS, build_peer


def build_network(model: Model, **more: Any) -> UnifiedNetwork:
    """Freshly initialised; `more` are arguments for training alone (`drop_path`, `dropout`).

    Raises:
        ModelSpecError: the name or an argument is not known.
        ConfigError: a peer's library is not installed.
    """
    build = build_peer if model.architecture in PEERS else build_model
    return build(model.architecture, model.build_arguments(**more))
