"""PyTorch is installed from the panel in a child process: the window stays alive, Cancel works, the end is said."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import pytest
from standin.pythonqt import FileDialog
from wheels import write_wheel

from UnifiedViTLib.service.packages import dependencies
from UnifiedViTLib.service.worker.client import WorkerClient

#: Packages go to a folder of the test's own.
ELSEWHERE = """
import sysconfig
_path = sysconfig.get_path
sysconfig.get_path = lambda name, *more, **options: {place!r} if name == "purelib" else _path(name, *more, **options)
"""


@pytest.fixture
def offline(desk, tmp_path, monkeypatch):
    """The panel believes that torch and timm are missing, and the user has a folder of wheels; gives the panel's
    `SetupView`."""
    for name in dependencies.FULL:
        monkeypatch.delitem(sys.modules, name, raising=False)  # of other tests
    (tmp_path / "site").mkdir()
    (tmp_path / "sitecustomize.py").write_text(ELSEWHERE.format(place=str(tmp_path / "site")))
    write_wheel(tmp_path / "wheels", "other", "1.0")
    setup = desk.panel.setup
    desk.wait(lambda: setup._report is not None and not setup._client.running)
    before = setup._client, setup._report
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    setup._client = WorkerClient(environment={"PYTHONPATH": path, "PIP_CONSTRAINT": ""})
    missing = {name: f"{name} is not installed." for name in ("torch", "torchvision", "timm")}
    setup._report = replace(setup._report, problems=missing)
    setup.onTorchWanted()
    FileDialog.answers = [str(tmp_path / "wheels")]
    yield setup
    setup.close()
    setup._client, setup._report = before
    setup._isTorchWanted = False
    setup._show()


def is_over(setup) -> bool:
    return not setup._steps and not setup._client.running


def test_the_window_stays_alive_and_the_button_cancels(desk, offline):
    desk.ui.installOfflineButton.click()
    assert desk.ui.installButton.text == "Cancel" and not desk.ui.installOfflineButton.enabled
    desk.wait(lambda: desk.ui.setupLabel.text.startswith("Looking for packages"))
    desk.ui.installButton.click()
    assert desk.ui.installButton.text == "Cancelling..." and not desk.ui.installButton.enabled
    desk.wait(lambda: is_over(offline))
    assert desk.ui.statusLabel.text == "The installation was cancelled, and can be begun again."
    assert desk.ui.installButton.text == "Install what is missing..." and desk.ui.installButton.enabled
    assert "torch is not installed." in desk.ui.setupLabel.text


def test_torch_that_is_installed_is_said_where_the_rest_fails(desk, offline, monkeypatch):
    monkeypatch.setattr(dependencies, "requirements", lambda: {"timm": "999", "safetensors": "0.5"})
    desk.ui.installOfflineButton.click()
    assert "timm 999 or newer" in desk.app.questions[0]
    desk.wait(lambda: is_over(offline))
    assert desk.ui.statusLabel.text.startswith("PyTorch is installed. The packages could not be installed: ")
    assert not desk.ui.setupFrame.visible, "it looked again: all is here in truth"
