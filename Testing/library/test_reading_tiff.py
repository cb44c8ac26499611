"""TIFF: pixels arrive as they are shown, or the file is refused; never as other pixels."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.reading import read

GREY = np.random.default_rng(0).integers(0, 200, (48, 40)).astype(np.uint8)
DEEP = GREY.astype(np.uint16) * 4
PHOTOMETRIC, DESCRIPTION, ORIENTATION, SAMPLES, TILE_WIDTH, FORMAT = 262, 270, 274, 277, 322, 339


def tiff(path, *pages, tags=None, big=False):
    """A TIFF of these pages, one strip each; `tags` are added to every page, or come in place of its own."""
    data = bytearray(b"II+\0\x08\0\0\0" + struct.pack("<Q", 0) if big else b"II*\0" + struct.pack("<I", 0))
    link = 8 if big else 4
    for page in pages:
        array, own = page if isinstance(page, tuple) else (page, {})
        start = len(data)
        data += array.tobytes()
        entries = {256: array.shape[1], 257: array.shape[0], 258: 8 * array.itemsize, 259: 1, PHOTOMETRIC: 1,
                   273: start, SAMPLES: 1, 278: array.shape[0], 279: array.nbytes, **(tags or {}), **own}
        values = {}
        for tag, value in sorted(entries.items()):
            if isinstance(value, bytes):
                values[tag] = (2, len(value), len(data))
                data += value
            else:
                values[tag] = (4, 1, value)
        data[link:link + (8 if big else 4)] = struct.pack("<Q" if big else "<I", len(data))
        data += struct.pack("<Q" if big else "<H", len(values))
        for tag, (kind, count, value) in values.items():
            data += struct.pack("<HHQQ" if big else "<HHII", tag, kind, count, value)
        link = len(data)
        data += bytes(8 if big else 4)
    path.write_bytes(data)
    return path


def in_tiles(path, array):
    """A TIFF of tiles of 16 x 16."""
    tiles = [array[row:row + 16, column:column + 16].tobytes() for row in range(0, array.shape[0], 16)
             for column in range(0, array.shape[1], 16)]
    data = b"II*\0\0\0\0\0" + b"".join(tiles)
    starts, lengths = [8 + n * len(tiles[0]) for n in range(len(tiles))], [len(tile) for tile in tiles]
    lists = len(data)
    data += struct.pack(f"<{2 * len(tiles)}I", *starts, *lengths)
    tags = [(256, 1, array.shape[1]), (257, 1, array.shape[0]), (258, 1, 8 * array.itemsize), (259, 1, 1),
            (PHOTOMETRIC, 1, 1), (SAMPLES, 1, 1), (TILE_WIDTH, 1, 16), (323, 1, 16), (324, len(tiles), lists),
            (325, len(tiles), lists + 4 * len(tiles))]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, *value) for tag, *value in tags)
    path.write_bytes(data[:4] + struct.pack("<I", len(data)) + data[8:] + directory + bytes(4))
    return path


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("array", [GREY, DEEP, GREY.astype(np.int16) - 50, GREY.astype(np.float32) / 7])
def test_grey_pages_are_read_as_they_are(tmp_path, array, big):
    kind = {FORMAT: {"u": 1, "i": 2, "f": 3}[array.dtype.kind]}
    volume = read(tiff(tmp_path / "a.tif", array, array // 2, tags=kind, big=big))
    np.testing.assert_array_equal(volume.array, np.stack([array, array // 2]))


@pytest.mark.parametrize("array", [GREY, DEEP, GREY.astype(np.int16) - 50])
def test_black_and_white_that_are_exchanged_are_turned_around_and_told(tmp_path, array):
    kind = {FORMAT: 2 if array.dtype.kind == "i" else 1, PHOTOMETRIC: 0}
    volume = read(tiff(tmp_path / "a.tif", ~array, tags=kind))
    np.testing.assert_array_equal(volume.array[0], array)
    assert "WhiteIsZero" in volume.notes[0]


def test_tiles_of_8_bits_are_read_and_deeper_ones_refused_where_itk_would_keep_8_bits(tmp_path):
    deep = np.kron(DEEP, np.ones((2, 2), np.uint16))[:96, :80]
    np.testing.assert_array_equal(read(in_tiles(tmp_path / "a.tif", (deep // 4).astype(np.uint8))).array[0], deep // 4)
    with pytest.raises(UnsupportedImageError, match=r"16 bits, in tiles.*Save it as plain grey in strips"):
        read(in_tiles(tmp_path / "b.tif", deep))


@pytest.mark.parametrize("array, tags", [
    (GREY.astype(np.float16), {FORMAT: 3}), (GREY.astype(np.float64), {FORMAT: 3}),
    (np.stack([GREY, GREY], -1).reshape(48, 80), {256: 40, 258: 8, SAMPLES: 2}), (DEEP, {258: 12}),
])
def test_pixels_that_itk_would_take_for_others_are_refused(tmp_path, array, tags):
    with pytest.raises(UnsupportedImageError, match=r"holds a kind of pixel that cannot be read"):
        read(tiff(tmp_path / "a.tif", array, tags=tags))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("turn", [False, True])
def test_a_page_that_is_to_be_turned_is_refused_wherever_the_file_says_so(tmp_path, big, turn):
    path = tiff(tmp_path / "a.tif", np.tile(GREY, (30, 30)), tags={ORIENTATION: 6}, big=big)
    assert path.stat().st_size > 1 << 20
    with pytest.raises(UnsupportedImageError, match=r"EXIF orientation.*Save it upright"):
        read(path, turn=turn)


def test_pages_of_different_kinds_are_refused(tmp_path):
    for other, own in ((~GREY, {PHOTOMETRIC: 0}), (GREY, {FORMAT: 2}), (DEEP, {})):
        with pytest.raises(UnsupportedImageError, match=r"2 pages of different kinds"):
            read(tiff(tmp_path / "a.tif", GREY, (other, own)))


@pytest.mark.parametrize("description, words", [
    (b"ImageJ=1.53t\nimages=4\nchannels=2\nslices=2\n\0", "2 channels, 2 slices"),
    (b"ImageJ=1.53t\nimages=4\nslices=2\nframes=2\n\0", "2 time points, 2 slices"),
    (b'<OME><Image><Pixels DimensionOrder="XYCZT" SizeC="2" SizeT="1" SizeX="40" SizeY="48" SizeZ="2"/>\0',
     "2 channels, 2 slices"),
])
def test_channels_and_time_points_are_not_taken_for_slices(tmp_path, description, words):
    with pytest.raises(UnsupportedImageError, match=words):
        read(tiff(tmp_path / "a.tif", *[GREY] * 4, tags={DESCRIPTION: description}))


@pytest.mark.parametrize("description, notes", [
    (b"ImageJ=1.53t\nimages=4\nslices=4\n\0", 0), (b"ImageJ=1.53t\nimages=4\nframes=4\n\0", 1), (b"a head\0", 0),
])
def test_pages_along_one_axis_are_slices_and_told_if_they_are_called_otherwise(tmp_path, description, notes):
    volume = read(tiff(tmp_path / "a.tif", *[GREY] * 4, tags={DESCRIPTION: description}))
    assert volume.array.shape == (4, 48, 40) and len(volume.notes) == notes


@pytest.mark.parametrize("description", [b"ImageJ=1.53t\nimages=5\nslices=5\nloop=false\n\0",
                                         b'{"shape": [5, 48, 40], "truncated": true}\0'])
def test_a_stack_that_lists_its_first_page_alone_is_no_slice(tmp_path, description):
    one = tiff(tmp_path / "one.tif", GREY, tags={DESCRIPTION: description})
    assert read(one).array.shape == (1, 48, 40), "a slice of a stack that was taken out of it"
    one.write_bytes(one.read_bytes() + GREY.tobytes() * 4)
    with pytest.raises(UnsupportedImageError, match="holds 5 pictures by its description, of which it lists one"):
        read(one)


@pytest.mark.parametrize("packing", ["packbits", "group4", "tiff_ccitt", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("damage", ["random", "runs", "cut"])
def test_packed_pixels_that_were_damaged_are_never_taken_for_an_image(tmp_path, packing, damage):
    picture = Image.fromarray(np.kron(GREY, np.ones((3, 3), np.uint8)))
    file = tmp_path / "a.tif"
    (picture.point(lambda value: 255 * (value > 100), "1") if "4" in packing or "ccitt" in packing else picture).save(
        file, compression=packing)
    assert read(file).array.std() > 0
    with Image.open(file) as stored:
        tags = dict(stored.tag_v2)
    data = bytearray(file.read_bytes())
    for start, length in zip(tags[273], tags[279], strict=True):
        half = length // 2
        data[start + half:start + length] = {
            "random": np.random.default_rng(start).bytes(length - half), "runs": b"\xfe\x11" * length,
            "cut": bytes(length),
        }[damage][:length - half]
    file.write_bytes(data)
    with pytest.raises(UnsupportedImageError, match="damaged"):
        read(file)
