"""The options of a run on the command line, made from the fields of `Options`."""

from __future__ import annotations

import argparse

from .inference.options import Options, choices


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add an argument for each field that the command line offers."""
    for option, choice in choices():
        if not choice.help:
            continue
        name = "--" + option.name.replace("_", "-")
        if isinstance(option.default, bool):
            parser.add_argument(name, action="store_true", help=choice.help)
            continue
        parser.add_argument(
            name, default=option.default, help=choice.help, metavar=choice.metavar, type=choice.parse or str,
            choices=choice.values or None, nargs=None if choice.implied is None else "?", const=choice.implied,
        )


def options_of(arguments: argparse.Namespace) -> Options:
    """What was asked for."""
    return Options(**{option.name: getattr(arguments, option.name) for option, choice in choices() if choice.help})
