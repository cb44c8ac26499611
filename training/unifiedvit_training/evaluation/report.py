"""The report of `unifiedvit-train evaluate`: metrics with intervals, pictures, subgroups, worst cases."""

from __future__ import annotations

from typing import Any

import numpy as np

from UnifiedViTLib.diagnosis import LabelRule
from UnifiedViTLib.spec import VolumeRule

from ..config import Model
from ..data.dataset import Dataset
from ..reports.page import Picture, Section, Table, Text, figure_uri, render_page
from ..runs.calibration import Calibration
from .bootstrap import DRAWS, Estimate
from .boundaries import TOLERANCE, TOLERANCE_SIDE
from .calibrate import expected_calibration_error
from .metric_labels import SELECTIVE, format_estimate, metric_labels
from .metrics import label_metric_names, of_class, over_segments
from .plots import (
    confusion_figure,
    reliability_figure,
    risk_figure,
    roc_figure,
    size_figure,
    strip_figure,
)
from .selective import RISK, Confidence
from .slice_table import SliceTable
from .subgroups import SHOWN
from .summary import SideSummary
from .worst_cases import worst_cases

#: Shown by `summary_text`.
_BRIEF = ("accuracy", "exact_match", "lesion_type_accuracy", "macro_auc", "macro_ap", "macro_f1", "calibration_error",
          "dice", "hd95", "detected", "empty")
_CONFIDENCES = {"probability": "probability of the diagnosis", "confidence": "confidence of several passes"}
_VOLUME_WORDS = {
    "volumes": "Volumes", "detected": "Lesion found", "dice": "Dice", "empty": "Slices without lesion left empty",
    "false_components": "False components a volume", "diagnosis": "Right diagnosis",
    "findings": "Right answers, each finding",
    "false_alarms": "False alarms on lesion-free volumes", "aurc": "Risk over coverage (AURC), probability",
    "aurc_passes": "Risk over coverage (AURC), several passes",
    "error_auc": "AUC, right diagnoses against wrong, probability",
    "error_auc_passes": "AUC, right diagnoses against wrong, several passes",
}


def evaluation_page(model: Model, dataset: Dataset, summaries: list[SideSummary], volumes: list[dict[str, Any]],
                    calibration: Calibration | None, rule: VolumeRule, drawn: dict[str, np.ndarray] | None, tta: bool,
                    confidences: dict[str, list[Confidence]]) -> str:
    """The whole report as HTML.

    Args:
        model: what was measured.
        dataset: that it was measured on.
        summaries: one a side.
        volumes: {"dataset": words, "metrics": numbers} of whole volumes.
        calibration: None without a diagnosis.
        rule: of whole volumes.
        drawn: by side the mask classes drawn on its slices, (N, H, W); None for a network that draws nothing.
        tta: whether it looked at mirror images too.
        confidences: by side, of `selective.measure_confidence`.
    """
    sections = [Section("Metrics", _headline(summaries, model, calibration))]
    for summary in summaries:
        side, table = summary.side, summary.table
        if table.probabilities is not None:
            if isinstance(calibration, tuple):
                sections.append(Section(f"Findings, {side}", _findings(summary, model, calibration)))
            sections.append(Section(f"Diagnosis, {side}", _diagnosis(summary, model)))
        if confidences[side]:
            sections.append(Section(f"Selective prediction, {side}", _selective(confidences[side])))
        if table.values is not None:
            sections.append(Section(f"Mask, {side}", _mask(table, model)))
        sections.append(Section(f"Subgroups, {side}", [_subgroups(summary, model)]))
    if volumes:
        sections.append(Section("Whole volumes", _whole_volumes(volumes, rule)))
    for summary in summaries:
        cases = worst_cases(summary.table, None if drawn is None else drawn[summary.side], dataset.slices, model)
        sections.append(Section(f"Worst cases, {summary.side}", cases))
    counts = "; ".join(f"{s.side}: {len(s.table):,} slices of {s.groups:,} groups{s.note}" for s in summaries)
    lead = f"{model.name} {model.version} ({model.id}). {counts}. Research use only."
    if tta:
        lead += " All metrics are of the mean over each slice and its mirror image."
    return render_page(f"Evaluation of {model.name}", sections, lead)


def summary_text(summaries: list[SideSummary], volumes: list[dict[str, Any]], calibration: Calibration | None,
                 model: Model, confidences: dict[str, list[Confidence]]) -> str:
    """A few lines for the terminal.

    Args:
        summaries, volumes, calibration, model, confidences: as for `evaluation_page`.
    """
    lines = []
    for summary in summaries:
        lines.append(f"{summary.side}: {len(summary.table):,} slices of {summary.groups:,} groups (95 % intervals)"
                     f"{summary.note}")
        lines += [f"  {name:<22}{format_estimate(summary.metrics[name])}"
                  for name in (*_BRIEF, *label_metric_names(model))
                  if name in summary.metrics and summary.metrics[name].value is not None]
    for side, measured_side in confidences.items():
        lines += [f"{side}: {_CONFIDENCES[confidence.name]}, wrong {confidence.error}: AURC "
                  f"{confidence.metrics['aurc']}; {_review_words(confidence)}" for confidence in measured_side]
    for measured in volumes:
        lines.append(measured["dataset"])
        lines += [f"  {name:<22}{value}" for name, value in measured["metrics"].items()]
    if calibration is not None and not isinstance(calibration, tuple):
        lines.append(f"temperature {calibration}")
    elif calibration is not None:
        lines += [f"{name}: temperature {rule.temperature}, bias {rule.bias}, found from {rule.threshold} on"
                  for name, rule in zip(model.class_names, calibration, strict=True)]
    return "\n".join(lines)


