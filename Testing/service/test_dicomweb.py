"""Images over DICOMweb, from a real HTTP server whose faults are chosen: what is retrieved is what was asked for,
whole, and nothing of it is left behind; what goes wrong is told, without credentials."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pacs as servers
import pytest
from dicom_files import image, stored
from mirrors import self_signed
from pacs import PASSWORD, SERIES, STUDY, USER, Pacs, set_credentials, slices

from UnifiedViTLib.errors import OutputError, ServerError, UnifiedViTError, UnsupportedImageError
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.reading.dicom.header import MANUFACTURER, OwnResult
from UnifiedViTLib.service.dicomweb.series import RemoteSeries, UnlistedStudy
from UnifiedViTLib.service.dicomweb.server import DicomWebServer
from UnifiedViTLib.service.dicomweb.session import Limits
from UnifiedViTLib.service.dicomweb.worklist import Filter, find_series

pytest.importorskip("dicomweb_client", reason="DICOMweb needs dicomweb-client, which is not installed")

QUICK = Limits(repeats=2, pause_s=0.01)


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    set_credentials(monkeypatch)


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """A folder for temporary files of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def server(temporary) -> Iterator[Pacs]:
    with servers.pacs() as state:
        state.add(*slices())
        yield state
    assert list(temporary.iterdir()) == [], "no image of a patient is left"


def series(state: Pacs, limits: Limits = QUICK) -> RemoteSeries:
    return RemoteSeries(DicomWebServer(state.url, limits), STUDY, SERIES)


def array(state: Pacs, limits: Limits = QUICK) -> np.ndarray:
    """The volume that the server's series is."""
    with series(state, limits).retrieved() as folder:
        return read(folder).array


def told(state: Pacs, limits: Limits = QUICK) -> str:
    """What keeps the series from being retrieved."""
    with pytest.raises(ServerError) as caught:
        array(state, limits)
    assert PASSWORD not in str(caught.value) and USER not in str(caught.value)
    return str(caught.value)


EXPECTED = stored((6, 40, 36))


def test_a_series_is_retrieved_as_it_was_stored_and_removed_afterwards(server, temporary):
    progress = []
    with series(server).retrieved(lambda stage, fraction: progress.append(stage)) as folder:
        assert np.array_equal(read(folder).array, EXPECTED)
        assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
            uid: servers.as_file(data) for uid, data in server.objects.items()}
        assert folder.stat().st_mode & 0o077 == 0 and folder.parent.stat().st_mode & 0o077 == 0
        assert folder.is_relative_to(temporary)
    assert progress[0] == "Retrieving, 0 of 6 images" and progress[-1] == "Retrieving, 6 of 6 images"


