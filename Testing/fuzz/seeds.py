"""Sound little files of every format that is read."""

from __future__ import annotations

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from builders import grid, oblique, write_dicom, write_series
from dicom_files import enhanced, image, save
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

_SHAPE = (6, 40, 36)


def write_seeds(folder: Path) -> list[tuple[Path, Path]]:
    """Write each in a folder of its own.

    Returns:
        what to read (a file, or a folder with a series), and which of its files to damage.
    """
    array = np.random.default_rng(0).integers(0, 1000, _SHAPE).astype(np.int16)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((3.0, 3.5, 6.0))
    image.SetDirection(oblique().ravel().tolist())
    seeds = []

    def place(name: str) -> Path:
        own = folder / str(len(seeds))
        own.mkdir(parents=True)
        return own / name

    def seed(file: Path, damaged: Path | None = None) -> None:
        seeds.append((file, damaged or file))

    for name in ("a.nrrd", "a.nii", "a.nii.gz", "a.mha", "a.tif"):
        for packed in (False, True):
            file = place(name)
            sitk.WriteImage(image, str(file), packed)
            seed(file)
    for name, data in (("a.nhdr", "a.raw"), ("a.mhd", "a.raw"), ("a.hdr", "a.img")):
        for part in (name, data):
            file = place(name)
            sitk.WriteImage(image, str(file))
            seed(file, file.with_name(part))
    for name, text in (
        ("list.mhd", "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
                     "DimSize = 36 40 6\nElementSpacing = 3 3.5 6\nElementType = MET_SHORT\nElementDataFile = LIST\n"
                     + "".join(f"s{k}.raw\n" for k in range(1, 7))),
        ("many.mhd", "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
                     "DimSize = 36 40 6\nElementSpacing = 3 3.5 6\nElementType = MET_SHORT\n"
                     "ElementDataFile = s%d.raw 1 6 1\n"),
        ("many.nhdr", "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 36 40 6\n"
                      "space directions: (3,0,0) (0,3.5,0) (0,0,6)\nkinds: domain domain domain\nendian: little\n"
                      "encoding: raw\nspace origin: (0,0,0)\ndata file: s%d.raw 1 6 1\n"),
        ("text.nrrd", "NRRD0004\ntype: short\ndimension: 3\nsizes: 36 40 6\nspacings: 3 3.5 6\nencoding: ascii\n\n"
                      + " ".join(map(str, array.ravel())) + "\n"),
    ):
        file = place(name)
        file.write_text(text)
        for k in range(6):
            file.with_name(f"s{k + 1}.raw").write_bytes(array[k].tobytes())
        seed(file)
    file = place("two.nii")
    file.write_bytes(_nifti_2(array))
    seed(file)
    file = place("two.nii.gz")
    file.write_bytes(gzip.compress(_nifti_2(array), mtime=0))
    seed(file)
    _write_pictures((array[0] // 4).astype(np.uint8), place, seed)
    _write_dicom(array, place, seed)
    return seeds


def _write_dicom(array: np.ndarray, place, seed) -> None:
    seed(write_dicom(place("a.dcm"), array[0], spacing=(3, 3.5), thickness=6))
    slab = image(array[0].astype(np.uint16))
    slab.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    seed(save(slab, place("deflated.dcm")))
    folder = place("series")
    write_series(folder, array, grid(np.eye(3), (3, 3, 6), _SHAPE))
    seed(folder, sorted(folder.iterdir())[2])
    frames = enhanced(array.astype(np.uint16), [(0, 0, 6 * k) for k in range(len(array))], slopes=range(1, 7))
    seed(save(frames, place("enhanced.dcm")))
    frames.compress(RLELossless)
    seed(save(frames, place("packed.dcm")))
    for name in ("MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPGExtended.dcm"):
        seed(Path(shutil.copy(get_testdata_file(name), place(name))))


def _write_pictures(grey: np.ndarray, place, seed) -> None:
    picture = Image.fromarray(grey)
    for name, more in (("a.png", {}), ("a.jpg", {}), ("progressive.jpg", {"progressive": True}), ("a.bmp", {}),
                       ("a.tif", {}), ("packed.tif", {"compression": "tiff_lzw"}),
                       ("jpeg.tif", {"compression": "jpeg"})):
        file = place(name)
        picture.save(file, **more)
        seed(file)
    for name, mode in (("colour.png", "RGBA"), ("palette.png", "P"), ("colour.jpg", "RGB"), ("colour.tif", "RGB"),
                       ("colour.bmp", "RGB")):
        file = place(name)
        picture.convert(mode).save(file)
        seed(file)
    file = place("pages.tif")
    picture.save(file, save_all=True, append_images=[picture] * 3)
    seed(file)


def _nifti_2(array: np.ndarray) -> bytes:
    """A NIfTI-2 file of int16 voxels with an sform."""
    head = bytearray(544)
    struct.pack_into("<i8s2h8q8d", head, 0, 540, b"n+2\0\r\n\x1a\n", 4, 16, 3, *array.shape[::-1], 1, 1, 1, 1,
                     1, 3, 3.5, 6, 0, 0, 0, 0)
    struct.pack_into("<q2d", head, 168, 544, 1, 0)
    struct.pack_into("<2i", head, 344, 0, 1)
    struct.pack_into("<12d", head, 400, -3, 0, 0, 50, 0, 3.5, 0, -60, 0, 0, 6, -20)
    struct.pack_into("<i", head, 500, 2)
    return bytes(head) + array.tobytes()


def copy_of(seed: tuple[Path, Path], folder: Path, data: bytes) -> Path:
    """A copy of a seed in `folder`, the file to damage replaced by `data`; what to read of it."""
    read, damaged = seed
    source = read if read.is_dir() else read.parent
    shutil.copytree(source, folder)
    target = folder / damaged.name
    target.write_bytes(data)
    return folder if read.is_dir() else folder / read.name
