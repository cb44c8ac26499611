"""From a PACS to a PACS on the command line: a series is looked at and its results are stored beside it, and a worklist
goes on where it ended."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pacs as servers
import pydicom
import pytest
from dicom_files import place
from pacs import PASSWORD, SERIES, STUDY, USER, set_credentials, slices
from workers import wait_for

from UnifiedViTLib.cli import main
from UnifiedViTLib.leftovers import abandoned
from UnifiedViTLib.outputs.manifest import read_result
from UnifiedViTLib.service.dicomweb.server import DicomWebServer, value_of
from UnifiedViTLib.service.worker.exchange import name_folder

for needed in ("dicomweb_client", "highdicom"):
    pytest.importorskip(needed, reason=f"results to a PACS need {needed}, which is not installed")

ROOT = Path(__file__).resolve().parents[2]
SR, SEG = "1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.66.4"


@pytest.fixture(autouse=True)
def user(monkeypatch):
    set_credentials(monkeypatch)


@pytest.fixture
def server():
    with servers.pacs() as state:
        state.add(*slices())
        yield state


@pytest.fixture
def predict(proven, warm_worker, tmp_path, capsys):
    """Run `unifiedvit predict` on a server; exit code, and all that it says."""

    def run(url: str, *arguments) -> tuple[int, str]:
        code = main(["predict", "--dicomweb", url, "-o", str(tmp_path / "out"), "-m", str(proven.folder), "--device",
                     "cpu", *arguments])
        out, err = capsys.readouterr()
        assert PASSWORD not in out + err and USER not in out + err
        return code, out + err

    return run


def rows(folder: Path) -> dict[str, dict[str, str]]:
    """Of results.csv, by input."""
    with open(folder / "results.csv", newline="", encoding="utf-8") as file:
        return {row["input"]: row for row in csv.DictReader(file)}


@pytest.fixture(params=["stand-in", "Orthanc"])
def url(request, tmp_path):
    """Of a PACS that has the series."""
    if request.param == "stand-in":
        with servers.pacs() as state:
            state.add(*slices())
            yield state.url
        return
    with servers.orthanc(tmp_path) as address:
        with DicomWebServer(address).connect() as connection:
            for data in slices():
                file = tmp_path / "slice"
                file.write_bytes(servers.as_file(data))
                connection.store(file, STUDY)
        yield address


def test_a_series_goes_from_a_pacs_through_predict_back_as_mask_report_and_maps(url, predict, tmp_path):
    asked = ("--since", "2026-01-05", "--modality", "MR", "--store", "--heatmap", "--uncertainty", "--skip-existing")
    code, said = predict(url, *asked)
    assert code == 0, said
    source = f"{url}/studies/{STUDY}/series/{SERIES}"
    assert {path: row["status"] for path, row in rows(tmp_path / "out").items()} == {source: "done"}
    written = {path.name.removeprefix(SERIES): pydicom.dcmread(path) for path in (tmp_path / "out").glob("*.dcm")}
    assert set(written) == {".seg.dcm", ".sr.dcm", ".heatmap.dcm", ".uncertainty.dcm", ".picture.dcm"}
    with DicomWebServer(url).connect() as connection:
        listed = {value_of(answer, "SeriesInstanceUID") for answer in connection.series(STUDY)}
        assert listed == {SERIES, *(data.SeriesInstanceUID for data in written.values())}
        (mask,) = connection.retrieve(STUDY, written[".seg.dcm"].SeriesInstanceUID)
        (tmp_path / "mask").write_bytes(mask)
    back = pydicom.dcmread(tmp_path / "mask")
    assert (back.pixel_array == written[".seg.dcm"].pixel_array).all() and str(back.PatientName) == "Müller^Jörg"

    result, manifest = read_result(tmp_path / "out" / f"{SERIES}.json")
    assert manifest.request.source == source and [image.path for image in manifest.dicom] == [source]
    assert {file.path for file in manifest.inputs} == {f"{source}/instances/{SERIES}.{k}" for k in range(1, 7)}
    assert {"highdicom", "pydicom"} <= result["software"].keys()
    everything = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    for secret in (PASSWORD, USER, tempfile.gettempdir()):
        assert secret.encode() not in everything
    assert b"ller^J" not in (tmp_path / "out" / f"{SERIES}.json").read_bytes(), "nobody's name"

    code, said = predict(url, *asked)
    assert code == 0 and "done before" in said and "1 of 1 done" in said, said
    with DicomWebServer(url).connect() as connection:
        assert {value_of(answer, "SeriesInstanceUID") for answer in connection.series(STUDY)} == listed


def test_an_image_that_was_replaced_or_added_is_looked_at_again(server, predict):
    assert predict(server.url, "--study", STUDY)[0] == 0
    retrieved = server.kinds().count("retrieve")
    assert "done before" in predict(server.url, "--study", STUDY, "--series", SERIES, "--skip-existing")[1]
    assert server.kinds().count("retrieve") == retrieved + 1, "the images themselves are compared"
    server.objects[f"{SERIES}.2"].PixelData = server.objects[f"{SERIES}.1"].PixelData
    assert f"done again: {SERIES}.2 is not the file" in predict(server.url, "--study", STUDY, "--skip-existing")[1]
    added = slices(1)[0]
    added.ImagePositionPatient, added.SOPInstanceUID = list(place(6)), f"{SERIES}.7"
    added.file_meta.MediaStorageSOPInstanceUID = added.SOPInstanceUID
    server.add(added)
    assert f"done again: {SERIES}.7 is not the file" in predict(server.url, "--study", STUDY, "--skip-existing")[1]


@pytest.mark.parametrize("status", [202, 409])
def test_objects_that_are_not_taken_are_told_one_by_one_and_stored_by_the_next_run(server, predict, status):
    server.refuses, server.refusal_status = {SR}, status
    code, said = predict(server.url, "--study", STUDY, "--store")
    assert code == 1 and "1 of 1 done" in said
    assert f"{SERIES}.sr.dcm is not stored." in said and "takes no objects of this kind (reason 0122)" in said
    assert said.count("is not stored") == 1 and SEG in {data.SOPClassUID for data in server.objects.values()}
    server.refuses.clear()
    server.asked.clear()
    code, said = predict(server.url, "--study", STUDY, "--store", "--skip-existing")
    assert code == 0 and "done before" in said
    assert server.kinds().count("store") == 1, "what the server has is not sent again"
    assert SR in {data.SOPClassUID for data in server.objects.values()}


def test_a_server_that_is_busy_or_says_nothing_of_what_it_was_sent_is_asked_again(server, predict):
    server.answers["store"] = b"{}"
    server.status["store"] = [503]
    assert predict(server.url, "--study", STUDY, "--store")[0] == 0
    assert SR in {data.SOPClassUID for data in server.objects.values()}
    server.answers["store"] = b"<html>"
    code, said = predict(server.url, "--study", STUDY, "--store")
    assert code == 1 and said.count("is not stored. 127.0.0.1") == 3


def test_an_image_that_cannot_have_dicom_results_is_told_when_they_are_to_be_stored(server, predict):
    for data in server.objects.values():
        del data.FrameOfReferenceUID
    code, said = predict(server.url, "--study", STUDY, "--store")
    assert code == 1 and "no identifier of their frame of reference" in said and "no results as DICOM" in said


def test_a_bad_study_of_a_worklist_is_a_row_and_a_server_that_is_down_costs_no_earlier_result(server, predict,
                                                                                              tmp_path):
    def change(data, k):
        data.StudyInstanceUID, data.SeriesInstanceUID, data.StudyDate = "1.3", "1.3.1", "20260101"
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"1.3.1.{k}"

    bad = slices(5, change)
    del bad[2]  # a slice is missing
    server.add(*bad)
    code, said = predict(server.url, "--since", "2026-01-01")
    assert code == 1 and "1 of 2 done" in said and "1 slice is missing" in said
    good, wrong = f"{server.url}/studies/{STUDY}/series/{SERIES}", f"{server.url}/studies/1.3/series/1.3.1"
    assert {path: row["status"] for path, row in rows(tmp_path / "out").items()} == {good: "done", wrong: "failed"}
    server.status = {"series": [500], "retrieve": [500]}
    code, said = predict(server.url, "--since", "2026-01-01", "--skip-existing")
    assert code == 1 and "0 of 2 done" not in said and f"{server.url}/studies/1.3: 127.0.0.1" in said
    assert rows(tmp_path / "out")[good]["status"] == "done" and (tmp_path / "out" / f"{SERIES}.seg.nrrd").is_file()


def test_nothing_new_is_no_error_and_options_that_do_not_fit_are_told(server, predict, capsys, tmp_path):
    code, said = predict(server.url, "--since", "2027-01-01")
    assert code == 0 and "nothing to do" in said
    assert not (tmp_path / "out").exists()
    for arguments in ((), ("--study", STUDY, "--since", "2026-01-01"), ("--since", "2026-01-01", "--series", SERIES),
                      ("--study", STUDY, "--cluster"), ("--study", STUDY, "a.nrrd")):
        assert predict(server.url, *arguments)[0] == 2
    for arguments in ((), ("a.nrrd", "--store"), ("a.nrrd", "--since", "2026-01-01")):
        assert main(["predict", "-o", str(tmp_path / "out"), *arguments]) == 2
    assert "--dicomweb" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        predict(server.url, "--since", "yesterday")


@pytest.mark.skipif(os.name != "posix", reason="whether a process is gone is known at once there")
def test_images_that_a_killed_run_left_are_removed_by_the_next(server, proven, tmp_path, monkeypatch):
    server.says_length = False
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    code = ("import sys, time; from UnifiedViTLib.service.dicomweb import series, server\n"
            "one = series.RemoteSeries(server.DicomWebServer(sys.argv[1]), *sys.argv[2:])\n"
            "with one.retrieved(): print('here', flush=True); time.sleep(600)\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    process = subprocess.Popen([sys.executable, "-c", code, server.url, STUDY, SERIES], text=True,
                               stdout=subprocess.PIPE, env=environment)
    assert process.stdout.readline() == "here\n"
    (left,) = temporary.iterdir()
    assert len(list((left / SERIES).iterdir())) == 6 and not list(abandoned(temporary, "unifiedvit-"))
    process.kill()
    process.wait()
    process.stdout.close()
    name_folder()  # as each run does
    wait_for(lambda: not left.exists())
