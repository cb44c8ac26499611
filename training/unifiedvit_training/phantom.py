"""A data set made from nothing, whose perfect score is known: heads with lesions that only their pattern betrays.

    python -m unifiedvit_training.phantom FOLDER [--images N] [--volumes N] [--seed S] [--multi-label] [--partial]
                                          [--metadata]

Writes `labels.csv` with PNG images and masks, and `volumes.csv` with NRRD volumes and label volumes. A lesion is as
bright as what is around it on average, and as varied as lesions of the other classes: outline and arrangement alone
tell what it is. The masks are exact, so that a Dice and an accuracy of 1 can be reached in principle.

With `--multi-label` each sign is there or not whatever the others are, and there is one that no mask shows: a thick
skull. With `--partial` there are scribbles and boxes beside the masks (`partial_masks.py`; 255 is what nobody
labelled), in columns of these names, and a column `side`, so that a network can learn from these and be measured on
whole masks. With `--metadata` a mesh is drawn as a cyst: nothing but the age, in a column of its own, tells them apart.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from UnifiedViTLib.native import c_numeric_locale, native_path

from .partial_masks import PARTIAL

#: Classes with a lesion; the label in a mask is the place here plus one.
LESIONS = ("cyst", "mesh", "speckle")
HEALTHY = "healthy"
#: A sign without a mask, of multi-label data alone; with the others all that may be there at once.
THICK_SKULL = "thick-skull"
SIGNS = (*LESIONS, THICK_SKULL)
#: How often a sign is there, and how often the table does not know of it.
PRESENT, UNKNOWN = 0.4, 0.1

#: Mean age of those who have it, with a standard deviation of `AGE_STD` years. From the age alone cyst and mesh are
#: told apart in 93 of 100 (the normal distribution at 15 / 10).
AGES, AGE_STD = {"cyst": 40.0, "mesh": 70.0, "speckle": 55.0, HEALTHY: 55.0}, 10.0
#: How often the table does not know the age; and the sex, which tells nothing.
AGE_UNKNOWN = 0.1

#: (K, J, I) of an image and of a volume, and the volume's spacing along i, j, k in mm.
IMAGE, VOLUME, SPACING = (1, 96, 96), (16, 72, 72), (2.5, 2.5, 8.0)
#: The brain reaches to this share of the head's radius, the skull to the second; the rest is scalp.
BRAIN, SKULL = 0.86, 0.93
THICK_BRAIN = 0.77
#: Standard deviations of what is in a head and of a lesion's pattern, where tissue is 1.
TISSUE, CONTRAST = 0.15, 0.3
#: Scanner: tissue's value in an image of 8 bits, and the noise's standard deviation where tissue is 1.
SCANNERS = {"A": (110.0, 0.04), "B": (85.0, 0.06)}
#: Images of one patient: the same head, other lesions of the same class.
IMAGES_EACH = 2


def make_phantom(folder: Path, images: int = 480, volumes: int = 16, seed: int = 0, multi_label: bool = False,
                 partial: bool = False, metadata: bool = False) -> None:
    """Write the data set; the same arguments give the same files.

    Args:
        folder: made if need be; `labels.csv`, `images/`, `masks/`, `volumes.csv`, `volumes/`, `volume_masks/`.
        images: how many 2-D images, two of each patient; 0: no `labels.csv`.
        volumes: how many volumes, one of each patient; 0: no `volumes.csv`.
        seed: of everything that is random.
        multi_label: any of `SIGNS` may be there at once; instead of `label` the tables have a column for each, with
            1 and 0, or empty where it is not known.
        partial: write the folders and columns `scribbles` and `boxes`, too, and the column `side`.
        metadata: write the columns `age` (years) and `sex`, and draw a mesh as a cyst; not with `multi_label`.

    In the tables an image without a lesion has no mask; in masks 1, 2, 3 are the kinds of `LESIONS`.
    """
    for name in ("images", "masks", "volumes", "volume_masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rows = []
    for n in range(images):
        patient, name = n // IMAGES_EACH, f"{n:04d}.png"
        found, scanner = _found(patient, [seed, 4, patient], multi_label), "AB"[patient // 4 % 2]
        image, mask = draw_head(_drawn(found, metadata), IMAGE, [seed, 0, patient], [seed, 1, n], SCANNERS[scanner][1])
        image = np.clip(image[0] * SCANNERS[scanner][0], 0, 255).astype(np.uint8)
        _write(image, folder / "images" / name)
        if mask.any():
            _write(mask[0], folder / "masks" / name)
        rows.append({"image": f"images/{name}", "mask": f"masks/{name}" if mask.any() else "",
                     **_labels(found, [seed, 6, n], multi_label), "group": f"patient {patient:04d}", "scanner": scanner,
                     **(_partial(mask, folder, "", name, [seed, 8, n], patient) if partial else {}),
                     **(_metadata(found, [seed, 10, patient]) if metadata else {})})
    _write_table(folder / "labels.csv", rows)
    rows = []
    for n in range(volumes):
        found, scanner = _found(n, [seed, 5, n], multi_label), "AB"[n // 4 % 2]
        image, mask = draw_head(_drawn(found, metadata), VOLUME, [seed, 2, n], [seed, 3, n], SCANNERS[scanner][1])
        name = f"{n:03d}.nrrd"
        _write((image * 6 * SCANNERS[scanner][0]).astype(np.int16), folder / "volumes" / name, SPACING)
        if mask.any():
            _write(mask, folder / "volume_masks" / name, SPACING)
        rows.append({"image": f"volumes/{name}", "mask": f"volume_masks/{name}" if mask.any() else "",
                     **_labels(found, [seed, 7, n], multi_label), "group": f"volume {n:03d}", "scanner": scanner,
                     **(_partial(mask, folder, "volume_", name, [seed, 9, n], n, SPACING) if partial else {}),
                     **(_metadata(found, [seed, 11, n]) if metadata else {})})
    _write_table(folder / "volumes.csv", rows)


def draw_head(found: tuple[str, ...], shape: tuple[int, int, int], head_seed: list[int], seed: list[int],
              noise: float) -> tuple[np.ndarray, np.ndarray]:
    """A head on air, with tissue at about 1.

    Args:
        found: what is in it, of `SIGNS`.
        shape: (K, J, I); K = 1 cuts through the middle.
        head_seed, seed: of the head's shape, and of everything else.
        noise: standard deviation.

    Returns:
        image (K, J, I) float32, not negative; mask (K, J, I) uint8.
    """
    head, rng = np.random.default_rng(head_seed), np.random.default_rng(seed)
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape), indexing="ij")
    tilt = head.uniform(-0.3, 0.3)
    across, along = _turned(x, y, tilt)
    wobble = sum(head.uniform(0, 0.05) * np.cos(n * np.arctan2(y, x) + head.uniform(0, 6.3)) for n in (2, 3))
    radius = np.sqrt((across / head.uniform(0.68, 0.82)) ** 2 + (along / head.uniform(0.78, 0.92)) ** 2 + z**2) + wobble
    tissue = 1 + TISSUE * _cloud(shape, shape[1] / 16, head)
    brain = THICK_BRAIN if THICK_SKULL in found else BRAIN
    image = np.select([radius < brain, radius < SKULL, radius < 1], [tissue, 0.4, 1.3], 0.0)

    mask, lesions = np.zeros(shape, np.uint8), [kind for kind in found if kind in LESIONS]
    angle, offset = rng.uniform(0, 2 * np.pi), 0.27 if len(lesions) > 1 else rng.uniform(0, 0.27)
    for n, kind in enumerate(lesions):
        half = rng.uniform(0.18, 0.21 if len(lesions) > 1 else 0.27)
        side = angle + n * 2 * np.pi / len(lesions)
        u, v = _turned(x - offset * np.cos(side), y - offset * np.sin(side), rng.uniform(0, np.pi))
        height = (z - rng.uniform(-0.2, 0.2)) / 0.3 if shape[0] > 1 else z
        inside, pattern = _lesion(kind, u / half, v / half, height, rng)
        inside &= radius < brain
        image += CONTRAST * _balanced(pattern, inside)
        mask[inside] = LESIONS.index(kind) + 1

    image = image * np.exp(0.3 * (rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y + rng.uniform(-1, 1) * x * y))
    noisy = np.hypot(image + rng.normal(0, noise, shape), rng.normal(0, noise, shape))  # as of a magnitude image
    return noisy.astype(np.float32), mask


def _lesion(kind: str, u: np.ndarray, v: np.ndarray, height: np.ndarray,
            rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Where a lesion is (bool) and what pattern it has, in coordinates whose unit is its half-width and -height."""
    taper = 1 - 0.3 * np.minimum(height**2, 1)
    distance, within = np.hypot(u, v) / taper, np.abs(height) <= 1
    if kind == "cyst":  # a disc, dark inside, with a bright rim
        return within & (distance < 1), distance**3
    if kind == "mesh":  # a chequered square
        square = np.maximum(np.abs(u), np.abs(v)) / taper < 0.9
        return within & square, np.sin(2 * np.pi * 1.2 * u) * np.sin(2 * np.pi * 1.2 * v)
    lobes = 0.85 + 0.2 * np.cos(3 * np.arctan2(v, u))  # a clover leaf full of grains
    return within & (distance < lobes), _cloud(u.shape, 1.2, rng)


