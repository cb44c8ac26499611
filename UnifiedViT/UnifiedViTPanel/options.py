"""The options of a run in Slicer, made from the fields of `Options`: parameters that a scene keeps, and arguments."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from functools import wraps

from UnifiedViTLib.inference.choices import DEFAULT_METHOD
from UnifiedViTLib.inference.options import Options, choices


def slicerOptions(folder=False):
    """Names, as Slicer writes them, and defaults of what is offered here: plain bools and texts, "" for none.

    Args:
        folder: leave out what is for a scene alone.
    """
    return {_camelCase(option.name): "" if option.default is None else option.default
            for option, choice in choices() if choice.slicer and not (folder and choice.scene)}


def withOptions(cls: type) -> type:
    """Class decorator for a parameter node: a parameter for each option."""
    for name, default in slicerOptions().items():
        cls.__annotations__[name] = type(default)
        setattr(cls, name, default)
    return cls


def takesOptions(folder: bool) -> Callable:
    """Decorator for a method whose `**options` are these: its signature and its help name each, others are refused.

    Args:
        folder: as for `slicerOptions`.
    """

    def decorate(method):
        signature, offered = inspect.signature(method), slicerOptions(folder)
        named = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
                 for name, default in offered.items()]
        others = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        signature = signature.replace(parameters=[*others, *named])

        @wraps(method)
        def checked(*args, **kwargs):
            signature.bind(*args, **kwargs)
            return method(*args, **kwargs)

        described = [textwrap.fill(f"{_camelCase(option.name)}: {choice.slicer}", 104, initial_indent="    ",
                                   subsequent_indent="        ")
                     for option, choice in choices() if _camelCase(option.name) in offered]
        # `getdoc`: Python takes the indentation off from 3.13 on, and not before.
        checked.__doc__ = (inspect.getdoc(method) or "").replace("    {options}", "\n".join(described))
        checked.__signature__ = signature
        return checked

    return decorate


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
