"""The command line of the fuzz runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the tests' own modules

from .images import fuzz_images
from .models import fuzz_models

RUNS = {"images": fuzz_images, "models": fuzz_models}


def main() -> int:
    """0 if every file was taken or refused in a sentence; 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m Testing.fuzz", description=__doc__)
    parser.add_argument("run", choices=RUNS)
    parser.add_argument("--count", type=int, default=1500, metavar="N", help="mutants (default: 1500)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the random numbers (default: 1)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where files that were not handled well are kept")
    options = parser.parse_args()
    return RUNS[options.run](options.count, options.seed, options.keep)


sys.exit(main())
