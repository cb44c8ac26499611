"""Image files of a folder, and the masks that belong to them by their names."""

from __future__ import annotations

from pathlib import Path

from UnifiedViTLib.imaging.reading import SUFFIXES

from ..names import SEGMENTATION


def image_files(folder: Path) -> list[Path]:
    """Image files, by name."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(SUFFIXES))


def masks_by_stem(folder: Path) -> dict[str, Path]:
    """Masks of a folder by the names of their images, which Slicer's segmentations add ".seg" to."""
    return {stem(path).removesuffix(SEGMENTATION): path for path in image_files(folder)} if folder.is_dir() else {}


def stem(path: Path) -> str:
    """The name without its ending, ".nii.gz" being one."""
    ending = max((s for s in SUFFIXES if path.name.lower().endswith(s)), key=len, default="")
    return path.name[: len(path.name) - len(ending)]
