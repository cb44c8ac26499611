"""Downloads from a real HTTP server on this machine, with all that goes wrong on the way; the cache they go into."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mirrors import mirror, model_folder, offer, self_signed
from workers import SOON_S

from UnifiedViTLib.errors import Cancelled, WeightsError
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.service.store.download import (
    Timeouts,
    cache_bytes,
    cache_folder,
    clear_cache,
    download_job,
    download_model,
    import_job,
    import_model,
    remove_model,
    set_cache_folder,
    verify_model,
)

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = "/weights.safetensors"
PART = Path(".partial/tiny/1.2.3/weights.safetensors.part")

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def catalogue(tmp_path, server) -> Path:
    """A catalogue with the model "tiny" on one mirror."""
    return offer(model_folder(tmp_path / "published"), tmp_path / "models.json", server)


def quiet(stage: str, fraction: float) -> None:
    pass


def child(catalogue: Path, cache: Path, before: str = "") -> subprocess.Popen:
    """A process of its own that downloads "tiny", prints what it is told, and then its folder or the sentence."""
    code = (
        "import sys\nfrom UnifiedViTLib.errors import WeightsError\n"
        "from UnifiedViTLib.service.store.download import download_model\nfrom pathlib import Path\n" + before +
        "\ntry: print(download_model('tiny', lambda *said: print(*said, flush=True), Path(sys.argv[1])).folder)\n"
        "except WeightsError as error: print(error); sys.exit(1)\n"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(catalogue)], text=True, stdout=subprocess.PIPE,
                            encoding="utf-8", env=os.environ | {
                                "UNIFIEDVIT_MODELS": str(cache), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"})


def test_a_model_is_downloaded_verified_and_found_and_a_second_time_nothing_is_asked(catalogue, server, cache):
    said = []
    spec = download_model("tiny", lambda *what: said.append(what), catalogue)
    assert spec.folder == cache / "tiny" / "1.2.3" and find_model("tiny") == spec == verify_model("tiny")
    assert sorted(file.name for file in spec.folder.iterdir()) == [".source.json", "model.json", "weights.safetensors"]
    assert said[-1] == ("Downloading Tiny: 0.8 of 0.8 MB", 1.0)
    assert [fraction for _, fraction in said] == sorted(fraction for _, fraction in said)
    asked = len(server.asked)
    done = {"model": "tiny", "folder": str(spec.folder)}
    assert download_job({"model": "tiny", "catalogue": str(catalogue)}, quiet) == done
    assert import_job({"path": str(spec.folder)}, quiet) == done
    assert len(server.asked) == asked
    assert not list((cache / ".partial").iterdir())


def test_a_cut_connection_is_taken_up_where_it_ended(catalogue, server):
    server.etags[WEIGHTS] = '"one"'
    server.cuts[WEIGHTS] = [300_000, 200_000]
    verify_model(download_model("tiny", quiet, catalogue).id)
    assert [(r, i) for path, r, i in server.asked if path == WEIGHTS] == [
        (None, None), ("bytes=300000-", '"one"'), ("bytes=500000-", '"one"')]


def test_a_server_that_knows_no_ranges_is_asked_again_from_the_start(catalogue, server):
    server.ranges = False
    server.cuts[WEIGHTS] = [300_000]
    assert verify_model(download_model("tiny", quiet, catalogue).id)


def test_a_cancelled_download_keeps_its_part_and_goes_on_from_there(catalogue, server, cache):
    server.slow = 0.05

    def cancel(stage: str, fraction: float) -> None:
        if fraction > 0.3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        download_model("tiny", cancel, catalogue)
    kept = (cache / PART).stat().st_size
    assert 200_000 < kept < 800_000 and cache_bytes() >= kept
    with pytest.raises(Exception, match="no model 'tiny'"):
        find_model("tiny")
    download_model("tiny", quiet, catalogue)
    assert server.asked[-1] == (WEIGHTS, f"bytes={kept}-", None)
    assert server.paths().count("/model.json") == 1, "what was whole is not fetched again"


def test_a_file_that_changed_on_the_server_is_not_glued_to_its_former_part(catalogue, server, cache):
    part = cache / PART
    part.parent.mkdir(parents=True)
    part.write_bytes(b"older!! " * 1000)
    part.with_suffix(".from").write_text(json.dumps({"url": f"{server.url}{WEIGHTS}", "etag": '"old"'}))
    server.etags[WEIGHTS] = '"new"'
    verify_model(download_model("tiny", quiet, catalogue).id)
    assert server.asked[-1] == (WEIGHTS, "bytes=8000-", '"old"') and server.paths().count(WEIGHTS) == 1


def test_a_wrong_part_from_elsewhere_is_not_blamed_on_the_mirror(catalogue, server, cache):
    part = cache / PART
    part.parent.mkdir(parents=True)
    part.write_bytes(b"rubbish")
    assert verify_model(download_model("tiny", quiet, catalogue).id)
    assert [r for path, r, _ in server.asked if path == WEIGHTS] == ["bytes=7-", None]


def test_the_second_mirror_is_asked_when_the_first_is_gone_or_sends_something_else(tmp_path, server):
    spec = model_folder(tmp_path / "published")
    with mirror() as first:
        catalogue = offer(spec, tmp_path / "models.json", first, server)
        first.files[WEIGHTS] = first.files[WEIGHTS].replace(b"w", b"W")
        first.status["/model.json"] = 404
        assert verify_model(download_model("tiny", quiet, catalogue).id)
        assert first.paths() == ["/model.json", WEIGHTS] == server.paths()


@pytest.mark.parametrize(("fault", "words"), [
    ({"status": {WEIGHTS: 404}}, "answered 404 Not Found"),
    ({"status": {WEIGHTS: 503}}, "answered 503"),
    ({"files": {WEIGHTS: b"WEIGHTS " * 100_000}}, "SHA-256 differs"),
    ({"files": {WEIGHTS: b"<html>Sign in to the hotel's network"}}, "offers a file of 36 bytes"),
    ({"cuts": {WEIGHTS: [0]}}, "ended the connection early"),
    ({"cuts": {WEIGHTS: [1] * 20}}, "ended the connection early"),
    ({"hang": {WEIGHTS: -1}}, "time-out"),
    ({"hang": {WEIGHTS: 100_000}}, "time-out"),
    ({"redirects": {WEIGHTS: "http://example.org/weights"}}, "not encrypted"),
    ({"redirects": {WEIGHTS: "file:///etc/passwd"}}, "is not allowed"),
    ({"redirects": {WEIGHTS: WEIGHTS}}, "answered 30"),
], ids=lambda value: next(iter(value)) if isinstance(value, dict) else value)
def test_a_mirror_that_fails_ends_in_a_sentence_with_its_reason(catalogue, server, fault, words):
    for name, values in fault.items():
        getattr(server, name).update(values)
    began = time.monotonic()
    with pytest.raises(WeightsError, match=words) as raised:
        download_model("tiny", quiet, catalogue, Timeouts(connect=0.3, read=0.3))
    assert "127.0.0.1" in str(raised.value) and "try again" in str(raised.value)
    assert time.monotonic() - began < SOON_S


def test_nobody_listening_is_told_in_a_sentence_and_a_slow_mirror_is_waited_for(tmp_path, server):
    spec = model_folder(tmp_path / "published")
    with mirror() as gone:
        catalogue = offer(spec, tmp_path / "models.json", gone)
    with pytest.raises(WeightsError, match="cannot be reached"):
        download_model("tiny", quiet, catalogue)
    server.slow = 0.05  # the whole takes longer than the time-out, each block does not
    assert download_model("tiny", quiet, offer(spec, catalogue, server), Timeouts(connect=0.3, read=0.3))


def test_redirects_are_followed_with_the_range(catalogue, server):
    server.files["/moved"] = server.files[WEIGHTS]
    server.redirects[WEIGHTS] = "/moved"
    server.cuts["/moved"] = [300_000]
    assert verify_model(download_model("tiny", quiet, catalogue).id)
    assert server.asked[-1][:2] == ("/moved", "bytes=300000-")


def test_a_proxy_in_the_environment_is_used(catalogue, server, monkeypatch):
    data = json.loads(catalogue.read_text().replace(server.url, "http://127.0.0.1:1"))
    catalogue.write_text(json.dumps(data))
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", server.url)
    server.files |= {f"http://127.0.0.1:1{path}": content for path, content in server.files.items()}
    assert download_model("tiny", quiet, catalogue)
    assert all(path.startswith("http://127.0.0.1:1/") for path in server.paths())


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate of the test's server")
def test_certificates_come_from_the_environment_and_https_is_never_left(tmp_path, server, monkeypatch):
    certificate = self_signed(tmp_path)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with mirror(certificate) as secure:
        spec = model_folder(tmp_path / "published")
        catalogue = offer(spec, tmp_path / "models.json", secure)
        with pytest.raises(WeightsError, match=r"certificate that is not trusted.*set SSL_CERT_FILE"):
            download_model("tiny", quiet, catalogue)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
        with pytest.raises(WeightsError, match="REQUESTS_CA_BUNDLE names"):
            download_model("tiny", quiet, catalogue)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        server.files |= secure.files
        secure.redirects[WEIGHTS] = server.url + WEIGHTS
        with pytest.raises(WeightsError, match="not encrypted"):
            download_model("tiny", quiet, catalogue)
        assert not server.asked
        secure.redirects.clear()
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert verify_model(download_model("tiny", quiet, catalogue).id)


def test_a_model_larger_than_the_disk_is_refused_before_anything_is_asked(tmp_path, catalogue, server):
    data = json.loads(catalogue.read_text())
    data["models"][0]["files"][1]["bytes"] = 10**17
    catalogue.write_text(json.dumps(data))
    with pytest.raises(WeightsError, match=r"are needed\. Free some space"):
        download_model("tiny", quiet, catalogue)
    assert not server.asked


@pytest.mark.skipif(sys.platform == "win32", reason="the limit of file sizes is POSIX's")
def test_a_disk_that_fills_up_is_told_in_a_sentence_and_the_part_is_used_later(catalogue, server, cache):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    process = child(catalogue, cache, before=limit)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 1 and "is full. Free some space" in output, output
    assert (cache / PART).stat().st_size == 300_000
    assert verify_model(download_model("tiny", quiet, catalogue).id)
    assert server.asked[-1][1] == "bytes=300000-"


def test_of_two_processes_at_once_one_downloads_and_the_other_waits_and_finds_it_done(catalogue, server, cache):
    server.slow = 0.15
    processes = [child(catalogue, cache) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert all(output.strip().endswith(str(cache / "tiny" / "1.2.3")) for output in outputs)
    assert sum("Waiting for another download" in output for output in outputs) == 1
    assert server.paths() == ["/model.json", WEIGHTS]


def test_while_one_process_downloads_the_model_is_not_removed_and_waiting_can_be_cancelled(catalogue, server, cache):
    server.hang[WEIGHTS] = 300_000
    process = child(catalogue, cache)
    try:
        while not (cache / PART).exists() or (cache / PART).stat().st_size < 300_000:
            assert process.poll() is None
            time.sleep(0.02)
        with pytest.raises(WeightsError, match="being downloaded or imported at this moment"):
            clear_cache()

        def cancel(stage: str, fraction: float) -> None:
            raise Cancelled(stage)

        with pytest.raises(Cancelled, match="Waiting for another"):
            download_model("tiny", cancel, catalogue)
    finally:
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.communicate()
    server.hang.clear()
    assert verify_model(download_model("tiny", quiet, catalogue).id), "the lock of a killed process is free"
    assert server.asked[-1][1] == "bytes=300000-"


def test_a_cache_that_cannot_be_written_to_is_told_in_a_sentence(catalogue, cache, tmp_path):
    cache.write_text("a file in place of the folder: for root, no folder is read-only")
    with pytest.raises(WeightsError, match=r"cannot be changed .*unifiedvit models cache --folder"):
        download_model("tiny", quiet, catalogue)
    with pytest.raises(WeightsError, match="cannot be changed"):
        import_model(tmp_path / "published")
    assert find_model("brain-t1ce")
    if os.name == "posix" and os.geteuid() != 0:
        cache.unlink()
        cache.mkdir(mode=0o500)
        with pytest.raises(WeightsError, match="cannot be changed"):
            download_model("tiny", quiet, catalogue)


@pytest.mark.parametrize("name", ["Modèles für 脳 🧠", "two words", "x" * 60 + "/" + "y" * 200 + "/" + "z" * 90])
def test_a_cache_path_may_have_accents_blanks_and_length(catalogue, tmp_path, monkeypatch, name):
    if sys.platform == "win32" and len(name) > 200:
        pytest.skip("longer than Windows allows without a setting of the system")
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        pytest.skip("this locale has no such names")
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / name))
    spec = download_model("tiny", quiet, catalogue)
    assert spec.folder.is_relative_to(tmp_path / name) and verify_model("tiny")
    remove_model("tiny")
    assert cache_bytes() == 0


def test_a_newer_version_takes_the_place_of_the_older_and_a_damaged_one_is_downloaded_again(
        tmp_path, catalogue, server, cache):
    download_model("tiny", quiet, catalogue)
    newer = model_folder(tmp_path / "newer", version="1.10.0", weights=b"better!")
    offer(newer, catalogue, server)
    spec = download_model("tiny", quiet, catalogue)
    assert spec.version == "1.10.0" == find_model("tiny").version
    spec.weights.write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="damaged"):
        verify_model("tiny")
    download_model("tiny", quiet, catalogue)
    assert verify_model("tiny").version == "1.10.0"
    assert remove_model("tiny") == "1.2.3" == verify_model("tiny").version, "the one before it is used again"


def test_a_catalogue_that_promises_another_model_is_told_and_nothing_is_installed(tmp_path, server):
    catalogue = offer(model_folder(tmp_path / "published"), tmp_path / "models.json", server, version="9.0.0")
    with pytest.raises(WeightsError, match=r"says tiny 9.0.0, but its model.json tells of tiny 1.2.3"):
        download_model("tiny", quiet, catalogue)
    with pytest.raises(Exception, match="no model 'tiny'"):
        find_model("tiny")


def test_bundled_and_unknown_models_are_neither_downloaded_nor_removed(catalogue):
    with pytest.raises(WeightsError, match=r"comes with UnifiedViT; there is nothing to download"):
        download_model("brain-t1ce", quiet, catalogue)
    with pytest.raises(WeightsError, match=r"no model 'lung' to download\. There are: tiny"):
        download_model("lung", quiet, catalogue)
    with pytest.raises(WeightsError, match=r"comes with UnifiedViT and cannot be removed"):
        remove_model("brain-t1ce")
    with pytest.raises(WeightsError, match=r"'../tiny' is not installed"):
        remove_model("../tiny")
    assert verify_model("brain-t1ce")


def test_clearing_the_cache_removes_models_and_parts_and_nothing_else_in_the_folder(catalogue, server, cache, tmp_path):
    thesis = cache / "thesis" / "1.0.0" / "chapter.txt"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("four years")
    import_model(model_folder(tmp_path / "other", id="other").folder)
    server.status[WEIGHTS] = 500
    with pytest.raises(WeightsError):
        download_model("tiny", quiet, catalogue)
    assert cache_bytes() > 800_000
    clear_cache()
    assert cache_bytes() == 0 and thesis.exists() and not (cache / "other").exists()
    clear_cache()


def test_the_folder_of_choice_is_kept_for_the_user_and_the_default_comes_back(tmp_path, monkeypatch):
    monkeypatch.delenv("UNIFIEDVIT_MODELS")
    for variable in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    default = cache_folder()
    assert default.is_relative_to(tmp_path / "home") and default.parts[-2:] == ("UnifiedViT", "Models")
    set_cache_folder(tmp_path / "big disk")
    asked = [sys.executable, "-c", "from UnifiedViTLib.service.store.download import *; print(cache_folder())"]
    other = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert other.stdout.strip() == str(tmp_path / "big disk"), other.stderr
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match="cannot be changed"):
        set_cache_folder(tmp_path / "file")
    assert cache_folder() == tmp_path / "big disk"
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "for this once"))
    assert cache_folder() == tmp_path / "for this once"
    monkeypatch.delenv("UNIFIEDVIT_MODELS")
    set_cache_folder(None)
    assert cache_folder() == default
    settings = next((tmp_path / "home").rglob("settings.json"))
    settings.write_text("[not JSON")
    assert cache_folder() == default
