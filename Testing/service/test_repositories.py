"""Model repositories as their readers have them: added, asked, updated from, gone back in; on servers, in folders."""

from __future__ import annotations

import json
import shutil

import pytest
from mirrors import mirror, model_folder, offer
from repository_folders import publish_tiny, put_on

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import WeightsError
from UnifiedViTLib.service.store.cache import commit
from UnifiedViTLib.service.store.catalogue import find_model, list_models
from UnifiedViTLib.service.store.download import Timeouts, download_model, import_model, remove_model, verify_model
from UnifiedViTLib.service.store.repositories import (
    add_repository,
    refresh_repositories,
    remove_repository,
    repositories,
)

HASTY = Timeouts(connect=0.3, read=0.3)
WEIGHTS = "/models/tiny/1.0.0/weights.safetensors"

pytestmark = pytest.mark.usefixtures("cache")


def line(model_id: str = "tiny") -> tuple[str, str, str]:
    (entry,) = (entry for entry in list_models() if entry.id == model_id)
    return entry.version, entry.state, entry.newer


def test_a_model_is_published_listed_downloaded_updated_and_gone_back_from(repository, server):
    address = put_on(server, repository)
    assert add_repository(address).serial == 1
    assert line() == ("1.0.0", "available", "")
    assert verify_model(download_model("tiny").id).version == "1.0.0"
    assert line() == ("1.0.0", "installed", "")
    (nothing,) = refresh_repositories()
    assert nothing.sentence == f"{address}: nothing new."

    put_on(server, publish_tiny(repository, "1.1.0", weights=b"better" * 1000))
    asked = len(server.asked)
    assert line() == ("1.0.0", "installed", "") and len(server.asked) == asked, "nothing is asked unless wanted"
    (news,) = refresh_repositories()
    assert news.sentence == f"{address}: new are tiny 1.1.0."
    assert line() == ("1.0.0", "update", "1.1.0") and find_model("tiny").version == "1.0.0"
    assert download_model("tiny").version == "1.1.0" and line() == ("1.1.0", "installed", "")
    entry = list_models()[-1]
    assert [model.version for model in entry.versions] == ["1.1.0", "1.0.0"] and entry.repository == address

    assert download_model("tiny", version="1.0.0").version == find_model("tiny").version == "1.0.0"
    assert line() == ("1.0.0", "update", "1.1.0") and verify_model("tiny")
    with pytest.raises(WeightsError, match=r"no version 3\.0\.0 of tiny\. There are: 1\.1\.0, 1\.0\.0"):
        download_model("tiny", version="3.0.0")


def test_where_an_older_version_cannot_be_put_in_the_newer_one_stays(repository, tmp_path):
    publish_tiny(repository, "1.1.0", weights=b"better" * 1000)
    add_repository(str(repository))
    download_model("tiny")
    with pytest.raises(WeightsError):
        commit(tmp_path / "taken away by a virus scanner", "tiny", "1.0.0")
    assert verify_model("tiny").version == "1.1.0"


def test_a_server_that_dies_in_the_middle_is_asked_for_the_rest_later(repository, server, cache):
    add_repository(put_on(server, repository))
    whole = len(server.files[WEIGHTS])
    server.cuts[WEIGHTS] = [5000, 0, 0, 0, 0, 0]
    with pytest.raises(WeightsError, match="what has come is kept"):
        download_model("tiny", timeouts=HASTY)
    assert line() == ("1.0.0", "available", "")
    server.cuts.clear()
    del server.files["/models/index.json"]  # the list that was seen last is enough
    verify_model(download_model("tiny").id)
    assert ("bytes=5000-" in {wanted for path, wanted, _ in server.asked if path == WEIGHTS}) and whole > 5000


def test_without_a_network_the_last_list_is_used_and_that_it_may_be_old_is_said(repository):
    with mirror() as server:
        address = put_on(server, repository)
        add_repository(address)
        download_model("tiny")
    (answer,) = refresh_repositories(timeouts=HASTY)
    assert f"The list of models of {address} could not be fetched" in answer.problem and "network" in answer.problem
    assert line() == ("1.0.0", "installed", "") and verify_model("tiny")
    assert repositories()[0].address == address and not repositories()[0].problem


def test_one_repository_that_is_broken_leaves_the_others(repository, server, cache, tmp_path):
    add_repository(put_on(server, repository))
    other = publish_tiny(tmp_path / "b" / "other", id="other")
    add_repository(str(other))
    shutil.rmtree(other)
    answers = {answer.address: answer for answer in refresh_repositories()}
    assert "cannot be read" in answers[str(other)].problem and not answers[f"{server.url}/models/"].problem
    for file in (cache / ".repositories").iterdir():
        if "127.0.0.1" in file.read_text():
            file.write_text("{half")
    assert line("other")[1] == "available" and "tiny" not in {entry.id for entry in list_models()}
    (broken,) = (known for known in repositories() if known.problem)
    assert "damaged" in broken.problem
    remove_repository(broken.address)
    assert [known.address for known in repositories()] == [str(other)]


