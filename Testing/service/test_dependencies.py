"""What the network needs: found, asked for once, and installed as a whole or not at all, by the real pip, offline."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from wheels import ROOT, Interpreter, make_interpreter, write_wheel
from workers import SOON_S

from UnifiedViTLib.errors import DependencyError
from UnifiedViTLib.service.packages.dependencies import (
    FULL,
    LIGHT,
    TORCH_FLOORS,
    Dependencies,
    Report,
    inspect_job,
    requirements,
)
from UnifiedViTLib.service.packages.installation import _put_in_place, install

pytestmark = pytest.mark.usefixtures("no_constraints_of_this_environment")
#: A PyTorch whose driver does not fit.
TORCH = """


def get_num_threads(): return 4


class cuda:
    @staticmethod
    def is_available(): raise RuntimeError("the NVIDIA driver is too old")
"""
TIMM = ("torch", "torchvision", "safetensors", "pyyaml")
#: pip asks the index a test names, whatever this machine is set up for.
ONE_INDEX = {"PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "", "NO_PROXY": "127.0.0.1"}
ARGUMENTS = {"packages": ["timm>=1.0.31", "safetensors>=0.5"]}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    """Wheels of what Slicer and its PyTorch extension bring."""
    folder = tmp_path_factory.mktemp("bundle")
    write_wheel(folder, "numpy", "2.4.6", code="ndarray = object")
    write_wheel(folder, "torch", "2.9.1", code=TORCH)
    write_wheel(folder, "torchvision", "0.24.1")
    return folder


@pytest.fixture(scope="module")
def pristine(tmp_path_factory, bundle) -> Interpreter:
    interpreter = make_interpreter(tmp_path_factory.mktemp("python"))
    interpreter.pip("install", "--no-compile", *map(str, bundle.glob("*.whl")))
    return interpreter


@pytest.fixture
def interpreter(pristine) -> Interpreter:
    """One for every test, as pristine as it was: what a test added is removed again, what it changed put back."""
    kept = pristine.site.parent / "kept"
    if not kept.exists():
        shutil.copytree(pristine.site, kept)
    yield pristine
    shutil.rmtree(pristine.site)
    shutil.copytree(kept, pristine.site)


@pytest.fixture
def wheels(tmp_path) -> Path:
    """A folder of wheels that install."""
    folder = tmp_path / "wheels with a blank"
    write_wheel(folder, "timm", "1.0.31", TIMM, "import torch, yaml, safetensors")
    write_wheel(folder, "safetensors", "0.8.0")
    write_wheel(folder, "pyyaml", "6.0.3", files={"yaml/__init__.py": ""})
    return folder


def refused(interpreter: Interpreter, wheels: Path, *, packages: list[str] | None = None) -> str:
    """The sentence of an installation that fails; everything must be as it was."""
    before = interpreter.files()
    answer = interpreter.job("install_job", {"packages": packages or ARGUMENTS["packages"], "wheels": str(wheels)})
    assert answer.get("error") == "DependencyError", answer
    assert interpreter.files() == before
    assert "Nothing was changed" in answer["sentence"] or "Choose the folder" in answer["sentence"]
    return answer["sentence"]


def test_packages_are_installed_with_what_they_need_and_those_that_were_there_stay(interpreter, wheels):
    before = interpreter.files()
    process = interpreter.start(
        "import json\nfrom UnifiedViTLib.service.packages.dependencies import inspect_job, install_job\nseen = []\n"
        f"arguments = {ARGUMENTS | {'wheels': str(wheels)}!r}\n"
        "answer = install_job(arguments, lambda stage, fraction: seen.append(fraction))\n"
        "again = install_job(arguments, lambda stage, fraction: None)\n"
        "report = inspect_job({}, lambda stage, fraction: None)\n"
        "print(json.dumps([answer, again, report, seen]))"
    )
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    answer, again, report, seen = json.loads(out)
    assert answer == {"installed": {"timm": "1.0.31", "safetensors": "0.8.0", "pyyaml": "6.0.3"}}
    assert again == {"installed": {}}
    assert seen == sorted(seen)
    assert seen[0] < 0.1
    assert seen[-1] == 1.0
    after = interpreter.files()
    assert before.items() <= after.items()
    assert {name.split("/")[0] for name in set(after) - set(before)} == {
        "timm", "timm-1.0.31.dist-info", "safetensors", "safetensors-0.8.0.dist-info", "yaml", "pyyaml",
        "pyyaml-6.0.3.dist-info",
    }
    report = Report(**report)
    assert report.ready and report.lacking(LIGHT) == ["openvino"] and report.lacking(FULL) == []
    assert report.versions["timm"] == "1.0.31"
    assert (report.devices, report.auto) == ({"cpu": "CPU, 4 threads"}, "cpu")
    interpreter.pip("uninstall", "--yes", "timm", "safetensors", "pyyaml")  # pip knows them as its own
    assert interpreter.files() == before


def test_a_package_that_wants_another_numpy_is_refused_and_numpy_stays(interpreter, wheels):
    write_wheel(wheels, "timm", "1.0.31", (*TIMM, "numpy<1"))
    write_wheel(wheels, "numpy", "0.9")
    sentence = refused(interpreter, wheels)
    assert "other versions of packages than those that are already here" in sentence


def test_a_damaged_wheel_is_refused(interpreter, wheels):
    wheel = wheels / "safetensors-0.8.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:300])
    sentence = refused(interpreter, wheels)
    assert "damaged" in sentence
    assert "safetensors" in sentence


def test_a_wheel_that_is_missing_is_named_with_the_command_that_fetches_it(interpreter, wheels):
    (wheels / "pyyaml-6.0.3-py3-none-any.whl").unlink()
    sentence = refused(interpreter, wheels)
    assert "pyyaml" in sentence
    assert "pip download" in sentence


def test_a_folder_without_wheels_is_refused(interpreter, tmp_path):
    assert "no wheels" in refused(interpreter, tmp_path)


def test_packages_that_do_not_import_are_never_put_in_place(interpreter, wheels):
    write_wheel(wheels, "timm", "1.0.31", TIMM, "raise OSError('DLL load failed')")
    assert "OSError: DLL load failed" in refused(interpreter, wheels)


def test_torch_never_comes_along_in_whatever_build_the_package_index_has(interpreter, wheels, bundle):
    interpreter.pip("uninstall", "--yes", "torch")
    shutil.copy(bundle / "torch-2.9.1-py3-none-any.whl", wheels)
    sentence = refused(interpreter, wheels)
    assert sentence.startswith("torch must be there first, in the build that fits the GPU")


def test_a_package_that_is_too_old_is_brought_up_to_date_and_its_old_files_go(interpreter, wheels, tmp_path):
    old = write_wheel(tmp_path / "old", "timm", "0.9.0", files={"timm/removed/module.py": ""})
    interpreter.pip("install", "--no-compile", "--no-deps", str(old))
    assert "too old" in Report(**interpreter.job("inspect_job", {})).problems["timm"]
    answer = interpreter.job("install_job", ARGUMENTS | {"wheels": str(wheels)})
    assert answer["installed"]["timm"] == "1.0.31"
    assert not [name for name in interpreter.files() if "0.9.0" in name or "removed" in name]
    assert not (interpreter.site / "timm" / "removed").exists()


def test_a_file_of_another_package_is_kept_and_one_that_nobody_owns_is_replaced(interpreter, wheels, tmp_path):
    other = write_wheel(tmp_path / "other", "other", "1.0", files={"shared/names.py": "first"})
    interpreter.pip("install", "--no-compile", str(other))
    (interpreter.site / "yaml").mkdir()
    (interpreter.site / "yaml" / "__init__.py").write_text("half of an installation that was killed")
    write_wheel(wheels, "safetensors", "0.8.0", files={"shared/names.py": "second"})
    assert "installed" in interpreter.job("install_job", ARGUMENTS | {"wheels": str(wheels)})
    assert (interpreter.site / "shared" / "names.py").read_text() == "first"
    assert (interpreter.site / "yaml" / "__init__.py").read_text() == ""


def test_a_move_that_fails_half_way_is_undone(tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "yaml").mkdir(parents=True)
    (site / "yaml" / "a.py").write_text("old")
    (site / "zzz").write_text("a file where a folder is to come")
    stage = tmp_path / "stage"
    for name in ("new/deep/a.py", "yaml/a.py", "zzz/a.py"):
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        (stage / name).write_text("new")
    monkeypatch.setattr("UnifiedViTLib.service.packages.installation.site_packages", lambda: site)
    with pytest.raises(OSError):
        _put_in_place(stage, tmp_path / "old", [])
    assert sorted(path.relative_to(site).as_posix() for path in site.rglob("*")) == ["yaml", "yaml/a.py", "zzz"]
    assert (site / "yaml" / "a.py").read_text() == "old"


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_fetched(tmp_path, wheels, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(
        "UnifiedViTLib.service.packages.installation.site_packages", lambda: tmp_path / "file" / "site-packages"
    )
    with pytest.raises(DependencyError, match=r"cannot be put into .*site-packages.*Nothing was changed"):
        install(ARGUMENTS["packages"], wheels, lambda stage, fraction: pytest.fail("pip was started"))


@pytest.fixture
def stalled_index():
    """A package index that answers no request, and says when it was asked."""
    asked, free = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.set()
            free.wait(60)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple", asked
    free.set()
    server.shutdown()
    server.server_close()


def test_cancel_ends_pip_at_once_and_everything_is_as_it_was(interpreter, stalled_index, tmp_path):
    url, asked = stalled_index
    before = interpreter.files()
    stop = tmp_path / "stop"
    process = interpreter.start(
        "import os, time\nfrom UnifiedViTLib.errors import Cancelled\n"
        "from UnifiedViTLib.service.packages.dependencies import install_job\n"
        "def progress(stage, fraction):\n"
        f"    if os.path.exists({str(stop)!r}): raise Cancelled('Stopped.')\n"
        f"try: install_job({ARGUMENTS!r}, progress)\n"
        "except Cancelled: print('cancelled')\n",
        PIP_INDEX_URL=url, **ONE_INDEX,
    )
    assert asked.wait(60)
    stop.touch()
    start = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - start < SOON_S
    assert out.strip() == "cancelled", err
    assert interpreter.files() == before


def test_without_a_network_the_sentence_names_the_ways_out(interpreter):
    before = interpreter.files()
    answer = interpreter.job("install_job", ARGUMENTS, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0",
                             **ONE_INDEX)
    assert answer["error"] == "DependencyError"
    for words in ("HTTPS_PROXY", "pip download", "pip install \"timm>=1.0.31\""):
        assert words in answer["sentence"]
    assert interpreter.files() == before


def test_a_bare_interpreter_is_told_what_is_missing_and_what_is_too_old(interpreter):
    interpreter.pip("uninstall", "--yes", "torchvision")
    (interpreter.site / "torch" / "__init__.py").write_text("__version__ = '2.0.0+cu118'\nraise OSError('no c10.dll')")
    report = Report(**interpreter.job("inspect_job", {}))
    assert not report.ready
    assert report.versions == {}
    assert report.devices == {}
    assert report.problems["torch"] == "torch is installed but cannot be loaded (OSError: no c10.dll)."
    for name in ("torchvision", "timm", "safetensors", "openvino"):
        assert report.problems[name] == f"{name} is not installed."


def test_here_everything_is_there():
    stages = []
    report = Report(**inspect_job({}, lambda stage, fraction: stages.append(stage)))
    assert report.ready, report.problems
    assert set(report.versions) == {"torch", "torchvision", "timm", "safetensors", "openvino"}
    assert report.devices["cpu"].startswith("CPU, ")
    assert report.auto in report.devices
    assert stages[-1] == "Looking for a GPU"
    assert Dependencies(report).question == Dependencies(report).problem == ""
    assert Dependencies(report).steps() == []


NOTHING = {name: f"{name} is not installed." for name in ("torch", "torchvision", "timm", "safetensors", "openvino")}


def test_one_question_names_packages_sizes_and_place_and_the_steps_follow():
    problems = {name: NOTHING[name] for name in ("torch", "timm", "openvino")}
    dependencies = Dependencies(Report(problems=problems, folder="/there"), light=False)
    assert dependencies.problem == "torch is not installed. timm is not installed."
    for words in ("PyTorch", "timm 1.0.31", "GB", "20 MB", "/there", "stay as they are"):
        assert words in dependencies.question
    assert "safetensors 0" not in dependencies.question and "openvino" not in dependencies.question
    first, second = dependencies.steps(wheels="wheels")
    assert first.arguments == {"packages": ["torch>=2.10,!=2.13.*", "torchvision>=0.25,!=0.28.*"], "wheels": "wheels"}
    assert second.arguments == {"packages": ["timm>=1.0.31"], "wheels": "wheels"}


def test_what_takes_the_place_of_an_older_package_is_said_before():
    old = {"torch": "torch 2.5.0 is too old; 2.9 or newer is needed."}
    report = Report(problems=old, versions={"torch": "2.5.0", "torchvision": "0.24.0"})
    question = Dependencies(report, light=False).question
    assert "the place of torch 2.5.0 and torchvision 0.24.0, and others that are already there stay" in question


def test_a_torch_that_is_there_stays_and_gets_the_torchvision_that_fits_it():
    (step,) = Dependencies(Report(problems={"torchvision": NOTHING["torchvision"]}), light=False).steps()
    assert step.arguments["packages"] == ["torchvision>=0.24"]


def test_without_a_gpu_the_light_way_is_proposed_which_needs_no_torch():
    assert not Dependencies(Report(problems=NOTHING, gpu=True)).light
    dependencies = Dependencies(Report(problems=NOTHING, folder="/there"))
    assert dependencies.light
    assert dependencies.problem == "openvino is not installed. safetensors is not installed."
    assert "180 MB" in dependencies.question and "PyTorch" not in dependencies.question
    (step,) = dependencies.steps()
    assert step.arguments == {"packages": ["openvino>=2026.0", "safetensors>=0.5"], "wheels": None}


@pytest.mark.parametrize(("lacking", "ready"), [
    (("torch", "torchvision", "timm"), True), (("openvino",), True), (("openvino", "timm"), False),
    (("safetensors",), False),
])
def test_either_library_is_enough(lacking, ready):
    report = Report(problems={name: NOTHING[name] for name in lacking})
    assert report.ready == ready
    assert (Dependencies(report).question == "") == ready


def test_torch_can_be_had_where_openvino_is_enough():
    report = Report(problems={name: NOTHING[name] for name in ("torch", "torchvision", "timm")})
    dependencies = Dependencies(report, light=False)
    assert dependencies.problem.startswith("torch is not installed.") and len(dependencies.steps()) == 2
    assert Dependencies(report, light=True).question == Dependencies(report, light=True).problem == ""


@pytest.mark.parametrize(("changes", "words"), [
    ({"gpu": True, "versions": {"torch": "2.10.0+cpu"}}, r"the installed torch \(2.10.0\+cpu\) cannot use it"),
    ({"gpu": True}, "PyTorch, which can use the GPU, is not installed"), ({}, "^$"),
    ({"gpu": True, "devices": {"cpu": "CPU", "cuda": "a card"}}, "^$"), ({"gpu": True, "devices": {}}, "^$"),
])
def test_a_gpu_that_is_not_used_is_said_with_the_reason(changes, words):
    assert re.search(words, Report(**{"devices": {"cpu": "CPU"}, "auto": "cpu"} | changes).gpu_problem)


def test_the_light_way_is_installed_where_there_is_no_torch(interpreter, wheels):
    interpreter.pip("uninstall", "--yes", "torch", "torchvision")
    write_wheel(wheels, "openvino", "2026.4.1", ("numpy",))
    answer = interpreter.job("install_job", {"wheels": str(wheels)})
    assert answer == {"installed": {"openvino": "2026.4.1", "safetensors": "0.8.0"}}
    report = Report(**interpreter.job("inspect_job", {}))
    assert report.ready and report.auto == "cpu" and report.devices["cpu"].startswith("CPU, ")


def test_the_lowest_versions_are_those_of_the_package():
    text = (ROOT / "pyproject.toml").read_text()
    extras = [re.search(rf"^{name} = \[(.*?)^\]", text, re.S | re.M).group(1) for name in ("torch", "fast")]
    full, light = (dict(re.findall(r'"(\w+)>=([\d.]+)"', extra)) for extra in extras)
    floors = TORCH_FLOORS | requirements()
    assert full == {name: floors[name] for name in FULL} and light == {name: floors[name] for name in LIGHT}
