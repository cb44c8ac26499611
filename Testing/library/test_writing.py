"""A file is whole before it takes its name, on a disk that is really full too; names are fit for where they go."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from UnifiedViTLib.errors import OutputError
from UnifiedViTLib.leftovers import abandoned
from UnifiedViTLib.outputs.naming import folded, safe_name
from UnifiedViTLib.outputs.writing import PART, check_whole, write_atomically


@pytest.fixture
def full_disk(tmp_path):
    """A disk of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("only an administrator may mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def noise(side: int = 128) -> sitk.Image:
    return sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 255, (8, side, side), np.uint8))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_image(image: sitk.Image, path: Path) -> None:
    write_atomically(path, lambda part: sitk.WriteImage(image, str(part), useCompression=True))


def test_on_a_full_disk_a_sentence_says_so_and_nothing_is_left(full_disk):
    write_image(noise(32), full_disk / "small.seg.nrrd")
    old = (full_disk / "small.seg.nrrd").read_bytes()
    for name in ("small.seg.nrrd", "large.seg.nrrd"):
        with pytest.raises(OutputError, match=r"seg\.nrrd cannot be written to .*free some space"):
            write_image(noise(256), full_disk / name)
    with pytest.raises(OutputError, match=os.strerror(errno.ENOSPC)):
        write_atomically(full_disk / "a.json", lambda part: part.write_text("1" * 300_000))
    assert names(full_disk) == ["small.seg.nrrd"] and (full_disk / "small.seg.nrrd").read_bytes() == old


def test_what_killed_processes_were_writing_is_removed_at_the_next_writing_and_nothing_else(tmp_path):
    code = ("import sys, time\nfrom pathlib import Path\nfrom UnifiedViTLib.outputs.writing import write_atomically\n"
            "def write(part):\n    part.write_text('of a patient')\n    print(part.name, flush=True)\n"
            "    time.sleep(60)\n"
            "write_atomically(Path(sys.argv[1]) / 'report.html', write)\n")
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
               for _ in range(2)]
    dead, living = (process.stdout.readline().strip() for process in writers)
    try:
        writers[0].kill()
        writers[0].wait()
        elsewhere = f"{PART}{'0' * 8}-1-{'0' * 32}"  # of another machine, whose processes are not known here
        others = [f"{elsewhere}-report.html", ".part-1-report.html", f"{PART}mine", f"{elsewhere}-old.html"]
        for name in others:
            (tmp_path / name).write_text("somebody's")
        os.utime(tmp_path / others[-1], (0, 0))
        write_atomically(tmp_path / "a.json", lambda part: part.write_text("{}"))
        gone = {others[-1]} | ({dead} if os.name == "posix" else set())
        assert set(names(tmp_path)) == {*others, living, dead, "a.json"} - gone
    finally:
        for process in writers:
            process.kill()
            process.wait()
            process.stdout.close()


def test_leftovers_are_found_though_another_process_removes_one_of_them_meanwhile(tmp_path):
    for number in range(3):
        left = tmp_path / f"{PART}{'0' * 8}-1-{number:032x}"
        left.write_text("of a patient")
        os.utime(left, (0, 0))
    found = []
    for path in abandoned(tmp_path, PART):
        if not found:
            next(other for other in tmp_path.iterdir() if other != path).unlink()
        found.append(path)
    assert sorted(found) == sorted(tmp_path.iterdir()) and len(found) == 2


def test_a_name_as_long_as_the_disk_allows_can_be_written(tmp_path):
    path = tmp_path / ("é" * 60 + "a" * 130 + ".json")
    write_atomically(path, lambda part: part.write_text("{}"))
    assert names(tmp_path) == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="needs limits on files")
@pytest.mark.parametrize("limit", [0, 1, 5000, 60_000])
def test_where_files_may_not_be_larger_a_sentence_says_so_and_nothing_is_left(tmp_path, limit):
    # In a process of its own: the limit cannot be taken back. ITK tells nothing of some of these.
    code = ("import resource, sys\nfrom pathlib import Path\nimport SimpleITK as sitk\nimport numpy as np\n"
            "from UnifiedViTLib.outputs.writing import write_atomically\nfrom UnifiedViTLib.errors import OutputError\n"
            "image = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 255, (8, 128, 128), np.uint8))\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
            "try:\n    write_atomically(Path(sys.argv[1]), lambda p: sitk.WriteImage(image, str(p), True))\n"
            "except OutputError as error:\n    sys.exit(3)\n")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.seg.nrrd")], capture_output=True)
    assert done.returncode == 3, done.stderr
    assert names(tmp_path) == []


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.int64, np.float32, np.float64])
def test_a_cut_image_is_found_and_a_whole_one_passes(tmp_path, dtype, compressed):
    path = tmp_path / "a.nrrd"
    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 100, (3, 40, 36)).astype(dtype))
    sitk.WriteImage(image, str(path), useCompression=compressed)
    check_whole(path)
    whole = path.read_bytes()
    for count in (len(whole) - 1, len(whole) // 2, 40, 0):
        path.write_bytes(whole[:count])
        with pytest.raises(ValueError):
            check_whole(path)


@pytest.mark.parametrize("name, content", [("a.png", b"\x89PNG"), ("a.html", b"<html>"), ("a.json", b'{"a": '),
                                           ("a.csv", b"")])
def test_a_cut_picture_page_or_text_is_found(tmp_path, name, content):
    with pytest.raises(OutputError, match="cannot be written"):
        write_atomically(tmp_path / name, lambda part: part.write_bytes(content))
    assert names(tmp_path) == []


@pytest.mark.parametrize("given, made", [
    ("head", "head"), ("crâne é", "crâne é"), ("price $5$", "price $5$"), ("=1+2", "_1+2"), ("-rf", "_rf"),
    (".hidden", "_hidden"), ("../outside", "__outside"), ("con", "_con"), ("nul.t1", "_nul.t1"),
    ("a\x1b[31m", "a_[31m"), (os.fsdecode(b"caf\xe9"), "caf_"), ("a. ", "a"), ("", "_"), ("a:b?", "a_b_"),
])
def test_results_have_names_that_every_file_system_takes(given, made):
    assert safe_name(given) == made


def test_a_name_that_is_too_long_is_cut_between_characters():
    name = safe_name("é" * 300)
    assert len(name.encode()) <= 200 and set(name) == {"é"}


def test_names_that_a_file_system_takes_for_the_same_are_known_as_such():
    assert folded("Cafe\u0301.PNG") == folded("café.png")
