"""The job of a federation, as NVFlare takes it: a folder to submit to a provisioned project, or to simulate."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml

from ..config import Project
from ..errors import ConfigError, RunError
from ..learning.initialise import load_initial_weights, normalisation_names
from ..learning.portable import PROJECT_FILE, WEIGHTS_FILE, portable_files
from ..learning.training_module import TrainingModule
from ..runs.patients import PATIENTS_FILE
from ..storage import write_whole
from .app import APP, CONTROLLER, EXECUTOR, FOLDER, LOCAL_FILE
from .exchange import FINISH, JOIN, TRAIN, VALIDATE
from .plan import NORMALISATION, FederationPlan, project_of_rounds
from .site import shared_tensors
from .weights import pack_weights

#: Seconds after which a site that has answered asks for the next task.
_ASK_AGAIN = 0.5
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


def write_job(folder: Path, project: Project, plan: FederationPlan, sites: Mapping[str, str], run: str,
              server_run: Path | None = None) -> None:
    """Write a job; an old one in that folder is replaced.

    Args:
        folder: of the job, named as NVFlare will show it.
        project: that all sites share.
        plan: of the rounds.
        sites: names of NVFlare's clients, and the folder WORK of each on its own machine.
        run: name of the run in these folders.
        server_run: folder of the coordinator's results; None: in NVFlare's folder of the job.

    Raises:
        ConfigError: a name of a site cannot be one, or the project wants several devices.
        RunError: the folder holds something else, or the weights to begin from cannot be had.
    """
    for name in sites:
        if not _NAME.fullmatch(name) or name in ("server", "all"):
            raise ConfigError(f"--site {name}: a site's name is letters, digits, - and _, and not server or all.")
    project_of_rounds(project, plan)
    files = portable_files(project)
    if files.pop(PATIENTS_FILE, None):  # nothing of other hospitals' patients is sent, not even digests
        print("The weights to begin from have learnt from patients whom the sites cannot know: none of these may stand "
              "on a site's validation or test side.")
    torch.manual_seed(project.seed)
    network = TrainingModule(project.model, project.fit).network
    print(load_initial_weights(network, project.fit.initial))
    local = sorted(normalisation_names(network, buffers=True)) if plan.keep_local == NORMALISATION else []
    settings = yaml.safe_load(files[PROJECT_FILE])
    settings["fit"]["initial"] |= {"weights": WEIGHTS_FILE, "timm": None}
    files |= {PROJECT_FILE: yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).encode(),
              WEIGHTS_FILE: pack_weights(shared_tensors(network, set())), LOCAL_FILE: json.dumps(local).encode()}
    arguments = {"plan": plan.model_dump(mode="json")}
    coordinator = _component("federation", CONTROLLER, arguments | {"run": str(server_run) if server_run else ""})
    server = _config({"server": {"task_request_interval": _ASK_AGAIN}, "workflows": [coordinator]})
    client = _config({"executors": [{"tasks": [JOIN, TRAIN, VALIDATE, FINISH], "executor": _component(
        None, EXECUTOR, arguments | {"work": dict(sites), "run": run})}]})
    meta = {"name": folder.name, "resource_spec": {}, "min_clients": 1,
            "deploy_map": {APP: ["server", *sites]}}
    _clear(folder)
    write_whole(folder / "meta.json", json.dumps(meta, indent=1))
    for name, config in (("server", server), ("client", client)):
        write_whole(folder / APP / "config" / f"config_fed_{name}.json", json.dumps(config, indent=1))
    for name, content in files.items():
        write_whole(folder / APP / FOLDER / name, content)


def _clear(folder: Path) -> None:
    """Take away a job that was written before; nothing else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / APP / FOLDER / PROJECT_FILE).exists():
        raise RunError(f"{folder} holds something else than a federation's job. Choose another folder.")
    shutil.rmtree(folder, ignore_errors=True)


def _component(identity: str | None, path: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {**({"id": identity} if identity else {}), "path": path, "args": arguments}


def _config(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {"format_version": 2, **parts, "task_data_filters": [], "task_result_filters": [], "components": []}
