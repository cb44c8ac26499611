"""The list of models: what is at hand, what can be downloaded, what is broken; and the catalogue's own file."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest
from mirrors import Mirror, model_folder, offer

from UnifiedViTLib.errors import ModelSpecError, WeightsError
from UnifiedViTLib.resources import resources
from UnifiedViTLib.service.store.catalogue import find_model, find_models, installed_models, list_models
from UnifiedViTLib.service.store.download import import_model
from UnifiedViTLib.service.store.offers import read_catalogue
from UnifiedViTLib.versions import is_newer

BUNDLED = ["brain-t1ce", "brain-t1ce-flair", "breast-ultrasound"]

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def catalogue(tmp_path) -> Path:
    """A catalogue with "tiny" 1.2.3 on a mirror that nobody asks."""
    spec = model_folder(tmp_path / "published", weights=b"x" * 1000)
    return offer(spec, tmp_path / "models.json", Mirror(url="https://models.example.org"))


def lines(catalogue: Path | None = None) -> list[tuple[str, str, str]]:
    return [(entry.id, entry.version, entry.state) for entry in list_models(catalogue)]


def test_the_models_that_come_with_it_are_listed_and_the_cache_need_not_exist(cache):
    entries = list_models()
    assert [(entry.id, entry.state) for entry in entries] == [(name, "bundled") for name in BUNDLED]
    assert not cache.exists()
    for entry in entries:
        assert 3_000_000 < entry.bytes < 15_000_000 and not entry.removable and not entry.problem
        assert entry.spec.version == entry.version
    assert ["NC" in entry.licence for entry in entries] == [True, True, False]


def test_a_model_goes_from_available_to_installed_to_update(tmp_path, catalogue):
    available = list_models(catalogue)[-1]
    assert lines(catalogue)[-1] == ("tiny", "1.2.3", "available")
    assert available.spec is None and 1000 < available.bytes < 3000 and available.description == "A model for tests."
    older = model_folder(tmp_path / "older", version="1.0.9")
    import_model(older.folder)
    update = list_models(catalogue)[-1]
    assert (update.version, update.newer, update.state, update.removable) == ("1.0.9", "1.2.3", "update", True)
    assert update.bytes == available.bytes and update.spec == find_model("tiny")
    import_model(tmp_path / "published")
    installed = list_models(catalogue)[-1]
    assert (installed.version, installed.newer, installed.state) == ("1.2.3", "", "installed")
    assert lines()[-1] == ("tiny", "1.2.3", "installed"), "a model that the catalogue does not know is kept"


def test_a_newer_version_of_a_bundled_model_is_flagged_as_installed(tmp_path):
    import_model(model_folder(tmp_path / "mine", id="brain-t1ce", version="99.0.0").folder)
    assert lines()[0] == ("brain-t1ce", "99.0.0", "installed") and len(lines()) == len(BUNDLED)
    assert installed_models()[0].version == "99.0.0" and list_models()[0].removable


def test_a_bundled_model_with_a_newer_version_in_the_catalogue_says_so(tmp_path):
    newer = model_folder(tmp_path / "newer", id="brain-t1ce", version="99.0.0")
    entry = list_models(offer(newer, tmp_path / "models.json", Mirror(url="https://models.example.org")))[0]
    assert (entry.state, entry.newer, entry.removable) == ("update", "99.0.0", False)


@pytest.mark.parametrize("damage", ["no JSON", "no weights", "another id", "missing field"])
def test_a_broken_model_is_listed_with_its_problem_and_hides_no_other(tmp_path, cache, damage):
    good = import_model(model_folder(tmp_path / "good", id="good").folder)
    spec = import_model(model_folder(tmp_path / "bad").folder)
    file = spec.folder / "model.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    if damage == "no JSON":
        file.write_bytes(b"\xff\xfe half")
    elif damage == "no weights":
        spec.weights.unlink()
    elif damage == "another id":
        file.write_text(json.dumps(data | {"id": "good"}))
    else:
        del data["segments"]
        file.write_text(json.dumps(data))
    assert [spec.id for spec in installed_models()] == [*BUNDLED, "good"] and find_model("good") == good
    broken = next(entry for entry in list_models() if entry.problem)
    assert (broken.id, broken.state, broken.spec, broken.removable) == ("tiny", "installed", None, True)
    assert broken.problem.endswith("Remove the model, or download or import it again.")
    with pytest.raises(ModelSpecError, match="The model 'tiny' is broken"):
        find_model("tiny")
    (cache / "empty" / "1.0.0").mkdir(parents=True)
    (cache / "note.txt").write_text("not a model")
    assert len(list_models()) == len(BUNDLED) + 2


def test_a_folder_that_is_only_called_as_an_installed_model_is_not_meant(tmp_path, cache, monkeypatch):
    """As a folder of results or data may be, beside which a run is started."""
    installed = import_model(model_folder(tmp_path / "made").folder)
    here = tmp_path / "here"
    (here / installed.id).mkdir(parents=True)
    (here / BUNDLED[0]).write_text("no folder at all")
    monkeypatch.chdir(here)
    assert find_model(installed.id) == installed and find_models([])[0].id in BUNDLED
    assert find_model(BUNDLED[0]).id == BUNDLED[0]
    shutil.copytree(installed.folder, here / installed.id, dirs_exist_ok=True)
    assert find_model(installed.id).sha256 == installed.sha256
    data = json.loads((installed.folder / "model.json").read_text(encoding="utf-8"))
    (here / installed.id / "model.json").write_text(json.dumps(data | {"version": "9.9.9"}))
    with pytest.raises(ModelSpecError, match=r"is an installed model, .* and a folder here that holds another"):
        find_model(installed.id)
    assert find_model(f"./{installed.id}").version == "9.9.9"
    assert find_model(str(installed.folder)) == installed


def test_versions_are_compared_as_numbers():
    assert is_newer("1.10.0", "1.9.9") and not is_newer("1.9.9", "1.10.0") and not is_newer("1.0.0", "1.0.0")


def test_the_catalogue_that_is_shipped_and_those_of_the_tests_fit_the_schema(catalogue):
    schema = json.loads((resources() / "models.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for file in (resources() / "models.json", catalogue):
        jsonschema.validate(json.loads(file.read_text(encoding="utf-8")), schema)
        read_catalogue(file)


@pytest.mark.parametrize(("change", "words"), [
    (lambda data: data.update(format=2), "format: 2 is of another version"),
    (lambda data: data.pop("models"), "'models' is missing"),
    (lambda data: data["models"].append(data["models"][0]), "two models have the same id"),
    (lambda data: data["models"][0].update(id="../up"), "id: '../up'"),
    (lambda data: data["models"][0].update(version="1"), "version: '1'"),
    (lambda data: data["models"][0].pop("licence"), "'licence' is missing"),
    (lambda data: data["models"][0]["files"].pop(0), "files: model.json and the weights"),
    (lambda data: data["models"][0]["files"][1].update(name="../x"), "name: '../x'"),
    (lambda data: data["models"][0]["files"][1].update(bytes=0), "bytes: a whole number above 0"),
    (lambda data: data["models"][0]["files"][1].update(bytes="9"), "bytes: a whole number above 0"),
    (lambda data: data["models"][0]["files"][1].update(sha256="AB"), "sha256: 'AB'"),
    (lambda data: data["models"][0]["files"][1].update(mirrors=[]), "mirrors: a list of https"),
    (lambda data: data["models"][0]["files"][1].update(mirrors=["http://example.org/x"]), "mirrors: a list of https"),
    (lambda data: data["models"][0]["files"][1].update(mirrors=["file:///etc/passwd"]), "mirrors: a list of https"),
    (lambda data: data["models"][0]["files"][1].update(mirrors=["https://[::"]), "mirrors: a list of https"),
])
def test_a_malformed_catalogue_is_refused_with_the_field(catalogue, change, words):
    data = json.loads(catalogue.read_text(encoding="utf-8"))
    change(data)
    catalogue.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(WeightsError, match=re.escape(words)):
        read_catalogue(catalogue)


def test_a_catalogue_that_is_not_there_or_no_json_is_told_in_a_sentence(tmp_path):
    (tmp_path / "models.json").write_text("[" * 100_000)
    for file in (tmp_path / "models.json", tmp_path / "nowhere.json"):
        with pytest.raises(WeightsError, match="cannot be read"):
            list_models(file)
