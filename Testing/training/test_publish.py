"""Models into a repository: append-only, whole at any moment, by several people at once, signed if wanted."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import jsonschema
import pytest
from mirrors import model_folder
from repository_folders import publish_tiny
from unifiedvit_training.cli import main
from unifiedvit_training.errors import TrainingError
from unifiedvit_training.exporting.publish import publish
from workers import SOON_S

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.resources import resources
from UnifiedViTLib.service.store.offers import read_catalogue
from UnifiedViTLib.service.store.repository_index import read_index

ROOT = Path(__file__).resolve().parents[2]


def index_of(repository: Path) -> dict:
    return json.loads((repository / "index.json").read_text(encoding="utf-8"))


def versions(repository: Path) -> list[tuple[str, str]]:
    return [(model["id"], model["version"]) for model in index_of(repository)["models"]]


def child(repository: Path, model: Path, before: str = "") -> subprocess.Popen:
    """A process of its own that publishes a model's folder."""
    code = (f"import sys\nfrom pathlib import Path\n{before}\nfrom UnifiedViTLib.spec import load_spec\n"
            "from unifiedvit_training.exporting.publish import publish\n"
            "print(publish([load_spec(sys.argv[2])], Path(sys.argv[1])), flush=True)\n")
    return subprocess.Popen([sys.executable, "-c", code, str(repository), str(model)], text=True,
                            stdout=subprocess.PIPE, env=os.environ | {
                                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "training")])})


def test_a_model_is_published_with_its_card_and_a_newer_version_beside_it(tmp_path, capsys):
    spec = model_folder(tmp_path / "model", results=[{"dataset": "ours", "metrics": {"dice": 0.8}}])
    (spec.folder / "README.md").write_text("# What it is for")
    repository = tmp_path / "repository"
    assert main(["publish", str(spec.folder), "--repository", str(repository)]) == 0
    said = capsys.readouterr().out
    assert "tiny 1.2.3 is published." in said and f"unifiedvit models repositories add {repository}" in said
    first = (repository / "index.json").read_bytes()
    (entry,) = index_of(repository)["models"]
    assert entry["requirements"] == {"format": 2, "torch": True, "openvino": False}
    assert entry["results"] == [{"dataset": "ours", "metrics": {"dice": 0.8}}]
    assert sorted(file["name"] for file in entry["files"]) == ["README.md", "model.json", "weights.safetensors"]
    assert (repository / "tiny" / "1.2.3" / "README.md").read_text() == "# What it is for"

    assert main(["publish", str(spec.folder), "--repository", str(repository)]) == 0
    assert "was published before" in capsys.readouterr().out
    assert (repository / "index.json").read_bytes() == first, "nothing new, nothing written"
    publish_tiny(repository, "1.3.0")
    index = index_of(repository)
    assert versions(repository) == [("tiny", "1.2.3"), ("tiny", "1.3.0")] and index["serial"] == 2
    assert index["models"][0] == entry
    jsonschema.validate(index, json.loads((resources() / "models.schema.json").read_text(encoding="utf-8")))


def test_a_published_version_never_changes(tmp_path, capsys):
    repository = publish_tiny(tmp_path / "repository")
    before = {file: file.read_bytes() for file in repository.rglob("*") if file.is_file()}
    other = model_folder(tmp_path / "other", version="1.0.0", weights=b"others" * 1000)
    fine = model_folder(tmp_path / "fine", version="2.0.0")
    assert main(["publish", str(fine.folder), str(other.folder), "--repository", str(repository)]) == 1
    assert "tiny 1.0.0 is published" in (said := capsys.readouterr().err) and "higher version" in said
    assert {file: file.read_bytes() for file in repository.rglob("*") if file.is_file()} == before, "none or all"


def test_a_damaged_model_is_not_published(tmp_path):
    spec = model_folder(tmp_path / "model")
    spec.weights.write_bytes(b"other bytes")
    with pytest.raises(UnifiedViTError, match=r"weights.safetensors"):
        publish([spec], tmp_path / "repository")
    assert not (tmp_path / "repository").exists()


def test_a_repository_whose_files_are_gone_is_not_added_to(tmp_path):
    repository = publish_tiny(tmp_path / "repository")
    (repository / "tiny" / "1.0.0" / "weights.safetensors").unlink()
    with pytest.raises(TrainingError, match=r"weights.safetensors is missing or has another size.*backup"):
        publish_tiny(repository, "1.1.0")
    (repository / "index.json").write_text("{")
    with pytest.raises(UnifiedViTError, match="cut off or no JSON"):
        publish_tiny(repository, "1.1.0")
    assert (repository / "index.json").read_text() == "{"


def test_with_its_address_the_index_is_a_catalogue(tmp_path, capsys):
    spec = model_folder(tmp_path / "model")
    assert main(["publish", str(spec.folder), "--repository", str(tmp_path / "r"), "--address",
                 "https://models.example.org/x"]) == 0
    (model,) = read_catalogue(tmp_path / "r" / "index.json")
    assert model.files[0].mirrors == ("https://models.example.org/x/tiny/1.2.3/model.json",)
    assert main(["publish", str(spec.folder), "--repository", str(tmp_path / "r"), "--address", "http://e.org"]) == 1
    assert "has to begin with https://" in capsys.readouterr().err


