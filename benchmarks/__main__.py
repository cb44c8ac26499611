"""`python -m benchmarks [NAME ...]`: measured in one run on this machine; all without a name."""

import sys
from importlib import import_module

#: In the order in which they are told; the first six make most of benchmarks/README.md.
NAMES = ("networks", "volume", "layers", "blocks", "growth", "start", "options", "many", "training", "window")


def main(asked: list[str]) -> None:
    """Run those of `NAMES` that are asked for, or all."""
    for name in asked:
        if name not in NAMES:
            sys.exit(f"There is no benchmark {name!r}; there are {', '.join(NAMES)}.")
    for name in asked or NAMES:
        import_module(f".{name}", __package__).main()


if __name__ == "__main__":
    main(sys.argv[1:])
