"""`python -m benchmarks [NAME ...]`: measured in one run on this machine; all without a name."""

import sys
from importlib import import_module

#: In the order in which they are told; the first five make benchmarks/README.md.
NAMES = ("networks", "volume", "layers", "growth", "start", "options", "many", "training", "window")

for name in sys.argv[1:] or NAMES:
    if name not in NAMES:
        sys.exit(f"There is no benchmark {name!r}; there are {', '.join(NAMES)}.")
    import_module(f".{name}", __package__).main()
