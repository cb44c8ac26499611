"""How well a model does on whole volumes, and which volume rule serves it best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from tqdm import tqdm

from UnifiedViTLib.imaging.channels import prepare_channels
from UnifiedViTLib.imaging.components import label_components
from UnifiedViTLib.imaging.preparation import PreparedVolume
from UnifiedViTLib.imaging.reading import read_labels
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.decision import NetworkOutput, decide
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.progress import ProgressCallback, ignore
from UnifiedViTLib.inference.uncertainty import UncertaintyAccumulator
from UnifiedViTLib.outputs.comparison.grids import resample_labels
from UnifiedViTLib.spec import ModelSpec, VolumeRule

from ..data.dataset import Item
from ..data.slicing import read_channels, read_mask
from ..errors import DataError
from .metrics import selective_metrics

#: What to begin from, and to keep where there are too few volumes to choose on: nothing drawn is taken away.
DEFAULT_RULE = VolumeRule(pooling="lesion_weighted", top_k=3, max_normal_probability=1.0, min_component_ml=0.0)
MULTI_LABEL_RULE = replace(DEFAULT_RULE, pooling="top_k")
#: Fewer volumes than this would choose by chance.
FEWEST = 3
#: A run of slices without a lesion stands in for a healthy volume if it is at least so long.
SHORTEST_RUN = 5


@dataclass(frozen=True)
class Case:
    """A volume after the network has looked at it.

    Attributes:
        truth: (K, J, I) bool, any lesion, of what is labelled; None where it is not known.
        label: name of the diagnosis; "" where it is not known, and of multi-label models.
        accumulator: what several passes gave; None unless they were taken.
        findings: of multi-label models, name -> whether it is there, for those of which that is known.
        labelled: (K, J, I) bool, of what voxels `truth` is known; None for all.
    """

    name: str
    prepared: PreparedVolume
    output: NetworkOutput
    truth: np.ndarray | None
    label: str
    accumulator: UncertaintyAccumulator | None = None
    findings: dict[str, bool] = field(default_factory=dict)
    labelled: np.ndarray | None = None


def first_rule(multi_label: bool) -> VolumeRule:
    """What to begin from."""
    return MULTI_LABEL_RULE if multi_label else DEFAULT_RULE


def run_volumes(items: Iterable[Item], spec: ModelSpec, tta: bool = False, uncertainty: bool = False,
                progress: ProgressCallback = ignore) -> list[Case]:
    """Run the network once over each volume, just as in use.

    Args:
        items: volumes. Any mask value that is neither background nor what nobody labelled is a lesion; without a mask,
            labels may tell that there is none.
        spec: the model.
        tta: look at the mirror images too.
        uncertainty: take the further passes of `inference.uncertainty`, in the plane of acquisition alone.
        progress: told the fraction of the volumes that were looked at.

    Raises:
        DataError: a mask cannot be read or does not fit its volume.
        UnifiedViTError: an image or the model cannot be used.
    """
    predictor = Predictor(spec, "auto")
    outlined = [spec.classes[n].name for n in spec.outlined]
    cases = []
    all_items = list(items)
    for number, item in enumerate(tqdm(all_items, desc="Whole volumes", unit="volume", disable=None)):
        progress("Evaluating whole volumes", number / len(all_items))
        prepared = prepare_channels(read_channels(item), spec.size, spec.plane)
        volume = prepared.volume
        label = item.labels[0] if item.labels and not spec.multi_label else ""
        findings = {one.name: one.name in item.labels for one in spec.classes
                    if item.labels and one.name not in item.unknown} if spec.multi_label else {}
        truth, labelled = (None, None) if item.mask is None else _truth(item, volume)
        if truth is None and item.is_free(outlined):
            truth = np.zeros(volume.array.shape, bool)
        accumulator = predictor.uncertainty_accumulator(prepared) if uncertainty else None
        cases.append(
            Case(
                item.name,
                prepared,
                predictor.run_network(prepared, tta=tta, accumulator=accumulator)[0],
                truth,
                label,
                accumulator,
                findings,
                labelled,
            )
        )
    return cases


def _truth(item: Item, volume: Volume) -> tuple[np.ndarray, np.ndarray | None]:
    """Where an item's mask shows a lesion, and where somebody labelled it; None where all of it is."""
    values = _mask_on(item, volume)
    labelled = np.ones(values.shape, bool) if item.ignore is None else values != item.ignore
    return labelled & ~np.isin(values, item.background), None if labelled.all() else labelled


