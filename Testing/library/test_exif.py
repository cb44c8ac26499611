"""Photographs that are to be turned when they are shown: noticed wherever the file says so."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.exif import check_upright


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_a_picture_that_viewers_turn_is_refused_in_words(tmp_path, suffix):
    picture = Image.fromarray(np.zeros((40, 40), np.uint8))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture.save(path := tmp_path / f"a{suffix}", exif=exif)
        if orientation == 1:
            check_upright(path)
        else:
            with pytest.raises(UnsupportedImageError, match=r"EXIF orientation.*Save it upright"):
                check_upright(path)
    picture.save(path)
    check_upright(path)
    for content in (b"", b"\xff\xd8\xff\xe1", b"MM\0*\0\0\0\x08\0\x05", b"\x89PNG\r\n\x1a\n\0\0\0\xffeXIf"):
        path.write_bytes(content)
        check_upright(path)


def test_a_picture_that_is_to_be_turned_is_noticed_wherever_it_says_so(tmp_path):
    picture = Image.fromarray(np.zeros((40, 40), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.jpg", exif=exif)
    jpeg, said = (tmp_path / "a.jpg").read_bytes(), exif.tobytes().removeprefix(b"Exif\0\0")
    picture.save(tmp_path / "b.jpg")
    plain = (tmp_path / "b.jpg").read_bytes()
    tag = said.index(b"\x12\x01" if said[:2] == b"II" else b"\x01\x12")
    order = "<" if said[:2] == b"II" else ">"
    long = said[:tag + 2] + struct.pack(f"{order}HII", 4, 1, 6) + said[tag + 12:]
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    picture.save(tmp_path / "c.png")
    png = (tmp_path / "c.png").read_bytes()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    end = png.index(b"IEND") - 4
    for content in (
        jpeg.replace(said, long), jpeg[:2] + b"\xff\xff" + jpeg[2:],
        plain[:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + plain[2:],
        png[:end] + chunk(b"tEXt", bytes(2 << 20)) + chunk(b"eXIf", said) + png[end:],
    ):
        (path := tmp_path / "turned").write_bytes(content)
        assert Image.open(path).getexif()[0x0112] == 6
        with pytest.raises(UnsupportedImageError, match="turned by 90 degrees"):
            check_upright(path)
