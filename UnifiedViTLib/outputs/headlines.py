"""What a model said of an image, for headlines; from the diagnosis as `files.as_json` gives it.

A result stored in a scene is read by the same functions as a fresh one. What was found in a region of interest is never
told as if it were of the whole image.
"""

from __future__ import annotations

from typing import Any

#: Stands behind what was found in a region of interest.
REGION_ONLY = "slices of the region only"


def findings(diagnosis: dict[str, Any]) -> list[tuple[str, float | None]]:
    """What was found, in words, each with its probability: one class, or of a multi-label model every finding; its
    words for nothing, without a probability, where there is none."""
    scope = f" ({REGION_ONLY})" if diagnosis.get("region_only") else ""
    if "findings" not in diagnosis:
        return [(diagnosis["display"] + scope, diagnosis["probability"])]
    named = [(display_of(diagnosis, name) + scope, diagnosis["probabilities"][name]) for name in diagnosis["findings"]]
    return named or [(diagnosis["display"] + scope, None)]


def headline(diagnosis: dict[str, Any]) -> str:
    """The same in a line: "Glioma (85%)"; "Cyst (91%), Mesh (77%)"; "No finding"."""
    return ", ".join(words if p is None else f"{words} ({p:.0%})" for words, p in findings(diagnosis))


def display_of(diagnosis: dict[str, Any], name: str) -> str:
    """Of a class, for people."""
    return diagnosis.get("display_names", {}).get(name, name)


def amount(segment: dict[str, Any], digits: int = 2) -> str:
    """How much of a segment is drawn: "3.20 mL"; "nothing drawn"; "drawn, size not known"."""
    if not segment["voxels"]:
        return "nothing drawn"
    return "drawn, size not known" if segment["volume_ml"] is None else f"{segment['volume_ml']:.{digits}f} mL"


def amounts(segments: list[dict[str, Any]], digits: int = 2) -> str:
    """The same of all segments that are drawn, in a line."""
    return ", ".join(f"{one['name']} {amount(one, digits)}" for one in segments if one["voxels"]) or "nothing drawn"


def threshold_of(diagnosis: dict[str, Any], name: str) -> float | None:
    """From which probability on a finding counts as found; None for models that give one class."""
    return diagnosis.get("thresholds", {}).get(name)
