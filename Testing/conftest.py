"""Fixtures that several files share."""

from __future__ import annotations

import gc
import locale
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from UnifiedViTLib.service.worker.client import WorkerClient
    from UnifiedViTLib.spec import ModelSpec

try:
    import PySide6.QtWidgets  # noqa: F401
except ImportError as error:  # a computer without the libraries of a graphical system
    NO_QT = str(error)
    collect_ignore_glob = ["test_panel*.py", "panel/test_module_logic.py"]
else:
    NO_QT = ""


#: Files that take longest, the longest first: they begin first, so that no process of pytest-xdist is left with one of
#: them at the end.
LONGEST = ("test_architectures", "test_crashes", "test_manual", "test_module_logic", "test_adapt", "test_federate",
           "test_page_browser", "test_multiprocess", "test_panel_adapt", "test_panel_computer", "test_panel",
           "test_federation", "test_panel_life", "test_comparison", "test_panel_region", "test_ensemble",
           "test_panel_batch_models", "test_fit", "test_sequence_probes")


def pytest_addoption(parser):
    parser.addoption("--seeds", type=int, default=1, help="how many seeds each test that trains a network learns from")


def pytest_configure(config):
    if hasattr(config.option, "loadscopereorder"):  # else pytest-xdist begins with the files of most tests
        config.option.loadscopereorder = False


def pytest_generate_tests(metafunc):
    """A test that takes `seed`, itself or through a fixture, learns from that seed: it is run with each of --seeds."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("--seeds")), scope="session", ids="seed{}".format)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported and collected stays to the end: the collector of garbage, which would look through it again and
    again, leaves it out."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)  # 700 is for programs with little memory
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if "seed" in item.fixturenames:
            item.add_marker("trains")
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))


def pytest_runtest_setup(item):
    if item.get_closest_marker("openvino"):
        from processor import openvino_normalises

        if not openvino_normalises():
            pytest.skip("this processor is too old for OpenVINO, which asks for AVX")


def pytest_report_header():
    """Said at the top, so that tests that are left out are not overlooked."""
    return f"The panel's tests are left out: Qt cannot be loaded here ({NO_QT})" if NO_QT else None


@pytest.fixture(scope="module")
def heads(tmp_path_factory) -> tuple[Path, list[dict]]:
    """Heads in image files, and the rows of the table that lists them (`head_sets.make_heads`)."""
    from head_sets import make_heads

    return make_heads(tmp_path_factory.mktemp("heads"))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> ModelSpec:
    """A tiny random model with a graph."""
    from once import copy_of, made_once, write_graph_model

    return copy_of(made_once(tmp_path_factory, "graph", write_graph_model) / "tiny",
                   tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture(scope="session")
def proven(tmp_path_factory, no_models_of_the_user) -> ModelSpec:
    """A tiny model that always finds a glioma; workers know already which backend is right for it, and for the model
    that is shipped."""
    from once import copy_of, give_verdicts

    made = give_verdicts(tmp_path_factory, no_models_of_the_user)
    return copy_of(made / "proven", tmp_path_factory.mktemp("proven") / "proven")


@pytest.fixture(scope="session")
def warm_client(tmp_path_factory) -> Iterator[WorkerClient]:
    """One worker process for many tests, as a user's that stays open: with torch, which takes seconds to start. It
    begins in a folder that stays, whichever the first of these tests is in."""
    from workers import NO_SUCH_JOB, WarmClient

    from UnifiedViTLib.errors import WorkerError

    client = WarmClient()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(WorkerError, match="no job called"):
        patch.chdir(tmp_path_factory.getbasetemp())
        client.run(NO_SUCH_JOB)
    yield client
    client.end()


@pytest.fixture
def warm_worker(warm_client, monkeypatch) -> WorkerClient:
    """`main` looks in the worker of `warm_client`, which is there already."""
    from UnifiedViTLib import cli, patient_cli

    for module in (cli, patient_cli):
        monkeypatch.setattr(module, "WorkerClient", lambda: warm_client)
    return warm_client


@pytest.fixture
def slow_reference(monkeypatch):
    """Backends are tried and compared, however fast a tiny network is."""
    from UnifiedViTLib.inference.backends import selection

    monkeypatch.setattr(selection, "FAST_S", 0.0)


@pytest.fixture(autouse=True)
def torch_as_it_was():
    """Training sets the process's threads and kind of attention; the next test must not compute with them."""
    before = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else None
    yield
    if "timm" in sys.modules:
        sys.modules["timm"].layers.set_fused_attn(True)
    if before is not None:
        sys.modules["torch"].set_num_threads(before)


@pytest.fixture(autouse=True)
def numbers_with_a_point(request):
    """Qt gives the whole process the user's locale; where that has a decimal comma, the panel's tests alone have it,
    and neither others nor what is made for several of them."""
    if "open_desk" in request.fixturenames:
        locale.setlocale(locale.LC_NUMERIC, "")
    yield
    locale.setlocale(locale.LC_NUMERIC, "C")


@pytest.fixture(scope="session", autouse=True)
def no_models_of_the_user(tmp_path_factory):
    """An empty cache of models: what the user has installed is no business of the tests."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIFIEDVIT_MODELS", str(folder))
        yield folder


@pytest.fixture(scope="session")
def open_desk(proven, tmp_path_factory):
    """One application for all tests of the panel, as a user's; its worker stays warm. Runs of the model that is shipped
    are not the first ones."""
    from panels import Desk

    with pytest.MonkeyPatch.context() as patch:
        # The check's process begins in this folder, and does not load torch where that is gone, as a test's own is.
        patch.chdir(tmp_path_factory.getbasetemp())
        desk = Desk()
        desk.wait(lambda: desk.panel.setup._report is not None)
    yield desk
    desk.close()


@pytest.fixture
def desk(open_desk):
    """The application with an empty scene."""
    open_desk.clear()
    yield open_desk
    open_desk.clear()
