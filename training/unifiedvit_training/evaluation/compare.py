"""`unifiedvit-train compare`: two evaluated runs on the same slices, slice against slice."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from ..config import Model
from ..errors import RunError
from ..runs.checkpoints import BEST_FILE
from ..runs.project_file import PROJECT_FILE, load_run_project
from ..storage import write_whole
from .candidates import FOLDER, TTA_FOLDER
from .comparison_report import comparison_page, comparison_text
from .evaluate import RESULTS_FILE, TABLE_FILE
from .paired import Difference, paired
from .slice_table import SliceTable, load_table, same_truth


def compare(first_run: Path, second_run: Path, output: Path) -> dict[str, Any]:
    """Paired comparison of two evaluated runs: the same groups are drawn for both (paired bootstrap).

    Metrics that only one of them has (single-task baselines) are left out. HD95 is over slices on which both have
    drawn.

    Args:
        first_run, second_run: folders of runs or measured models, with `evaluation` in them; or another evaluation
            in such a folder, `evaluation-tta`.
        output: folder for `comparison.json` and `report.html`.

    Returns:
        What `comparison.json` holds: {"first", "second", "sides": {side: {"slices", "groups", "metrics": {name:
        fields of `Difference`}}}}.

    Raises:
        RunError: one of the runs is not evaluated, or they are not on the same slices; or `output` cannot be written.
    """
    given = first_run, second_run
    places = [_places(one) for one in given]
    models, tables = zip(*(_evaluated(*place) for place in places), strict=True)
    _refuse_unlike(given, models, tables)
    first, second = tables
    names = _short(first_run, second_run)
    sides = {side: (first.on(side), second.on(side)) for side in ("validation", "test") if (first.sides == side).any()}
    differences = {side: paired(*pair, models[0]) for side, pair in sides.items()}
    result = {
        "first": str(first_run), "second": str(second_run),
        "sides": {
            side: {"slices": len(pair[0]), "groups": len(np.unique(pair[0].groups)),
                   "metrics": {name: _rounded(found) for name, found in differences[side].items()}}
            for side, pair in sides.items()
        },
    }
    page = comparison_page(models[0], names, sides, differences)
    write_whole(output / "comparison.json", json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    write_whole(output / "report.html", page)
    print(comparison_text(names, sides, differences))
    print(f"Report: {output / 'report.html'}")
    return result


def _rounded(change: Difference) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 5) for name, value in change._asdict().items()}


def _places(run: Path) -> tuple[Path, Path]:
    """The folder of a run, and that of its evaluation."""
    return (run.parent, run) if run.name == TTA_FOLDER else (run, run / FOLDER)


def _evaluated(run: Path, evaluation: Path) -> tuple[Model, SliceTable]:
    """What was measured (a measured model folder has no recipe: its own words stand beside the metrics), and how."""
    again = "Run `unifiedvit-train evaluate` for it first."
    try:
        results = json.loads((evaluation / RESULTS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"{run} has not been evaluated ({evaluation.name} is missing). {again}") from error
    except (OSError, ValueError) as error:
        raise RunError(f"{evaluation / RESULTS_FILE} cannot be read ({error}). {again}") from error
    weights = run / BEST_FILE
    if weights.exists() and results.get("weights_sha256") != hashlib.sha256(weights.read_bytes()).hexdigest():
        raise RunError(f"{run} has other weights than when it was evaluated. {again}")
    recipe = (run / PROJECT_FILE).exists() or "model" not in results
    model = load_run_project(run).model if recipe else Model.model_validate(results["model"])
    return model, load_table(evaluation / TABLE_FILE)


def _refuse_unlike(runs: tuple[Path, Path], models: tuple[Model, ...], tables: tuple[SliceTable, ...]) -> None:
    one, other = (
        (model.diagnosis, [(c.name, c.lesion) for c in model.classes], [s.name for s in model.segments])
        for model in models
    )
    if one != other:
        raise RunError(f"{runs[0]} and {runs[1]} know different classes; their metrics cannot be compared.")
    first, second = tables
    if not same_truth(first, second):
        raise RunError(
            f"{runs[0]} and {runs[1]} were evaluated on different slices ({len(first):,} and {len(second):,}), labels "
            "or masks. Evaluate both on the same dataset."
        )
    if first.masks is None or second.masks is None:
        print("One was evaluated by an earlier version, which kept of the masks their areas alone: whether both were "
              "measured by the same ones is not known. Evaluate both again to be sure.")


def _short(first: Path, second: Path) -> tuple[str, str]:
    """Names of the runs for tables: their folders', with the parent's where these are the same."""
    if first.name != second.name:
        return first.name, second.name
    return f"{first.parent.name}/{first.name}", f"{second.parent.name}/{second.name}"
