"""The command line where its words cannot be shown: results are written all the same."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk

ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path, model: Path, command: str = "exec \"$@\"", **environment: str) -> subprocess.Popen:
    """`unifiedvit predict` on two images, the first of which has an accent in its name; run by a shell `command`."""
    for name in ("Schädel", "second"):
        sitk.WriteImage(to_sitk(head_volume(shape=(6, 45, 41))), str(folder / f"{name}.nrrd"))
    return subprocess.Popen(
        ["sh", "-c", command, "sh", sys.executable, "-m", "UnifiedViTLib.cli", "predict", folder / "Schädel.nrrd",
         folder / "second.nrrd", "--output", folder / "out", "--model", model, "--device", "cpu"],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def check_done(folder: Path, errors: bytes) -> None:
    assert b"Traceback" not in errors, errors.decode("utf-8", "replace")
    with open(folder / "out" / "results.csv", newline="", encoding="utf-8") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["done", "done"]


def test_a_name_that_the_terminal_cannot_show_is_told_as_far_as_it_can_be(tmp_path, proven):
    process = start(tmp_path, proven.folder, PYTHONIOENCODING="ascii")
    told, errors = process.communicate(timeout=240)
    check_done(tmp_path, errors)
    assert process.returncode == 0 and b"2 of 2 done" in told and b"del: " in told


@pytest.mark.skipif(os.name == "nt", reason="needs a shell of Unix")
@pytest.mark.parametrize("command", ["exec \"$@\" >&-", "exec \"$@\" 2>&-"], ids=["stdout", "stderr"])
def test_a_closed_stream_costs_no_result(tmp_path, proven, command):
    process = start(tmp_path, proven.folder, command)
    _, errors = process.communicate(timeout=240)
    check_done(tmp_path, errors)
    assert process.returncode == 0


def test_a_reader_that_goes_away_costs_no_result(tmp_path, proven):
    process = start(tmp_path, proven.folder)
    process.stdout.close()  # as `| head -1` does
    errors = process.stderr.read()
    process.wait(240)
    check_done(tmp_path, errors)
