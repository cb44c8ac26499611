"""`python -m benchmarks [inference | training]`: ratios measured in one run on this machine; both without a name."""

import sys

from . import inference

chosen = sys.argv[1:] or ["inference", "training"]
if "inference" in chosen:
    inference.main()
if "training" in chosen:
    from . import training  # needs the training package

    training.main()
