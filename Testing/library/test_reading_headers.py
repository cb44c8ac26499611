"""A header is held against its file: what it promises and the file does not hold is refused before it is read."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import time
import zlib

import numpy as np
import pytest
import SimpleITK as sitk
from fuzz.seeds import copy_of, write_seeds
from PIL import Image
from workers import SOON_S

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.geometry import ALL_GIVEN, NOTHING_KNOWN, GeometrySource
from UnifiedViTLib.imaging.reading import limits, read

SHAPE = (6, 40, 36)
ARRAY = np.random.default_rng(0).integers(0, 1000, SHAPE).astype(np.int16)
PLACE = "space: left-posterior-superior\nspace directions: (3,0,0) (0,3.5,0) (0,0,6)\n"
NRRD = (f"NRRD0004\ntype: short\ndimension: 3\nsizes: 36 40 6\n{PLACE}kinds: domain domain domain\nendian: little\n"
        "encoding: raw\nspace origin: (1,2,3)\n")
META = ("ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nDimSize = 36 40 6\n"
        "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 1 2 3\nElementSpacing = 3 3.5 6\nElementType = MET_SHORT\n"
        "ElementDataFile = LOCAL\n")


def with_voxels(path, header, array=ARRAY):
    """A header and the voxels behind it."""
    path.write_bytes(header.encode() + array.tobytes())
    return path


def nrrd(path, *changes):
    """An NRRD whose header has some texts replaced."""
    header = NRRD
    for old, new in changes:
        assert old in header
        header = header.replace(old, new)
    return with_voxels(path, header + "\n")


def meta(path, *changes):
    """The same of MetaImage."""
    header = META
    for old, new in changes:
        assert old in header
        header = header.replace(old, new)
    return with_voxels(path, header)


def refusal(path) -> str:
    """The sentence with which `path` is refused, at once."""
    started = time.monotonic()
    with pytest.raises(UnsupportedImageError) as caught:
        read(path)
    assert time.monotonic() - started < SOON_S
    return str(caught.value)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    return write_seeds(tmp_path_factory.mktemp("seeds"))


def test_every_format_is_read_whole_and_refused_in_a_sentence_wherever_it_is_cut(tmp_path, seeds):
    for number, (whole, damaged) in enumerate(seeds):
        assert read(whole).array.size
        if whole.is_dir():  # a slice that is cut is left out, with a note
            continue
        data = damaged.read_bytes()
        for share in (0.02, 0.5, 0.9, 0.99):
            if damaged.suffix in (".mhd", ".nhdr", ".hdr") and share > 0.5:
                continue  # without its last bytes it may still be a header
            cut = copy_of((whole, damaged), tmp_path / f"{number}-{share}", data[:int(len(data) * share)])
            sentence = refusal(cut)
            assert cut.name in sentence, sentence


@pytest.mark.parametrize("part", ["sizes: 36 40 6", "DimSize = 36 40 6"])
@pytest.mark.parametrize("sizes", [
    "36 40 7", "37 40 6", "3600 40 6", "36 40 60000", "2048 2048 2500", "0 40 6", "-36 40 6", "36 40", "36 40 6 1",
    "36.5 40 6", "99999999999999999999 1 1", "",
])
def test_sizes_that_the_file_does_not_hold_are_refused(tmp_path, part, sizes):
    name = part.split("36")[0]
    write, ending = (nrrd, "nrrd") if name.startswith("sizes") else (meta, "mha")
    sentence = refusal(write(tmp_path / f"a.{ending}", (part, f"{name}{sizes}")))
    assert f"a.{ending}" in sentence


@pytest.mark.parametrize(("ending", "header"), [
    ("nrrd", NRRD.replace("36 40 6", "2048 2048 2500") + "\n"), ("mha", META.replace("36 40 6", "2048 2048 2500")),
])
def test_a_sparse_file_of_20_gigabytes_is_refused_by_arithmetic(tmp_path, ending, header):
    path = tmp_path / f"sparse.{ending}"
    path.write_text(header)
    os.truncate(path, 20 << 30)
    assert "2048 x 2048 x 2500 voxels: more than any scan has" in refusal(path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.bmp", "a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
def test_a_sparse_file_of_zeros_after_a_good_beginning_does_not_fill_the_memory(tmp_path, seeds, name):
    whole = next(file for file, _ in seeds if file.name == name)
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[:8])
    os.truncate(path, 20 << 30)
    assert name in refusal(path)


@pytest.mark.parametrize("ending", ["nii.gz", "nrrd", "mha"])
def test_a_decompression_bomb_is_refused_early(tmp_path, ending):
    path = tmp_path / f"bomb.{ending}"
    sitk.WriteImage(sitk.GetImageFromArray(ARRAY), str(tmp_path / "a.nii"))
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    start = (tmp_path / "a.nii").read_bytes() if ending == "nii.gz" else ARRAY.tobytes()
    packed = packer.compress(start) + b"".join(packer.compress(bytes(1 << 24)) for _ in range(2)) + packer.flush()
    header = {"nii.gz": "", "nrrd": NRRD.replace("raw", "gzip") + "\n",
              "mha": META.replace("ElementData", "CompressedData = True\nElementData")}[ending]
    path.write_bytes(header.encode() + packed)
    assert "unpacks to far more than" in refusal(path)


def test_packed_voxels_of_a_size_that_is_not_said_are_refused_where_itk_would_give_what_lay_in_memory(tmp_path):
    path, packed = tmp_path / "a.mha", zlib.compress(ARRAY.tobytes())
    header = META.replace("ElementData", "CompressedData = True\nElementData")
    path.write_bytes(header.encode() + packed)
    assert f"Add the line CompressedDataSize = {len(packed)} to its header" in refusal(path)
    said = header.replace("ElementData", f"CompressedDataSize = {len(packed)}\nElementData")
    path.write_bytes(said.encode() + packed)
    assert np.array_equal(read(path).array, ARRAY)
    (tmp_path / "a.zraw").write_bytes(packed)
    (tmp_path / "a.mhd").write_text(header.replace("LOCAL", "a.zraw"))
    assert np.array_equal(read(tmp_path / "a.mhd").array, ARRAY), "a file of their own tells their size"


def test_pipes_sockets_and_devices_are_refused_without_being_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.nii")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.nrrd")
        for path in (tmp_path / "pipe.nii", tmp_path / "socket.nrrd", "/dev/zero"):
            assert "no file but a device, pipe or socket" in refusal(path)
    for target in ("pipe.nii", "/dev/zero"):
        header = META.replace("LOCAL", target)
        (tmp_path / "a.mhd").write_text(header)
        (tmp_path / "a.nhdr").write_text(f"{NRRD}data file: {target}\n")
        assert "which is no file" in refusal(tmp_path / "a.mhd")
        assert "which is no file" in refusal(tmp_path / "a.nhdr")


@pytest.mark.parametrize(("write", "name", "old", "new", "words"), [
    (meta, "a.mha", "NDims = 3", "NDims = -3", "-3 dimensions"),
    (meta, "a.mha", "NDims = 3", "NDims = 99", "99 dimensions"),
    (meta, "a.mhd", "LOCAL", "f%d.raw 1 6 0", "from 1 to 6 by 0"),
    (meta, "a.mhd", "LOCAL", "f%s.raw 1 6 1", "no pattern"),
    (meta, "a.mhd", "LOCAL", "f%d.raw 1 999999999 1", "from 1 to 999999999"),
    (nrrd, "a.nhdr", "space origin", "data file: %1000000000d.raw 1 6 1\nspace origin", "no pattern of file names"),
    (nrrd, "a.nrrd", "(0,3.5,0)", "(0,1e7,0)", "3 x 1e+07 x 6 mm"),
    (nrrd, "a.nrrd", "(0,3.5,0)", "(0,0,0)", "length 0"),
    (nrrd, "a.nrrd", "(0,3.5,0)", "(0,nan,0)", "'0 nan 0', where 3 numbers should be"),
    (nrrd, "a.nrrd", "(0,0,6)", "none", "one of its axes lies nowhere in space"),
    (nrrd, "a.nrrd", "type: short", "type: block", "kind of voxel"),
    (nrrd, "a.nrrd", "encoding: raw", "encoding: zip", "zip"),
    (nrrd, "a.nrrd", "encoding: raw", "encoding: bzip2", "packed with bzip2. Save it with gzip"),
    (nrrd, "a.nrrd", "endian: little\n", "", "in which order bytes are"),
    (nrrd, "a.nrrd", "dimension: 3", "dimension: 3\ndimension: 2", "says dimension twice"),
    (meta, "a.mha", "3 3.5 6", "3,0 3,5 6,0", "written with a point, not with a comma"),
    (meta, "a.mha", "3 3.5 6", "3 3.5 0", "voxels of no size"), (meta, "a.mha", "3 3.5 6", "3 3.5 nan", "'3 3.5 nan'"),
    (meta, "a.mha", "MET_SHORT", "MET_STRING", "kind of voxel"),
    (meta, "a.mha", "= True", "= maybe", "BinaryData = maybe"),
    (meta, "a.mha", "BinaryData = True", "BinaryData = False", "voxels as text"),
])
def test_a_header_that_makes_no_sense_is_refused_before_itk_sees_it(tmp_path, write, name, old, new, words):
    assert words in refusal(write(tmp_path / name, (old, new)))


@pytest.mark.parametrize(("old", "new"), [
    ("endian", f"My description: {'x' * 2000}\nendian"), ("endian", f"{'q' * 2000}: 5\nendian"),
    ("endian", f"{'no colon ' * 200}\nendian"), ("endian", f"{'é' * 490}: 5\nendian"),
    ("endian", f"{' ' * 2000}\nendian"), ("endian", f"labels:{'x' * 2000}\nendian"),
    ("endian", f" content: {'x' * 2000}\nendian"), ("endian", f"content:{'x' * 2000}\nendian"),
    ("endian", f" labels: {'x' * 2000}\nendian"), ("endian", f"k: {'k' * 2000}:=value\nendian"),
    ("endian", f"# remark\r{'x' * 2000}\nendian"), ("endian", f"labels: \"{'x' * 2000}\nendian"),
    ("left-posterior-superior", "x" * 2000), ("domain domain domain", f"{'x' * 2000} domain domain"),
    ("endian", f"thicknesses: {'1' * 2000} 1 1\nendian"), ("endian", f"axis mins: {'x' * 2000}\nendian"),
    ("endian", f"centerings: {'x' * 2000} cell cell\nendian"), ("endian", f"old min: {'x' * 2000}\nendian"),
    ("endian", f"measurement frame: ({'1' * 2000},0,0) (0,1,0) (0,0,1)\nendian"), ("short", "short" + " " * 2000),
])
def test_a_long_line_of_an_nrrd_that_would_end_the_process_is_refused(tmp_path, old, new):
    sentence = refusal(nrrd(tmp_path / "a.nrrd", (old, new)))
    assert "a.nrrd" in sentence and "its header has a line of" in sentence and len(sentence) < 300


@pytest.mark.parametrize("line", [
    f"content: {'x' * 9000}", f"# {'x' * 9000}", f"key:={'value ' * 9000}", f"{'k' * 9000}:=a: b",
    f"a:b:={'value ' * 9000}", "\n".join(f"Segment{n}_Name:={'name ' * 50}" for n in range(2000)),
    f"labels: \"{'x' * 700}\" \"b\" \"c\"",
])
def test_long_lines_of_an_nrrd_that_may_be_long_are_read(tmp_path, line):
    volume = read(nrrd(tmp_path / "a.nrrd", ("endian", f"{line}\nendian")))
    np.testing.assert_array_equal(volume.array, ARRAY)


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.nii.gz", "a.nrrd", "is a NRRD file by its content, though its name says NIfTI"),
    ("a.nrrd", "a.nii", "is a NIfTI file by its content, though its name says NRRD"),
    ("a.nii", "a.png", "is a PNG file by its content"), ("a.jpg", "a.png", "though its name says JPEG"),
    ("a.nii", "a.dcm", "is a DICOM file by its content"),
    ("a.dcm", "a.mha", "is a MetaImage (MHA) file by its content"),
])
def test_a_file_of_another_kind_than_its_name_says_is_told_so(tmp_path, seeds, name, content, words):
    shutil.copy(next(file for file, _ in seeds if file.name == content), tmp_path / name)
    sentence = refusal(tmp_path / name)
    assert words in sentence and "damaged" not in sentence and "Rename it" in sentence


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.nii.gz", b"<!DOCTYPE html><html>Please log in", "is a web page, though its name says NIfTI"),
    ("a.nrrd", b"PK\x03\x04rest", "is a ZIP archive"), ("a.mnc", b"\x89HDF\r\n\x1a\n", "is an HDF5 or MINC file"),
    ("a.vtk", b"# vtk DataFile Version 3.0\n", "is a VTK file"),
    ("a.nrrd.gz", gzip.compress(NRRD.encode(), mtime=0), "Unpack it"),
    ("a.mgz", gzip.compress(bytes(400), mtime=0), "is a FreeSurfer volume by its name"),
    ("a.nii.gz", b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
])
def test_files_that_are_no_images_are_called_by_their_name(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert words in refusal(tmp_path / name)


@pytest.mark.parametrize("content", ["a.nrrd", "a.mha", "a.nii", "a.png", "a.tif", "a.dcm"])
def test_a_file_without_an_ending_is_read_by_its_content(tmp_path, seeds, content):
    whole = next(file for file, _ in seeds if file.name == content)
    shutil.copy(whole, tmp_path / "1.2.840.10008")
    np.testing.assert_array_equal(read(tmp_path / "1.2.840.10008").array, read(whole).array)


def test_a_name_that_is_no_text_is_refused_before_itk_ends_the_process(tmp_path):
    path = tmp_path / os.fsdecode(b"head\xe9.nrrd")
    path.write_bytes(NRRD.encode())
    assert "Rename it" in refusal(path) and refusal(path).isprintable()


@pytest.mark.parametrize(("units", "factor", "known"), [
    ('"cm" "cm" "cm"', 10, True), ('"mm" "mm" "mm"', 1, True), ('"" "" ""', 1, True), ('"m" "m" "m"', 1000, False),
    ('"microns" "microns" "microns"', 0.001, False), ('"pixel" "pixel" "pixel"', 1, False),
])
def test_the_units_of_an_nrrd_are_honoured(tmp_path, units, factor, known):
    volume = read(nrrd(tmp_path / "a.nrrd", ("space origin", f"space units: {units}\nspace origin"),
                       ("(3,0,0) (0,3.5,0) (0,0,6)", "(0.3,0,0) (0,0.35,0) (0,0,0.6)")))
    matrix = np.diag([-0.3, -0.35, 0.6, 1.0])
    matrix[:3, 3] = (-1, -2, 3)
    np.testing.assert_allclose(volume.ijk_to_ras, np.diag([factor, factor, factor, 1]) @ matrix)
    assert (volume.voxel_ml is not None) == known and bool(volume.notes) != known


@pytest.mark.parametrize(("unit", "factor", "known"), [
    ("cm", 10, True), ("mm", 1, True), ("?", 1, True), ("um", 0.001, False), ("pixel", 1, False),
])
def test_the_unit_of_a_metaimage_is_honoured(tmp_path, unit, factor, known):
    change = ("ElementSpacing = 3 3.5 6", f"DistanceUnits = {unit}\nElementSpacing = 1 2 3")
    volume = read(meta(tmp_path / "a.mha", change))
    np.testing.assert_allclose(volume.ijk_to_ras[:3], factor * np.array([[-1, 0, 0, -1], [0, -2, 0, -2], [0, 0, 3, 3]]))
    assert (volume.voxel_ml is not None) == known and bool(volume.notes) != known


def test_the_intensities_of_a_metaimage_are_in_their_unit(tmp_path):
    field = "ElementToIntensityFunction"
    change = ("ElementType", f"{field}Slope = -2\n{field}Offset = 7\nElementType")
    np.testing.assert_array_equal(read(meta(tmp_path / "a.mha", change)).array, -2.0 * ARRAY + 7)
    assert "multiplied by 0" in refusal(meta(tmp_path / "b.mha", (change[0], change[1].replace("-2", "0"))))


def test_a_metaimage_has_one_order_of_bytes(tmp_path):
    field = "BinaryDataByteOrderMSB = False"
    same = read(meta(tmp_path / "a.mha", (field, f"{field}\nElementByteOrderMSB = false")))
    np.testing.assert_array_equal(same.array, ARRAY)
    assert "two orders of bytes" in refusal(meta(tmp_path / "b.mha", (field, f"{field}\nElementByteOrderMSB = True")))


def test_files_of_a_metaimage_that_are_no_slices_are_refused_where_itk_scrambles_them(tmp_path):
    header = META.replace("LOCAL", "LIST {}\n" + "\n".join(f"{n}.raw" for n in range(SHAPE[0])))
    for n, voxels in enumerate(ARRAY):
        (tmp_path / f"{n}.raw").write_bytes(voxels.tobytes())
    for dimension in ("", "2"):
        (tmp_path / "a.mhd").write_text(header.format(dimension))
        np.testing.assert_array_equal(read(tmp_path / "a.mhd").array, ARRAY)
    (tmp_path / "a.mhd").write_text(header.format("3"))
    assert "no slices of an image of 3 dimensions" in refusal(tmp_path / "a.mhd")


@pytest.mark.parametrize("files", [1, 2, 3])
def test_fewer_files_than_slices_are_refused_where_itk_would_give_what_lay_in_memory(tmp_path, files):
    for n, part in enumerate(np.split(ARRAY, files)):
        (tmp_path / f"{n}.raw").write_bytes(part.tobytes())
    for said in (f"%d.raw 0 {files - 1} 1", "LIST\n" + "\n".join(f"{n}.raw" for n in range(files))):
        (tmp_path / "a.mhd").write_text(META.replace("LOCAL", said))
        assert f"it names {files} files for 6 slices" in refusal(tmp_path / "a.mhd")


@pytest.mark.parametrize("field", ["Comment", "Name", "ObjectSubType"])
def test_texts_for_which_itk_has_no_place_are_refused(tmp_path, field):
    line = ("NDims = 3", f"NDims = 3\n{field} = {{}}")
    np.testing.assert_array_equal(read(meta(tmp_path / "a.mha", (line[0], line[1].format("x" * 254)))).array, ARRAY)
    for length in (255, 400, 100_000):  # names of 400 ended the process
        path = meta(tmp_path / "b.mha", (line[0], line[1].format("x" * length)))
        assert f"more than 254 bytes in the field {field}" in refusal(path)


@pytest.mark.parametrize("ending", ["mhd", "nhdr", "hdr", "nii", "nii.gz"])
def test_more_voxels_than_the_header_promises_are_told(tmp_path, ending):
    sitk.WriteImage(sitk.GetImageFromArray(ARRAY), str(tmp_path / f"a.{dict(hdr='img').get(ending, ending)}"))
    voxels = {"mhd": "a.raw", "nhdr": "a.raw", "hdr": "a.img"}.get(ending, f"a.{ending}")
    if ending in ("mhd", "nhdr"):
        header = META.replace("LOCAL", voxels) if ending == "mhd" else f"{NRRD}data file: {voxels}\n"
        (tmp_path / f"a.{ending}").write_text(header)
        (tmp_path / voxels).write_bytes(ARRAY.tobytes())
    path, more = tmp_path / f"a.{ending}", bytes(ARRAY[0].nbytes)
    assert not any("more than its header" in note for note in read(path).notes)
    with open(tmp_path / voxels, "ab") as file:
        file.write(gzip.compress(more) if ending == "nii.gz" else more)
    told = read(path)
    assert any(f"{voxels} holds {len(more):,} bytes more than its header promises" in note for note in told.notes)
    np.testing.assert_array_equal(told.array, ARRAY)


def test_what_is_made_of_an_image_counts_by_its_voxels_and_not_by_their_type(monkeypatch):
    monkeypatch.setattr(limits, "_memory", lambda: 10**9)
    for voxel_bytes in (1, 2, 4):
        assert limits.check_counts("a.png", (1000, 1000, 45), voxel_bytes) == 45_000_000 * voxel_bytes
        with pytest.raises(UnsupportedImageError, match="too many for the memory of this computer"):
            limits.check_counts("a.png", (1000, 1000, 60), voxel_bytes)


@pytest.mark.parametrize(("write", "old", "new"), [
    (nrrd, "(0,3.5,0)", "(1,3.5,0)"), (meta, "TransformMatrix = 1 0 0 0 1 0", "TransformMatrix = 1 0 0 0.3 0.95 0"),
])
def test_axes_that_are_not_at_right_angles_are_told(tmp_path, write, old, new):
    volume = read(write(tmp_path / ("a.nrrd" if write is nrrd else "a.mha"), (old, new)))
    assert "is sheared" in volume.notes[0]


@pytest.mark.parametrize(("write", "changes", "source"), [
    (nrrd, [], ALL_GIVEN), (meta, [], ALL_GIVEN),
    (nrrd, [("space origin: (1,2,3)\n", "")], GeometrySource("given", "given", "unknown")),
    (nrrd, [("space: left-posterior-superior", "space dimension: 3")], GeometrySource("given", "unknown", "unknown")),
    (nrrd, [(PLACE, "spacings: 3 3.5 6\n"), ("space origin: (1,2,3)\n", "")],
     GeometrySource("given", "unknown", "unknown")),
    (nrrd, [(PLACE, "spacings: 3 3.5 nan\n"), ("space origin: (1,2,3)\n", "")], NOTHING_KNOWN),
    (meta, [("ElementSpacing = 3 3.5 6\n", "")], GeometrySource("unknown", "given", "given")),
    (meta, [("ElementSpacing", "ElementSize")], GeometrySource("derived", "given", "given")),
    (meta, [("Offset = 1 2 3\n", ""), ("TransformMatrix = 1 0 0 0 1 0 0 0 1\n", "")],
     GeometrySource("given", "unknown", "unknown")),
])
def test_what_a_header_leaves_out_is_not_known(tmp_path, write, changes, source):
    volume = read(write(tmp_path / ("a.nrrd" if write is nrrd else "a.mha"), *changes))
    assert volume.geometry == source
    np.testing.assert_array_equal(volume.array, ARRAY)


def test_an_animated_picture_is_refused(tmp_path):
    first, *rest = (Image.fromarray((plane // 4).astype(np.uint8)) for plane in ARRAY)
    first.save(tmp_path / "film.png", save_all=True, append_images=rest)
    assert "a film of several pictures" in refusal(tmp_path / "film.png")


def test_pictures_for_print_and_pages_of_different_size_are_refused(tmp_path):
    grey = Image.fromarray(ARRAY[0].astype(np.uint8))
    grey.convert("CMYK").save(tmp_path / "print.jpg")
    assert "4 colours, as pictures for print have" in refusal(tmp_path / "print.jpg")
    grey.save(tmp_path / "pages.tif", save_all=True, append_images=[grey.resize((50, 50))])
    assert "2 pictures of different size" in refusal(tmp_path / "pages.tif")


@pytest.mark.parametrize("kind, text, words", [
    ("uint8", "506", "the value 506, which its type"), ("ushort", "-5", "the value -5, which its type"),
    ("short", "40000", "the value 40000, which its type"), ("short", "5.6", "'5.6' stands where a number"),
    ("short", "8.38e+02", "'8.38e\\+02' stands where"), ("int", "0x1f", "'0x1f' stands where"),
    ("float", "838,5", "'838,5' stands where"), ("float", "a", "'a' stands where"),
])
def test_numbers_as_text_that_itk_would_read_as_others_are_refused(tmp_path, kind, text, words):
    numbers = " ".join(str(value) for value in ARRAY.ravel() // 8)
    header = NRRD.replace("type: short", f"type: {kind}").replace("raw", "text")
    (tmp_path / "a.nrrd").write_text(f"{header}\n{numbers}")
    np.testing.assert_array_equal(read(tmp_path / "a.nrrd").array, ARRAY // 8)
    (tmp_path / "a.nrrd").write_text(f"{header}\n{numbers.rsplit(maxsplit=1)[0]} {text}")
    with pytest.raises(UnsupportedImageError, match=words):
        read(tmp_path / "a.nrrd")
