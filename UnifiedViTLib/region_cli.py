"""The part of the command line that takes a region of interest."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from .errors import UnsupportedImageError
from .imaging.region import DEFAULT_MARGIN_MM, RegionOfInterest
from .service.worker.client import WorkerClient
from .service.worker.protocol import JobRequest


def add_region_options(command: argparse.ArgumentParser, what: str) -> None:
    """Add them to a command.

    Args:
        command: its parser.
        what: is done with a region, in a sentence.
    """
    group = command.add_argument_group("a region of interest", what)
    either = group.add_mutually_exclusive_group()
    either.add_argument("--region", nargs=6, type=float, metavar=("R", "A", "S", "SIZE_R", "SIZE_A", "SIZE_S"),
                        help="a box: centre and size in mm, RAS as Slicer shows it (right, anterior and superior are "
                        "positive)")
    either.add_argument("--region-mask", type=Path, metavar="FILE", help="the box around all that is drawn in a mask, "
                        "whose grid may be another one than the input's")
    group.add_argument("--region-margin", type=float, metavar="MM", help="with --region-mask: kept free on each side "
                       f"(default: {DEFAULT_MARGIN_MM:g})")


def region_asked_for(options: argparse.Namespace, inputs: Sequence[Any], worker: Callable[[], WorkerClient],
                     is_worklist: bool = False) -> RegionOfInterest | None:
    """The region of the options; None for none.

    Args:
        options: of the command line.
        inputs: what there is to look at.
        worker: makes a client, in whose process a mask is read.
        is_worklist: the inputs are what a server has today, be it one.

    Raises:
        UnsupportedImageError: it is no region, or of several inputs.
        WorkerError: the mask cannot be read here.
    """
    if options.region_margin is not None and options.region_mask is None:
        raise UnsupportedImageError("--region-margin is the margin around a mask. Give that with --region-mask.")
    if options.region is None and options.region_mask is None:
        return None
    if len(inputs) != 1 or is_worklist:
        # A place in mm is that of one patient, as he lay in the scanner.
        count = "those of a worklist" if is_worklist else str(len(inputs))
        raise UnsupportedImageError(f"A region of interest belongs to one input, not to {count}: another patient lies "
                                    "elsewhere. Run each by itself.")
    if options.region is not None:
        return RegionOfInterest.from_centre(options.region[:3], options.region[3:])
    margin = DEFAULT_MARGIN_MM if options.region_margin is None else options.region_margin
    with closing(worker()) as client:
        request = JobRequest("region", {"path": os.path.abspath(options.region_mask), "margin_mm": margin})
        return RegionOfInterest.from_dict(client.run(request))