def test_a_repository_in_a_folder_needs_no_server(repository, tmp_path):
    add_repository(str(repository / "index.json"))
    assert verify_model(download_model("tiny").id)
    publish_tiny(repository, "1.1.0")
    refresh_repositories()
    weights = repository / "tiny" / "1.1.0" / "weights.safetensors"
    for content in (b"short", weights.read_bytes() + b"more", weights.read_bytes()[:-1] + b"?"):
        weights.write_bytes(content)
        with pytest.raises(WeightsError, match=r"SHA-256 differs|shorter than it says"):
            download_model("tiny")
    shutil.rmtree(repository)
    with pytest.raises(WeightsError, match="disk of the repository connected"):
        download_model("tiny")
    assert verify_model("tiny").version == "1.0.0"


def test_a_model_never_takes_the_place_of_another_repositorys(repository, tmp_path):
    add_repository(str(repository))
    download_model("tiny")
    other = publish_tiny(tmp_path / "b" / "other", "9.0.0", weights=b"evil" * 1000)
    publish_tiny(other, "99.0.0", id="brain-t1ce")
    add_repository(str(other))
    entries = {(entry.id, entry.repository): entry for entry in list_models()}
    assert entries["tiny", str(repository)].state == "installed"
    refused = entries["tiny", str(other)]
    assert refused.state == "refused" and not refused.versions and f"came from {repository}" in refused.problem
    assert "comes with UnifiedViT and is never replaced" in entries["brain-t1ce", str(other)].problem
    assert entries["brain-t1ce", ""].state == "bundled"
    for model_id, words in (("tiny", "never takes its place"), ("brain-t1ce", "is never replaced")):
        with pytest.raises(WeightsError, match=words):
            download_model(model_id, repository=str(other))
    assert download_model("tiny").version == "1.0.0"
    remove_repository(str(repository))
    assert {entry.state for entry in list_models() if entry.id == "tiny"} == {"installed", "refused"}, "still not"
    remove_model("tiny")
    assert download_model("tiny").version == "9.0.0", "as somebody has decided"


def test_the_same_id_in_two_repositories_is_asked_about(repository, tmp_path, capsys):
    other = publish_tiny(tmp_path / "b" / "other", "2.0.0")
    add_repository(str(repository))
    add_repository(str(other))
    with pytest.raises(WeightsError, match="tiny is in several places"):
        download_model("tiny")
    assert main(["models", "download", "tiny", "--repository", str(repository)]) == 0
    assert "tiny 1.0.0 is ready" in capsys.readouterr().out


def test_an_imported_model_belongs_to_who_has_published_the_very_same(repository, tmp_path):
    import_model(repository / "tiny" / "1.0.0")
    publish_tiny(repository, "1.1.0")
    add_repository(str(repository))
    assert line() == ("1.0.0", "update", "1.1.0")
    remove_model("tiny")
    import_model(model_folder(tmp_path / "mine", version="1.0.0", weights=b"mine" * 1000).folder)
    assert sorted(entry.state for entry in list_models() if entry.id == "tiny") == ["installed", "refused"]


def test_the_catalogue_and_a_repository_are_told_apart(repository, server, tmp_path):
    add_repository(str(repository))
    download_model("tiny")
    catalogue = offer(model_folder(tmp_path / "published"), tmp_path / "models.json", server)
    with pytest.raises(WeightsError, match="that of the catalogue never takes its place"):
        download_model("tiny", catalogue=catalogue, repository="")


def test_the_commands_say_what_they_did(repository, server, capsys):
    address = put_on(server, repository)

    def unifiedvit(*arguments: str) -> tuple[int, str, str]:
        code = main(["models", *arguments])
        return code, *capsys.readouterr()

    assert "No repositories were added" in unifiedvit("repositories")[1]
    assert unifiedvit("repositories", "add", address.rstrip("/"))[1] == f"{address} is added: tiny\n"
    assert "is added already" in unifiedvit("repositories", "add", address)[2]
    assert f"{address}  (not signed)\n  tiny; as of 20" in unifiedvit("repositories", "list")[1]
    listed = unifiedvit("list")[1]
    assert f"Not here yet in {address}: unifiedvit models download tiny" in listed
    assert unifiedvit("download", "tiny")[0] == 0
    put_on(server, publish_tiny(repository, "1.1.0"))
    assert unifiedvit("repositories", "refresh")[:2] == (0, f"{address}: new are tiny 1.1.0.\n")
    assert f"Version 1.1.0 is there in {address}" in unifiedvit("list")[1]
    assert "tiny 1.1.0 is ready" in unifiedvit("download", "tiny")[1]
    assert "Older versions: 1.0.0" in unifiedvit("list")[1]
    assert "tiny 1.0.0 is ready" in unifiedvit("download", "tiny", "--version", "1.0.0")[1]
    server.files.clear()
    code, _, problem = unifiedvit("repositories", "refresh")
    assert code == 1 and "answered 404" in problem
    assert unifiedvit("verify")[0] == 0
    assert "is removed" in unifiedvit("repositories", "remove", address)[1] and not repositories()
    code, _, problem = unifiedvit("repositories", "remove", address)
    assert code == 2 and "There is no repository" in problem
    assert verify_model("tiny"), "what came from it stays"


def test_a_model_for_another_version_of_unifiedvit_is_shown_and_not_offered(repository, tmp_path):
    index = repository / "index.json"
    data = json.loads(index.read_text(encoding="utf-8"))
    data["models"][0]["requirements"]["format"] = 3
    index.write_text(json.dumps(data), encoding="utf-8")
    add_repository(str(repository))
    assert line()[1] == "refused"
    with pytest.raises(WeightsError, match="Update UnifiedViT"):
        download_model("tiny")
