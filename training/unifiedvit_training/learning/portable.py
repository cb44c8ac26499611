"""What a run needs on another machine beside the slices: its project, and the weights that it begins from."""

from __future__ import annotations

import yaml
from safetensors.torch import save

from ..config import Project
from ..runs.networks import build_network
from .initialise import initial_tensors

PROJECT_FILE, WEIGHTS_FILE = "project.yaml", "initial.safetensors"


def portable_files(project: Project) -> dict[str, bytes]:
    """The project's YAML, and the weights that it names as a file beside it, so that neither a package nor the network
    is needed where it is trained.

    Raises:
        RunError: the weights cannot be had.
        ModelSpecError: the network cannot be built.
    """
    settings, files = project.model_dump(mode="json"), {}
    network = build_network(project.model)
    if (initial := initial_tensors(network, project.fit.initial)) is not None:
        shapes = {name: value.shape for name, value in network.state_dict().items()}
        files[WEIGHTS_FILE] = save({name: value.contiguous() for name, value in initial[0].items()
                                    if shapes.get(name) == value.shape})
        settings["fit"]["initial"] |= {"weights": WEIGHTS_FILE, "timm": None}
    return {PROJECT_FILE: yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).encode(), **files}
