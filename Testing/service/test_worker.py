"""Workers that die, hang, print, find no room or lack a package: each ends in a sentence and a clean state."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from builders import head_volume, tiny_model
from workers import NO_SUCH_JOB, SOON_S, end_of, events_until, lives, pid_of, python_that, wait_for

from UnifiedViTLib.errors import Cancelled, DependencyError, OutputError, WorkerError
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.processes import start
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.process import LOG_LINES
from UnifiedViTLib.service.worker.protocol import Failed, Finished, Log, PredictRequest, decode, encode

resource = pytest.importorskip("resource")  # Windows has neither this nor signals and shell scripts
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def spec(proven):
    """A model that a worker runs without torch."""
    return proven


@pytest.fixture(scope="module")
def torch_spec(tmp_path_factory):
    """A model that torch alone can run."""
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A place for temporary files; nothing may be left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert not list(folder.iterdir())


@pytest.fixture
def make(temporary):
    """Makes clients and closes them."""
    made = []

    def client(*arguments, **options):
        made.append(WorkerClient(*arguments, **options))
        return made[-1]

    yield client
    for one in made:
        one.close()


def request(spec, slices: int = 6, **options) -> PredictRequest:
    volume = head_volume(None, (2.0, 2.0, 0.5), (slices, 40, 36))
    return PredictRequest(volume, spec, Options("axial"), "cpu", **options)


def assert_answers(client) -> None:
    with pytest.raises(WorkerError, match="no job called"):
        client.run(NO_SUCH_JOB)


def test_a_disk_that_is_full_on_the_workers_side_is_told(make, tmp_path, spec, temporary):
    client = make(python_that(tmp_path / "p", shell="ulimit -f 16"))  # no file larger than 8 or 16 KiB
    with pytest.raises(OutputError, match=r"cannot be passed on .*Free some space"):
        client.run(request(spec, 40))
    assert not list(temporary.iterdir())
    assert_answers(client)


def test_a_worker_killed_while_it_looks_is_replaced_and_the_volume_repeated(make, spec, temporary):
    client = make()
    client.submit(request(spec, 60, batch_size=1))
    events_until(client, "Looking")
    killed = pid_of(client)
    os.kill(killed, signal.SIGKILL)
    end = end_of(client)
    assert isinstance(end, Finished) and "ended from outside" in " ".join(end.result.provenance.notes)
    assert not list(temporary.iterdir()) and not lives(killed) and lives(pid_of(client))


def test_a_worker_that_died_while_nothing_ran_is_replaced(make):
    client = make()
    assert_answers(client)
    os.kill(pid_of(client), signal.SIGKILL)
    wait_for(lambda: not client._child.alive)
    assert_answers(client)


def test_a_worker_that_hangs_is_ended_after_its_time_and_the_next_run_works(make, temporary):
    client = make()
    assert_answers(client)
    hanging = pid_of(client)
    client._silence_s = 4.0  # not before: to start a worker takes longer on a busy machine
    os.kill(hanging, signal.SIGSTOP)
    client.submit(NO_SUCH_JOB)
    end = end_of(client)
    assert isinstance(end.error, WorkerError) and "no sign of life for 4 seconds" in str(end.error)
    assert not lives(hanging) and not list(temporary.iterdir())
    client._silence_s = 120.0
    assert_answers(client)


def test_cancelling_a_worker_that_hangs_kills_it_soon(make, spec, temporary):
    client = make()
    assert_answers(client)
    hanging = pid_of(client)
    os.kill(hanging, signal.SIGSTOP)
    client.submit(request(spec))
    time.sleep(0.3)
    asked = time.monotonic()
    client.cancel()
    assert isinstance(end_of(client).error, Cancelled)
    assert time.monotonic() - asked < SOON_S and not lives(hanging)
    assert_answers(client)


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.5, 2.0])
def test_cancelling_while_the_worker_starts_ends_it_soon(make, spec, wait):
    client = make()
    client.submit(request(spec))
    time.sleep(wait)
    asked = time.monotonic()
    client.cancel()
    assert isinstance(end_of(client).error, Cancelled) and time.monotonic() - asked < SOON_S
    client.close()


def test_a_worker_takes_all_that_it_started_with_it(make, tmp_path):
    note = tmp_path / "pid"
    start_up = f"import subprocess; open({str(note)!r}, 'w').write(str(subprocess.Popen(['sleep', '1000']).pid))"
    for how in ("closed", "killed"):
        client = make(python_that(tmp_path / how, start_up=start_up))
        assert_answers(client)
        grandchild = int(note.read_text())
        assert lives(grandchild)
        if how == "closed":
            client.close()
        else:
            os.kill(pid_of(client), signal.SIGKILL)
            wait_for(lambda child=client._child: not child.alive)
            assert_answers(client)  # its first worker's child held the pipes open
        wait_for(lambda pid=grandchild: not lives(pid))
        client.close()


def test_a_worker_that_dies_while_its_child_holds_the_pipes_open_is_noticed(make, tmp_path, spec):
    start_up = "import subprocess; subprocess.Popen(['sleep', '1000'])"
    client = make(python_that(tmp_path / "p", start_up=start_up))
    assert_answers(client)
    os.kill(pid_of(client), signal.SIGSTOP)  # so that it dies with a request under way
    client.submit(NO_SUCH_JOB)
    time.sleep(0.3)
    os.kill(pid_of(client), signal.SIGKILL)
    assert "ended from outside" in str(end_of(client).error)
    assert_answers(client)


NOISE = """
import os
print('a library says hello')
os.write(1, b'\\xff noise\\n' * 5000)
raise ImportError('enough')
"""


def test_garbage_on_stdout_is_logged_and_does_no_harm(make, tmp_path, torch_spec):
    # What the launcher prints comes before the worker takes stdout away; what libraries print, after.
    garbage = 'printf \'{"type": 3}\\n[1]\\nnot JSON, without an end\''
    client = make(python_that(tmp_path / "loud", garbage, torch=NOISE))
    client.submit(request(torch_spec))
    events = events_until(client)
    assert "enough" in str(events[-1].error)
    lines = [event.text for event in events if isinstance(event, Log)]
    assert lines[:3] == ['{"type": 3}', "[1]", "not JSON, without an end"]
    assert "a library says hello" in lines and "\ufffd noise" in lines
    assert 100 < len(lines) <= 2 * LOG_LINES + 1


def test_what_a_line_may_hold_that_is_no_message():
    for garbage in (b"", b"\n", b"\xff\xfe", b"[" * 100_000, b"1" * 10_000, b'{"type": null}', b"{}", b"NaN"):
        assert decode(garbage) is None
    message = {"type": "log", "text": 'ä "\n\u2028\udcff'}
    assert encode(message).count(b"\n") == 2 and decode(encode(message)) == message


def test_a_library_that_reads_stdin_finds_nothing_and_takes_no_request(make, tmp_path, torch_spec):
    reads = "import sys\nraise ImportError(f'read {sys.stdin.read()!r}', name='torch')"
    with pytest.raises(DependencyError, match="read ''"):
        make(python_that(tmp_path / "p", torch=reads)).run(request(torch_spec))


def test_a_python_without_torch_is_told_by_name(make, tmp_path, torch_spec, temporary):
    missing = "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')"
    client = make(python_that(tmp_path / "p", torch=missing))
    with pytest.raises(DependencyError, match=r"torch is missing or damaged in the Python .*Install it there"):
        client.run(request(torch_spec))
    assert not list(temporary.iterdir())


def test_an_error_that_nobody_foresaw_is_a_sentence_and_the_log_has_its_trace(make, tmp_path, torch_spec):
    client = make(python_that(tmp_path / "p", torch="raise ZeroDivisionError('torch was built wrongly')"))
    client.submit(request(torch_spec))
    events = events_until(client)
    assert isinstance(events[-1].error, WorkerError)
    assert "ZeroDivisionError: torch was built wrongly" in str(events[-1].error)
    assert any("Traceback" in event.text for event in events if isinstance(event, Log))
    assert client._child is None  # it may be broken


def test_a_launcher_that_keeps_the_input_back_is_found_out(make, tmp_path, monkeypatch):
    monkeypatch.setattr("UnifiedViTLib.service.worker.watchdog.DEAF_S", 2.0)
    script = python_that(tmp_path / "p")
    script.write_text(script.read_text().replace("exec ", "sleep 60 | "))
    with pytest.raises(WorkerError, match=r"does not get what it is sent: .*keeps its input back"):
        make(script).run(NO_SUCH_JOB)


def test_slicers_own_python_is_taken_without_its_launcher_where_the_environment_is_slicers(tmp_path, monkeypatch):
    for name in ("PythonSlicer", "python-real"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("PYTHONHOME", raising=False)
    assert WorkerClient()._python == str(tmp_path / "PythonSlicer")
    monkeypatch.setenv("PYTHONHOME", sys.prefix)
    assert WorkerClient()._python == str(tmp_path / "python-real")
    (tmp_path / "python-real").unlink()
    assert WorkerClient()._python == str(tmp_path / "PythonSlicer")
    monkeypatch.setenv("PATH", "")
    assert WorkerClient()._python == sys.executable


@pytest.mark.parametrize(("python", "sentence", "code"), [
    ("/nowhere/PythonSlicer", "cannot be started: /nowhere/PythonSlicer .", errno.ENOENT),
    (str(ROOT / "README.md"), "cannot be started: .*", errno.EACCES),
    ("/bin/false", r"ended by itself \(exit code 1\)", 0),
])
def test_a_python_that_cannot_be_started_is_told(make, python, sentence, code, temporary):
    client = make(python)
    sentence += os.strerror(code) if code else ""  # in the system's language
    for _ in range(2):
        with pytest.raises(WorkerError, match=sentence):
            client.run(NO_SUCH_JOB)
        assert not client.running and not list(temporary.iterdir())


def test_a_worker_goes_on_where_the_folder_that_it_began_in_was_deleted(make, torch_spec, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    client = make()
    with pytest.raises(WorkerError, match="no job called"):
        client.run(NO_SUCH_JOB)  # before torch, which asks for the folder, is loaded
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone").rmdir()
    assert client.run(PredictRequest(head_volume(), torch_spec, device="cpu")).diagnosis


def test_a_child_begins_in_a_folder_that_is_there_where_this_process_is_in_one_that_was_deleted(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    child = start([sys.executable, "-c", "import os; print(os.getcwd())"], dict(os.environ))
    said, _ = child.communicate()
    assert child.returncode == 0 and Path(os.fsdecode(said).strip()).is_dir()


def test_a_worker_that_fails_as_it_starts_is_told_with_its_last_words(make, tmp_path):
    client = make(python_that(tmp_path / "p", numpy="raise ImportError('numpy was built for another Python')"))
    client.submit(NO_SUCH_JOB)
    events = events_until(client)
    assert "It printed last: ImportError: numpy was built for another Python" in str(events[-1].error)
    assert any("Traceback" in event.text for event in events if isinstance(event, Log))


def test_a_disk_that_is_full_on_the_clients_side_is_told_and_the_next_run_works(make, spec, temporary):
    client = make()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert_answers(client)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        client.submit(request(spec, 40))
        end = end_of(client)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(end.error, OutputError) and "Free some space" in str(end.error)
    assert not list(temporary.iterdir())
    assert_answers(client)


def test_no_place_for_temporary_files_is_told(make, spec, temporary, monkeypatch):
    client = make()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    with pytest.raises(OutputError, match=os.strerror(errno.ENOENT)):
        client.run(request(spec))


def test_closing_during_a_run_ends_it_at_once(make, spec, temporary):
    client = make()
    client.submit(request(spec))
    time.sleep(1.0)
    pid, asked = pid_of(client), time.monotonic()
    client.close()
    assert time.monotonic() - asked < SOON_S and not lives(pid) and not list(temporary.iterdir())
    assert isinstance(end_of(client), Failed) and not client.running
    assert_answers(client)


def test_a_client_that_nobody_holds_any_more_ends_its_worker():
    client = WorkerClient()
    assert_answers(client)
    pid = pid_of(client)
    client._thread.join()
    del client
    gc.collect()
    wait_for(lambda: not lives(pid))


PARENT = """
import sys, tempfile, time
sys.path[:0] = [{root!r}, {testing!r}]
tempfile.tempdir = {temporary!r}
import numpy as np
from workers import events_until, pid_of
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import PredictRequest
from UnifiedViTLib.spec import load_spec
volume = Volume(np.random.default_rng(0).random((2000, 40, 36)), np.diag([2.0, 2.0, 0.1, 1.0]))
client = WorkerClient()
client.submit(PredictRequest(volume, load_spec({model!r}), Options("axial"), "cpu", 1))
events_until(client, {stage!r})
while client._child is None: time.sleep(0.01)
print(pid_of(client), flush=True)
{then}
"""


@pytest.mark.parametrize(("stage", "then"), [
    ("Looking", "time.sleep(1000)"), ("Starting", "time.sleep(1000)"), ("Starting", "sys.exit()"),
], ids=["killed while looking", "killed while starting", "exits while starting"])
def test_when_the_clients_process_ends_the_worker_and_the_folder_go_with_it(spec, temporary, stage, then):
    code = PARENT.format(root=str(ROOT), testing=str(ROOT / "Testing"), temporary=str(temporary),
                         model=str(spec.folder), stage=stage, then=then)
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    if "1000" in then:
        parent.kill()
    _, complaints = parent.communicate(timeout=240)
    wait_for(lambda: not lives(pid) and not list(temporary.iterdir()))
    assert not complaints
