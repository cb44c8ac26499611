"""The page of `unifiedvit serve`, and the files that it sends: by the real server, without a browser."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, oblique, to_sitk, write_series
from servers import running_server
from workers import wait_for
from zips import forged, two_series, zip_of

from UnifiedViTLib.errors import ServerError
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import as_json
from UnifiedViTLib.outputs.manifest import read_result
from UnifiedViTLib.service.server.keys import Keys
from UnifiedViTLib.service.server.page import FOLDER
from UnifiedViTLib.service.server.uploads import FileHeader, FileJob, parse_file_job
from UnifiedViTLib.service.server.wire import identity
from UnifiedViTLib.service.store.cache import compiled_folder

OWN = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.parent.name != "vendor")
VENDOR = FOLDER / "vendor"
#: What makes elements or code of a text.
SINKS = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser|srcdoc")


@pytest.fixture(scope="module")
def server(proven, tmp_path_factory):
    """One for all tests, which takes images of 8 MB at most."""
    with running_server(tmp_path_factory.mktemp("server"), proven, lease_s=20, jobs=8, jobs_per_minute=600,
                        volume_bytes=8 << 20) as running:
        yield running


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.scripts += data.strip()


def job_of_files(spec, *files: Path, **changes: Any) -> dict[str, Any]:
    """What a page says of files."""
    return {"model": identity(spec).to_dict(), "options": {}, "channel": "", "name": files[0].name.split(".")[0],
            "files": [{"name": file.name, "nbytes": file.stat().st_size} for file in files]} | changes


def begin(server, job: dict[str, Any]) -> str:
    """Begin a run; gives its path."""
    status, _, text = server.ask("POST", "/v1/files", job)
    assert status == 201, text
    return f"/v1/jobs/{json.loads(text)['id']}"


def state_of(server, path: str) -> dict[str, Any]:
    """How far a run is."""
    return json.loads(server.ask("GET", path)[2])


def run(server, spec, *files: Path, **changes: Any) -> str:
    """Send files, and wait until the run has ended, however it did; gives its path."""
    path = begin(server, job_of_files(spec, *files, **changes))
    for number, file in enumerate(files):
        status, _, text = server.ask("PUT", f"{path}/files/{number}", file.read_bytes())
        assert status == 204, text
    wait_for(lambda: state_of(server, path)["state"] in ("done", "failed"))
    return path


def write_head(file: Path, **changes: Any) -> Path:
    """A head in a file."""
    sitk.WriteImage(to_sitk(head_volume(**{"shape": (6, 45, 41)} | changes)), str(file), useCompression=True)
    return file


# The page


def test_the_page_needs_no_key_and_consists_of_its_own_files_alone(server):
    status, headers, text = server.ask("GET", "/", key=None)
    page = Page(text.decode("utf-8"))
    assert status == 200 and headers["content-type"].startswith("text/html") and not page.scripts
    named = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    for name in (name for name in named if not name.startswith("#")):
        assert re.fullmatch(r"page/[\w./]+", name), f"{name}: relative, so that a proxy may put the page below a path"
        assert server.ask("GET", f"/{name}", key=None)[0] == 200
    assert not [attributes for _, attributes in page.tags if any(name.startswith("on") or name == "style"
                                                                 for name in attributes)]
    scripts = {path.name for path in OWN if path.suffix == ".js"}
    imported = {name for path in OWN if path.suffix == ".js"
                for name in re.findall(r'from "\./([\w.]+)"', path.read_text("utf-8"))}
    assert imported | {"app.js"} == scripts


def test_a_browser_is_told_to_run_nothing_else_to_ask_nobody_else_and_to_keep_no_cookie(server):
    _, headers, _ = server.ask("GET", "/", key=None)
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'" and policy["connect-src"] == "'self' data:"
    assert policy["require-trusted-types-for"] == "'script'" and "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


def test_files_of_the_page_come_packed_and_once_and_no_others_come(server):
    _, headers, packed = server.ask("GET", "/page/app.js", key=None, **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed) == (FOLDER / "app.js").read_bytes()
    told = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
    for accepted, unpack in (("gzip", gzip.decompress), ("identity", bytes)):
        _, kind, sent = server.ask("GET", f"/page/vendor/{told['file']}", key=None, **{"Accept-Encoding": accepted})
        assert hashlib.sha256(unpack(sent)).hexdigest() == told["sha256"]
        assert kind["content-type"].startswith("text/javascript")
    assert server.ask("GET", f"/page/vendor/{told['file']}.gz", key=None)[0] == 404
    assert server.ask("GET", "/page/app.js", key=None, **{"If-None-Match": headers["etag"]})[0] == 304
    for name in ("../page.py", "..%2fpage.py", "vendor/vendor.json", "app.py", "", "vendor/%2e%2e/%2e%2e/app.py"):
        assert server.ask("GET", f"/page/{name}", key=None)[0] == 404
    for path in ("/v1/models", "/v1/handshake"):
        assert server.ask("GET", path, key=None)[0] == 401
    assert server.ask("POST", "/v1/files", {}, key=None)[0] == 401


def test_texts_of_a_server_or_a_file_become_no_elements_and_no_other_host_is_named():
    for path in OWN:
        text = path.read_text("utf-8")
        assert not SINKS.search(text), path
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text), path
        assert not [line for line in text.splitlines() if len(line) > 120 and path.suffix != ".svg"], path


def test_the_viewer_is_the_released_file_with_its_licences_and_small():
    told = json.loads((VENDOR / "vendor.json").read_text("utf-8"))
    packed = (VENDOR / f"{told['file']}.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == told["sha256"] and len(packed) < 1e6
    assert {path.name for path in VENDOR.iterdir()} == {"niivue.umd.js.gz", "vendor.json", "LICENSES.txt", "README.md"}
    assert "BSD 2-Clause License" in (VENDOR / "LICENSES.txt").read_text("utf-8")


# Files


@pytest.mark.openvino
def test_a_file_gives_what_it_gives_on_this_computer_and_the_image_for_a_viewer_on_the_same_grid(server, proven,
                                                                                                tmp_path):
    file = write_head(tmp_path / "T2 of Jane.nii.gz", direction=oblique())
    path = run(server, proven, file, options={"tta": True})
    assert state_of(server, path)["state"] == "done"
    volume, name = read(file), "T2 of Jane"
    got = {}
    for ending in (".json", ".seg.nrrd", ".html", ".png", ".image.nrrd"):
        status, headers, content = server.ask("GET", f"{path}/result{ending}")
        assert status == 200 and "sandbox" in headers["content-security-policy"]
        got[ending] = tmp_path / f"{name}{ending}"
        got[ending].write_bytes(content)
    assert "attachment" in headers["content-disposition"]
    expected = json.loads(json.dumps(as_json(Predictor(proven, "cpu", cache=compiled_folder()).predict(
        volume, Options(tta=True)))))
    written, manifest = read_result(got[".json"])
    for result in (expected, written):
        result.pop("timings_s")
    written.pop("manifest")
    assert written == expected and any("Jane" in warning for warning in written["warnings"]), "a name that says T2"
    assert [item.path for item in manifest.inputs] == [manifest.request.source] == [file.name]
    assert manifest.inputs[0].sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert {item.name for item in manifest.outputs} == {f"{name}{ending}" for ending in (".seg.nrrd", ".html", ".png")}
    shown, mask = (sitk.ReadImage(str(got[ending])) for ending in (".image.nrrd", ".seg.nrrd"))
    assert np.array_equal(sitk.GetArrayFromImage(shown), volume.array)
    assert (shown.GetSpacing(), shown.GetOrigin(), shown.GetDirection()) == (
        mask.GetSpacing(), mask.GetOrigin(), mask.GetDirection())
    assert server.ask("GET", f"{path}/result.heatmap.nrrd")[0] == server.ask("GET", f"{path}/result")[0] == 404
    assert server.ask("GET", f"{path}/result.json", key=Keys(server.keys).add("other"))[0] == 404
    assert not any(item.is_file() and "sent" in item.parts for item in server.files()), "it was read"
    assert server.ask("DELETE", path)[0] == 204 and not server.files()
    assert "Jane" not in "".join(server.log) and str(server.temporary) not in json.dumps(written)


@pytest.mark.openvino
def test_the_files_of_a_dicom_series_are_one_image(server, proven, tmp_path):
    volume = head_volume(shape=(4, 45, 41))
    series = write_series(tmp_path / "series", np.rint(volume.array).astype(np.uint16), volume.ijk_to_ras)
    path = run(server, proven, *sorted(series.iterdir()), name="series")
    assert state_of(server, path)["state"] == "done", state_of(server, path)
    shown = tmp_path / "shown.nrrd"
    shown.write_bytes(server.ask("GET", f"{path}/result.image.nrrd")[2])
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(shown))), read(series).array)
    assert json.loads(server.ask("GET", f"{path}/result.json")[2])["name"] == "series"
    assert server.ask("DELETE", path)[0] == 204


def bomb(file: Path) -> Path:
    """A small file whose header promises much, and which holds it."""
    image = sitk.Image(400, 400, 200, sitk.sitkUInt8)
    sitk.WriteImage(image, str(file), useCompression=True)
    assert file.stat().st_size < 1e6
    return file


def text_file(file: Path) -> Path:
    file.write_text("no image")
    return file


@pytest.mark.parametrize(("write", "name", "sentence"), [
    (text_file, "notes.nii", "notes.nii cannot be read: it is damaged"),
    (bomb, "bomb.nrrd", "400 x 400 x 200 voxels (32 MB), more than is taken here (8 MB)"),
    (bomb, "bomb.nii.gz", "more than is taken here"),
    (text_file, "a b\u202e<img src=x>.nrrd", "cannot be read"),
])
def test_a_file_that_is_no_image_or_unpacks_to_too_much_is_refused_in_a_sentence(server, proven, tmp_path, write, name,
                                                                                sentence):
    file = write(tmp_path / name)
    path = run(server, proven, file, name=file.name)
    state = state_of(server, path)
    assert state["state"] == "failed" and sentence in state["error"]["text"]
    assert str(server.temporary) not in state["error"]["text"]
    assert server.told("GET", f"{path}/result.json")[0] == 422
    assert server.ask("DELETE", path)[0] == 204 and not server.files()


@pytest.mark.parametrize("ending", ["nhdr", "mhd"])
def test_a_header_that_names_a_file_of_the_server_shows_nothing_of_it(server, proven, tmp_path, ending):
    """Its voxels would come back as the image for the viewer, whatever that file is."""
    secret = tmp_path / "elsewhere" / "another patient's.raw"
    secret.parent.mkdir()
    sitk.WriteImage(to_sitk(head_volume()), str(tmp_path / f"a.{ending}"))
    voxels = next(tmp_path.glob("a.*raw*"))
    header = (tmp_path / f"a.{ending}").read_text()
    voxels.rename(secret)
    for name in (str(secret), "../../../../../../../../../.." + str(secret)):
        (tmp_path / f"a.{ending}").write_text(header.replace(voxels.name, name))
        path = run(server, proven, tmp_path / f"a.{ending}")
        state = state_of(server, path)
        assert state["state"] == "failed" and "Send the image in one file" in state["error"]["text"]
        assert server.ask("DELETE", path)[0] == 204 and not server.files()


@pytest.fixture(scope="module")
def slices(tmp_path_factory) -> list[bytes]:
    """The DICOM files of a series."""
    volume = head_volume(shape=(4, 45, 41))
    folder = write_series(tmp_path_factory.mktemp("dicom") / "series", np.rint(volume.array).astype(np.uint16),
                          volume.ijk_to_ras)
    return [file.read_bytes() for file in sorted(folder.iterdir())]


@pytest.mark.openvino
def test_a_zip_of_a_series_is_one_image_whatever_folders_and_names_it_has(server, proven, slices, tmp_path):
    names = ("IMG", "study/a/IMG", "../../../IMG", "/etc/IMG")
    file = zip_of(tmp_path / "Jane.zip", dict(zip(names, slices, strict=True)) | {
        "study/": b"", "__MACOSX/study/._IMG": b"x", "study/DICOMDIR": b"x", ".hidden": b"x"})
    path = run(server, proven, file)
    assert state_of(server, path)["state"] == "done", state_of(server, path)
    shown = tmp_path / "shown.nrrd"
    shown.write_bytes(server.ask("GET", f"{path}/result.image.nrrd")[2])
    assert sitk.ReadImage(str(shown)).GetSize() == (41, 45, 4)
    result = json.loads(server.ask("GET", f"{path}/result.json")[2])
    assert result["name"] == "Jane" and len(result["manifest"]["inputs"]) == 4
    assert str(server.temporary) not in json.dumps(result)
    assert not [item for item in server.files() if item.is_file() and {"sent", "unpacked"} & {*item.parts}]
    assert server.ask("DELETE", path)[0] == 204 and not server.files()


@pytest.mark.openvino
def test_of_a_zip_with_several_series_one_is_chosen(server, proven, slices, tmp_path):
    file = two_series(tmp_path / "study.zip", slices)
    path = run(server, proven, file)
    state = state_of(server, path)
    assert server.ask("DELETE", path)[0] == 204
    assert state["state"] == "failed" and state["error"]["text"] == "study holds 2 DICOM series. Choose one of them."
    assert state["error"]["channel"] == ""
    (first, words), (second, _) = state["error"]["series"]
    assert words == "series, MR, 4 images"
    for uid, count in ((first, 4), (second, 3)):
        path = run(server, proven, file, series=uid)
        assert state_of(server, path)["state"] == "done", state_of(server, path)
        result = json.loads(server.ask("GET", f"{path}/result.json")[2])
        assert result["name"] == "study" and len(result["manifest"]["inputs"]) == count
        assert server.ask("DELETE", path)[0] == 204
    path = run(server, proven, file, series="1.2.3")
    assert state_of(server, path)["error"]["text"] == "study holds no images of the series 1.2.3. Choose again."
    assert server.ask("DELETE", path)[0] == 204 and not server.files()


ZIPS = {
    "a bomb": (lambda file, slices: zip_of(file, {"a": bytes(64 << 20)}), "unpacks to 67 MB, more than is taken here"),
    "a bomb that lies": (lambda file, slices: forged(
        zip_of(file, {"a": bytes(64 << 20)}), [bytes(9 << 20)], (9 << 20).to_bytes(4, "little"), bytes(4)), "damaged"),
    "nothing": (lambda file, slices: zip_of(file, {"a/": b"", ".b": b"x", "__MACOSX/c": b"x"}), "holds no file"),
    "too many": (lambda file, slices: zip_of(file, {str(number): b"" for number in range(4097)}), "more files than"),
    "far too many": (lambda file, slices: forged(file, slices, b"PK\5\6\0\0\0\0\1\0\1\0",
                                                 b"PK\5\6\0\0\0\0\xff\xff\xff\xff"), "more files than"),
    "no image": (lambda file, slices: zip_of(file, {"notes.txt": b"no image"}), "cannot be read"),
    "no end": (lambda file, slices: file.write_bytes(b"PK\3\4" + bytes(99)) and file, "list of its files"),
    "a password": (lambda file, slices: forged(file, slices, b"PK\1\2\x14\3\x14\0\0\0",
                                               b"PK\1\2\x14\3\x14\0\1\0"), "locked with a password"),
    "another method": (lambda file, slices: zip_of(file, {"a": slices[0]}, zipfile.ZIP_LZMA), "only deflate"),
}


@pytest.mark.parametrize("what", ZIPS)
def test_a_zip_that_is_not_one_image_or_no_honest_one_is_refused_in_a_sentence(server, proven, slices, tmp_path, what):
    write, sentence = ZIPS[what]
    path = run(server, proven, write(tmp_path / "x.zip", slices))
    state = state_of(server, path)
    assert state["state"] == "failed" and sentence in state["error"]["text"], state
    assert str(server.temporary) not in state["error"]["text"]
    assert server.ask("DELETE", path)[0] == 204 and not server.files()


def further(channel: str, name: str = "more", *names: str) -> dict[str, Any]:
    """What a page says of a further sequence."""
    return {"channel": channel, "name": name, "files": [{"name": one, "nbytes": 1} for one in names or ("x.nii",)]}


def test_further_sequences_are_told_apart_and_go_to_the_worker_by_their_channels(proven, tmp_path):
    file = text_file(tmp_path / "head.nii")
    job = parse_file_job(job_of_files(proven, file, channel="t1c") | {
        "further": [further("flair"), further("t2", "a/b", "1.dcm", "1.dcm")]})
    assert job.sizes == (8, 1, 1, 1) and len({str(path).casefold() for path in job.paths}) == 4
    job.make_folders(tmp_path / "job")
    request = job.make_request(proven, tmp_path / "job", "cpu", job.sent(tmp_path / "job"))
    assert request.input_channel == "t1c" and request.path.name == "head.nii" and request.name == "head"
    assert {channel: path.name for channel, path in request.channels.items()} == {"flair": "x.nii", "t2": "a_b"}
    assert request.channels["t2"] / "1.dcm" == tmp_path / "job" / job.paths[2]
    with pytest.raises(ServerError, match="Give each sequence once"):
        parse_file_job(job_of_files(proven, file, channel="t1c", further=[further("t1c")]))


@pytest.mark.parametrize(("changes", "reason"), [
    ({"files": []}, "no files"), ({"files": [{"name": "x", "nbytes": -1}]}, "no files"),
    ({"files": [{"name": "x", "nbytes": 9 << 20}]}, "larger"), ({"files": [{"name": "x"}]}, "other fields"),
    ({"files": [{"name": "x", "nbytes": 1}] * 4097}, "at most 4,096"), ({"name": "x" * 2000}, "too long"),
    ({"series": "../.."}, "by no UID"), ({"series": 1}, "no str"),
    ({"further": [further("t1") | {"series": "x"}]}, "by no UID"),
    ({"channel": "t1"}, "no sequence"), ({"further": [further("t1")]}, "no sequence"),
    ({"further": [further("")]}, "for one sequence"), ({"further": [further("t1", "x" * 2000)]}, "too long"),
    ({"further": [further("t1") | {"files": []}]}, "no files"), ({"further": [{"channel": "t1"}]}, "other fields"),
    ({"options": {"dicom": True}}, "where the files are"),
    ({"options": {"superres": "/etc"}}, "not with an upscaler"), ({"options": {"further": 1}}, "other fields"),
    ({"options": []}, "no options"), ({"model": {"id": "proven"}}, "other fields"),
])
def test_lies_about_files_are_refused_in_a_sentence_before_anything_is_sent(server, proven, tmp_path, changes, reason):
    status, sentence = server.told("POST", "/v1/files", job_of_files(proven, text_file(tmp_path / "x"), **changes))
    assert status in (413, 422) and reason in sentence, sentence
    assert not server.files()


def test_files_of_one_series_keep_apart_whatever_they_are_called(proven):
    names = ("a", "A", "a", "a-4", "a", "", "")
    job = FileJob(identity(proven), Options(), "", "series", "", tuple(FileHeader(name, 1) for name in names), ())
    assert len({str(path).casefold() for path in job.paths}) == len(job.paths) == len(names)


def test_names_that_lead_elsewhere_and_bytes_that_were_not_announced_leave_nothing(server, proven, tmp_path):
    file = text_file(tmp_path / "x")
    for name in ("../../outside.nii", "/etc/passwd", "..", "con.nii", "a\0b", "C:\\x.nii", ".hidden"):
        path = begin(server, job_of_files(proven, file, name=name, files=[{"name": name, "nbytes": 8}]))
        assert server.told("PUT", f"{path}/files/0", bytes(9)) == (
            422, "More was sent than was announced. Run again.")
        assert server.told("PUT", f"{path}/files/0", bytes(7))[1].startswith("Less was sent")
        assert server.told("PUT", f"{path}/files/1", bytes(8))[0] == 409
        job_folder = path.rpartition("/")[2]
        assert all(job_folder in item.parts for item in server.files())
        assert server.ask("DELETE", path)[0] == 204
    assert not server.files()
