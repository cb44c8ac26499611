"""The client and a worker that does well: the same result as without them, warm, one request at a time, cancelled."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from builders import grid, head_volume, oblique, phantom, points, tiny_model
from workers import NO_SUCH_JOB, SOON_S, end_of, events_until, lives, pid_of

from UnifiedViTLib.errors import Cancelled, DeviceError, UnsupportedImageError, WeightsError, WorkerError
from UnifiedViTLib.imaging.geometry import GeometrySource
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.store.cache import compiled_folder
from UnifiedViTLib.service.worker import watchdog
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.exchange import name_folder, read_volume, write_volume
from UnifiedViTLib.service.worker.process import WorkerLost
from UnifiedViTLib.service.worker.protocol import Failed, Finished, JobRequest, PredictRequest, Progress
from UnifiedViTLib.spec import ModelSpec, load_spec

KEEP_ALL = {"pooling": "lesion_weighted", "top_k": 3, "max_normal_probability": 1.0, "min_component_ml": 0.0}


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("Modèle Ω") / "tiny", aggregation=KEEP_ALL)


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """A place for temporary files that nobody else uses."""
    importlib.import_module("torch._dynamo")  # makes a folder of its own in the place for temporary files, once
    folder = tmp_path_factory.mktemp("vorläufig 仮")
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    yield folder
    tempfile.tempdir = before


@pytest.fixture(scope="module")
def shared(temporary):
    client = WorkerClient()
    yield client
    client.close()


@pytest.fixture
def client(shared, temporary):
    """A client with, most often, a warm worker; afterwards nothing may lie about."""
    yield shared
    assert not shared.running and not list(temporary.iterdir())


@pytest.fixture(scope="module")
def predictor(spec):
    return Predictor(spec, "cpu", cache=compiled_folder())


def head(shape=(6, 40, 36), spacing=(2.0, 2.0, 8.0), direction=None) -> Volume:
    return head_volume(direction, spacing, shape)


def request(spec, volume=None, options=Options(), batch_size=8) -> PredictRequest:  # noqa: B008
    return PredictRequest(head() if volume is None else volume, spec, options, "cpu", batch_size)


def long_request(spec) -> PredictRequest:
    """Seconds of work, in many batches."""
    return request(spec, head((900, 40, 36), (2.0, 2.0, 0.1)), Options("axial"), 1)


def assert_same(through_worker, here) -> None:
    """All but the seconds."""
    for field in ("labelmap", "slice_probabilities", "ijk_to_ras", "probability_maps"):
        one, other = getattr(through_worker, field), getattr(here, field)
        if other is None:
            assert one is None
        else:
            assert one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes(), field
    for field in ("name", "spec", "diagnosis", "slice_axis", "segments", "warnings"):
        assert getattr(through_worker, field) == getattr(here, field), field
    made, expected = asdict(through_worker.provenance), asdict(here.provenance)
    assert made.pop("timings_s").keys() == expected.pop("timings_s").keys()
    assert made == expected


@pytest.mark.parametrize(("options", "batch_size"), [
    (Options(), 8),
    (Options("coronal", tta=True, keep_probabilities=True), 3),
], ids=["plain", "with all options"])
def test_a_result_through_the_worker_is_that_of_the_predictor_here(client, spec, options, batch_size):
    volume = replace(
        head((19, 40, 36), (2.0, 2.0, 2.5), oblique()), name="Schädel é 頭", notes=("Read as grey.",),
        metadata={"Modality": "PT"},
    )
    predictor = Predictor(spec, "cpu", batch_size, compiled_folder())
    assert_same(client.run(request(spec, volume, options, batch_size)), predictor.predict(volume, options))


DTYPES = ["?", "i1", "u1", "i2", ">i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", ">f4", "f8"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_voxels_and_geometry_pass_over_files_to_the_last_bit(tmp_path, dtype):
    rng = np.random.default_rng(5)
    values = rng.integers(0, 256, (3, 4, 5, np.dtype(dtype).itemsize), np.uint8)
    array = (values[..., 0] > 99) if dtype == "?" else np.ascontiguousarray(values).view(dtype)[..., 0]
    matrix = grid(oblique(), (0.1, 1 / 3, np.pi), (3, 4, 5))
    for voxels in (array, array[:, ::-1, ::2], np.asfortranarray(array)):
        volume = Volume(voxels, matrix, "a\udce9\n\"b\"", True, ("Ä", ""), {"Modality": "MR", "μ": "\x00"},
                        GeometrySource("derived", "given", "unknown"), (Path("/a/b\udce9"), Path("/a/c")))
        write_volume(volume, tmp_path, lambda: None)
        read = read_volume(tmp_path)
        assert read.array.dtype == voxels.dtype and read.array.tobytes() == voxels.tobytes()
        assert read.array.shape == voxels.shape and read.ijk_to_ras.tobytes() == matrix.tobytes()
        assert replace(read, array=None, ijk_to_ras=None) == replace(volume, array=None, ijk_to_ras=None)


@pytest.mark.parametrize("dtype", ["?", ">i2", "u8", "f2"])
def test_volumes_of_rare_types_get_the_answer_that_they_get_here(client, spec, predictor, dtype):
    matrix = grid(oblique(), (2.0, 2.1, 8.3), (6, 40, 36))
    array = phantom(points(matrix, (6, 40, 36)))
    volume = Volume(array > 100 if dtype == "?" else array.astype(dtype), matrix)
    assert_same(client.run(request(spec, volume)), predictor.predict(volume))


def test_a_description_passes_as_json_whole(spec, tmp_path):
    from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

    for one in (spec, find_model(DEFAULT_MODEL)):
        assert ModelSpec.from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_a_second_run_finds_the_worker_and_the_model_ready(client, spec):
    client.run(request(spec))
    pid, stages, started = pid_of(client), [], time.perf_counter()
    result = client.run(request(spec), lambda stage, fraction: stages.append(stage))
    overhead = time.perf_counter() - started - result.provenance.timings_s["total"]
    assert pid_of(client) == pid
    assert stages[0] == "Preparing" and "Loading the model" not in stages
    assert overhead < SOON_S


def test_a_model_with_the_same_weights_but_another_description_is_not_taken_for_the_one_at_hand(client, spec):
    client.run(request(spec))
    hot = replace(spec, temperature=9.0)
    assert_same(client.run(request(hot)), Predictor(hot, "cpu", cache=compiled_folder()).predict(head()))


def test_progress_tells_each_batch_and_ends_with_one_result(client, spec):
    client.submit(request(spec, batch_size=2))
    events = events_until(client)
    told = [event for event in events if isinstance(event, Progress)]
    assert [event.stage for event in told][-5:] == [
        "Preparing", "Looking at slice 2 of 6", "Looking at slice 4 of 6", "Looking at slice 6 of 6", "Done",
    ]
    assert [event.fraction for event in told][-4:] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert [isinstance(event, (Finished, Failed)) for event in events].count(True) == 1
    assert isinstance(events[-1], Finished) and client.poll() == []


def test_submitting_and_polling_never_wait_even_for_a_large_volume(client, spec, temporary):
    volume = Volume(np.zeros((250, 1024, 1024), np.uint16), np.eye(4))  # 500 MB
    started = time.perf_counter()
    client.submit(request(spec, volume))
    assert time.perf_counter() - started < 5
    longest, asked, events = 0.0, time.perf_counter(), []
    client.cancel()
    while client.running:
        before = time.perf_counter()
        events += client.poll()
        longest = max(longest, time.perf_counter() - before)
    assert longest < 5 and time.perf_counter() - asked < SOON_S
    assert isinstance(events[-1], Failed) and isinstance(events[-1].error, Cancelled)


def test_one_request_at_a_time_and_the_second_does_not_disturb_the_first(client, spec):
    client.submit(request(spec))
    with pytest.raises(WorkerError, match="A run is under way"):
        client.submit(request(spec))
    assert client.running
    assert isinstance(end_of(client), Finished)
    assert not client.running


def refused(spec, folder):
    broken = tiny_model(folder / "broken", seed=1)
    broken.weights.write_bytes(broken.weights.read_bytes()[:-7])
    flat = Volume(np.zeros((6, 40, 36)), np.eye(4), "flat")
    return [
        (request(broken), WeightsError, "damaged"),
        (request(spec, flat), UnsupportedImageError, "flat has the same value"),
        (request(spec, replace(flat, array=flat.array.astype(object))), UnsupportedImageError, "object values"),
        (request(spec, replace(flat, array=flat.array.astype("M8[s]"))), UnsupportedImageError, "datetime64"),
        (request(spec, options=Options("diagonal")), UnsupportedImageError, "no plane called 'diagonal'"),
        (replace(request(spec), device="tpu"), DeviceError, "'tpu' is not available"),
        (JobRequest("nonsense"), WorkerError, "no job called 'nonsense'; there are download"),
    ]


def test_errors_keep_their_class_and_sentence_and_the_worker_goes_on(client, spec, tmp_path):
    client.run(request(spec))
    pid = pid_of(client)
    for asked, kind, sentence in refused(spec, tmp_path):
        with pytest.raises(kind, match=sentence):
            client.run(asked)
    client.run(request(spec))
    assert pid_of(client) == pid


def test_cancelling_while_the_network_looks_stops_it_and_leaves_the_worker_warm(client, spec, monkeypatch):
    monkeypatch.setattr("UnifiedViTLib.service.worker.client.GRACE_S", SOON_S)
    client.run(request(spec))
    pid = pid_of(client)
    client.submit(long_request(spec))
    events_until(client, "Looking")
    asked = time.perf_counter()
    client.cancel()
    client.cancel()
    end = end_of(client)
    assert isinstance(end.error, Cancelled) and time.perf_counter() - asked < SOON_S
    stages = []
    client.run(request(spec), lambda stage, fraction: stages.append(stage))
    assert pid_of(client) == pid and stages[0] == "Preparing"


def test_cancelling_when_nothing_runs_changes_nothing(client, spec):
    client.cancel()
    assert client.poll() == []
    assert client.run(request(spec)).labelmap.any()


def test_a_result_that_was_ready_when_the_user_cancelled_is_not_given(client, spec):
    client.submit(request(spec))
    client._thread.join(60)
    client.cancel()
    assert isinstance(end_of(client).error, Cancelled)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), ValueError("the caller's own")], ids=repr)
def test_what_interrupts_the_waiting_cancels_the_run(client, spec, interruption):
    def interrupt(stage, fraction):
        if stage.startswith("Looking"):
            raise interruption

    with pytest.raises(type(interruption)):
        client.run(long_request(spec), interrupt)
    assert not client.running


def test_the_worker_tells_what_is_installed(client):
    report = client.run(JobRequest("inspect"))
    assert "torch" in report["versions"] and report["auto"] in report["devices"]


def test_a_relative_model_folder_means_the_same_to_the_worker(client, spec, monkeypatch):
    client.run(request(spec))
    monkeypatch.chdir(spec.folder.parent)
    assert client.run(request(load_spec("tiny"))).labelmap.any()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_folder_of_a_run_is_for_this_user_alone(client, spec, temporary):
    client.submit(request(spec))
    modes = []
    while client.running:
        with suppress(FileNotFoundError):  # it ends when it likes, also between these two looks
            modes += [folder.stat().st_mode & 0o777 for folder in temporary.glob("unifiedvit-*")]
        client.poll()
    assert set(modes) == {0o700}


@pytest.mark.skipif(os.name == "nt", reason="Windows does not tell which processes are gone")
def test_folders_of_volumes_that_killed_processes_left_are_removed_by_the_next_one(temporary):
    code = ("import time\nfrom UnifiedViTLib.service.worker.exchange import make_folder, name_folder\n"
            "folder = name_folder()\nmake_folder(folder)\n(folder / 'volume.npy').write_text('of a patient')\n"
            "print(folder, flush=True)\ntime.sleep(60)\n")
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                                  env=os.environ | {"TMPDIR": str(temporary)}) for _ in range(2)]
    dead, living = (Path(process.stdout.readline().strip()) for process in processes)
    foreign = temporary / "unifiedvit-of-somebody-else"
    foreign.mkdir()
    try:
        processes[0].kill()
        processes[0].wait()
        assert (dead / "volume.npy").exists()
        assert name_folder().parent == temporary
        assert not dead.exists() and (living / "volume.npy").exists() and foreign.exists()
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdout.close()
    name_folder()
    foreign.rmdir()
    assert not living.exists()


def test_closing_twice_ends_the_worker_and_a_later_run_starts_another(client):
    with pytest.raises(WorkerError, match="no job"):
        client.run(NO_SUCH_JOB)
    pid = pid_of(client)
    client.close()
    client.close()
    assert not lives(pid)
    with pytest.raises(WorkerError, match="no job"):
        client.run(NO_SUCH_JOB)
    assert pid_of(client) != pid


def test_the_time_that_a_computer_slept_is_not_held_against_the_worker(monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    dog = watchdog.Watchdog(silence_s=2.5, stalled_s=900.0, python="python")
    for seconds[0] in (3600.0, 7200.0):  # each time one second counts, as much as a listener may be held up
        dog.tick()
    dog.sign_of_life()
    for seconds[0] in (7201.0, 7202.0):
        dog.tick()
    seconds[0] = 7203.0
    with pytest.raises(WorkerLost, match="no sign of life"):
        dog.tick()


def test_a_worker_that_answers_and_gets_no_further_is_lost_and_one_that_tells_of_steps_is_not(monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    dog = watchdog.Watchdog(silence_s=120.0, stalled_s=2.5, python="python")
    for seconds[0] in (1.0, 2.0, 3.0, 4.0):
        dog.tick()  # it has not answered yet
    dog.answer()
    for seconds[0] in (5.0, 6.0, 7.0, 8.0):
        dog.progress()
        dog.tick()
    seconds[0] = 9.0
    dog.tick()
    seconds[0] = 10.0
    with pytest.raises(WorkerLost, match="no progress"):
        dog.tick()