def _headline(summaries: list[SideSummary], model: Model, calibration: Calibration | None) -> list[Text | Table]:
    rows = [
        [label, *(format_estimate(s.metrics.get(name, Estimate(None, None, None))) for s in summaries)]
        for name, label in metric_labels(model).items() if name not in label_metric_names(model)
        if any(name in s.metrics and s.metrics[name].value is not None for s in summaries)
    ]
    blocks: list[Text | Table] = [
        Table(["", *(s.side for s in summaries)], rows),
        Text(f"In brackets: 95 % intervals from {DRAWS:,} draws of whole groups (patients), as slices of one patient "
             "are not independent. The weights are those of the model folder; of a run, rounded to 16 bits as one has "
             "them."),
    ]
    if calibration is not None:
        manner = f"with the temperature {calibration}" if isinstance(calibration, float) else "each finding by itself"
        blocks.append(Text(
            f"Probabilities are calibrated {manner}, fitted on the validation side. "
            "“Held out” is the calibration error of validation slices under a calibration fitted on other groups. "
            "Drawing slices anew raises a calibration error, so that it stands near the lower end of its interval."))
        if any(not card.lesion for card in model.classes):
            blocks.append(Text("Accuracy among lesion types: slices of classes with a lesion alone, where “nothing "
                               "found” is not among the choices."))
    if model.task != "classification":
        blocks.append(Text(
            "Dice, IoU and outlines: means over slices with a lesion; a lesion on which nothing is drawn counts 0, "
            "but has no distance, so that HD95 is over the slices where something is drawn. Distances are in pixels "
            f"of the network's grid ({model.input.size} a side); surface Dice and boundary F1 forgive "
            f"{TOLERANCE * model.input.size / TOLERANCE_SIDE:.1f} pixels. Slices without a lesion enter “nothing "
            "drawn where nothing is” alone. Dice by group: all slices of a group as one." + (
                " Of partial masks the labelled pixels alone are counted; they have no outline, and a slice is without "
                "a lesion only where all of it is labelled." if any(s.table.partial.any() for s in summaries) else "")))
    return blocks


def _findings(summary: SideSummary, model: Model, rules: tuple[LabelRule, ...]) -> list[Text | Table]:
    """A row a finding: how often it is there and how well it is told; and how its probability becomes an answer."""
    table, counts, answers = summary.table, [], []
    assert table.found is not None and table.probabilities is not None, "multi-label models have both"
    for c, (card, rule) in enumerate(zip(model.classes, rules, strict=True)):
        labels, detected = table.labels[:, c], table.found[:, c]
        present, absent = labels == 1, labels == 0
        error = expected_calibration_error(table.probabilities[:, [c]], labels[:, None])
        counts.append([card.display, int(present.sum()), int(absent.sum()),
                     *(format_estimate(summary.metrics[f"{kind}_{card.name}"]) for kind in ("auc", "ap", "f1"))])
        shares = (f"{part.mean():.3f}" if len(part) else "–" for part in (detected[present], ~detected[absent]))
        answers.append([card.display, *shares, "–" if error is None else f"{error:.3f}", f"{rule.threshold:g}",
                        f"{rule.temperature:g}", f"{rule.bias:g}"])
    return [
        Table(["", "there", "not there", "AUC", "average precision", "F1"], counts),
        Table(["", "sensitivity", "specificity", "calibration error", "found from", "temperature", "bias"], answers),
        Text("Slices on which a finding is known. F1, sensitivity and specificity are at its threshold (“found from”), "
             "which was chosen for the best F1 on the validation side, and flatters there. The probability is the "
             "sigmoid of the logit, divided by the temperature, plus the bias."),
    ]


def _diagnosis(summary: SideSummary, model: Model) -> list[Text | Table | Picture]:
    table, names = summary.table, [card.display for card in model.classes]
    known = (table.labels >= 0).any(axis=tuple(range(1, table.labels.ndim)))
    if not known.any():
        return [Text("No slice of this side has a known diagnosis.")]
    blocks: list[Text | Table | Picture] = []
    if summary.confusion is not None:
        picture = figure_uri(confusion_figure(summary.confusion, names))
        blocks.append(Picture(picture, "Confusion matrix: slices by true class (rows) and likeliest class (columns)."))
    assert table.probabilities is not None and table.raw is not None, "it has a diagnosis"
    curves = roc_figure(table.probabilities, table.labels, names)
    if curves:
        blocks.append(Picture(figure_uri(curves), "ROC curves, one class against the rest."))
    diagram = reliability_figure(table.raw, table.probabilities, table.labels)
    blocks.append(Picture(figure_uri(diagram), "Reliability: on the dashed line, probabilities mean what they say. "
                                               "The larger a dot, the more answers it stands for."))
    return blocks


