"""`unifiedvit-train patient`: learn a patient head of an evaluated run, judge it, and keep it for `export`."""

from __future__ import annotations

from pathlib import Path

from UnifiedViTLib.fields import Fields
from UnifiedViTLib.inference.patient.head import PatientHead
from UnifiedViTLib.patient_spec import read_patient

from ..config import Project
from ..data.dataset import Dataset, check_dataset_fits
from ..errors import RunError
from ..evaluation.metric_labels import format_estimate
from ..runs.model_folder import stored_network
from .cases import evaluated, patient_cases
from .learn import learn_head
from .measure import measure_head, results_of
from .store import block_of, write_head

_USE = {"validation": "the head learnt from them", "test": "not used for any choice"}


def train_patient_head(project: Project, dataset: Dataset, run: Path) -> Path:
    """Learn a patient head from the patients on the validation side, and measure it on those of the test side.

    Args:
        project: the run's, with `model.metadata` as they are wanted now.
        dataset: prepared with them.
        run: its folder, evaluated.

    Returns:
        `patient/patient.json` in `run`; beside it the weights. `export` takes both.

    Raises:
        RunError: the run is not evaluated as it is now, or a head is not better than the images alone.
        DataError: there are too few patients, or of a field too few.
    """
    check_dataset_fits(dataset, project.model)
    if project.model.multi_label:
        raise RunError("A patient head is for models of one class an image; this one is multi-label.")
    evaluation = evaluated(run)
    if evaluation["weights_sha256"] != stored_network(project.model, run)[0]:
        raise RunError(f"{run} was trained on after it was evaluated. Run `unifiedvit-train evaluate --run {run.name}` "
                       "again.")
    cases, notes = patient_cases(project, dataset, run)
    sides = {side: [case for case in cases if case.side == side] for side in ("validation", "test")}
    learnt = learn_head(sides["validation"], project.model, project.seed)
    block, content = block_of(learnt.arrays, learnt.described, learnt.temperature, learnt.most_images)
    head = PatientHead(read_patient(Fields(block, "patient"), multi_label=False), learnt.arrays)
    # In use, a patient with more images than those that the head has learnt from is refused.
    judged = {side: [case for case in of_side if len(case.probabilities) <= learnt.most_images]
              for side, of_side in sides.items()}
    measured = {side: measure_head(head, of_side, project.model) for side, of_side in judged.items() if of_side}
    results = [entry for side, metrics in measured.items() if side == "test" or "test" not in measured
               for entry in results_of(metrics, side, _USE[side], len(judged[side]))]
    path = write_head(run, content, block, evaluation, dataset, results, {
        "patients": {side: len(of_side) for side, of_side in judged.items()},
        "held_out": {"gain": learnt.gain, "error": learnt.error, "steps": learnt.steps},
        "metrics": measured, "notes": [*notes, *learnt.notes],
    })
    for note in (*notes, *learnt.notes):
        print(f"! {note}")
    print(f"Learnt from {len(sides['validation'])} patients, {learnt.steps} steps, temperature {learnt.temperature}; "
          f"log loss of patients not seen lower by {learnt.gain:.3f} (standard error {learnt.error:.3f})")
    for side, of_side in measured.items():
        print(f"{len(judged[side])} patients, {side} ({_USE[side]})")
        for what, metrics in of_side.items():
            print(f"  {what}: " + ", ".join(f"{name} {format_estimate(one)}" for name, one in metrics.items()))
    print(f"Patient head: {path}. `unifiedvit-train export --run {run.name}` takes it into the model.")
    return path
