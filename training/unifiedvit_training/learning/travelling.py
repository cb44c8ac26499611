"""What a run needs on another machine beside the slices: its recipe, and the weights that it begins from."""

from __future__ import annotations

import yaml
from safetensors.torch import save

from ..config import Project
from .initialise import initial_tensors
from .networks import build_network

PROJECT_FILE, WEIGHTS_FILE = "project.yaml", "initial.safetensors"


def travelling_files(project: Project) -> dict[str, bytes]:
    """The project's YAML, and the weights that it names as a file beside it, so that neither a package nor the network
    is needed where it is trained.

    Raises:
        RunError: the weights cannot be had.
        ModelSpecError: the network cannot be built.
    """
    written, files = project.model_dump(mode="json"), {}
    network = build_network(project.model)
    if (given := initial_tensors(network, project.fit.initial)) is not None:
        own = network.state_dict()
        fitting = {name: value.contiguous() for name, value in given[0].items()
                   if name in own and own[name].shape == value.shape}
        files[WEIGHTS_FILE] = save(fitting)
        written["fit"]["initial"] |= {"weights": WEIGHTS_FILE, "timm": None}
    return {PROJECT_FILE: yaml.safe_dump(written, sort_keys=False, allow_unicode=True).encode(), **files}
