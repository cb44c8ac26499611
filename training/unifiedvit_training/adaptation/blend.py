"""Weights between those of a model and of its adaptation: they keep what it knew of other places for a part of the gain
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", WiSE-FT)."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from UnifiedViTLib.inference.progress import ProgressCallback, ignore
from UnifiedViTLib.models import UnifiedNetwork

from ..config import Model
from ..data.dataset import Dataset
from ..runs.calibration import Calibration
from ..runs.checkpoints import BEST_FILE, save_weights
from ..runs.model_folder import stored_network
from ..runs.project_file import PROJECT_FILE
from .gate import TOLERANCE, reference_means

#: Shares of the way from the parent's weights to the adapted ones that are tried, the largest first.
SHARES = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
#: The side of the reference by which the share is chosen; the others judge.
CHOOSING = "train"
#: By so much anything may fall where the share is chosen: on patients who had no part in that it falls by more.
CHOOSING_TOLERANCE = TOLERANCE / 2


def blend_run(reference: Dataset, model: Model, parent: UnifiedNetwork, calibration: Calibration, run: Path,
              blended: Path, progress: ProgressCallback = ignore) -> float:
    """Write a run whose weights lie between the parent's and those of an adaptation, as near to these as the reference
    allows: the site gains more the nearer they are.

    Args:
        reference: prepared cases that the parent was made for, of which the side `CHOOSING` chooses.
        model: what both answer.
        parent: its network.
        calibration: the parent's, which stays.
        run: folder of the adaptation.
        blended: folder of the new run; an older one in it is replaced.
        progress: told the fraction of the shares that were tried.

    Returns:
        The largest of `SHARES` with which nothing that is watched on the reference falls by more than
        `CHOOSING_TOLERANCE`; 1 where there is none, so that what judges afterwards says by how much.
    """
    choosing, stage = reference.slices.on(CHOOSING), "Evaluating on the reference"
    progress(stage, 0.0)
    before = reference_means(reference, choosing, model, parent, calibration)
    _, network = stored_network(model, run)
    start, end = ({name: value.clone() for name, value in one.state_dict().items()} for one in (parent, network))
    for number, share in enumerate(SHARES):
        progress(stage, (number + 1) / (len(SHARES) + 1))
        network.load_state_dict(blend(start, end, share))
        after = reference_means(reference, choosing, model, network, calibration)
        if all(before[name] - after[name] <= CHOOSING_TOLERANCE for name in before):
            break
    else:
        share = SHARES[0]
        network.load_state_dict(end)
    shutil.rmtree(blended, ignore_errors=True)
    blended.mkdir(parents=True)
    shutil.copyfile(run / PROJECT_FILE, blended / PROJECT_FILE)
    save_weights(blended / BEST_FILE, network)
    return share


def blend(parent: dict[str, torch.Tensor], adapted: dict[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
    """Each number `share` of the way from `parent` to `adapted`.

    So are the statistics of batch normalisation: they are to fit images of both places, not those of the site alone.

    Args:
        parent, adapted: of one network, by name.
        share: 0 to 1.
    """
    return {name: torch.lerp(value, adapted[name], share) if value.is_floating_point() else adapted[name]
            for name, value in parent.items()}
