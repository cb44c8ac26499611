"""The section Teach: the chosen model goes on learning from a dataset, in a child process, while the window lives."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path

import pytest
from once import made_once
from site_sets import write_parent, write_site
from unifiedvit_training.data.dataset import SIDES
from workers import WarmClient, lives, pid_of, python_that

from UnifiedViTLib.service.packages import training
from UnifiedViTLib.service.store.catalogue import find_model, installed_models
from UnifiedViTLib.service.store.download import import_model, remove_model
from UnifiedViTLib.service.worker.client import WorkerClient

ROOT = Path(__file__).resolve().parents[2]
#: The training package takes so long to start on a busy computer.
LONG_S = 900.0
QUICK = ["fit.optimiser.learning_rate=3e-3", "fit.validate_every=12", "fit.stages=[{size: 32, epochs: 36}]",
         "machine={accelerator: cpu, threads: 1, precision: 32-true}"]
#: Runs first in the child: what takes longest in reports is left out.
QUICKEN = "import gc\ngc.disable()\nimport pytest\nfrom evaluation_sets import quicken\nquicken(pytest.MonkeyPatch())\n"


@pytest.fixture(scope="module")
def quick_client(tmp_path_factory):
    """One process for all adaptations, as it takes seconds to start."""
    folder = tmp_path_factory.mktemp("quick")
    (folder / "sitecustomize.py").write_text(QUICKEN)
    path = os.pathsep.join(map(str, (folder, ROOT, ROOT / "training", ROOT / "Testing")))
    client = WarmClient(environment={"PYTHONPATH": path})
    yield client
    client.end()


@pytest.fixture
def adapting(desk, quick_client, tmp_path_factory, tmp_path, monkeypatch):
    """The panel with a model of discs chosen and a dataset of the user's; the module `UnifiedViTPanel.adapting`."""
    from UnifiedViTPanel import adapting

    import_model(made_once(tmp_path_factory, "discs-in-heads", write_parent) / "parent")
    desk.panel.models.refresh()
    desk.panel.onModelsChanged("discs")
    desk.ui.teachFolderLineEdit.text = str(tmp_path / "Mine é 1")
    desk.ui.adaptReferenceLineEdit.text = ""
    monkeypatch.setattr(adapting, "adapt_request", partial(adapting.adapt_request, changes=QUICK))
    monkeypatch.setattr(adapting, "WorkerClient", lambda: quick_client)
    before, desk.panel.adapt._client = desk.panel.adapt._client, quick_client
    yield adapting
    assert not desk.panel.adapt._client.running
    desk.panel.adapt._client = before
    desk.panel.adapt._status.clear()
    for spec in installed_models():
        if spec.id.startswith("discs"):
            remove_model(spec.id)


def press(desk) -> None:
    desk.ui.adaptButton.click()


def wait(desk) -> str:
    """Until it has ended; what the section says then."""
    desk.wait(lambda: not desk.panel.adapt._client.running, LONG_S)
    return desk.ui.adaptLabel.text


def wait_for_epoch(desk, number: int) -> None:
    """Until it learns, at this epoch or a later one."""
    def reached() -> bool:
        assert desk.panel.adapt._client.running, desk.ui.adaptLabel.text
        text = desk.ui.adaptLabel.text
        return text.startswith("Learning: epoch ") and int(text.split()[2]) >= number

    desk.wait(reached, LONG_S)


def test_what_is_killed_or_cancelled_goes_on_where_it_was_and_a_better_model_can_be_chosen(desk, adapting, tmp_path):
    ui, mine = desk.ui, write_site(tmp_path / "Mine é 1", 24, 2)
    press(desk)
    assert ui.adaptButton.text == "Cancel adapting" and not ui.adaptReferenceLineEdit.enabled
    assert len(desk.app.questions) == 1 and "CC BY-NC" in desk.app.questions[0]
    wait_for_epoch(desk, 3)
    os.kill(pid_of(desk.panel.adapt._client), signal.SIGKILL)
    words = wait(desk)
    assert "ended from outside" in words and words.endswith("Adapt the model goes on from there."), words

    press(desk)
    desk.scene.Clear(0)
    desk.panel.onModelsChanged("discs")
    wait_for_epoch(desk, 5)
    assert ui.runButton.text == "Run" and ui.adaptProgressBar.value > 100
    press(desk)
    assert ui.adaptButton.text == "Cancelling..." and not ui.adaptButton.enabled
    assert wait(desk).startswith("Cancelled. What was learnt is kept")
    assert "Going on after epoch" in ui.logText.toPlainText() and not (mine / adapting_folder() / "model").exists()

    ui.logText.clear()
    press(desk)
    words = wait(desk)
    assert "Going on after epoch" in ui.logText.toPlainText()
    assert words.startswith("Discs, adapted to mine-e-1 (discs-mine-e-1 0.1.1) is in the list of models now."), words
    assert "Better than discs 0.1.0 on the" in words and "elsewhere was not checked" in words
    assert find_model("discs-mine-e-1").version == "0.1.1"
    assert "discs-mine-e-1" in [spec.id for spec in desk.panel.models.usable()]
    assert desk.widget._parameterNode.model == "discs", "the user chooses"

    again = desk.widget.logic.adaptModel(mine, "discs-mine-e-1", changes=QUICK)
    assert not again.model and "adapted to these very cases" in again.sentences[0], "of its original"
    remove_model("discs")
    orphan = desk.widget.logic.adaptModel(mine, "discs-mine-e-1", changes=QUICK)
    assert "discs-mine-e-1 was adapted from discs, which" in orphan.sentences[0]
    assert find_model("discs-mine-e-1").version == "0.1.1"


