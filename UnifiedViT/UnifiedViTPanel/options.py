"""The options of a run as Slicer writes them: camelCase, plain bools and texts."""

from __future__ import annotations

from UnifiedViTLib.inference.choices import DEFAULT_METHOD
from UnifiedViTLib.inference.options import Options, choices


def slicerOptions(folder=False):
    """Names and defaults of what is offered here, "" for none: `UnifiedViTLogic` and its parameter node have the same.

    Args:
        folder: leave out what is for a scene alone.
    """
    return {_camelCase(option.name): "" if option.default is None else option.default
            for option, choice in choices() if choice.slicer and not (folder and choice.scene)}


def optionsOf(**given) -> Options:
    """What to ask of a run.

    Args:
        given: by the names of `slicerOptions`; those left out have their defaults. `heatmap` is "auto" for the
            diagnosed class, or names another.
    """
    values = {option.name: given[_camelCase(option.name)] or None if option.default is None else
              given[_camelCase(option.name)] for option, _ in choices() if _camelCase(option.name) in given}
    if explained := values.get("heatmap"):
        values |= {"heatmap": DEFAULT_METHOD, "heatmap_class": None if explained == "auto" else explained}
    return Options(**values)


def _camelCase(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