def _balanced(pattern: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """`pattern` with zero mean and unit variance over `inside` in every slice; zero outside."""
    count = np.maximum(inside.sum(axis=(1, 2), keepdims=True), 1)
    centred = np.where(inside, pattern - (pattern * inside).sum(axis=(1, 2), keepdims=True) / count, 0)
    deviation = np.sqrt((centred**2).sum(axis=(1, 2), keepdims=True) / count)
    return centred / np.maximum(deviation, 1e-6)


def _cloud(shape: tuple[int, ...], width: float, rng: np.random.Generator) -> np.ndarray:
    """Noise (K, J, I) blurred in the plane to `width` pixels, of unit variance and without extremes."""
    cloud = gaussian_filter(rng.normal(size=shape), (0, width, width))
    cloud = np.tanh(cloud / cloud.std())
    return cloud / cloud.std()


def _turned(x: np.ndarray, y: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    return np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x


def _found(patient: int, seed: list[int], multi_label: bool) -> tuple[str, ...]:
    """What a patient has: none or one kind of lesion, in turn; or any number of signs, by chance."""
    if not multi_label:
        return ((), *((kind,) for kind in LESIONS))[patient % 4]
    present = np.random.default_rng(seed).random(len(SIGNS)) < PRESENT
    return tuple(sign for sign, is_present in zip(SIGNS, present, strict=True) if is_present)


def _drawn(found: tuple[str, ...], metadata: bool) -> tuple[str, ...]:
    """What a patient's lesions look like."""
    return ("cyst",) if metadata and found == ("mesh",) else found


def _metadata(found: tuple[str, ...], seed: list[int]) -> dict[str, str]:
    """What the table says of a patient besides; empty where it does not know."""
    rng = np.random.default_rng(seed)
    age = float(np.clip(rng.normal(AGES["".join(found) or HEALTHY], AGE_STD), 1, 110))
    sex = rng.choice(["F", "M"])
    unknown = rng.random(2) < AGE_UNKNOWN
    return {"age": "" if unknown[0] else f"{age:.0f}", "sex": "" if unknown[1] else str(sex)}


def _labels(found: tuple[str, ...], seed: list[int], multi_label: bool) -> dict[str, str]:
    """What the table says of a patient."""
    if not multi_label:
        return {"label": "".join(found) or HEALTHY}
    known = np.random.default_rng(seed).random(len(SIGNS)) >= UNKNOWN
    return {sign: str(int(sign in found)) if is_known else "" for sign, is_known in zip(SIGNS, known, strict=True)}


def _partial(mask: np.ndarray, folder: Path, prefix: str, name: str, seed: list[int], patient: int,
             spacing: tuple[float, ...] | None = None) -> dict[str, str]:
    """Write a mask's scribbles and its boxes, none where it is empty; what the table says of them, and the side."""
    cells = {}
    for kind, draw in PARTIAL.items():
        path = Path(f"{prefix}{kind}") / name
        cells[kind] = path.as_posix() if mask.any() else ""
        if mask.any():
            (folder / path).parent.mkdir(exist_ok=True)
            drawn = draw(mask, np.random.default_rng(seed))
            _write(drawn if spacing else drawn[0], folder / path, spacing)
    # Four patients in turn have each kind once; of twenty such rounds fourteen are to learn from.
    place = patient // 4 % 20
    return cells | {"side": "train" if place < 14 else "validation" if place < 17 else "test"}


def _write(array: np.ndarray, path: Path, spacing: tuple[float, ...] | None = None) -> None:
    image = sitk.GetImageFromArray(array)
    if spacing:
        image.SetSpacing(spacing)
    with c_numeric_locale():
        sitk.WriteImage(image, native_path(path), useCompression=True)


def _write_table(path: Path, rows: list[dict[str, str]]) -> None:
    if not rows:
        return
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m unifiedvit_training.phantom",
                                     description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=480, help="2-D images (default: %(default)s)")
    parser.add_argument("--volumes", type=int, default=16, help="volumes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--multi-label", action="store_true", help="several signs may be there at once")
    parser.add_argument("--partial", action="store_true", help="scribbles and boxes beside the masks, and a column "
                                                               "`side`")
    parser.add_argument("--metadata", action="store_true", help="columns `age`, which alone tells two of the kinds "
                                                                "apart, and `sex`")
    arguments = parser.parse_args()
    make_phantom(arguments.folder, arguments.images, arguments.volumes, arguments.seed, arguments.multi_label,
                 arguments.partial, arguments.metadata)
    print(f"{arguments.images} images and {arguments.volumes} volumes are in {arguments.folder}")


if __name__ == "__main__":
    main()
