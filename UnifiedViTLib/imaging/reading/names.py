"""What an input is called in results."""

from __future__ import annotations

from pathlib import Path


def stem(path: Path) -> str:
    """The file's name without its ending, ".nii.gz" being one ending."""
    name = path.name
    if name.lower().endswith((".nii.gz", ".hdr.gz", ".img.gz")):
        return name[: -len(".nii.gz")]
    return path.stem if path.is_file() else name