def test_many_who_publish_at_once_lose_no_model(tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    models = [model_folder(tmp_path / f"m{n}", id=f"model-{n}", weights=b"x" * 1000).folder for n in range(4)]
    children = [child(repository, model) for model in models]
    assert [process.wait(SOON_S) for process in children] == [0] * 4
    assert sorted(versions(repository)) == [(f"model-{n}", "1.2.3") for n in range(4)]
    assert index_of(repository)["serial"] == 4


def test_who_reads_meanwhile_finds_a_whole_index_and_all_files_of_it(tmp_path):
    repository = publish_tiny(tmp_path / "repository")
    done = threading.Event()
    seen, faults = set(), []

    def read() -> None:
        while not done.is_set():
            _, models = read_index((repository / "index.json").read_bytes(), repository)
            faults.extend(file.path for model in models for file in model.files
                          if file.path.stat().st_size != file.bytes)
            seen.add(len(models))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for minor in range(1, 8):
            publish_tiny(repository, f"1.{minor}.0")
    finally:
        done.set()
        reader.join()
    assert not faults and len(seen) > 1


@pytest.mark.skipif(os.name == "nt", reason="no SIGSTOP")
def test_a_publisher_that_is_killed_leaves_the_repository_as_it_was_and_the_next_one_goes_on(tmp_path):
    repository = publish_tiny(tmp_path / "repository")
    before = (repository / "index.json").read_bytes()
    model = model_folder(tmp_path / "newer", version="2.0.0")
    halt = ("import os, time, unifiedvit_training.exporting.publish as p\n"
            "def stop(*_): print('here', flush=True); time.sleep(600)\n"
            "p.write_atomically = stop\n")
    process = child(repository, model.folder, halt)
    assert process.stdout.readline() == "here\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(SOON_S)
    assert (repository / "index.json").read_bytes() == before and (repository / "tiny" / "2.0.0").is_dir()
    other = model_folder(tmp_path / "rather", version="2.0.0", weights=b"better" * 1000)
    publish([other], repository)
    assert versions(repository) == [("tiny", "1.0.0"), ("tiny", "2.0.0")]
    assert (repository / "tiny" / "2.0.0" / "weights.safetensors").read_bytes() == other.weights.read_bytes()
    assert not list(repository.glob(".publishing-*"))


def test_the_key_is_made_once_kept_to_oneself_and_asked_for_ever_after(tmp_path, capsys):
    model, repository, key = model_folder(tmp_path / "model"), tmp_path / "repository", tmp_path / "key.pem"
    command = ["publish", str(model.folder), "--repository", str(repository)]
    assert main([*command, "--key", str(key)]) == 0
    public = capsys.readouterr().out.split("--key ")[1].strip()
    assert len(public) == 44 and (os.name == "nt" or stat.S_IMODE(key.stat().st_mode) == 0o600)
    read_index((repository / "index.json").read_bytes(), repository, public)
    assert main([*command, "--key", str(key)]) == 0 and public in capsys.readouterr().out
    newer = str(model_folder(tmp_path / "newer", version="2.0.0").folder)
    assert main(["publish", newer, "--repository", str(repository)]) == 1
    assert "is signed: its readers take nothing unsigned" in capsys.readouterr().err
    publish([model_folder(tmp_path / "x")], tmp_path / "elsewhere", tmp_path / "other.pem")
    for wrong, words in (("other.pem", "signed with another key"), ("none.pem", "cannot be read")):
        assert main(["publish", newer, "--repository", str(repository), "--key", str(tmp_path / wrong)]) == 1
        assert words in capsys.readouterr().err
    assert not (tmp_path / "none.pem").exists(), "a misspelt name makes no second key"
    (tmp_path / "text.pem").write_text("no key")
    with pytest.raises(TrainingError, match="no private key"):
        publish_tiny(tmp_path / "third", key=tmp_path / "text.pem")
    assert versions(repository) == [("tiny", "1.2.3")]


def test_a_private_key_is_never_put_where_all_can_read_it(tmp_path, capsys):
    model, repository = model_folder(tmp_path / "model"), tmp_path / "repository"
    command = ["publish", str(model.folder), "--repository", str(repository), "--key", str(repository / "k.pem")]
    assert main(command) == 1
    assert "for everybody to read. Keep it elsewhere" in capsys.readouterr().err
    assert not (repository / "k.pem").exists() and not (repository / "index.json").exists()


def test_an_unsigned_repository_can_be_signed_later(tmp_path):
    repository = publish_tiny(tmp_path / "repository")
    publish_tiny(repository, key=tmp_path / "key.pem")
    assert "signature" in index_of(repository) and index_of(repository)["serial"] == 2
