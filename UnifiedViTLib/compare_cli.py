"""The command line: `unifiedvit compare A B`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import NOTICE
from .streams import tell
from .texts import printable


def add_compare_command(commands) -> None:
    """Add `compare` to the sub-parsers of `unifiedvit`."""
    compare = commands.add_parser(
        "compare", help="compare two segmentations: two models, two dates, or a model and an expert",
        description="Dice, HD95, volumes and growth of two segmentations, a line a segment. To compare training runs: "
        f"unifiedvit-train compare. {NOTICE}",
    )
    kinds = "a result's NAME.json, a .seg.nrrd, or a mask or label map (NRRD, NIfTI, MHA, PNG)"
    compare.add_argument("a", metavar="A", type=Path, help=f"before, or the reference: {kinds}")
    compare.add_argument("b", metavar="B", type=Path, help="after, or what is held against it: likewise")
    compare.add_argument("--output", "-o", type=Path, metavar="DIR",
                         help="write JSON, CSV and the difference map (.difference.seg.nrrd) there, too")
    compare.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    from .outputs.comparison.compare import compare
    from .outputs.comparison.reading import read_segmentation
    from .outputs.comparison.tables import as_table, write_comparison

    comparison = compare(read_segmentation(options.a), read_segmentation(options.b))
    tell(as_table(comparison), sys.stdout)
    if options.output:
        files = write_comparison(comparison, options.output)
        tell(printable(f"Written: {', '.join(map(str, files))}. {NOTICE}"), sys.stdout)
    return 0
