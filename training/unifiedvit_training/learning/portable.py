"""What a run needs on another machine beside the slices: its project, the weights that it begins from, its teacher."""

from __future__ import annotations

import yaml
from safetensors.torch import save

from UnifiedViTLib.spec import SPEC_FILE

from ..config import Project
from ..runs.networks import build_network
from ..runs.patients import patients_beside
from .distillation import find_teacher
from .initialise import initial_tensors

PROJECT_FILE, WEIGHTS_FILE, TEACHER_FOLDER = "project.yaml", "initial.safetensors", "teacher"


def portable_files(project: Project) -> dict[str, bytes]:
    """The project's YAML, and the weights and the teacher that it names as files beside it, so that neither a package
    nor the network is needed where it is trained; and of the patients whom those weights have learnt from the digests,
    so that these are not measured on there.

    Raises:
        RunError: the weights cannot be had, or the teacher has other questions.
        ModelSpecError: the network cannot be built, or there is no such teacher.
        WeightsError: the teacher is damaged.
    """
    settings, files = project.model_dump(mode="json"), {}
    network = build_network(project.model)
    if (initial := initial_tensors(network, project.fit.initial)) is not None:
        shapes = {name: value.shape for name, value in network.state_dict().items()}
        files[WEIGHTS_FILE] = save({name: value.contiguous() for name, value in initial[0].items()
                                    if shapes.get(name) == value.shape})
        settings["fit"]["initial"] |= {"weights": WEIGHTS_FILE, "timm": None}
        files |= patients_beside(project.fit.initial.weights)
    if teacher := find_teacher(project.fit.teacher, project.model):
        for file in (SPEC_FILE, teacher.weights_file):
            files[f"{TEACHER_FOLDER}/{file}"] = (teacher.folder / file).read_bytes()
        settings["fit"]["teacher"]["model"] = TEACHER_FOLDER
    return {PROJECT_FILE: yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).encode(), **files}
