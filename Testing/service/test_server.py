"""`unifiedvit serve`: the real server in a process of its own, asked by its client and by programs that are none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, oblique, to_sitk
from servers import ROOT, job_of, running_server, same, write_certificate
from workers import lives, wait_for

from UnifiedViTLib import __version__
from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import Cancelled, ServerError, UnifiedViTError, UnsupportedImageError
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.model_ranking import which_model
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import as_json
from UnifiedViTLib.service.remote import predictor as remote
from UnifiedViTLib.service.remote.address import ServerAddress
from UnifiedViTLib.service.remote.predictor import Patience, RemotePredictor, ask_server
from UnifiedViTLib.service.remote.ranking import rank_on_server
from UnifiedViTLib.service.server.keys import Keys
from UnifiedViTLib.service.store.cache import compiled_folder

#: Not long, and asked again at once.
QUICK = Patience(connect_s=5, read_s=5, repeats=1, pause_s=0.05)
NAME = "T2 of Jane Roe"


@pytest.fixture(scope="module")
def server(proven, tmp_path_factory):
    """One for all tests; it takes 8 jobs at once, and believes a client to be gone after two seconds."""
    with running_server(tmp_path_factory.mktemp("server"), proven, lease_s=2, header_s=1, idle_s=1.5, jobs=8,
                        jobs_per_minute=600, volume_bytes=8 << 20, stream_s=0.5) as running:
        yield running


@pytest.fixture(scope="module")
def spec(server):
    """The model as the server tells it."""
    return ask_server(server.address).find_model("proven")


@pytest.fixture(scope="module")
def local(proven):
    """The same model on this computer."""
    return Predictor(proven, "cpu", cache=compiled_folder())


@pytest.fixture(scope="module")
def volume() -> Volume:
    """A head that lies obliquely, with all that is told of a volume."""
    volume = head_volume(oblique(), shape=(8, 45, 41), name=NAME)
    matrix = volume.ijk_to_ras.copy()
    matrix[3, 0] = -0.0
    return replace(volume, ijk_to_ras=matrix, array=np.asfortranarray(volume.array.astype(">f4")), notes=("a note", ),
                   metadata={"Modality": "CT", "PatientName": NAME})


def silent(stage: str, fraction: float) -> None:
    """Nobody listens."""


# The answer


@pytest.mark.openvino
@pytest.mark.parametrize("options", [
    Options(), Options(tta=True, keep_probabilities=True, plane="axial"),
    Options(uncertainty=True, region=RegionOfInterest.from_centre((3, -7, 11), (40, 40, 20), f"{NAME}.nrrd")),
], ids=["plain", "tta", "region"])
def test_an_answer_is_that_of_this_computer_to_the_last_bit_and_names_never_leave_it(server, spec, local, volume,
                                                                                    options):
    answer = RemotePredictor(server.address, spec).predict(volume, options, silent)
    expected = local.predict(volume, options)
    same(replace(answer, spec=expected.spec), expected)
    assert any(NAME in warning for warning in answer.warnings) and "a note" in answer.warnings, "sentences with names"
    assert "Jane" not in "".join(server.log) and server.key not in "".join(server.log)
    wait_for(lambda: not server.files())


@pytest.mark.openvino
def test_predict_with_a_server_writes_what_it_writes_without_and_needs_neither_torch_nor_fastapi(
        server, local, tmp_path):
    for package in ("torch", "fastapi", "uvicorn", "openvino", "starlette"):
        (tmp_path / "not_here" / package).mkdir(parents=True)
        (tmp_path / "not_here" / package / "__init__.py").write_text("raise ImportError('not here')")
    sitk.WriteImage(to_sitk(head_volume(shape=(6, 45, 41))), str(tmp_path / "head.nrrd"))
    environment = os.environ | {"PYTHONPATH": f"{tmp_path / 'not_here'}{os.pathsep}{ROOT}",
                                "UNIFIEDVIT_SERVER_KEY": server.key, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "UnifiedViTLib.cli", "predict", str(tmp_path / "head.nrrd"), "-m", "proven",
               "-o", str(tmp_path / "out"), "--server", server.url, "--skip-existing"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    volume = read(tmp_path / "head.nrrd")
    expected = as_json(local.predict(volume))
    written = json.loads((tmp_path / "out" / "head.json").read_text("utf-8"))
    for result in (expected, written):
        result.pop("timings_s")
    assert {key: value for key, value in written.items() if key != "manifest"} == json.loads(json.dumps(expected))
    assert {file.suffix for file in (tmp_path / "out").iterdir()} >= {".nrrd", ".json", ".html", ".png", ".csv"}
    again = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "head: done before" in again.stdout, again.stdout + again.stderr


@pytest.mark.openvino
def test_a_folder_is_looked_at_on_a_server_two_at_a_time(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("UNIFIEDVIT_SERVER_KEY", server.key)
    for count in (6, 7, 8):
        sitk.WriteImage(to_sitk(head_volume(shape=(count, 45, 41))), str(tmp_path / f"head-{count}.nrrd"))
    command = ["predict", str(tmp_path), "-m", "proven", "-o", str(tmp_path / "out"), "--server", server.url,
               "--jobs", "2", "--skip-existing"]
    assert main(command) == 0 and "3 of 3 done" in capsys.readouterr().out
    assert main(command) == 0 and capsys.readouterr().out.count("done before") == 3


@pytest.mark.openvino
def test_a_server_ranks_models_as_this_computer_does_and_learns_no_name(server, spec, proven, volume):
    box = RegionOfInterest.from_centre((3, -7, 11), (40, 40, 20), f"{NAME}.nrrd")
    expected = which_model(volume, [proven], partial(Predictor, device="cpu"), region=box)
    ranking = rank_on_server(server.address, volume, [replace(spec, id="elsewhere"), spec], silent, box)
    fits = {fit.model_id: fit for fit in ranking.fits}
    assert ranking.image == NAME and fits["proven"] == expected.fits[0]
    assert fits["elsewhere"].reason == "The server does not have this model in this version."
    wait_for(lambda: not server.files())


@pytest.mark.openvino
def test_programs_that_are_no_unifiedvit_get_the_segmentation_and_its_json(server, proven, tmp_path):
    volume = head_volume(shape=(6, 45, 41))
    path = server.begin(volume, proven)
    assert server.send(path, volume) == 204
    assert server.send(path, volume) in (204, 409), "once more, where the answer was lost"
    events = b""
    while b'"done"' not in events:
        events += server.ask("GET", f"{path}/events")[2]
    assert b"data: {" in events
    (tmp_path / "it.seg.nrrd").write_bytes(server.ask("GET", f"{path}/result.seg.nrrd")[2])
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "it.seg.nrrd"))).shape == volume.array.shape
    assert json.loads(server.ask("GET", f"{path}/result.json")[2])["diagnosis"]["label"] == "glioma"
    assert server.ask("GET", f"{path}/result.json", key=Keys(server.keys).add("other"))[0] == 404
    assert server.ask("DELETE", path)[0] == 204 and server.told("GET", path)[0] == 404
    assert not server.files()


@pytest.mark.openvino
def test_twenty_clients_at_once_each_get_their_own_answer_and_memory_stays_bounded(server, spec):
    stages = set()

    def run(number: int) -> tuple[int, int]:
        volume = head_volume(shape=(6 + number, 90, 85), spacing=(1.0, 1.0, 5.0), name=f"head {number}")
        answer = RemotePredictor(server.address, spec).predict(volume, Options(), lambda stage, _: stages.add(stage))
        return number, len(answer.slice_probabilities)

    before = memory_of(server.process.pid, "VmRSS")
    with ThreadPoolExecutor(20) as threads:
        assert sorted(threads.map(run, range(20))) == [(number, 6 + number) for number in range(20)]
    assert memory_of(server.process.pid, "VmHWM") - before < 150e6
    assert any(" in line" in stage for stage in stages), "they wait for the one device"
    assert "The server has as many runs waiting as it takes." in stages


def memory_of(pid: int, name: str) -> int:
    """Bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@pytest.mark.openvino
