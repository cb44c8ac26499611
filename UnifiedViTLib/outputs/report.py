"""A result for people: as text, and as one HTML file with pictures that needs no network and no plotting library.

Both read what `files.as_json` gives, so that a result stored in a scene can be reported as well as a fresh one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from .. import NOTICE
from ..imaging.volume import Volume
from ..texts import percents
from .colour_maps import UNCERTAINTY
from .headlines import amount, display_of, findings, headline, threshold_of
from .region import first_slice, region_mask
from .report_page import element, probability_bar, render_page, slice_curves, table
from .report_pictures import SlicePictures, superres_row
from .writing import write_atomically

#: Parts of a confidence, in words.
_PARTS = {"passes": "passes", "slices": "slices", "planes": "planes", "mask": "mask and diagnosis"}
REVIEW = "uncertain — review"
#: Warnings besides a result's own, of what has become of its segments and its volume.
EDITED = ("The segments were changed since the run: amounts and sentences are of what the model drew, outlines as they "
          "are now.")
APART = ("The volume and its segmentation were moved apart since the run: outlines lie beside what they outline. "
         "Move both alike, or run again.")
MOVED = "The volume was moved or resized since the run: places and sizes in words are as they were then."
OTHER_IMAGE = ("The volume has gone, or no longer has the voxels that were looked at: it was changed, or its sequence "
               "shows another item. The result is of what it was; a report has no pictures.")


def as_text(result: dict[str, Any]) -> str:
    """A few lines for an e-mail or a table; `result` as from `files.as_json`."""
    diagnosis, model = result["diagnosis"], result["model"]
    lines = [
        f"{result['name']}: {headline(diagnosis)}{f', {REVIEW}' if needs_review(result) else ''}",
        *(f"  {sentence}" for sentence in result.get("report", ())),
        *(f"  {display_of(diagnosis, name)}: {_probability(diagnosis, name)}" for name in diagnosis["probabilities"]),
        *(f"  {words}" for words in [confidence_in_words(result)] if words),
        *(f"  {segment['name']}: {amount(segment)}" for segment in result["segments"]),
        *(f"  Warning: {text}" for text in result["warnings"]),
        f"  Made by {model.get('name', model['id'])} {model['version']} ({model['sha256'][:12]}), {result['plane']} "
        f"slices, {result['backend']} on {result['device']}",
        f"  {NOTICE}",
    ]
    return "\n".join(lines)


def needs_review(result: dict[str, Any]) -> bool:
    """Whether a reader should review a result: its confidence is less than the model's threshold."""
    return bool(result.get("confidence", {}).get("review"))


def confidence_in_words(result: dict[str, Any]) -> str:
    """A sentence on the confidence and its parts; "" for a result without further passes."""
    uncertainty = result.get("uncertainty")
    if not uncertainty:
        return ""
    parts = ", ".join(f"{_PARTS.get(name, name)} {value:.0%}" for name, value in uncertainty["components"].items())
    mask_dice = uncertainty["mask_dice"]
    overlap = ""
    if mask_dice is not None:
        overlap = f" The masks of {len(uncertainty['passes'])} passes overlap by {mask_dice:.0%} (Dice)."
    return f"Confidence {result['confidence']['value']:.0%}, the least of its parts: {parts}.{overlap}"


def write_report(
    result: dict[str, Any], path: Path, volume: Volume | None = None, labelmap: np.ndarray | None = None,
    heatmap: np.ndarray | None = None, uncertainty: np.ndarray | None = None,
    superres: tuple[Volume, np.ndarray] | None = None,
) -> None:
    """Write the HTML.

    Args:
        result: as from `files.as_json`.
        path: the file.
        volume: what was looked at, for pictures of the slices; None for a report without.
        labelmap: what was drawn on it, (K, J, I); None likewise.
        heatmap: (K, J, I) uint8 in percent, for the same slices once more with what spoke for the class.
        uncertainty: (K, J, I) uint8 in percent, for the same slices once more with how uncertain each place is.
        superres: the finer volume, and (K, J, I) which of its voxels are synthetic, for pictures of these.

    Raises:
        OutputError: the file cannot be written.
    """
    body = [*_summary(result), *_classes(result), *_segments(result)]
    if volume is not None and labelmap is not None:
        interest = region_mask(result.get("region"), volume)
        body += _slices(result, SlicePictures(volume, labelmap, result["plane"], interest), heatmap, uncertainty)
    if superres is not None and superres[1].any():
        body += [element("h2", "Four times as fine, where the network looks"),
                 superres_row(*superres, result["plane"], volume),
                 element("small", "Within the line drawn by an upscaler, not measured; around it interpolated")]
    body += _origin(result)
    page = render_page(f"{result['name']}: UnifiedViT report", body)
    write_atomically(path, lambda part: part.write_text(page, encoding="utf-8"))


