"""`unifiedvit-train adapt`: from an installed model and a site's cases to a model of the site, if that is better."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from UnifiedViTLib.inference.backends.torch_backend import load_network
from UnifiedViTLib.inference.progress import ProgressCallback, WeightedProgress, ignore
from UnifiedViTLib.service.store.catalogue import check_contents, verify_files
from UnifiedViTLib.spec import ModelSpec

from ..config import Project, TrainingDataCard
from ..data.dataset import Dataset, Item
from ..data.prepare import prepare_dataset
from ..data.sources import list_items
from ..data.splits import assign_sides
from ..errors import RunError
from ..evaluation.candidates import FOLDER
from ..evaluation.evaluate import TABLE_FILE, evaluate, evaluate_model
from ..exporting.card import Origin
from ..exporting.export import export
from ..learning.fit import fit
from ..runs.model_folder import check_free, stored_network
from ..storage import write_whole
from .blend import CHOOSING, blend_run
from .cases import check_cases, check_patients, check_slices
from .gate import judge_reference, judge_site, unchecked
from .recipe import SITE, STEPS, adaptation_project, adapted_from, source_of, stride_for

#: The run in the folder of results, what it was begun from, and the run between it and the parent.
RUN, ORIGIN_FILE, BLENDED = "adapted", "origin.json", "blended"
#: Of the reference's patients: `blend.CHOOSING` and those who judge.
REFERENCE_FRACTIONS = (0.4, 0.3, 0.3)
#: About how long each part takes.
_SHARES = {"prepare": 10, "learn": 60, "reference": 15, "new model": 10, "old model": 10, "write": 10}


@dataclass(frozen=True)
class AdaptedModel:
    """A model that is better than the one that it was adapted from.

    Attributes:
        spec: in its folder.
        checks: sentences on how the two were compared; the first is of the site's held-out patients.
    """

    spec: ModelSpec
    checks: tuple[str, ...]


def adapt(parent: ModelSpec, data: Path, output: Path, work: Path, reference: Path | None = None,
          changes: list[str] | None = None, site: str = SITE, progress: ProgressCallback = ignore) -> AdaptedModel:
    """Adapt a model to a site's cases: decoder, classifier and norms learn, the rest of the encoder stays.

    A part of the patients is learnt from, another one says when to stop and calibrates, a third one, on which nothing
    was chosen, judges. The new model is written only if it is better on these than the parent, and nothing fell by
    more than `gate.TOLERANCE`, there and on the reference.

    Args:
        parent: whose files are verified.
        data: folder of the site's cases, as `add` makes it or as `prepare` reads.
        output: folder of the new model.
        work: folder of the run, from which the same call goes on after a stop.
        reference: folder of cases that the parent was made for; None: none.
        changes: values of the project to replace, as of `config.load_project`.
        site: what the id of the new model ends with.
        progress: told the stage and the fraction done; what it raises ends it where the same call goes on.

    Raises:
        RunError: the new model is not better, or a folder cannot be used.
        DataError: there are too few cases, or something is wrong with them.
        WeightsError: files of the parent are missing or were changed.
    """
    verify_files(parent)
    check_contents(parent)
    _check_output(parent, output)
    parts = WeightedProgress(progress, {name: share for name, share in _SHARES.items() if reference
                                        or name != "reference"})
    project, dataset = _prepared(parent, data, output, work, changes, site, parts.part("prepare"))
    patients, cases = len({item.group for item in dataset.items}), len(dataset.items)
    name = f"{parent.id} {parent.version}"
    print(f"{cases} cases of {patients} patients; {name} goes on learning from {_patients(dataset, 'train')} of them.",
          flush=True)
    run, elsewhere, learnt = work / RUN, None, _learnt(dataset)
    begin(run, parent, dataset)
    fit(project, dataset, run, progress=parts.part("learn"))
    calibration = parent.label_rules if parent.multi_label else parent.temperature
    if reference:
        told = WeightedProgress(parts.part("reference"), {"prepare": 1, "blend": 4})
        elsewhere = reference_dataset(project, parent, reference, work, told.part("prepare"))
        share = blend_run(elsewhere, project.model, load_network(parent), calibration, run, work / BLENDED,
                          told.part("blend"))
        run, learnt = work / BLENDED, f"{learnt}; weights and biases are {share:.0%} of the way from the old ones"
    evaluate(project, dataset, run, rule=parent.volume_rule, calibration=calibration if reference else None,
             progress=parts.part("new model"))
    parent_results = evaluate_model(parent, dataset, work, progress=parts.part("old model"))
    tell = parts.part("write")
    tell("Comparing the two models", 0.0)
    verdicts = [judge_site(parent_results.with_name(TABLE_FILE), run / FOLDER / TABLE_FILE, project.model, name)]
    if elsewhere and verdicts[0].offered:
        judging = np.flatnonzero(elsewhere.slices.sides != CHOOSING)
        verdicts.append(judge_reference(elsewhere, judging, project.model, (load_network(parent), calibration),
                                        (stored_network(project.model, run)[1], calibration), name))
    if refusal := next((one for one in verdicts if not one.offered), None):
        raise RunError(f"No model was written: {refusal.sentences[0]}")
    checks = [sentence for verdict in verdicts for sentence in verdict.sentences]
    checks += [] if reference else [unchecked(name)]
    tell("Writing the model", 0.3)
    spec = export(_described(project, parent, cases, patients), run, output, onnx=parent.graph is not None,
                  origin=Origin(parent.id, parent.version, parent.sha256,
                                learnt, tuple(checks)))
    print("\n".join(checks))
    print(f"Install it: unifiedvit models import {output}")
    return AdaptedModel(spec, tuple(checks))


def _check_output(parent: ModelSpec, output: Path) -> None:
    """Before the work, not after it."""
    try:
        check_free(output)
    except OSError as error:
        raise RunError(f"{output} cannot be a model's folder ({error}). Choose another one.") from error
    if output.resolve() == parent.folder.resolve():
        raise RunError(f"{output} holds {parent.id} itself. Choose another folder for the new model.")


def _prepared(parent: ModelSpec, data: Path, output: Path, work: Path, changes: list[str] | None, site: str,
              progress: ProgressCallback) -> tuple[Project, Dataset]:
    """The project as it is to be run, and its images."""
    draft = adaptation_project(parent, data, output, changes=changes, site=site)
    progress("Preparing the cases", 0.0)
    listings = list_items(draft)
    check_patients(len({row.item.group for rows in listings.values() for row in rows}), data)
    items, _ = assign_sides(listings, draft)
    check_cases(items, draft.model, data)
    stride = stride_for(path for item in items for path in _files(item)[:1])
    thinned = adaptation_project(parent, data, output, 1, stride, changes, site)
    dataset = prepare_dataset(thinned, work / "dataset", progress)
    check_slices(dataset, thinned.model, data)
    steps = max(1, len(dataset.slices.on("train")) // thinned.fit.batch_size)
    return adaptation_project(parent, data, output, max(1, round(STEPS / steps)), stride, changes, site), dataset


def _files(item: Item) -> Sequence[Path]:
    return [path for path in item.channels if path] or [item.image]


def _patients(dataset: Dataset, side: str) -> int:
    return len({item.group for item in dataset.items if item.side == side})


def _learnt(dataset: Dataset) -> str:
    return (f"decoder, classifier and norms learnt from {_patients(dataset, 'train')} patients, "
            f"{_patients(dataset, 'validation')} said when to stop, {_patients(dataset, 'test')} judged")


def begin(run: Path, parent: ModelSpec, dataset: Dataset) -> None:
    """Go on with a run of the same weights and images; one of others is begun again, or patients that it has learnt
    from would judge it.

    Args:
        run: its folder.
        parent: whose weights it begins from.
        dataset: prepared.

    Raises:
        RunError: the folder holds something else.
    """
    origin = {"parent": parent.sha256, "files": dataset.recipe["files"]}
    file = run / ORIGIN_FILE
    if run.exists():
        try:
            before = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{run} holds something else than an adaptation. Choose another --work-dir.") from error
        if before == origin:
            return
        print(f"The run in {run} was of another model or of other cases; it is begun again.")
        shutil.rmtree(run)
    write_whole(file, json.dumps(origin))


def reference_dataset(project: Project, parent: ModelSpec, reference: Path, work: Path,
                      progress: ProgressCallback = ignore) -> Dataset:
    """Prepare a reference, one part of whose patients chooses how much is kept while the others judge.

    Args:
        project: of the adaptation.
        parent: that the reference is for.
        reference: folder of the cases.
        work: folder of results.
        progress: as for `prepare_dataset`.
    """
    source = source_of(reference, parent) | {"name": "reference", "split": {"fractions": list(REFERENCE_FRACTIONS)}}
    given = Project.model_validate(project.model_dump(mode="json") | {"data": {"sources": [source]}})
    return prepare_dataset(given, work / "reference", progress)


def _described(project: Project, parent: ModelSpec, cases: int, patients: int) -> Project:
    """The project whose model says where it is from; the licence is the parent's."""
    origin = adapted_from(parent, cases, patients)
    model = project.model.model_copy(update={
        "description": f"{parent.description.rstrip('.')}. {origin[0].upper()}{origin[1:]}.",
        "training": [*project.model.training, TrainingDataCard(name=origin, licence="the site's own")],
        "limits": [f"It was adapted to one site: what is known of {parent.id} {parent.version} at other places, its "
                   "limits included, was not measured again."],
    })
    return project.model_copy(update={"model": model})