def _mask_on(item: Item, volume: Volume) -> np.ndarray:
    """Values of an item's mask (K, J, I) on the grid of `volume`. A sequence given alone may have another than the mask
    was drawn on: then by nearest neighbour, 0 beyond it."""
    try:
        return read_mask(item, volume)
    except DataError:
        if item.mask is None or sum(path is not None for path in item.channels) != 1:
            raise
        mask = read_labels(item.mask)
        if mask.planar or volume.planar:
            raise
    return resample_labels(mask.array, np.linalg.inv(mask.ijk_to_ras) @ volume.ijk_to_ras, volume.array.shape)


def partial_note(cases: list[Case]) -> str:
    """What is to be said of the metrics of volumes some of whose masks are partial; empty where all are whole."""
    count = sum(case.labelled is not None for case in cases)
    return f"; {count} of {len(cases)} masks are partial and measured where they are labelled" if count else ""


def one_channel_alone(items: Iterable[Item], channels: Sequence[str]) -> dict[str, list[Item]]:
    """Items with several channels as they are for a user who has one of them.

    Args:
        items: volumes.
        channels: names, in the order of `Item.channels`.

    Returns:
        Channel's name -> those of the items that have it and others.
    """
    several = [item for item in items if sum(path is not None for path in item.channels) > 1]
    return {
        name: [replace(item, name=f"{item.name}, {name} alone", image=item.channels[n],
                       channels=tuple(path if m == n else None for m, path in enumerate(item.channels)))
               for item in several if item.channels[n] is not None]
        for n, name in enumerate(channels)
    }


def without_lesion(cases: list[Case]) -> list[Case]:
    """Volumes free of lesions: whole ones, and from the others the longest run of slices with an empty mask.

    Where all patients of a set have a lesion, such a run is the nearest to a healthy patient that it offers.
    """
    cut = []
    for case in cases:
        if case.truth is None:
            continue
        view = case.prepared.view
        free = ~view.of(case.truth).any(axis=(1, 2)) & _whole(case)
        empty = np.concatenate([[False], free, [False]]).astype(int)
        starts, stops = np.flatnonzero(np.diff(empty) == 1), np.flatnonzero(np.diff(empty) == -1)
        if not len(starts):
            continue
        longest = int((stops - starts).argmax())
        start, stop = int(starts[longest]), int(stops[longest])
        count = len(case.prepared)
        if stop - start == count:
            cut.append(case)
        elif stop - start >= SHORTEST_RUN:
            cut.append(_run(case, start, stop))
    return cut


def _whole(case: Case) -> np.ndarray:
    """(K,) bool: the slices that are labelled from edge to edge."""
    view = case.prepared.view
    labelled = np.ones(case.prepared.volume.array.shape, bool) if case.labelled is None else case.labelled
    return np.logical_and.reduce(view.of(labelled), axis=(1, 2))


def _run(case: Case, start: int, stop: int) -> Case:
    """Slices start..stop-1 of a case, in the order that the network saw them."""
    view, count = case.prepared.view, len(case.prepared)
    stored = slice(count - stop, count - start) if view.flipped[0] else slice(start, stop)
    assert case.truth is not None, "only cases with a mask are parted"
    place = tuple(stored if axis == view.axes[0] else slice(None) for axis in range(3))
    volume = replace(case.prepared.volume, array=case.prepared.volume.array[place])
    prepared = replace(case.prepared, volume=volume, slices=case.prepared.slices[start:stop])
    output = NetworkOutput(case.output.labelmap[place], case.output.logits[start:stop], case.output.area[start:stop])
    return Case(case.name, prepared, output, case.truth[place], "")


