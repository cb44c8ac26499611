"""The part of `unifiedvit predict` that takes further sequences."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import UnsupportedImageError
from .inference.channels import check_channel_names
from .service.batch.further import FurtherSequences
from .spec import ModelSpec


def add_channel_options(predict: argparse.ArgumentParser) -> None:
    """Add them to `predict`."""
    group = predict.add_argument_group("several sequences", "For models that look at more than one; those that are not "
                                       "given are missing (see models).")
    group.add_argument("--input-channel", default="", metavar="NAME",
                       help="which sequence the inputs are (default: the model's first)")
    group.add_argument("--channel", action="append", default=[], metavar="NAME=FILE", type=_channel,
                       help="a further sequence of the one input; of many, the name of its file beside each, with a * "
                       "for what the * of --pattern stands for: --pattern \"*_t1c.nii.gz\" --channel "
                       "\"flair=*_flair.nii.gz\"")
    group.add_argument("--pattern", default="", metavar="NAMES", help="which files of a folder are inputs, for example "
                       "\"*_t1c.nii.gz\" (default: all images)")


def _channel(text: str) -> tuple[str, str]:
    """NAME=FILE."""
    name, separator, file = text.partition("=")
    if not (name and separator and file):
        raise argparse.ArgumentTypeError(f"{text!r}: write it as NAME=FILE, for example t2=t2.nrrd")
    return name, file


def channels_asked_for(options: argparse.Namespace, inputs: Sequence[Any], specs: Sequence[ModelSpec]
                       ) -> tuple[dict[str, Path], FurtherSequences]:
    """The further sequences of the options: of the one input, and beside each of many.

    Args:
        options: of the command line.
        inputs: what there is to look at.
        specs: the models.

    Raises:
        UnsupportedImageError: a model does not know a sequence, or which image it belongs to cannot be told.
    """
    names = [name for name in (options.input_channel, *(name for name, _ in options.channel)) if name]
    if len(set(names)) < len(names):
        raise UnsupportedImageError("--channel and --input-channel give two images for one sequence. Give each "
                                    "sequence once.")
    beside = dict(options.channel) if options.pattern else {}
    channels = {} if beside else {name: Path(file) for name, file in options.channel}
    if channels and len(inputs) != 1:
        raise UnsupportedImageError(
            f"--channel belongs to one input, not to {len(inputs)}. Run each by itself, or say with --pattern what the "
            "inputs are called: --pattern \"*_t1c.nii.gz\" --channel \"flair=*_flair.nii.gz\".")
    known = {channel.name for spec in specs for channel in spec.channels}
    for spec in specs:
        check_channel_names([name for name in (options.input_channel, *channels) if name], spec)
    check_channel_names([name for name in beside if name not in known], specs[0])
    further = FurtherSequences(options.pattern, beside)
    further.check([path for path in inputs if isinstance(path, Path)])
    return channels, further