def test_what_is_raised_while_it_is_retrieved_or_read_leaves_nothing_behind(server):
    def stop(stage, fraction):
        if stage.startswith("Retrieving, 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), series(server).retrieved(stop):
        pass
    with pytest.raises(ZeroDivisionError), series(server).retrieved():
        raise ZeroDivisionError


def test_without_the_right_credentials_nothing_is_given_and_the_variables_are_named(server, monkeypatch):
    monkeypatch.setenv("UNIFIEDVIT_DICOMWEB_PASSWORD", "wrong")
    assert "does not let you in (status 401)" in told(server) and "UNIFIEDVIT_DICOMWEB_PASSWORD" in told(server)


def test_credentials_come_from_a_netrc_file_or_are_a_token(server, monkeypatch, tmp_path):
    monkeypatch.delenv("UNIFIEDVIT_DICOMWEB_USER")
    assert "status 401" in told(server) and server.shown[-1] == ""
    (tmp_path / "netrc").write_text(f'machine 127.0.0.1 login {USER} password "{PASSWORD}"\n', encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert np.array_equal(array(server), EXPECTED)
    monkeypatch.setenv("UNIFIEDVIT_DICOMWEB_TOKEN", "abc.def")
    server.token = "abc.def"
    assert np.array_equal(array(server), EXPECTED)


@pytest.mark.parametrize("kind", ["instances", "retrieve"])
def test_a_server_that_is_busy_is_asked_again_and_one_that_stays_so_is_told(server, kind):
    server.status[kind] = [503, 503]
    assert np.array_equal(array(server), EXPECTED)
    server.status[kind] = [503] * 10
    assert "is busy or has an error (status 503)" in told(server)
    server.status[kind] = [500]
    assert "is busy or has an error (status 500)" in told(server)


@pytest.mark.parametrize("says_length", [True, False], ids=["a cut is seen", "a cut answer looks whole"])
def test_a_series_that_is_cut_within_an_image_is_asked_for_again(server, says_length):
    server.says_length = says_length
    server.cuts = [8000, 12345]
    assert np.array_equal(array(server), EXPECTED)
    assert server.kinds().count("retrieve") == 3
    server.cuts = [8000] * 10
    assert "of the 6 images of the series" in told(server)


def test_a_server_that_falls_silent_is_given_up_after_a_while(server):
    short = Limits(repeats=1, pause_s=0.01, timeouts_s=(60, 0.5))
    server.hangs = {"retrieve": 8000}
    assert "of the 6 images of the series" in told(server, short)
    server.hangs = {"instances": 10}
    assert "cannot be reached (it does not answer)" in told(server, short)


def test_a_study_or_series_that_is_not_there_is_told(server):
    server.objects.clear()
    assert "has no images of the series" in told(server)
    with pytest.raises(UnsupportedImageError, match="has no study"):
        find_series(series(server).server, Filter("1.2.3"))
    with pytest.raises(UnsupportedImageError, match="no identifier of DICOM"):
        RemoteSeries(series(server).server, "../1.2", "1.3")


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_images_of_others_than_were_asked_for_are_refused(server, keyword):
    server.sends = slices(change=lambda data, k: setattr(data, keyword, "1.2.999") if k == 4 else None)
    assert "sends images that are not of the series" in told(server)


def test_a_server_that_keeps_an_image_back_is_told(server):
    server.sends = slices()[:-1]
    assert "gives 5 of the 6 images of the series" in told(server)


def test_more_than_is_taken_is_refused_whatever_grows(server):
    size = len(servers.as_file(slices()[0]))
    assert "sends an image of more than" in told(server, Limits(instance_bytes=size // 2, repeats=0))
    assert "sends a series of more than" in told(server, Limits(series_bytes=3 * size, repeats=0))
    assert "sends an answer of more than" in told(server, Limits(answer_bytes=100, repeats=0))
    assert "lists more than 5" in told(server, Limits(answers=5))


def test_answers_in_packets_that_nobody_asked_for_are_refused(server):
    server.headers["Content-Encoding"] = "gzip"
    assert "packs its answers without being asked" in told(server)


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[1]", b'[{"00080018": 7}]', b"null", b'[{"00080018": {"Value": '
                                    b'["../../etc"]}}]', b"\xff\xfe"])
def test_answers_that_are_none_of_dicomweb_are_told(server, answer):
    server.answers["instances"] = answer
    assert str(told(server))
    server.answers["series"] = answer
    with pytest.raises(UnifiedViTError):
        find_series(series(server).server, Filter(STUDY))


def test_nobody_is_sent_on_to_another_address(server, temporary):
    with servers.pacs() as other:
        other.add(*slices())
        server.headers["Location"] = f"{other.url}/studies/{STUDY}/series/{SERIES}/instances"
        server.status["instances"] = [307]
        assert "sends on to another address" in told(server)
        assert other.asked == []


def test_no_answer_no_name_and_a_full_disk_are_told(server, temporary, monkeypatch):
    with servers.pacs() as gone:
        pass
    assert "cannot be reached (nothing answers there)" in told(gone)

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        array(server)


@pytest.mark.parametrize("url", ["http://pacs.example/dicom-web", "https://alice:Geheim@pacs.example/x", "pacs.example",
                                 "ftp://pacs.example/", "https://", "https://pacs.example/x?token=Geheim",
                                 "https://pacs.example:port/x", "file:///etc/passwd", "https://[pacs/"])
def test_addresses_that_are_not_safe_or_hold_credentials_are_refused_and_not_repeated(url):
    with pytest.raises(ServerError) as caught:
        DicomWebServer(url)
    assert "Geheim" not in str(caught.value)


def test_one_server_has_one_address():
    assert DicomWebServer("https://PACS.example:443/dicom-web/").url == "https://pacs.example/dicom-web"


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate of the test's server")
def test_a_certificate_that_nobody_vouches_for_is_refused_and_one_of_the_hospital_is_taken(tmp_path, temporary,
                                                                                           monkeypatch):
    certificate = self_signed(tmp_path)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    with servers.pacs(certificate) as state:
        state.add(*slices())
        assert "certificate of 127.0.0.1" in told(state) and "SSL_CERT_FILE" in told(state)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere"))
        assert "which is not there" in told(state)
        assert state.asked == []
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(certificate))
            assert np.array_equal(array(state), EXPECTED)
        state.url = state.url.replace("https", "http")
        assert "cannot be reached" in told(state)


def test_a_worklist_has_the_series_that_fit_whatever_filters_the_server_knows(server):
    def study(uid: str, day: str, modality: str = "MR", description: str = "T1 ce") -> list:
        def change(data, k):
            data.StudyInstanceUID, data.SeriesInstanceUID, data.StudyDate = uid, f"{uid}.1", day
            data.SOPInstanceUID, data.Modality, data.SeriesDescription = f"{uid}.1.{k}", modality, description

        return slices(2, change)

    server.add(*study("1.3", "20260301"), *study("1.4", "20251231"), *study("1.5", "20260201", "CT"),
               *study("1.6", "20260401", description="Localizer"), *study("1.7", "20260501", "SEG"))
    asked = series(server).server
    for server.careless in (False, True):
        for server.page in (100, 2):
            found = find_series(asked, Filter(since=date(2026, 1, 1)))
            assert [one.study_uid for one in found] == [STUDY, "1.5", "1.3", "1.6"]
        assert [one.study_uid for one in find_series(asked, Filter(since=date(2026, 1, 1), modality="MR",
                                                                   description="t1*"))] == [STUDY, "1.3"]
    assert find_series(asked, Filter(since=date(2027, 1, 1))) == []


def test_results_of_this_program_are_no_inputs_and_where_a_server_does_not_tell_them_they_are_refused(server):
    def ours(data, k):
        data.SeriesInstanceUID, data.SOPInstanceUID, data.Manufacturer = "1.3", f"1.3.{k}", MANUFACTURER

    def of_region(data, k):
        data.SeriesInstanceUID, data.SOPInstanceUID = "1.4", f"1.4.{k}"
        data.SeriesDescription = "UnifiedViT picture (region only, research use only)"

    server.add(*slices(2, ours), *slices(2, of_region))
    (found,) = find_series(series(server).server, Filter(STUDY))
    assert found == series(server)
    hidden = RemoteSeries(found.server, STUDY, "1.3")
    with pytest.raises(OwnResult, match="is a result of UnifiedViT"), hidden.retrieved():
        pass


def test_a_study_whose_series_are_not_told_is_one_entry_and_the_others_are_listed(server):
    data = image(stored()[0])
    data.StudyDate = "20260102"
    server.add(data)
    server.status["series"] = [500]
    first, second = find_series(series(server).server, Filter(since=date(2026, 1, 1)))
    assert isinstance(first, UnlistedStudy) and first.source == f"{server.url}/studies/1.2.1"
    with pytest.raises(ServerError, match="status 500"), first.retrieved():
        pass
    assert second == series(server)
