"""Deflated DICOM, one stream that may unpack to a thousand times its size: read within bounds, or refused in words."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dicom_files import image, save, stored
from pydicom.uid import DeflatedExplicitVRLittleEndian

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.reading import is_dicom, read

PIXELS = stored((40, 36))
#: Of the file's meta elements; what follows them is the stream.
META = 144
#: Far more than the memory that reading may take.
BOMB_MB, MOST_MEMORY = 200, 160e6


def packed(file: Path, change: Callable[[bytes], list[bytes]] = lambda elements: [elements]) -> Path:
    """A deflated image.

    Args:
        change: given the elements, and gives what is packed instead of them.
    """
    data = image(PIXELS)
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    content = save(data, file).read_bytes()
    stream_at = META + int.from_bytes(content[META - 4:META], "little")
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    parts = [stream.compress(part) for part in change(zlib.decompress(content[stream_at:], -15))]
    file.write_bytes(content[:stream_at] + b"".join(parts) + stream.flush())
    return file


def refusal(file: Path) -> str:
    """The sentence with which a file is refused, in little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(UnsupportedImageError) as caught:
            read(file)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()
    return str(caught.value)


def with_zeros(head: bytes) -> list[bytes]:
    return [head, *[bytes(1 << 20)] * BOMB_MB]


def element(tag: bytes, length: int) -> bytes:
    """The head of an element of bytes."""
    return tag + b"OB\0\0" + length.to_bytes(4, "little")


def test_a_deflated_image_is_read_with_whatever_follows_its_pixels(tmp_path):
    np.testing.assert_array_equal(read(packed(tmp_path / "a")).array[0], PIXELS)
    padded = packed(tmp_path / "b", lambda elements: [elements, element(b"\xfc\xff\xfc\xff", 4), bytes(4)])
    np.testing.assert_array_equal(read(padded).array[0], PIXELS)


def test_a_stream_that_goes_on_far_beyond_the_pixels_takes_no_memory(tmp_path):
    bomb = packed(tmp_path / "a", lambda elements: with_zeros(elements + element(b"\xfc\xff\xfc\xff", BOMB_MB << 20)))
    assert bomb.stat().st_size < 1 << 20
    assert "unpacks to far more than the 2,880 bytes that its header promises" in refusal(bomb)


def test_an_element_before_the_pixels_that_is_endless_takes_no_memory(tmp_path):
    begin = element(b"\x07\x00\x10\x10", BOMB_MB << 20)
    bomb = packed(tmp_path / "a", lambda elements: [*with_zeros(begin), elements])
    assert "a holds no image" in refusal(bomb)
    (tmp_path / "bare").write_bytes(bomb.read_bytes()[132:])
    assert not is_dicom(tmp_path / "bare")


def test_pixels_and_elements_that_are_not_all_there_are_told(tmp_path):
    short = packed(tmp_path / "a", lambda elements: [elements[:-100]])
    assert "cut off before its end" in refusal(short)
    beyond = packed(tmp_path / "b", lambda elements: [elements, element(b"\xfc\xff\xfc\xff", 0xF0000000)])
    assert "cut off before its end" in refusal(beyond)
    whole = packed(tmp_path / "c").read_bytes()
    (tmp_path / "c").write_bytes(whole[:-40])
    assert "cut off before its end" in refusal(tmp_path / "c")
    (tmp_path / "c").write_bytes(whole[:-60] + bytes(60))
    assert "damaged" in refusal(tmp_path / "c") or "cut off" in refusal(tmp_path / "c")


def test_a_stream_within_a_stream_is_not_unpacked(tmp_path):
    inner = packed(tmp_path / "inner", with_zeros).read_bytes()
    assert "its DICOM header" in refusal(packed(tmp_path / "a", lambda elements: [inner]))