def _selective(confidences: list[Confidence]) -> list[Text | Table | Picture]:
    names = [name for name in SELECTIVE if any(name in confidence.metrics for confidence in confidences)]
    rows, curves = [], {}
    for confidence in confidences:
        title = f"{_CONFIDENCES[confidence.name]}; wrong {confidence.error}"
        values = (f"{confidence.metrics[name]:.3f}" if name in confidence.metrics else "–" for name in names)
        rows.append([title, *values, _review_words(confidence)])
        curves[title] = confidence.curve
    return [
        Picture(figure_uri(risk_figure(curves)), "Share of wrong answers among those that are kept, the surest first."),
        Table(["", *(SELECTIVE[name] for name in names), "review"], rows),
        Text(f"The threshold of a review is the lowest above which at most {RISK:.0%} are wrong, of all and of every "
             "source. One that fails on a source which the test side alone has does not go with the model: every "
             "result is then to be reviewed. “Held out” are slices whose threshold was chosen on slices of other "
             "groups. A result is wrong if its diagnosis is, or if its mask misses the lesion or is not empty where "
             "there is none. The confidence of several passes is that of `predict --uncertainty`, of each slice by "
             "itself."),
    ]


def _review_words(confidence: Confidence) -> str:
    rule, held_out = confidence.rule, confidence.held_out
    if rule is None:
        return "too few slices"
    if rule.threshold is None:
        return "all: no threshold keeps wrong answers so rare"
    words = f"under {rule.threshold:.0%}; {rule.coverage:.1%} are surer, {rule.risk:.1%} of them wrong"
    return words + (f"; held out: {held_out['coverage']:.1%}, {held_out['risk']:.1%} wrong" if held_out else "")


def _mask(table: SliceTable, model: Model) -> list[Text | Picture]:
    assert table.values is not None, "it has a mask"
    dice = over_segments(table.values["dice"])
    lesion = ~np.isnan(dice)
    if not lesion.any():
        return [Text("No slice of this side has a lesion in its mask.")]
    by_name = {
        card.display: lesion & of_class(table.labels, c)
        for c, card in enumerate(model.classes) if (lesion & of_class(table.labels, c)).any()
    } or {"all": lesion}
    missed = int((table.values["drawn_pixels"][lesion] == 0).sum())
    blocks: list[Text | Picture] = [
        Text(f"{lesion.sum():,} slices with a lesion; on {missed:,} of them nothing is drawn."),
        Picture(figure_uri(strip_figure({name: dice[rows] for name, rows in by_name.items()}, "Dice")),
                "Dice of each slice by diagnosis: quartiles (box), median (black), mean (orange)."),
    ]
    if len(model.segments) > 1:
        columns = {card.name: table.values["dice"][:, s] for s, card in enumerate(model.segments)}
        by_segment = {name: values[~np.isnan(values)] for name, values in columns.items() if not np.isnan(values).all()}
        blocks.append(Picture(figure_uri(strip_figure(by_segment, "Dice")), "Dice of each slice by mask class."))
    sizes = {name: table.lesion_pixels[rows] for name, rows in by_name.items()}
    scatter = size_figure(sizes, {name: dice[rows] for name, rows in by_name.items()})
    blocks.append(Picture(figure_uri(scatter), "Dice against the size of the lesion."))
    return blocks


def _subgroups(summary: SideSummary, model: Model) -> Table:
    labels = metric_labels(model)
    columns = [name for name in SHOWN if any(
        name in part.metrics and part.metrics[name].value is not None for part in summary.subgroups)]
    rows = [
        [f"{part.kind}: {part.name}", part.slices, part.groups,
         *(format_estimate(part.metrics[name]) for name in columns)]
        for part in summary.subgroups
    ]
    return Table(["", "slices", "groups", *(labels[name] for name in columns)], rows,
                 "Accuracy and AUC of a diagnosis alone say how often it is recognised, not how often it is said "
                 "wrongly; see the confusion matrix." if "accuracy" in columns else "")


def _whole_volumes(volumes: list[dict[str, Any]], rule: VolumeRule) -> list[Text | Table]:
    names = [name for name in _VOLUME_WORDS if any(name in measured["metrics"] for measured in volumes)]
    rows = [[_VOLUME_WORDS[name], *(measured["metrics"].get(name) for measured in volumes)] for name in names]
    return [
        Table(["", *(measured["dataset"] for measured in volumes)], rows),
        Text(
            f"Through the same predictor as in use, with the volume rule: pooling {rule.pooling}, the {rule.top_k} "
            f"most suspicious slices decide, drawing is dropped where nothing is found with a probability above "
            f"{rule.max_normal_probability:g}, and so are pieces under {rule.min_component_ml:g} mL and those on "
            f"whose surest slice the probability of a lesion is under {rule.min_component_probability:g}. "
            f"The metrics of slices above are of "
            "what the network draws before that rule."
        ),
    ]