def _summary(result: dict[str, Any]) -> list[Element]:
    """What was found, and all that there is to be said of it in words."""
    title: list[Element | str] = []
    for words, probability in findings(result["diagnosis"]):
        title += [element("br")] if title else []
        title += [words] if probability is None else [f"{words} ", element("span", f"{probability:.0%}")]
    if needs_review(result):
        title += [" ", element("span", REVIEW, class_="review")]
    confidence = confidence_in_words(result)
    return [
        element("h1", *title),
        element("p", result["name"]),
        element("p", NOTICE, class_="notice"),
        element("p", " ".join(result.get("report", ()))),
        *(element("p", f"\u26a0 {warning}", class_="warning") for warning in result["warnings"]),
        *([element("p", confidence)] if confidence else []),
    ]


def _classes(result: dict[str, Any]) -> list[Element]:
    """The probability of each class, and how it runs over the slices."""
    diagnosis = result["diagnosis"]
    names = list(diagnosis["probabilities"])
    rows = []
    for number, (name, probability) in enumerate(diagnosis["probabilities"].items()):
        bar = probability_bar(probability, number, threshold_of(diagnosis, name))
        rows.append((display_of(diagnosis, name), bar, _probability(diagnosis, name)))
    series = [[view["probabilities"][name] for view in result["slices"]] for name in names]
    return [table(rows), element("h2", "Slice by slice"), *slice_curves(series, first_slice(result))]


def _segments(result: dict[str, Any]) -> list[Element]:
    """How much is drawn of each segment."""
    return [element("h2", "Segments"), table((segment["name"], amount(segment)) for segment in result["segments"])]


def _slices(result: dict[str, Any], pictures: SlicePictures, heatmap: np.ndarray | None,
            uncertainty: np.ndarray | None) -> list[Element]:
    """Slices with what is drawn on them, and once more with each map that there is."""
    parts = [pictures.row()]
    if heatmap is not None and "heatmap" in result:
        explained = result["heatmap"]
        parts += [element("h2", f"What speaks for {explained['display']}"), pictures.row(heatmap),
                  element("small", f"By {explained['method']}; from dark (nothing) over red to yellow")]
    if uncertainty is not None and "uncertainty" in result:
        parts += [element("h2", "Where the outline is uncertain"), pictures.row(uncertainty, UNCERTAINTY),
                  element("small", "Entropy of the mean over all passes; from clear (sure) over blue and green to "
                          f"yellow (as likely as not). Passes: {', '.join(result['uncertainty']['passes'])}")]
    return parts


def _origin(result: dict[str, Any]) -> list[Element]:
    """What the result was made by."""
    model = result["model"]
    software = ", ".join(f"{name} {version}" for name, version in result.get("software", {}).items())
    rows = {
        "Model": f"{model.get('name', model['id'])} ({model['id']} {model['version']})",
        "Weights, SHA-256": model["sha256"],
        "Slices": result["plane"], "Computed on": f"{result['device']} ({result['backend']})",
        "Time": f"{result['timings_s'].get('total', 0):.1f} s", "Software": software,
        **({"Notes": " ".join(result["notes"])} if result.get("notes") else {}),
    }
    return [element("h2", "What made it"), table((name, str(value)) for name, value in rows.items())]


def _probability(diagnosis: dict[str, Any], name: str) -> str:
    """Of a class; of a finding also whether that is enough."""
    probability, threshold = diagnosis["probabilities"][name], threshold_of(diagnosis, name)
    if threshold is None:
        return f"{probability:.1%}"
    sure, enough = percents(probability, threshold, digits=1)
    return f"{sure} ({'found' if name in diagnosis['findings'] else 'not found'}, threshold {enough})"
