"""Model repositories in the panel: an institute's model from its publisher to a result, updated, and gone back from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mirrors import mirror
from once import give_verdicts
from panels import head_node
from repository_folders import INDEX, change_index, put_on
from standin.pythonqt import as_read
from unifiedvit_training.exporting.publish import publish
from unifiedvit_training.exporting.signing import public_key, read_key

from UnifiedViTLib.spec import load_spec


@pytest.fixture
def server(desk, tmp_path, tmp_path_factory, monkeypatch):
    """A web server, and a cache of models for this test alone."""
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    give_verdicts(tmp_path_factory, tmp_path / "models")
    desk.panel.models.refresh()
    with mirror() as state:
        yield state


@pytest.fixture
def publish_version(proven, tmp_path):
    """Publishes a version of a model that runs; returns the repository's folder."""

    def published(version: str, **changes) -> Path:
        folder = shutil.copytree(proven.folder, tmp_path / f"exported-{version}")
        described = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        described |= {"name": "Institute", "version": version} | changes
        (folder / "model.json").write_text(json.dumps(described), encoding="utf-8")
        publish([load_spec(folder)], tmp_path / "repository", tmp_path / "key.pem")
        return tmp_path / "repository"

    return published


def add(desk, address: str, key: str = "") -> str:
    """Add a repository as a user does; what the panel says then."""
    desk.ui.repositoryAddressLineEdit.text = address
    desk.ui.repositoryKeyLineEdit.text = key
    desk.ui.addRepositoryButton.click()
    desk.wait(lambda: not desk.panel.models.repositories._client.running)
    return desk.ui.statusLabel.text


def refresh(desk) -> str:
    desk.ui.refreshRepositoriesButton.click()
    desk.wait(lambda: not desk.panel.models.repositories._client.running)
    return desk.ui.statusLabel.text


def row(desk, name: str = "Institute") -> list[str]:
    """Version and state of a model in the table, which is selected; behind the state stands the size."""
    table = desk.ui.modelsTable
    names, versions = zip(*(table.item(n, 0).text().rsplit(" ", 1) for n in range(table.rowCount)), strict=True)
    number = names.index(name)
    table.selectRow(number)
    state, size = table.item(number, 1).text().rsplit(", ", 1)
    assert size.endswith(" MB")
    return [versions[number], state]


def download(desk) -> str:
    desk.ui.downloadModelButton.click()
    desk.wait(lambda: not desk.panel.models._client.running)
    return desk.ui.statusLabel.text


def shown_versions(desk) -> list[str]:
    box = desk.ui.modelVersionComboBox
    return [box.itemText(n) for n in range(box.count)]


def test_an_institutes_model_is_added_run_updated_and_gone_back_from(desk, server, publish_version, tmp_path):
    address = put_on(server, publish_version("1.0.0"))
    key = public_key(read_key(tmp_path / "key.pem"))
    assert not desk.ui.addRepositoryButton.enabled and not desk.ui.refreshRepositoriesButton.enabled
    assert not server.asked
    assert add(desk, address, key) == "The repository is added; models in it: 1."
    assert desk.ui.repositoriesList.item(0).text() == f"{address} (signed)"
    place = address.split("/")[2]
    assert row(desk) == ["1.0.0", f"to download, {place}"]
    assert download(desk) == "The model is installed."
    (question,) = map(as_read, desk.app.questions)
    assert "Institute 1.0.0" in question and f"It comes from {address}." in question
    desk.choose(inputVolume=head_node(desk.scene))
    assert desk.run().startswith("Done") and "Institute 1.0.0" in desk.ui.diagnosisLabel.text

    put_on(server, publish_version("1.1.0", description="Better."))
    asked = len(server.asked)
    desk.panel.models.refresh()
    assert row(desk) == ["1.0.0", f"installed, {place}"] and len(server.asked) == asked
    assert refresh(desk) == "New: proven 1.1.0."
    assert row(desk) == ["1.0.0", f"update available, {place}"]
    assert shown_versions(desk) == ["1.1.0", "1.0.0 (installed)"]
    desk.app.questions.clear()
    assert download(desk) == "The model is installed."
    assert "It takes the place of version 1.0.0." in as_read(desk.app.questions[0])
    assert desk.run().startswith("Done") and "Institute 1.1.0" in desk.ui.diagnosisLabel.text

    assert row(desk) == ["1.1.0", f"installed, {place}"] and shown_versions(desk) == ["1.1.0 (installed)", "1.0.0"]
    assert not desk.ui.downloadModelButton.enabled
    desk.ui.modelVersionComboBox.setCurrentIndex(1)
    assert download(desk) == "The model is installed."
    assert row(desk) == ["1.0.0", f"update available, {place}"]
    assert desk.run().startswith("Done") and "Institute 1.0.0" in desk.ui.diagnosisLabel.text
    assert refresh(desk) == "Nothing new."

    change_index(server, lambda data: data["models"][1].update(licence="MIT"))
    assert "not signed with the key" in refresh(desk)
    assert row(desk) == ["1.0.0", f"update available, {place}"], "the last list stays"
    desk.ui.repositoriesList.setCurrentRow(0)
    desk.ui.removeRepositoryButton.click()
    assert desk.ui.repositoriesList.count == 0 and row(desk) == ["1.0.0", "installed"]
    assert "Models that came from it stay" in desk.ui.statusLabel.text


def test_what_goes_wrong_is_said_and_what_was_known_stays_listed(desk, server, publish_version, tmp_path):
    address = put_on(server, publish_version("1.0.0"))
    assert "is not a folder with models" in add(desk, "/nowhere")
    whole = server.files[INDEX]
    server.files[INDEX] = whole[:100]
    assert "cut off or no JSON" in add(desk, address)
    assert desk.ui.repositoriesList.count == 0 and desk.ui.repositoryAddressLineEdit.text == address
    server.files[INDEX] = whole
    add(desk, address)
    row(desk)
    server.cuts["/models/proven/1.0.0/weights.safetensors"] = [1000, 0, 0, 0, 0, 0]
    assert "what has come is kept" in download(desk)
    server.cuts.clear()
    del server.files[INDEX]
    assert "answered 404" in refresh(desk)
    assert row(desk)[0] == "1.0.0" and download(desk) == "The model is installed."
    assert "bytes=1000-" in [wanted for _, wanted, _ in server.asked]
    server.hang[INDEX] = -1
    server.files[INDEX] = whole
    desk.ui.refreshRepositoriesButton.click()
    desk.wait(lambda: INDEX in server.paths()[-1:])
    assert desk.ui.refreshRepositoriesButton.text == "Cancel"
    assert "Cancelled." in refresh(desk)


def test_a_model_of_another_repository_under_the_same_id_is_shown_and_not_offered(desk, server, publish_version,
                                                                                  tmp_path):
    add(desk, str(publish_version("1.0.0")))
    row(desk)
    download(desk)
    (tmp_path / "repository").rename(tmp_path / "first")
    (tmp_path / "key.pem").unlink()
    add(desk, put_on(server, publish_version("2.0.0", name="Forged")))
    assert row(desk, "Forged") == ["2.0.0", f"not to be had, {server.url.removeprefix('http://')}"]
    assert not desk.ui.downloadModelButton.enabled and not desk.ui.modelVersionComboBox.enabled
    tips = [desk.ui.modelsTable.item(n, 0).toolTip() for n in range(desk.ui.modelsTable.rowCount)]
    assert any("never takes its place by itself" in tip for tip in tips)
