"""Image files of a folder, and the masks that belong to them by their names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from UnifiedViTLib.imaging.reading import SUFFIXES

from ..names import SEGMENTATION
from .complaints import Complaints


def image_files(folder: Path) -> list[Path]:
    """Image files, by name."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(SUFFIXES))


def by_stem(files: Iterable[Path], where: str, complaints: Complaints, ending: str = "") -> dict[str, Path]:
    """Files by their names without ending, by which images and masks are told to belong together.

    Args:
        files: of one folder.
        where: the source.
        complaints: get names that two files have.
        ending: taken off the names that end with it.
    """
    found: dict[str, Path] = {}
    for path in files:
        other = found.setdefault(stem(path).removesuffix(ending), path)
        if other != path:
            complaints.add(where, f"{path.parent.name} holds {other.name} and {path.name}: which one is meant is not "
                           "clear, as they have one name; rename one, or list them in a table")
    return found


def masks_by_stem(folder: Path, where: str, complaints: Complaints) -> dict[str, Path]:
    """Masks of a folder by the names of their images, which Slicer's segmentations add ".seg" to.

    Args:
        folder: which need not be there.
        where: the source.
        complaints: get names that two masks have.
    """
    return by_stem(image_files(folder) if folder.is_dir() else [], where, complaints, SEGMENTATION)


def stem(path: Path) -> str:
    """The name without its ending, ".nii.gz" being one."""
    ending = max((s for s in SUFFIXES if path.name.lower().endswith(s)), key=len, default="")
    return path.name[: len(path.name) - len(ending)]
