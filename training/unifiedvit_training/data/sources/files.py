"""Image files of a folder, and the masks that belong to them by their names."""

from __future__ import annotations

from collections import Counter, defaultdict
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


def masks_of_images(images: dict[Path, str], home: Path, folder: Path, where: str, complaints: Complaints
                    ) -> dict[Path, Path]:
    """The masks of images that a table lists: under an image's own path in the folder of masks, or by its bare name
    where no other image has that.

    Args:
        images: each with its place in the table.
        home: folder that the paths of images start from.
        folder: of the masks; it need not be there.
        where: the source.
        complaints: get masks of which it is not clear whose they are.
    """
    folders = {Path("."): masks_by_stem(folder, where, complaints)}
    alike: dict[str, list[Path]] = defaultdict(list)
    for image in images:
        alike[stem(image)].append(image)

    def own(image: Path) -> Path | None:
        inner = image.relative_to(home).parent if image.is_relative_to(home) else Path("..")
        if ".." in inner.parts:
            return None
        if inner not in folders:
            folders[inner] = masks_by_stem(folder / inner, where, complaints)
        return folders[inner].get(stem(image))

    found: dict[Path, Path] = {}
    for name, of_name in alike.items():
        masks: dict[Path, Path] = {image: mask for image in of_name if (mask := own(image))}
        bare, claimed = folders[Path(".")].get(name), Counter(masks.values())
        if bare and len(of_name) == 1:
            masks.setdefault(of_name[0], bare)
        given: list[Path] = [*masks.values(), *([bare] if bare else [])]
        for mask in dict.fromkeys(given):
            if claimed[mask] > 1 or (not claimed[mask] and len(of_name) > 1):
                shown = " and ".join(_shown(image, home) for image in of_name[:2])
                more = f" and {len(of_name) - 2} more" if len(of_name) > 2 else ""
                complaints.add(images[of_name[0]], f"the mask {_shown(mask, folder.parent)} may be of {shown}{more}, "
                               "which have one name: put it under the path of its image, as "
                               f"{folder.name}/{_shown(of_name[-1], home)}, or name masks in a column `mask`")
        found |= {image: mask for image, mask in masks.items() if claimed[mask] < 2}
    return found


def _shown(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)


def stem(path: Path) -> str:
    """The name without its ending, ".nii.gz" being one."""
    ending = max((s for s in SUFFIXES if path.name.lower().endswith(s)), key=len, default="")
    return path.name[: len(path.name) - len(ending)]