def adapting_folder() -> Path:
    from unifiedvit_training.adaptation.job import WORK

    return Path(WORK) / "discs"


def test_a_model_that_is_no_better_and_too_few_patients_are_said_and_nothing_is_installed(desk, adapting, tmp_path,
                                                                                         monkeypatch):
    before = [spec.id for spec in installed_models()]
    few = write_site(tmp_path / "few", 5, 7)
    desk.ui.teachFolderLineEdit.text = str(few)
    press(desk)
    words = wait(desk)
    assert words.startswith("No model was written: ") and "has 5 patients, and 6 are needed" in words
    assert "color" not in desk.ui.adaptLabel.styleSheet, "it is no fault of the program"
    # It learns wrong diagnoses, but is judged by right ones.
    write_site(tmp_path / "Mine é 1", 24, 4, lambda image: image, side_of=lambda number: SIDES[number // 6 % 3],
               label_of=lambda kind, side: kind if side == "test" else (kind + 1) % 3)
    fewer = ["fit.stages=[{size: 32, epochs: 20}]"]
    monkeypatch.setattr(adapting, "adapt_request", partial(adapting.adapt_request.func, changes=QUICK + fewer))
    desk.ui.teachFolderLineEdit.text = str(tmp_path / "Mine é 1")
    press(desk)
    words = wait(desk)
    assert words.startswith("No model was written: ") and "discs 0.1.0" in words, words
    desk.ui.teachFolderLineEdit.text = str(tmp_path / "nowhere")
    press(desk)
    assert "There is no folder" in wait(desk) and not (tmp_path / "nowhere").exists()
    assert [spec.id for spec in installed_models()] == before


def test_what_is_not_installed_is_named_and_installed_only_after_a_question(desk, adapting, tmp_path):
    view, asked = desk.panel.adapt, desk.app.questions
    for hidden, remedy in ((("lightning", "sklearn"), "cannot be adapted"), (("torch",), "box at the top")):
        python = python_that(tmp_path / hidden[0], start_up="import sys\nsys.modules.update(dict.fromkeys("
                                                            f"{hidden}))\n")
        view._client, asked[:] = WorkerClient(python), []
        desk.app.consent = False
        desk.app.userSettings().setValue("UnifiedViT/NonCommercialUse/discs", find_model("discs").licence)
        press(desk)
        words = wait(desk)
        assert remedy in words and f"{hidden[0]} is not installed." in words, words
    assert not asked
    desk.panel.setup._isTorchWanted = False
    desk.panel.setup._show()
    view._client = WorkerClient(tmp_path / "lightning" / "python")
    press(desk)
    wait(desk)
    assert len(asked) == 1 and "lightning 2.5, scikit-learn 1.5 or newer" in asked[0]


def test_the_section_needs_a_model_and_a_dataset_and_closing_ends_the_child(desk, adapting, tmp_path):
    ui = desk.ui
    ui.teachFolderLineEdit.text = ""
    assert not ui.adaptButton.enabled and "needed first" in ui.adaptButton.toolTip
    ui.teachFolderLineEdit.text = str(tmp_path)
    assert ui.adaptButton.enabled
    view, view._client = desk.panel.adapt, WorkerClient()
    press(desk)
    desk.wait(lambda: view._client._child is not None, LONG_S)
    pid = pid_of(view._client)
    view.close()
    assert not lives(pid)
    wait(desk)


def test_what_is_missing_is_asked_for_by_the_names_that_pip_knows():
    problems = dict.fromkeys(("scikit-learn", "onnx"), "")
    assert training.training_packages(problems) == ["scikit-learn>=1.5", "onnx>=1.23"]
    assert not training.needs_torch(problems) and training.needs_torch({"timm": ""})
