"""Another computer runs the network: the panel, a real server, and the ways in which that can fail."""

from __future__ import annotations

import numpy as np
import pytest
import scenes
from batches import press, rows, wait, write_head
from panels import contents, head_node
from servers import running_server
from standin.application import show_panel

from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.mrml import volume_from_node
from UnifiedViTLib.service.packages.dependencies import Report
from UnifiedViTLib.service.store.cache import compiled_folder
from UnifiedViTLib.service.store.download import import_model, remove_model

CHOSEN, URL, KEY = "UnifiedViT/ServerIsChosen", "UnifiedViT/ServerUrl", "UnifiedViT/ServerKey"


@pytest.fixture(scope="module")
def server(proven, tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server"), proven) as running:
        yield running


@pytest.fixture
def user(desk, proven):
    """A function that types the address and the key of a server, which is chosen; the model of the server is installed
    here, too. In the end this computer is chosen."""
    import_model(proven.folder)
    desk.panel.models.refresh()
    desk.panel.onModelsChanged("proven")

    def types(url: str, key: str) -> None:
        desk.ui.computerComboBox.setCurrentIndex(1)
        for edit, text in ((desk.ui.serverUrlLineEdit, url), (desk.ui.serverKeyLineEdit, key)):
            edit.text = text
            edit.editingFinished.emit()

    yield types
    types("", "")
    desk.ui.computerComboBox.setCurrentIndex(0)
    remove_model("proven")


def connection(desk) -> str:
    """What *Test connection* says."""
    desk.ui.testServerButton.click()
    desk.wait(lambda: not desk.panel.computer._client.running)
    return desk.ui.statusLabel.text


def test_this_computer_is_the_choice_until_another_is_made(desk):
    assert not desk.panel.computer.isElsewhere and desk.panel.computer.address() is None
    assert not desk.ui.serverUrlLineEdit.visible and not desk.ui.testServerButton.visible


@pytest.mark.openvino
def test_a_server_gives_what_this_computer_gives(desk, server, user, proven):
    volume = head_node(desk.scene)
    volume.SetName("Jane Roe")
    desk.choose(inputVolume=volume, device="cpu")
    assert desk.ui.runButton.text == "Run"
    user(server.url, server.key)
    assert desk.ui.runButton.text == "Run on the server", "said where the section is folded, too"
    assert desk.run().startswith("Done in")
    direct = Predictor(proven, "cpu", cache=compiled_folder()).predict(volume_from_node(volume))
    node = desk.widget._parameterNode.outputSegmentation
    np.testing.assert_array_equal(scenes.exported(desk.scene, node, volume), direct.labelmap)
    assert "begun, proven" in "".join(server.log) and "Jane" not in "".join(server.log)


def test_the_connection_can_be_tried_and_is_told_in_words(desk, server, user):
    user(server.url, server.key)
    assert connection(desk).endswith("answers, takes the key, and has the models proven 1.2.3.")
    user(server.url, "x" * 40)
    assert "does not take the key" in connection(desk)
    user("http://127.0.0.1:9", server.key)
    assert "127.0.0.1:9" in connection(desk) and "Check the address and the network" in desk.ui.statusLabel.text
    user("http://gpu.example.org", server.key)
    assert "https://HOST:PORT" in connection(desk)
    user("", "")
    assert "needs an address and a key" in connection(desk)


def test_a_run_without_a_key_or_on_a_server_without_the_model_leaves_the_scene_as_it_was(desk, server, user):
    desk.choose(inputVolume=head_node(desk.scene))
    before = contents(desk.scene)
    user(server.url, "")
    desk.press_run()
    assert "needs an address and a key" in desk.ui.statusLabel.text and not desk.panel._running
    user(server.url, server.key)
    desk.choose(model=desk.module.DEFAULT_MODEL)
    assert "The server has no model brain-t1ce" in desk.run()
    assert contents(desk.scene) == before


def test_the_choice_outlives_slicer_in_the_settings_and_no_scene_holds_it(desk, server, user, tmp_path):
    user(server.url, server.key)
    settings = desk.app.userSettings()
    assert [settings.value(name) for name in (CHOSEN, URL, KEY)] == ["yes", server.url, server.key]
    assert desk.scene.Commit(str(tmp_path / "scene.mrml")) and server.key not in (tmp_path / "scene.mrml").read_text()
    user("", "")
    assert settings.value(KEY) is None


@pytest.mark.openvino
@pytest.mark.parametrize("value", [["a", "b"], -1, b"\xff\xfe"])
def test_settings_that_are_no_texts_do_not_keep_the_module_from_opening(desk, user, value):
    for name in ("UnifiedViT/ServerUrl", "UnifiedViT/ServerKey"):
        desk.app.userSettings().setValue(name, value)
    second, window = show_panel(desk.module, desk.scene)
    assert second.ui.serverUrlLineEdit.text == str(value)
    second.cleanup()
    window.close()


def test_a_batch_on_a_server_that_ends_in_the_middle_goes_on_with_another_and_does_nothing_twice(desk, server, user,
                                                                                              proven, tmp_path):
    for number in range(4):
        write_head(tmp_path / "scans" / f"Jane-{number}.nrrd")
    ui = desk.ui
    ui.batchCollapsibleButton.collapsed = False
    ui.batchInputEdit.text, ui.batchOutputEdit.text = str(tmp_path / "scans"), str(tmp_path / "out")
    ui.batchPatternEdit.text = ""
    with running_server(tmp_path, proven) as other:
        user(other.url, other.key)
        assert ui.batchRunButton.text == "Run batch on the server"
        press(desk)
        desk.wait(lambda: any(row["status"] == "done" for row in rows(desk)))
        other.process.kill()
        said = wait(desk)
        assert "cannot be reached" in said and "What is done is kept: the same run goes on from there" in said
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.json")}
    assert 1 <= len(before) < 4 and {row["status"] for row in rows(desk)} == {"done"}, "none has failed by itself"
    user(server.url, server.key)
    press(desk)
    assert wait(desk).startswith(f"4 done ({len(before)} of them before)")
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.json")}
    assert len(after) == 4 and before.items() <= after.items()
    assert "begun, proven" in "".join(server.log) and "Jane" not in "".join(server.log)
    ui.batchCollapsibleButton.collapsed = True


@pytest.mark.openvino
def test_a_sequence_is_looked_at_on_a_server(desk, server, user, sequence):
    user(server.url, server.key)
    desk.ui.sequenceSelector.setCurrentNode(sequence)
    assert desk.ui.sequenceRunButton.text == "Run sequence on the server"
    before = "".join(server.log).count("begun, proven")
    desk.ui.sequenceRunButton.click()
    desk.wait(lambda: not desk.panel.sequence._client.running)
    assert desk.ui.sequenceStatusLabel.text.startswith("2 of 3 items are done")
    assert "same value" in desk.ui.sequenceTable.item(1, 0).toolTip()
    assert "".join(server.log).count("begun, proven") == before + 2
    desk.ui.undoSequenceButton.click()
    user(server.url, "")
    desk.ui.sequenceRunButton.click()
    assert "needs an address and a key" in desk.ui.sequenceStatusLabel.text


@pytest.mark.openvino
def test_a_server_says_which_of_the_models_knows_a_volume(desk, server, user):
    desk.choose(inputVolume=head_node(desk.scene))
    user(server.url, server.key)
    assert "voxels and geometry are sent" in desk.ui.whichModelButton.toolTip
    desk.ui.whichModelButton.click()
    desk.wait(lambda: not desk.panel.whichModel._client.running)
    fits = {fit.model_id: fit for fit in desk.panel.whichModel._ranking.fits}
    assert "statistics" in fits["proven"].reason, "the server has judged it"
    assert fits[desk.module.DEFAULT_MODEL].reason == "The server does not have this model in this version."
    assert desk.ui.whichModelFrame.visible


def test_packages_are_not_asked_for_where_a_server_computes(desk, user):
    setup, report = desk.panel.setup, desk.panel.setup._report
    try:
        setup._report = Report(problems={name: f"{name} is not installed." for name in ("torch", "openvino", "timm",
                                                                                       "safetensors", "torchvision")})
        setup._show()
        assert desk.ui.setupFrame.visible
        user("http://127.0.0.1:9", "x" * 40)
        assert not desk.ui.setupFrame.visible
    finally:
        setup._report = report
        setup._show()
