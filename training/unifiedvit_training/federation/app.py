"""Where a federation's files lie in a job of NVFlare's, and what of this package NVFlare is to load."""

from __future__ import annotations

import json
import os
from pathlib import Path

#: Folder of the app in a job, of our files in it, and the list of tensors that stay at their sites.
APP, FOLDER, LOCAL_FILE = "federation", "unifiedvit", "local.json"
#: As `learning.portable` names them, which needs torch.
JOB_PROJECT, JOB_WEIGHTS = "project.yaml", "initial.safetensors"
CONTROLLER = "unifiedvit_training.federation.nvflare_controller.FederationController"
EXECUTOR = "unifiedvit_training.federation.nvflare_executor.SiteExecutor"
#: A site's folder WORK, whatever the job says: the site decides what is read.
WORK_VARIABLE = "UNIFIEDVIT_FEDERATION_WORK"


def local_names(app: Path) -> set[str]:
    """Names of the tensors that stay at their sites.

    Args:
        app: folder of our files.
    """
    return set(json.loads((app / LOCAL_FILE).read_text(encoding="utf-8")))


def work_of(site: str, works: dict[str, str]) -> Path | None:
    """The site's folder WORK: that of `WORK_VARIABLE`, else what the job names for it; None if neither does."""
    path = os.environ.get(WORK_VARIABLE) or works.get(site)
    return Path(path) if path else None
