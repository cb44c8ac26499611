"""The client of `unifiedvit serve`, and the parts of a server, by themselves: what servers and proxies may answer, what
is refused before anybody is asked, and answers that are none."""

from __future__ import annotations

import json
import re
import socket
import stat
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
from builders import head_volume, oblique
from loopback import serve
from servers import job_of

from UnifiedViTLib import __version__
from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import ServerError, UnifiedViTError
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.inference.model_ranking import ModelFit, ModelRanking
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.remote.address import KEY_VARIABLE, ServerAddress, read_key
from UnifiedViTLib.service.remote.answer import check_envelope, check_prediction
from UnifiedViTLib.service.remote.connection import Connection, Patience
from UnifiedViTLib.service.remote.hiding import Aliases
from UnifiedViTLib.service.remote.predictor import ask_server
from UnifiedViTLib.service.remote.ranking import ranking_of
from UnifiedViTLib.service.server.keys import Keys
from UnifiedViTLib.service.server.limits import Busy, Rate
from UnifiedViTLib.service.server.spool import Spool
from UnifiedViTLib.service.server.tls import check_place
from UnifiedViTLib.service.server.wire import describe_ranking, parse_job
from UnifiedViTLib.service.store.cache import compiled_folder
from UnifiedViTLib.service.worker.protocol import RankModelsRequest

KEY = "k" * 40
#: Not long, and asked again at once.
QUICK = Patience(connect_s=2, read_s=0.4, repeats=1, pause_s=0.05)
HELLO = {"version": __version__, "software": {}, "volume_bytes": 1}


