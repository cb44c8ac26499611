"""What kind of file a file is, by its content and not by its name."""

from __future__ import annotations

import zlib
from enum import Enum
from pathlib import Path

from ...errors import UnsupportedImageError
from .dicom.header import is_dicom
from .nifti_header import HEADER_BYTES, header_of_pair, looks_like_analyze, looks_like_nifti

#: Endings of pictures, whose files tell nothing of a patient.
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
_PREAMBLE = 128
_READABLE = "NRRD, NIfTI, MHA, DICOM, PNG, JPEG, TIFF and BMP can be read"


class Kind(Enum):
    """Families of formats that are read; the value is their name for people."""

    DICOM = "DICOM"
    NIFTI = "NIfTI"
    NRRD = "NRRD"
    META = "MetaImage (MHA)"
    PNG = "PNG"
    JPEG = "JPEG"
    BMP = "BMP"
    TIFF = "TIFF"


#: What names promise.
_BY_NAME = {
    ".dcm": Kind.DICOM, ".ima": Kind.DICOM, ".nii": Kind.NIFTI, ".nii.gz": Kind.NIFTI, ".nrrd": Kind.NRRD,
    ".nhdr": Kind.NRRD, ".mha": Kind.META, ".mhd": Kind.META, ".png": Kind.PNG, ".jpg": Kind.JPEG, ".jpeg": Kind.JPEG,
    ".bmp": Kind.BMP, ".tif": Kind.TIFF, ".tiff": Kind.TIFF,
}
#: How files begin.
_MAGIC = (
    (b"NRRD", Kind.NRRD), (b"\x89PNG\r\n\x1a\n", Kind.PNG), (b"\xff\xd8\xff", Kind.JPEG), (b"BM", Kind.BMP),
    (b"II*\0", Kind.TIFF), (b"MM\0*", Kind.TIFF), (b"II+\0", Kind.TIFF), (b"MM\0+", Kind.TIFF),
)
#: Files of other kinds that people mistake for images, or have and must convert.
_FOREIGN = (
    (b"\x89HDF", "an HDF5 or MINC file"), (b"CDF", "a MINC file"), (b"# vtk", "a VTK file"), (b"<?xml", "an XML file"),
    (b"<!DOCTYPE", "a web page"), (b"<html", "a web page"), (b"<HTML", "a web page"), (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"), (b"GIF8", "a GIF picture"), (b"RIFF", "a WebP picture or a film"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"), (b"Rar!", "a RAR archive"), (b"\xfd7zXZ", "an XZ archive"),
    (b"BZh", "a bzip2 archive"), (b"{", "a JSON or text file"), (b"version https://git-lfs", "a Git LFS pointer"),
)
_FOREIGN_NAMES = {
    ".mgh": "a FreeSurfer volume", ".mgz": "a FreeSurfer volume", ".gipl": "a GIPL file", ".gipl.gz": "a GIPL file",
    ".nia": "a NIfTI file as text", ".par": "a Philips header", ".rec": "a Philips volume",
    ".czi": "a microscope's file", ".svs": "a whole-slide image", ".raw": "a file of voxels without a header",
}
_GZIP = b"\x1f\x8b"


def kind_of(path: Path) -> Kind:
    """The kind of a regular file that is not empty.

    Raises:
        UnsupportedImageError: it is none that can be read, or another than its name says.
    """
    with open(path, "rb") as file:
        begin = file.read(4096)
    packed = begin.startswith(_GZIP)
    inner = _unpacked(begin) if packed else begin
    content = _by_content(path, inner)
    name = path.name.lower()
    promised = next((kind for ending, kind in _BY_NAME.items() if name.endswith(ending)), None)
    if packed and content not in (None, Kind.NIFTI):
        raise UnsupportedImageError(
            f"{path.name} is a {content.value} file packed with gzip. Unpack it and run on what is in it."
        )
    if content is None:
        if promised is Kind.DICOM:
            return promised  # old files have no mark; their reader decides
        raise UnsupportedImageError(_unknown(path.name, inner, packed, promised))
    if promised not in (None, content):
        raise UnsupportedImageError(
            f"{path.name} is a {content.value} file by its content, though its name says {promised.value}. "
            f"Rename it, or export the image again."
        )
    return content


def _by_content(path: Path, begin: bytes) -> Kind | None:
    if begin[_PREAMBLE:_PREAMBLE + 4] == b"DICM" or is_dicom(path):
        return Kind.DICOM
    for magic, kind in _MAGIC:
        if begin.startswith(magic):
            return kind
    if looks_like_nifti(begin[:HEADER_BYTES]) or _is_pair(path, begin):
        return Kind.NIFTI
    fields = {line.split(b"=")[0].strip().lower() for line in begin.split(b"\n") if b"=" in line}
    return Kind.META if fields & {b"objecttype", b"ndims"} and b"\0" not in begin.split(b"=")[0] else None


def _is_pair(path: Path, begin: bytes) -> bool:
    """Whether it is one of two files of an Analyze or NIfTI image: their voxels alone have no mark."""
    name = path.name.lower()
    if name.endswith((".hdr", ".hdr.gz")):
        return looks_like_analyze(begin[:HEADER_BYTES])
    return name.endswith((".img", ".img.gz")) and header_of_pair(path) is not None


def _unpacked(begin: bytes) -> bytes:
    """What the first bytes of a gzip stream hold."""
    try:
        return zlib.decompressobj(47).decompress(begin, HEADER_BYTES)
    except zlib.error:
        return b""


def _unknown(name: str, begin: bytes, packed: bool, promised: Kind | None) -> str:
    for magic, words in _FOREIGN:
        if begin.lstrip().startswith(magic):
            instead = f", though its name says {promised.value}" if promised else ""
            packing = " packed with gzip" if packed else ""
            return f"{name} is {words}{packing}{instead}. Give the image itself ({_READABLE})."
    for ending, words in _FOREIGN_NAMES.items():
        if name.lower().endswith(ending):
            return f"{name} is {words} by its name, which cannot be read. Convert it ({_READABLE})."
    text = begin and not set(begin) - set(range(9, 14)) - set(range(32, 256))
    seen = "it is a text" if text else "it is packed with gzip" if packed else "its beginning is of no known kind"
    return (f"{name} cannot be read: it is damaged, incomplete or not an image ({_READABLE}). "
            f"Export or download it again. [{seen}]")
