"""A backend that ends or holds up the process in the middle of a volume costs a repeat of that volume, wherever it was
asked for: command line, several processes, Slicer's console, the panel. Real processes, real signals."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk
from faulty_backends import reason_of, spoil_openvino
from once import give_verdicts
from workers import end_of, wait_for

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import UnsupportedImageError, WorkerError
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import FileRequest, Finished, PredictRequest
from UnifiedViTLib.spec import ModelSpec


@pytest.fixture
def scans(tmp_path) -> Path:
    """Two heads of three batches each."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(2):
        sitk.WriteImage(to_sitk(head_volume(shape=(20 + number, 45, 41))), str(folder / f"head-{number}.nrrd"))
    return folder


@pytest.fixture(autouse=True)
def nothing_known(tmp_path, monkeypatch) -> Path:
    """No verdicts of other tests; the folder that they would be in."""
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def known(proven, nothing_known, tmp_path_factory) -> ModelSpec:
    """A model for which OpenVINO was found to be right some days ago."""
    give_verdicts(tmp_path_factory, nothing_known)
    return proven


def results(folder: Path) -> list[dict]:
    return [json.loads((folder / f"head-{number}.json").read_text()) for number in range(2)]


def notes(result: dict) -> str:
    return " ".join(result["notes"])


def test_the_command_line_goes_round_a_backend_that_crashes_when_it_is_tried(model, scans, tmp_path, monkeypatch):
    spoil_openvino(monkeypatch, tmp_path / "bad day", "SIGSEGV")
    assert main(["predict", str(scans), "-o", str(tmp_path / "out"), "-m", str(model.folder), "--device", "cpu"]) == 0
    for result in results(tmp_path / "out"):
        assert result["backend"].startswith("torch") and reason_of("SIGSEGV") in notes(result)


@pytest.mark.openvino
@pytest.mark.parametrize(("kind", "jobs"), [("SIGSEGV", "1"), ("SIGABRT", "2")])
def test_a_crash_in_the_middle_of_a_volume_costs_a_repeat_and_not_the_batch(known, scans, tmp_path, monkeypatch, capsys,
                                                                            kind, jobs):
    failed = spoil_openvino(monkeypatch, tmp_path / "bad day", kind, process="worker", after=1, once=True)
    command = ["predict", str(scans), "-o", str(tmp_path / "out"), "-m", str(known.folder), "--device", "cpu"]
    assert main([*command, "--jobs", jobs]) == 0
    assert failed.exists() and "2 of 2 done" in capsys.readouterr().out
    assert any(f"it crashed ({kind})" in notes(result) for result in results(tmp_path / "out"))


@pytest.mark.openvino
def test_a_network_that_cannot_even_be_loaded_is_gone_round_too(known, scans, tmp_path, monkeypatch):
    failed = spoil_openvino(monkeypatch, tmp_path / "bad day", "SIGABRT", process="worker", method="__init__",
                            once=True)
    assert main(["predict", str(scans), "-o", str(tmp_path / "out"), "-m", str(known.folder), "--device", "cpu"]) == 0
    assert failed.exists() and "it crashed (SIGABRT)" in notes(results(tmp_path / "out")[0])


@pytest.mark.openvino
def test_a_worker_that_gets_no_further_is_ended_and_the_volume_repeated(known, tmp_path, monkeypatch):
    failed = spoil_openvino(monkeypatch, tmp_path / "bad day", "hang", process="worker", after=1, once=True)
    with closing(WorkerClient()) as client:
        client.submit(PredictRequest(head_volume(shape=(20, 45, 41)), known, device="cpu"))
        wait_for(failed.exists)
        client._watchdog.stalled_s = 2.0  # of this worker: to import torch, the next one may take longer
        end = end_of(client)
    assert isinstance(end, Finished) and "did not come to an end" in " ".join(end.result.provenance.notes)


@pytest.mark.openvino
def test_what_is_killed_from_outside_is_repeated_and_not_held_against_the_backend(known, tmp_path, monkeypatch):
    failed = spoil_openvino(monkeypatch, tmp_path / "bad day", "SIGKILL", process="worker", after=1, once=True)
    request = PredictRequest(head_volume(shape=(20, 45, 41)), known, device="cpu")
    with closing(WorkerClient()) as client:
        first, second = client.run(request), client.run(request)
    assert failed.exists() and "ended from outside" in " ".join(first.provenance.notes)
    assert "ended from outside" not in " ".join(second.provenance.notes)


CRASHING_READER = """
import importlib.abc, importlib.util, os, signal, sys


class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "UnifiedViTLib.service.worker.processing":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def spoil(module):
            execute(module)
            read = module.read
            module.read = lambda path: os.kill(os.getpid(), signal.SIGFPE) if "crash" in path.name else read(path)

        spec.loader.exec_module = spoil
        return spec


sys.meta_path.insert(0, Watch())
"""


def test_a_file_that_crashes_its_reader_is_a_row_of_the_table_and_the_others_are_done(known, scans, tmp_path,
                                                                                     monkeypatch, capsys):
    (tmp_path / "bad day").mkdir()
    (tmp_path / "bad day" / "sitecustomize.py").write_text(CRASHING_READER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "bad day"))
    (scans / "head-0.nrrd").rename(scans / "crash.nrrd")
    assert main(["predict", str(scans), "-o", str(tmp_path / "out"), "-m", str(known.folder), "--device", "cpu"]) == 1
    streams = capsys.readouterr()
    assert "1 of 2 done" in streams.out and "crash.nrrd cannot be read" in streams.err and "SIGFPE" in streams.err
    with closing(WorkerClient()) as client, pytest.raises(UnsupportedImageError, match="lost twice"):
        client.run(FileRequest(scans / "crash.nrrd", tmp_path / "out", "crash", known, device="cpu"))


def test_a_worker_that_is_lost_every_time_ends_in_a_sentence(model, tmp_path, monkeypatch):
    spoil_openvino(monkeypatch, tmp_path / "bad day", "SIGKILL", process="worker")
    hidden = tmp_path / "bad day" / "timm.py"
    hidden.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    with closing(WorkerClient()) as client, pytest.raises(WorkerError, match="lost twice on this image"):
        client.run(PredictRequest(head_volume(), model, device="cpu"))
