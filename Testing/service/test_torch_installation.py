"""torch is installed by the real pip in a child, from real indexes on loopback: in the build that fits the GPU, whole
or not at all, and never against what other extensions need."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

import pytest
from loopback import serve
from wheels import Interpreter, make_interpreter, write_wheel
from workers import SOON_S

pytestmark = pytest.mark.usefixtures("no_constraints_of_this_environment")
#: The choice of the build, as light-the-torch makes it on a computer whose driver knows CUDA 12.8.
CHOOSER = "def detect_compatible_computation_backends(): return ['cpu', 'cu118', 'cu126', 'cu128']\n"
#: A torch that needs a package, and whose GPU has no driver.
CODE = """import filelock
def get_num_threads(): return 4
class cuda:
    @staticmethod
    def is_available(): raise RuntimeError
"""
TORCH = ["torch>=2.10,!=2.13.*", "torchvision>=0.25,!=0.28.*"]
START = """
import json, os, sys, time
from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.service.packages import torch_index
from UnifiedViTLib.service.packages.dependencies import inspect_job, install_job
torch_index.INDEX = {index!r}
stages = []
def progress(stage, fraction):
    stages.append(stage)
    {tick}
try: answer = install_job({arguments!r}, progress)
except UnifiedViTError as error: answer = {{"error": type(error).__name__, "sentence": str(error)}}
print(json.dumps([answer, stages, inspect_job({{}}, lambda stage, fraction: None)]))
"""


@pytest.fixture(scope="module")
def shelves(tmp_path_factory) -> Path:
    """What the indexes have: a folder an index."""
    folder = tmp_path_factory.mktemp("shelves")
    for build in ("cpu", "cu126", "cu128"):
        for torch, vision in (("2.12.0", "0.27.0"), ("2.13.0", "0.28.0")):
            write_wheel(folder / build, "torch", f"{torch}+{build}", ("numpy", "filelock"), CODE)
            write_wheel(folder / build, "torchvision", f"{vision}+{build}", (f"torch=={torch}",), "import torch")
        write_wheel(folder / build, "filelock", "3.20.0")
    write_wheel(folder / "simple", "light_the_torch", "0.8.1", files={"light_the_torch/_cb.py": CHOOSER})
    write_wheel(folder / "simple", "torch", "2.14.0")  # of whatever build
    write_wheel(folder / "simple", "timm", "1.0.31", ("torch",))
    return folder


class Index:
    """Package indexes by their paths, and what they were asked for. `stalls` ends in what is never sent whole."""

    def __init__(self, shelves: Path) -> None:
        self.asked: list[str] = []
        self.stalls, self.breaks = "", False
        self.stop, self.stalled = threading.Event(), threading.Event()
        self._shelves = shelves

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(request.path).strip("/")
        self.asked.append(path)
        shelf, _, rest = path.partition("/")
        place = self._shelves / shelf
        if rest.endswith(".whl"):
            content, kind = (place / rest.split("/")[-1]).read_bytes(), "application/octet-stream"
        else:
            files = [file.name for file in place.glob(f"{rest}-*.whl")]
            files += [file.name for file in place.glob(f"{rest.replace('-', '_')}-*.whl") if file.name not in files]
            content, kind = "".join(f'<a href="/{shelf}/{name}">{name}</a>' for name in files).encode(), "text/html"
        request.send_response(200 if content else 404)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if self.stalls and rest.endswith(".whl") and self.stalls in rest:
            request.wfile.write(content[:200])
            request.wfile.flush()
            self.stalled.set()
            if not self.breaks:
                self.stop.wait(60)
            request.close_connection = True
            return
        request.wfile.write(content)


@pytest.fixture
def index(shelves):
    """An index on loopback, with its address."""
    one = Index(shelves)
    with serve({"GET": lambda request: one.answer(request)}, one.stop) as address:
        one.address = address
        yield one


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Interpreter:
    """A Python with what Slicer brings."""
    interpreter = make_interpreter(tmp_path_factory.mktemp("python"))
    wheel = write_wheel(tmp_path_factory.mktemp("bundle"), "numpy", "2.4.6", code="ndarray = object")
    interpreter.pip("install", "--no-compile", str(wheel))
    shutil.copytree(interpreter.site, interpreter.site.parent / "kept")
    return interpreter


@pytest.fixture
def interpreter(pristine) -> Interpreter:
    yield pristine
    shutil.rmtree(pristine.site)
    shutil.copytree(pristine.site.parent / "kept", pristine.site)


def start(interpreter, index, packages=TORCH, tick="pass", **environment):
    code = START.format(index=index.address, arguments={"packages": packages}, tick=tick)
    return interpreter.start(code, **{
        "PIP_INDEX_URL": f"{index.address}/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0", "NO_PROXY": "127.0.0.1"} | environment)


def install(interpreter, index, packages=TORCH, **environment):
    """What the job returns, its stages, and what a look afterwards finds."""
    process = start(interpreter, index, packages, **environment)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return json.loads(out)


def test_the_newest_build_that_the_driver_knows_is_installed_and_nothing_else_is_changed(interpreter, index):
    before = interpreter.files()
    answer, stages, report = install(interpreter, index)
    assert answer == {"installed": {"torch": "2.12.0+cu128", "torchvision": "0.27.0+cu128", "filelock": "3.20.0"}}
    assert "Looking for the build that fits the GPU" in stages[0]
    assert report["versions"]["torch"] == "2.12.0+cu128" and "torch" not in report["problems"]
    after = interpreter.files()
    assert before.items() <= after.items() and not [name for name in after if "light_the_torch" in name]
    assert not [path for path in index.asked if path.startswith(("cu118", "simple/torch"))]
    answer, _stages, report = install(interpreter, index, ["timm>=1.0.31"])
    assert answer == {"installed": {"timm": "1.0.31"}} and report["versions"]["torch"] == "2.12.0+cu128"


def test_a_torch_that_another_extension_needs_older_is_not_replaced(interpreter, index, tmp_path):
    for wheel in (write_wheel(tmp_path, "torch", "2.5.0", (), CODE.removeprefix("import filelock")),
                  write_wheel(tmp_path, "torchvision", "0.20.0"),
                  write_wheel(tmp_path, "segmenter", "1.0", ("torch[opt]<2.6,>=2.0",))):
        interpreter.pip("install", "--no-compile", "--no-deps", str(wheel))
    before = interpreter.files()
    answer, _stages, report = install(interpreter, index)
    assert "they need other versions of packages than those that are already here" in answer["sentence"]
    assert "Nothing was changed" in answer["sentence"] and interpreter.files() == before
    assert "too old" in report["problems"]["torch"]
    interpreter.pip("uninstall", "--yes", "segmenter")
    assert install(interpreter, index)[0]["installed"]["torch"] == "2.12.0+cu128"


def test_a_network_that_is_lost_half_way_is_said_and_the_installation_can_be_repeated(interpreter, index):
    before, index.stalls, index.breaks = interpreter.files(), "torchvision", True
    answer, _stages, report = install(interpreter, index)
    assert answer["error"] == "DependencyError" and "Nothing was changed" in answer["sentence"]
    assert "HTTPS_PROXY" in answer["sentence"] or "was not fetched whole" in answer["sentence"]  # by pip's version
    assert interpreter.files() == before
    assert report["problems"]["torch"] == "torch is not installed."
    index.stalls = ""
    assert "torch" in install(interpreter, index)[0]["installed"]


def test_without_the_choice_of_a_build_nothing_is_installed(interpreter, index):
    before = interpreter.files()
    write_wheel(index._shelves / "old", "light_the_torch", "0.8.1", files={"light_the_torch/_cb.py": "import nothing"})
    answer, _stages, _report = install(interpreter, index, PIP_INDEX_URL=f"{index.address}/old")
    assert "Which build of PyTorch fits this computer could not be found out" in answer["sentence"]
    assert "PyTorch Utils" in answer["sentence"] and interpreter.files() == before


def test_a_second_window_waits_and_a_killed_installation_leaves_nothing_once_repeated(interpreter, index):
    index.stalls = "torch-"
    first = start(interpreter, index)
    assert index.stalled.wait(60)
    answer, _stages, _report = install(interpreter, index)
    assert "being installed from another window of Slicer" in answer["sentence"]
    first.kill()
    first.communicate(timeout=60)
    assert [path for path in interpreter.site.iterdir() if path.name.startswith("~unifiedvit-")]
    index.stalls = ""
    assert "torch" in install(interpreter, index)[0]["installed"]
    assert not [path for path in interpreter.site.iterdir() if path.name.startswith("~")]


def test_cancel_ends_a_download_at_once(interpreter, index, tmp_path):
    before, index.stalls, stop = interpreter.files(), "torch-", tmp_path / "stop"
    process = start(interpreter, index,
                    tick=f"if os.path.exists({str(stop)!r}): raise UnifiedViTError('Stopped.')")
    assert index.stalled.wait(60)
    stop.touch()
    begin = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begin < SOON_S and json.loads(out)[0]["sentence"] == "Stopped.", err
    assert interpreter.files() == before


def test_what_was_half_put_in_place_is_said_and_can_be_installed_again(interpreter, index):
    (interpreter.site / "torch").mkdir()
    (interpreter.site / "torch" / "_C.py").write_text("")
    (interpreter.site / "torchvision").mkdir()
    (interpreter.site / "torchvision" / "__init__.py").write_text("from torch import nothing")
    answer, _stages, report = install(interpreter, index, ["nothing-of-that-name"])
    for name in ("torch", "torchvision"):
        assert report["problems"][name].startswith(f"{name} is only half there: its installation was interrupted.")
    answer, _stages, report = install(interpreter, index)
    assert "torch" in answer["installed"] and "torch" in report["versions"]