def measure_volumes(cases: list[Case], spec: ModelSpec) -> dict[str, float | int]:
    """Metrics for whole volumes; those that the cases do not tell are left out.

    Of a mask that is partial, the labelled voxels count.

    Returns:
        `volumes` how many. `detected`: share of volumes with a lesion in which drawn and true overlap; `dice` their
        mean. `empty`: share of lesion-free slices, labelled from edge to edge, with nothing drawn. `false_components`:
        connected pieces a volume that touch no lesion, of volumes that are wholly labelled. `diagnosis`: share of right
        diagnoses; of multi-label models, share of volumes of which all that is known of the findings is said, and
        `findings`: share of right answers over all findings of all volumes. `false_alarms`: share of `without_lesion`
        volumes that are given a lesion's diagnosis, or a finding that masks show (models that can say that there is
        none).
    """
    values: dict[str, list[float]] = {
        name: [] for name in ("detected", "dice", "empty", "false_components", "diagnosis", "findings", "false_alarms")
    }
    for case in cases:
        decision = decide(case.output, case.prepared, spec)
        if case.label:
            values["diagnosis"].append(decision.diagnosis.label == case.label)
        if case.findings:
            right = [(name in decision.diagnosis.findings) == there for name, there in case.findings.items()]
            values["diagnosis"].append(all(right))
            values["findings"] += right
        if case.truth is None:
            continue
        drawn, truth = decision.labelmap > 0, case.truth
        if truth.any():
            overlap = np.count_nonzero(drawn & truth)
            counted = np.count_nonzero(drawn if case.labelled is None else drawn & case.labelled)
            values["detected"].append(float(overlap > 0))
            values["dice"].append(2 * overlap / (counted + np.count_nonzero(truth)))
        if case.labelled is None:
            components, count = label_components(drawn, np.ones((3, 3, 3)))
            values["false_components"].append(count - len(np.unique(components[truth & drawn])))
        free = ~case.prepared.view.of(truth).any(axis=(1, 2)) & _whole(case)
        values["empty"] += (~np.any(case.prepared.view.of(drawn)[free], axis=(1, 2))).tolist()
    if spec.healthy is not None or spec.multi_label:
        lesions = {spec.classes[n].name for n in spec.outlined}
        values["false_alarms"] = [
            not lesions.isdisjoint(decide(case.output, case.prepared, spec).diagnosis.findings)
            for case in without_lesion(cases)
        ]
    return {"volumes": len(cases)} | {name: round(float(np.mean(v)), 4) for name, v in values.items() if v}


def confidence_metrics(cases: list[Case], spec: ModelSpec) -> dict[str, float]:
    """How well confidence tells right diagnoses of whole volumes from wrong ones.

    Returns:
        `aurc` and `error_auc` (`metrics.selective_metrics`) of the probability of the diagnosis, and where further
        passes were taken, with the ending "_passes", of their confidence; without those that have no meaning.
    """
    known = [case for case in cases if case.label]
    decisions = [decide(case.output, case.prepared, spec) for case in known]
    right = np.array(
        [float(decision.diagnosis.label == case.label) for case, decision in zip(known, decisions, strict=True)]
    )
    given = {"": np.array([decision.diagnosis.probability for decision in decisions])}
    passes = [case.accumulator for case in known if case.accumulator]
    if known and len(passes) == len(known):
        given["_passes"] = np.array([accumulator.conclude(decision, {}).confidence
                                     for accumulator, decision in zip(passes, decisions, strict=True)])
    metrics = {}
    for ending, confidence in given.items():
        found = selective_metrics(confidence, right, np.ones((1, len(right))))
        metrics |= {f"{name}{ending}": round(float(found[name][0]), 4) for name in ("aurc", "error_auc")
                    if not np.isnan(found[name][0])}
    return metrics


def choose_rule(cases: list[Case], spec: ModelSpec, otherwise: VolumeRule | None = None) -> VolumeRule:
    """The volume rule that does best on these cases, over a small grid; for fewer than `FEWEST` `otherwise`, or
    `first_rule` where that is None.

    What is drawn is chosen first; then, for that, how many slices decide the diagnosis, on which no drawing depends.
    Best is the sum of: volumes found, Dice, lesion-free slices left empty, right diagnoses (or findings), and
    lesion-free volumes without a false alarm; a false piece in every volume costs as much as a tenth of the volumes
    not found. Pieces of more than 1 mL are never dropped for their size, whatever it would gain here: small lesions
    are what a reader must not miss.

    Args:
        cases: looked at by the network.
        spec: of the model.
        otherwise: the rule for too few cases.
    """
    first = first_rule(spec.multi_label)
    if len(cases) < FEWEST:
        return otherwise or first

    right = "findings" if spec.multi_label else "diagnosis"

    def score(rule: VolumeRule) -> float:
        got = measure_volumes(cases, replace(spec, volume_rule=rule))
        good = sum(got.get(name, 0.0) for name in ("detected", "dice", "empty", right))
        return good - got.get("false_alarms", 0.0) - 0.1 * got.get("false_components", 0.0)

    # Gentle values first: of equals the first is taken.
    suppress, belief = (1.0, 0.7, 0.5, 0.3), (0.0, 0.7, 0.8, 0.9)
    if spec.healthy is None and not spec.multi_label:
        suppress, belief = (1.0,), (0.0,)
    drawing = max(
        (replace(first, max_normal_probability=above, min_component_ml=smallest, min_component_probability=sure)
         for sure, above, smallest in product(belief, suppress, (0.0, 0.3, 0.5, 1.0))),
        key=score,
    )
    return max((replace(drawing, top_k=top_k) for top_k in (first.top_k, 1, 5)), key=score)
