"""`python -m benchmarks [inference] [options] [many] [training] [window]`: measured in one run on this machine; all
without a name."""

import sys

chosen = sys.argv[1:] or ["inference", "options", "many", "training", "window"]
if "inference" in chosen:
    from . import inference

    inference.main()
if "options" in chosen:
    from . import options

    options.main()
if "many" in chosen:
    from . import many  # needs Ray

    many.main()
if "training" in chosen:
    from . import training  # needs the training package

    training.main()
if "window" in chosen:
    from . import window  # needs PySide6 and slicer-core

    window.main()
