"""Repositories that are broken, forged or hostile: each is refused in a sentence, and what was there stays."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mirrors import mirror
from repository_folders import INDEX, change_index, publish_tiny, put_on
from unifiedvit_training.exporting.signing import public_key, read_key

from UnifiedViTLib.errors import UnifiedViTError, WeightsError
from UnifiedViTLib.service.store.catalogue import list_models
from UnifiedViTLib.service.store.download import Timeouts, download_model
from UnifiedViTLib.service.store.repositories import add_repository, refresh_repositories, repositories
from UnifiedViTLib.service.store.repository_index import LARGEST_INDEX

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def signed(tmp_path) -> tuple[Path, str]:
    """A signed repository and its public key; the private one is key.pem."""
    repository = publish_tiny(tmp_path / "repository", key=tmp_path / "key.pem")
    return repository, public_key(read_key(tmp_path / "key.pem"))


def first_model(**fields):
    return lambda data: data["models"][0].update(fields)


def first_file(**fields):
    return lambda data: data["models"][0]["files"][0].update(fields)


@pytest.mark.parametrize(("change", "words"), [
    (first_model(id="../../up"), "id: '../../up'"),
    (first_model(id="con"), "id: 'con'"),
    (first_model(version="1.0.0/../../x"), "version: '1.0.0/../../x'"),
    (first_model(version="1" * 5000 + ".0.0"), "version: '111"),
    (first_model(name="a\x1b[2J"), "name: "),
    (first_model(name="\u202egnp.exe"), "name: "),
    (first_model(results=[{"dataset": "x", "metrics": []}]), "metrics: an object"),
    (first_model(requirements=7), "requirements: an object"),
    (first_file(name="../model.json"), "name: '../model.json'"),
    (first_file(name=".source.json"), "name: '.source.json'"),
    (first_file(bytes=10**400), "bytes: a whole number"),
    (first_file(mirrors=["https://elsewhere.example.org/model.json"]), "lies outside of the repository"),
    (first_file(mirrors=["file:///etc/passwd"]), "mirrors: a list of https"),
    (first_file(mirrors=["http://169.254.169.254/latest"]), "mirrors: a list of https"),
    (lambda data: first_file(mirrors=[data["place"] + "../secret"])(data), "lies outside of the repository"),
    (lambda data: first_file(mirrors=[data["place"] + "%2e%2e/secret"])(data), "lies outside of the repository"),
    (lambda data: data["models"].append(data["models"][0]), "two models have the same id and version"),
    (lambda data: data.update(format=2), "of another version of UnifiedViT"),
    (lambda data: data.update(serial=-1), "serial: a whole number"),
    (lambda data: data.update(serial="9"), "serial: a whole number"),
    (lambda data: data.update(updated="soon"), "updated: a time"),
    (lambda data: data.update(models={"a": 1}), "is malformed"),
])
def test_a_hostile_index_is_refused_with_the_field(repository, server, change, words):
    address = put_on(server, repository)
    change_index(server, lambda data: (data.update(place=address), change(data), data.pop("place")))
    with pytest.raises(WeightsError, match=re.escape(words)) as refused:
        add_repository(address)
    assert len(str(refused.value)) < 1000 and str(refused.value).endswith(".")
    assert not repositories() and not any(entry.id == "tiny" for entry in list_models())


@pytest.mark.parametrize(("content", "words"), [
    (b"", "cut off or no JSON"), (b"[" * 100_000, "cut off or no JSON"), (b"\xff\xfe", "cut off or no JSON"),
    (b"<html>404</html>", "cut off or no JSON"), (b"[]", "malformed"), (b"7", "malformed"),
    (b"{}", "'format' is missing"), (b'{"format": 1}', "'models' is missing"),
    (b" " * (LARGEST_INDEX + 1), "is larger than 4.2 MB"),
], ids=["empty", "nested", "no text", "a page", "a list", "a number", "nothing", "no models", "huge"])
def test_what_is_no_index_is_refused(repository, server, content, words):
    address = put_on(server, repository)
    server.files[INDEX] = content
    with pytest.raises(WeightsError, match=re.escape(words)):
        add_repository(address)


def test_an_index_that_is_cut_off_is_refused_and_the_last_one_stays(repository, server):
    address = put_on(server, repository)
    add_repository(address)
    whole = server.files[INDEX]
    server.files[INDEX] = whole[:-20]
    assert "cut off or no JSON" in refresh_repositories()[0].problem
    server.files[INDEX] = whole
    server.cuts[INDEX] = [100]
    assert "ended the connection early" in refresh_repositories()[0].problem
    server.hang[INDEX] = -1
    assert "does not answer" in refresh_repositories(timeouts=Timeouts(connect=0.2, read=0.2))[0].problem
    server.hang.clear()
    assert list_models()[-1].state == "available" and not refresh_repositories()[0].problem


def test_an_index_is_not_taken_from_another_computer(repository, server):
    address = put_on(server, repository)
    with mirror() as other:
        put_on(other, repository)
        server.redirects[INDEX] = other.url + INDEX
        with pytest.raises(WeightsError, match=r"redirects to another computer \(127\.0\.0\.1:\d+\)"):
            add_repository(address)
        assert not other.asked
    server.redirects[INDEX] = "/moved/index.json"
    server.files["/moved/index.json"] = server.files[INDEX]
    assert add_repository(address).models, "within a server it may be moved"


@pytest.mark.parametrize(("address", "words"), [
    ("http://models.example.org/", "has to begin with https://"), ("ftp://example.org/", "has to begin with https://"),
    ("file:///srv/models", "Give the folder itself"), ("https://anna:secret@example.org/", "leave out passwords"),
    ("https://example.org/?token=1", "leave out passwords"), ("https://example.org/a/../b", "leave out passwords"),
    ("https://example.org/a b", "blanks"), ("https://", "has to begin with https://"), ("", "not a folder"),
    ("/nowhere/at/all", "not a folder"), ("https://[::", "has to begin with https://"),
])
def test_addresses_that_are_none_are_told(address, words):
    with pytest.raises(WeightsError, match=re.escape(words)) as refused:
        add_repository(address)
    assert "secret" not in str(refused.value)


def test_sizes_that_lie_fill_no_disk(repository, server):
    address = put_on(server, repository)
    change_index(server, lambda data: data["models"][0]["files"][1].update(bytes=1 << 40))
    add_repository(address)
    with pytest.raises(WeightsError, match="free; 1099511"):
        download_model("tiny")
    change_index(server, lambda data: (data.update(serial=2), data["models"][0]["files"][1].update(bytes=100)))
    assert not refresh_repositories()[0].problem
    with pytest.raises(WeightsError, match="offers a file of"):
        download_model("tiny")


def test_an_older_index_and_one_that_changes_what_was_published_are_told(repository, server, tmp_path):
    address = put_on(server, repository)
    older = server.files[INDEX]
    put_on(server, publish_tiny(repository, "1.1.0"))
    add_repository(address)
    newest = server.files[INDEX]
    server.files[INDEX] = older
    problem = refresh_repositories()[0].problem
    assert re.search(r"is older \(number 1 of 20\S+\) than the one seen last \(number 2 of 20", problem)
    assert [model.version for model in list_models()[-1].versions] == ["1.1.0", "1.0.0"], "the last one stays in use"
    server.files[INDEX] = newest
    change_index(server, first_file(sha256="0" * 64))
    assert "says that it is still number 2" in refresh_repositories()[0].problem
    change_index(server, lambda data: data.update(serial=3))
    assert "tiny 1.0.0" in (problem := refresh_repositories()[0].problem) and "never changes" in problem
    server.files[INDEX] = newest
    assert not refresh_repositories()[0].problem


def test_a_repository_with_a_key_takes_nothing_else(signed, server, tmp_path):
    repository, key = signed
    address = put_on(server, repository)
    for wrong, words in (("AAAA", "is not a public key"), ("A" * 43 + "=", "not signed with the key")):
        with pytest.raises(WeightsError, match=words):
            add_repository(address, wrong)
    assert add_repository(address, f" {key}\n").key == key
    forged = server.files[INDEX]
    put_on(server, publish_tiny(repository, "1.1.0", key=tmp_path / "key.pem"))
    whole = server.files[INDEX]
    for change, words in (
        (lambda data: data.pop("signature"), "is not signed, but"),
        (lambda data: data.update(signature="A" * 86 + "=="), "not signed with the key"),
        (lambda data: data.update(signature=7), "not signed with the key"),
        (lambda data: data["models"][1].update(licence="MIT"), "not signed with the key"),
        (lambda data: data.update(serial=9), "not signed with the key"),
    ):
        server.files[INDEX] = whole
        change_index(server, change)
        assert words in refresh_repositories()[0].problem
    server.files[INDEX] = forged
    assert not refresh_repositories()[0].new
    other = publish_tiny(tmp_path / "b" / "other", "5.0.0", key=tmp_path / "other.pem")
    server.files[INDEX] = (other / "index.json").read_bytes()
    assert "not signed with the key" in refresh_repositories()[0].problem
    server.files[INDEX] = whole
    assert [model.version for model in refresh_repositories()[0].new] == ["1.1.0"]
    assert download_model("tiny").version == "1.1.0"


def test_where_signatures_cannot_be_checked_nothing_signed_is_taken_unseen(signed, cache):
    repository, key = signed
    code = ("import sys; sys.modules['cryptography'] = None\nfrom UnifiedViTLib.cli import main\n"
            "sys.exit(main(['models', 'repositories', 'add', *sys.argv[1:]]))\n")

    def added(*options: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, "-c", code, str(repository), *options], capture_output=True, text=True,
                              env=os.environ | {"PYTHONPATH": str(ROOT)})

    refused = added("--key", key)
    assert refused.returncode == 2 and "pip install cryptography" in refused.stderr and not repositories()
    assert added().returncode == 0, "without a key, a signature is nobody's business"


def test_files_of_a_repository_that_are_others_than_it_names_are_not_installed(repository, server):
    address = put_on(server, repository)
    add_repository(address)
    weights = "/models/tiny/1.0.0/weights.safetensors"
    server.files[weights] = bytes(len(server.files[weights]))
    with pytest.raises(UnifiedViTError, match="its SHA-256 differs"):
        download_model("tiny")
    described = json.loads(server.files["/models/tiny/1.0.0/model.json"])
    assert described["version"] == "1.0.0" and list_models()[-1].state == "available"