def test_a_worker_that_dies_costs_the_server_nothing(server, spec):
    volume = head_volume(shape=(6, 45, 41))
    predictor = RemotePredictor(server.address, spec)
    predictor.predict(volume, Options(), silent)
    (worker,) = children_of(server.process.pid)
    os.kill(worker, 9)
    assert predictor.predict(volume, Options(), silent).diagnosis.label == "glioma"


def children_of(pid: int) -> list[int]:
    """Of all threads of a process."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


# Who may ask


def test_nobody_without_a_key_gets_in_and_a_key_that_was_taken_away_is_none(server, spec):
    for key in (None, "wrong" * 10):
        status, headers, _ = server.ask("GET", "/v1/models", key=key)
        assert status == 401 and headers["www-authenticate"] == "Bearer"
    assert server.ask("GET", "/healthz", key=None)[0] == 200
    with pytest.raises(ServerError, match=r"does not take the key \(status 401\)"):
        ask_server(ServerAddress(server.url, "wrong" * 10))
    key = Keys(server.keys).add("guest")
    assert ask_server(ServerAddress(server.url, key)).specs == (spec,)
    assert key not in server.keys.read_text()
    Keys(server.keys).remove("guest")
    with pytest.raises(ServerError, match="401"):
        ask_server(ServerAddress(server.url, key))


def test_another_version_is_refused_by_both_sides(server, proven, volume, monkeypatch):
    status, sentence = server.told("POST", "/v1/jobs", job_of(volume, proven) | {"version": "0.0.1"})
    assert status == 422 and "0.0.1; only the same version" in sentence
    monkeypatch.setattr(remote, "__version__", "9.9.9")
    with pytest.raises(ServerError, match=r"The server runs UnifiedViT \S+, this is 9\.9\.9"):
        ask_server(server.address)


def test_a_model_that_was_replaced_on_the_server_and_options_that_it_cannot_honour_are_refused(server, spec, proven,
                                                                                              volume):
    stale = job_of(volume, proven)
    stale["model"]["weights_sha256"] = "0" * 64
    assert server.told("POST", "/v1/jobs", stale) == (
        409, "The server's proven 1.2.3 is not the model that was asked for (its SHA-256 differs). Ask again: it was "
             "replaced meanwhile.")
    predictor = RemotePredictor(server.address, spec)
    with pytest.raises(UnifiedViTError, match="not with an upscaler of a folder"):
        predictor.check(Options(superres="/some/folder"))
    with pytest.raises(UnifiedViTError, match="knows no diagnosis 'nonsense'"):
        predictor.check(Options(heatmap="relevance", heatmap_class="nonsense"))


# What is hostile


@pytest.mark.parametrize(("change", "reason"), [
    ({"shape": [-1, 45, 41]}, "a size that cannot be"), ({"shape": [8, 45]}, "a size that cannot be"),
    ({"shape": [60000, 60000, 60000]}, "larger"), ({"dtype": "|O"}, "type that is not known"),
    ({"name": "../../etc/passwd"}, "a name is told in plain"), ({"notes": ["Jane Roe"]}, "a name is told in plain"),
    ({"ijk_to_ras": [float("nan")] * 16}, "NaN is no number"), ({"ijk_to_ras": [1e308 * 10] * 16}, "no number"),
    ({"ijk_to_ras": [1.0]}, "not 16 numbers"), ({"planar": "no"}, "is no bool"), ({"channel": "t1"}, "no sequence"),
    ({"sha256": "x"}, "no SHA-256"), ({"modality": "<script>"}, "modality"), ({"frame": -1}, "frame"),
    ({"options": {"superres": "/etc"}}, "not with an upscaler of a folder"),
    ({"options": {"plane": "../x"}}, "no such value"), ({"options": {"superres_quantile": 1e400}}, "no number"),
    ({"further": 1}, "other fields"),
])
def test_lies_about_a_job_are_refused_in_a_sentence_before_anything_is_sent(server, proven, volume, change, reason):
    job = job_of(volume, proven)
    (header,) = job["volumes"]
    for name, value in change.items():
        if name == "options":
            job["options"] |= value
        else:
            (header["voxels"] if name in ("shape", "dtype", "sha256") else header)[name] = value
    status, sentence = server.told("POST", "/v1/jobs", job)
    assert status in (413, 422) and reason in sentence, sentence
    assert not server.files()


def test_json_that_is_none_or_without_end_is_refused(server):
    assert server.told("POST", "/v1/rankings", {"version": __version__, "models": []})[0] == 422
    assert server.told("POST", "/v1/jobs", b"[" * 100_000)[0] == 422
    assert server.told("POST", "/v1/check", b"{}")[0] == 422
    assert server.ask("POST", "/v1/jobs", b" " * (2 << 20))[0] == 413


@pytest.mark.parametrize(("sent", "reason"), [
    (lambda array: zlib.compress(bytes(300 << 20)), "More was sent"),
    (lambda array: zlib.compress(array.tobytes()[:-1]), "Less was sent"),
    (lambda array: zlib.compress(array.tobytes()) + b"more", "More was sent"),
    (lambda array: b"no zlib", "damaged"),
    (lambda array: b"", "Less was sent"),
], ids=["a bomb", "too little", "too much", "rubbish", "nothing"])
def test_an_upload_that_is_not_what_was_announced_leaves_nothing(server, proven, sent, reason):
    volume = head_volume(shape=(6, 45, 41))
    body = sent(volume.array)
    path = server.begin(volume, proven)
    status, sentence = server.told("PUT", f"{path}/volumes/0", body)
    assert status == 422 and reason in sentence
    assert [file for file in server.files() if file.is_file()] == []
    assert server.told("PUT", f"{path}/volumes/7", b"")[0] == 409
    assert server.ask("DELETE", path)[0] == 204
    assert memory_of(server.process.pid, "VmHWM") < 400e6


def test_other_voxels_than_those_announced_give_no_answer(server, proven):
    volume = head_volume(shape=(6, 45, 41))
    path = server.begin(volume, proven)
    server.send(path, replace(volume, array=volume.array + 1))
    wait_for(lambda: b'"failed"' in server.ask("GET", path)[2])
    assert "SHA-256 differs" in server.told("GET", f"{path}/result")[1]
    server.ask("DELETE", path)


def test_an_image_that_is_none_is_told_by_its_own_name(server, spec):
    flat = replace(head_volume(shape=(6, 45, 41), name="Jane"), array=np.zeros((6, 45, 41), np.int16))
    with pytest.raises(UnsupportedImageError, match=r"^Jane has the same value \(0\) everywhere"):
        RemotePredictor(server.address, spec).predict(flat, Options(), silent)


# Who is gone


def half_a_request(server, path: str, body: bytes) -> socket.socket:
    """A connection over which an upload has begun."""
    host, port = urlsplit(server.url).netloc.split(":")
    connection = socket.create_connection((host, int(port)))
    connection.sendall(f"PUT {path}/volumes/0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:len(body) // 2])
    return connection


def test_an_upload_that_is_cut_leaves_nothing_and_may_be_repeated(server, proven):
    volume = head_volume(shape=(6, 45, 41))
    path = server.begin(volume, proven)
    packed = zlib.compress(volume.array.tobytes())
    with half_a_request(server, path, packed):
        wait_for(lambda: any(file.is_file() for file in server.files()))
    wait_for(lambda: not any(file.is_file() for file in server.files()))
    assert server.send(path, volume) == 204
    assert server.ask("DELETE", path)[0] == 204


def test_a_connection_that_falls_silent_is_closed_and_the_job_of_a_client_that_is_gone_is_cancelled(server, proven):
    volume = head_volume(shape=(6, 45, 41))
    path = server.begin(volume, proven)
    host, port = urlsplit(server.url).netloc.split(":")
    with half_a_request(server, path, zlib.compress(volume.array.tobytes())) as upload, \
            socket.create_connection((host, int(port))) as other:
        other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHo")
        answer = b"".join(iter(lambda: other.recv(1000), b""))
        assert answer.count(b"HTTP/1.1 200") == 1, "the other half never came"
        assert b"408" in upload.recv(100)
    wait_for(lambda: not server.files())
    assert server.told("GET", path)[0] == 404
    wait_for(lambda: "its client is gone" in "".join(server.log))


@pytest.mark.openvino
def test_a_run_that_is_cancelled_here_ends_there(server, spec):
    def stop(stage: str, fraction: float) -> None:
        if stage.startswith(("Waiting", "Loading", "Looking")):
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        RemotePredictor(server.address, spec).predict(head_volume(shape=(9, 180, 170)), Options(tta=True), stop)
    wait_for(lambda: not server.files())


@pytest.mark.openvino
def test_a_server_that_is_killed_in_the_middle_is_told_and_what_it_left_is_gone_when_it_starts_again(
        proven, tmp_path, monkeypatch):
    certificate, expired = write_certificate(tmp_path, 9), write_certificate(tmp_path, -1)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with running_server(tmp_path, proven, "--certificate", str(certificate)) as server:
        assert server.url.startswith("https://")
        spec = ask_server(server.address).find_model("proven")
        killed = threading.Event()

        def kill(stage: str, fraction: float) -> None:
            if not killed.is_set() and stage.startswith("Starting the worker"):
                server.process.kill()
                killed.set()

        workers = []
        with pytest.raises(ServerError, match=r"127\.0\.0\.1:\d+ cannot be reached"):
            RemotePredictor(server.address, spec, QUICK).predict(
                head_volume(shape=(6, 45, 41)), Options(),
                lambda stage, part: (workers.extend(children_of(server.process.pid)), kill(stage, part)))
    assert any(tmp_path.glob("temporary/unifiedvit-server-*/*/volume-0")), "the voxels lie there still"
    wait_for(lambda: not any(map(lives, workers)))
    monkeypatch.setenv("SSL_CERT_FILE", str(expired))
    with running_server(tmp_path, proven, "--certificate", str(expired)) as server:
        assert not server.files()
        with pytest.raises(ServerError, match=r"not trusted \(certificate has expired\)"):
            ask_server(server.address, QUICK)
    assert not list(tmp_path.glob("temporary/*"))