@contextmanager
def answering(*answers: tuple[int, object, dict[str, str]]):
    """A server that gives these answers, the last one again and again; gives its address and what it was asked."""
    asked: list[tuple[str, str]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        status, content, headers = answers[min(len(asked), len(answers) - 1)]
        asked.append((handler.path, handler.headers["Authorization"]))
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    with serve({"GET": answer, "POST": answer}, threading.Event()) as url:
        yield ServerAddress(url, KEY), asked


def refusal(address: ServerAddress) -> str:
    """What the client says of a server."""
    with pytest.raises(UnifiedViTError) as error:
        ask_server(address, QUICK)
    assert KEY not in str(error.value)
    return str(error.value)


# What servers and proxies answer


@pytest.mark.parametrize(("status", "content", "sentence"), [
    (504, b"<html>Gateway Time-out", "answers 504: a proxy in front of it does not get through"),
    (413, b"<html>", "the limit of a proxy in front of it"), (404, b"<html>", "does not answer as unifiedvit serve"),
    (200, b"<html>Welcome", "does not answer as unifiedvit serve does"), (403, {}, "does not take the key"),
    (200, [], "does not tell its version"), (200, b"", "does not tell its version"),
    (200, b'{"version": NaN}', "does not answer as"),
    (200, HELLO | {"version": "0.0.1"}, "The server runs UnifiedViT 0.0.1, this is"),
    (200, HELLO | {"models": "many"}, "does not tell its models"),
    (200, HELLO | {"models": [{"description": {"format": 2}}]}, "is missing"),
    (422, {"class": "Cancelled", "text": "x\x1b[2J"}, "On the server: x\\x1b[2J"),
    (422, {"class": "DependencyError", "text": "A package is missing."}, "A package is missing."),
])
def test_each_answer_that_is_none_has_a_sentence(status, content, sentence):
    with answering((status, content, {})) as (address, asked):
        assert sentence in refusal(address)
        assert len(asked) == (1 + QUICK.repeats if status == 504 else len(asked)) and asked[0][1] == f"Bearer {KEY}"


def test_a_proxy_that_fails_once_is_asked_again_and_a_busy_server_when_it_says():
    stages = []
    with answering((504, b"", {}), (429, {"class": "ServerError", "text": "Full."}, {"Retry-After": "1"}),
                   (200, HELLO, {})) as (address, asked):
        assert Connection(address, stages.append, QUICK).ask("GET", "/v1/handshake") == HELLO
    assert len(asked) == 3 and "Full." in stages and any("asking again" in stage for stage in stages)


def test_the_key_is_never_sent_on_to_another_address():
    with answering((200, HELLO, {})) as (other, asked), \
            answering((307, b"", {"Location": f"{other.url}/v1/handshake"})) as (address, _):
        assert "sends on to another address" in refusal(address)
        assert not asked


def test_a_server_that_takes_a_connection_and_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = ServerAddress(f"http://127.0.0.1:{silent.getsockname()[1]}", KEY)
        assert "does not answer (time-out)" in refusal(address)
    assert "cannot be reached" in refusal(address)


# What is refused before anybody is asked


@pytest.mark.parametrize(("options", "sentence"), [
    (["--server", "http://example.org"], "cannot be the address of a server for images of patients"),
    (["--server", "https://user:password@example.org"], "has no user"),
    (["--server", "http://127.0.0.1:9", "--device", "cuda"], "--device is of this computer"),
    (["--server", "http://127.0.0.1:9", "--cluster"], "--cluster is of this computer"),
    (["--server-key-file", "key"], "Give its address with --server"),
    (["--server", "http://127.0.0.1:9", "--server-key-file", "not-there"], "cannot be read"),
])
def test_what_a_server_cannot_honour_is_refused_in_a_sentence(options, sentence, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    assert main(["predict", "x.nrrd", "-o", str(tmp_path), *options]) == 2
    assert sentence in capsys.readouterr().err


def test_a_key_comes_from_a_file_or_the_environment_and_nothing_shows_it(monkeypatch, tmp_path):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(ServerError, match=KEY_VARIABLE):
        read_key()
    (tmp_path / "key").write_text(f"{KEY}\n")
    address = ServerAddress("https://example.org/", read_key(tmp_path / "key"))
    assert address.key == KEY and KEY not in repr(address) and address.url == "https://example.org"
    with pytest.raises(ServerError, match="Copy it again"):
        ServerAddress("https://example.org", "short")


def test_a_key_is_shown_once_and_kept_as_its_sum_in_a_file_of_the_user_alone(tmp_path, capsys):
    file = tmp_path / "settings" / "keys.json"
    assert main(["serve", "--keys", str(file), "--new-key", "ward-3"]) == 0
    key = capsys.readouterr().out.strip()
    assert key not in file.read_text() and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Keys(file).owner(key) == "ward-3" and Keys(file).owner(f"{key}x") is None
    for name, sentence in (("ward-3", "already"), ("../x", "cannot be the name")):
        assert main(["serve", "--keys", str(file), "--new-key", name]) == 2
        assert sentence in capsys.readouterr().err
    assert main(["serve", "--keys", str(file), "--remove-key", "ward-3"]) == 0
    assert main(["serve", "--keys", str(file), "--remove-key", "ward-3"]) == 2
    assert main(["serve", "--keys", str(file)]) == 2
    assert "Nobody has a key" in capsys.readouterr().err
    file.write_text("[]")
    with pytest.raises(ServerError, match="Put the file right"):
        Keys(file).owner(key)


def test_images_never_cross_a_network_in_plain(tmp_path):
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.9"):
        check_place(host, None, None)
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        with pytest.raises(ServerError, match="in plain"):
            check_place(host, None, None)
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(ServerError, match="cannot be used"):
        check_place("127.0.0.1", tmp_path / "no.pem", None)


def test_a_key_begins_so_many_runs_a_minute_and_others_are_not_kept_waiting():
    now = [0.0]
    rate = Rate(3, lambda: now[0])
    for _ in range(3):
        rate.take("one")
    with pytest.raises(Busy) as busy:
        rate.take("one")
    assert busy.value.headers == {"Retry-After": "20"} and busy.value.status == 429
    rate.take("other")
    now[0] = 20.1
    rate.take("one")


def test_two_servers_of_one_user_leave_each_other_alone_and_what_nobody_holds_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first = Spool()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "unifiedvit-server-left"
    (left / "job").mkdir(parents=True)
    (left / "lock").touch()
    second = Spool()
    assert first.folder.exists() and not left.exists()
    for spool in (second, first):
        spool.close()
    assert not list(tmp_path.iterdir())


# What leaves this computer, and what comes back


def test_nothing_that_names_a_patient_a_file_or_a_series_is_in_what_is_sent(proven):
    secret = "Jane Roe T2 1.2.840.99"
    volume = replace(head_volume(name=secret), notes=(secret, f"{secret} too"), metadata={
        "Modality": secret, "PatientName": secret, "FrameOfReferenceUID": "1.2.840.99", "SOPInstanceUIDs": secret})
    aliases = Aliases()
    hidden = aliases.hide({"": volume})[""]
    options = aliases.hide_options(Options(region=RegionOfInterest.from_centre((0, 0, 0), (9, 9, 9), secret)))
    sent = json.dumps(job_of(volume, proven)) + repr(hidden.metadata) + json.dumps(options.to_dict())
    assert "Jane" not in sent and "1.2.840" not in sent
    assert "T2" in sent, "the sequence that the name tells"
    assert aliases.restore([{"a": f"{hidden.name}: {hidden.notes[1]}"}]) == [{"a": f"{secret}: {secret} too"}]
    with pytest.raises(ValueError, match="control"):
        aliases.restore({"a": "\x1b[2J"})


@pytest.fixture(scope="module")
def volume():
    return head_volume(oblique(), shape=(8, 45, 41))


@pytest.fixture(scope="module")
def prediction(proven, volume):
    """A result with most that there can be."""
    return Predictor(proven, "cpu", cache=compiled_folder()).predict(volume, ASKED)


ASKED = Options(keep_probabilities=True, uncertainty=True)
LIES = {
    "another model": lambda p: replace(p, provenance=replace(p.provenance, model_sha256="0" * 64)),
    "an older model": lambda p: replace(p, provenance=replace(p.provenance, model_version="1.0.0")),
    "another grid": lambda p: replace(p, labelmap=p.labelmap[:-1]),
    "a label without a segment": lambda p: replace(p, labelmap=p.labelmap + 9),
    "another drawing": lambda p: replace(p, labelmap=np.zeros_like(p.labelmap)),
    "no diagnosis of the model's": lambda p: replace(p, diagnosis=replace(p.diagnosis, label="flu")),
    "other classes": lambda p: replace(p, diagnosis=replace(p.diagnosis, probabilities={"glioma": 1.0})),
    "a probability that is none": lambda p: replace(p, diagnosis=replace(
        p.diagnosis, probabilities=p.diagnosis.probabilities | {"glioma": float("nan")})),
    "slices that are not there": lambda p: replace(p, slice_probabilities=p.slice_probabilities[1:]),
    "numbers that are none": lambda p: replace(p, slice_probabilities=p.slice_probabilities * np.float32("nan")),
    "no uncertainty": lambda p: replace(p, uncertainty=None),
    "no probability maps": lambda p: replace(p, probability_maps=None),
    "more than a hundred percent": lambda p: replace(p, probability_maps=p.probability_maps + 101),
    "tta": lambda p: replace(p, provenance=replace(p.provenance, backend="x, slices and their mirror images")),
}


@pytest.mark.openvino
@pytest.mark.parametrize("lie", LIES)
def test_a_result_that_is_not_one_of_the_image_is_thrown_away(proven, volume, prediction, lie):
    job = parse_job(job_of(volume, proven))
    check_prediction(prediction, volume, job, ASKED)
    with pytest.raises(ServerError):
        check_prediction(LIES[lie](prediction), volume, job, ASKED)


@pytest.mark.parametrize(("change", "reason"), [
    ({"job": "another"}, "not of this image"), ({"request_sha256": "0" * 64}, "not of this image"),
    ({"version": "0.0.1"}, "not of this image"), ({"prediction": None}, "is none"),
    ({"arrays": [{"name": "../x", "header": {}}]}, "malformed"),
    ({"arrays": [{"name": "labelmap", "header": {"dtype": "|u1", "shape": [9, 9, 9], "sha256": "0" * 64}}]},
     "another grid"),
    ({"arrays": [{"name": "superres.array", "header": {"dtype": "<f8", "shape": [60000] * 3, "sha256": "0" * 64}}]},
     "too large"),
])
def test_an_answer_to_another_question_is_thrown_away_before_its_arrays_are_fetched(proven, volume, change, reason):
    job = parse_job(job_of(volume, proven))
    answer = {"version": __version__, "job": "this", "request_sha256": job.sha256, "prediction": {}, "arrays": []}
    assert check_envelope(answer, "this", job) == {}
    with pytest.raises(ServerError, match=re.escape(reason)):
        check_envelope(answer | change, "this", job)


FIT = ModelFit("proven", "1.2.3", "Proven", "fits", "It does.", "", 6, 0.0)
RANKING_LIES = {
    "none": lambda a: a | {"ranking": None},
    "another question": lambda a: a | {"request_sha256": "0" * 64},
    "another model": lambda a: a | {"ranking": ModelRanking("x", (replace(FIT, model_id="x"), )).to_dict()},
    "twice": lambda a: a | {"ranking": ModelRanking("x", (FIT, FIT)).to_dict()},
    "no verdict": lambda a: a | {"ranking": ModelRanking("x", (replace(FIT, verdict="perfect"), )).to_dict()},
    "no share": lambda a: a | {"ranking": ModelRanking("x", (replace(FIT, flagged_fraction=2.0), )).to_dict()},
    "control characters": lambda a: a | {"ranking": ModelRanking("x", (replace(FIT, reason="\x1b"), )).to_dict()},
}


@pytest.mark.parametrize("lie", RANKING_LIES)
def test_a_ranking_that_is_none_of_these_models_is_thrown_away(proven, volume, lie):
    fit = replace(FIT, name=proven.name, version=proven.version)
    (hidden,) = Aliases().hide({"": volume}).values()
    job = describe_ranking(RankModelsRequest(hidden, (proven, )))
    answer = {"version": __version__, "job": "this", "request_sha256": job.sha256,
              "ranking": ModelRanking("x", (fit, )).to_dict()}
    assert ranking_of(answer, "this", job, Aliases(), [proven]).fits == (fit, )
    with pytest.raises(ServerError):
        ranking_of(RANKING_LIES[lie](answer), "this", job, Aliases(), [proven])


def test_a_geometry_that_differs_in_the_last_bit_is_another_question(proven, volume):
    matrix = volume.ijk_to_ras.copy()
    matrix[0, 3] = np.nextafter(matrix[0, 3], np.inf)
    sums = []
    for one in (volume, replace(volume, ijk_to_ras=matrix)):
        job = job_of(one, proven)
        job["volumes"][0]["name"] = f"text{0:030}"
        sums.append(parse_job(job).sha256)
    assert sums[0] != sums[1]
