"""`python -m benchmarks [inference] [training] [window]`: measured in one run on this machine; all without a name."""

import sys

chosen = sys.argv[1:] or ["inference", "training", "window"]
if "inference" in chosen:
    from . import inference

    inference.main()
if "training" in chosen:
    from . import training  # needs the training package

    training.main()
if "window" in chosen:
    from . import window  # needs PySide6 and slicer-core

    window.main()
