"""Whose result is it: a manifest says what was looked at, with what, and what was written; all of it must hold."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk
from builders import write_series
from results import make_prediction, put

from UnifiedViTLib.imaging.file_set import files_of
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.outputs.folder import ResultsFolder
from UnifiedViTLib.outputs.manifest import Manifest, make_request, model_sha256, read_result
from UnifiedViTLib.outputs.reuse import changed_inputs, list_inputs, rerun_reason
from UnifiedViTLib.resources import resources

ARRAY = np.arange(5760, dtype="<i2").reshape(4, 36, 40)


@pytest.fixture(scope="module")
def prediction(tmp_path_factory):
    return make_prediction(tmp_path_factory.mktemp("model"))


@pytest.fixture
def scan(tmp_path) -> Path:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "head.nrrd"
    path.write_bytes(b"a scan")
    return path


@pytest.fixture
def results(tmp_path) -> ResultsFolder:
    return ResultsFolder(tmp_path / "out")


def reason(results, entry, request) -> str:
    return rerun_reason(entry.manifest, request, results.folder, entry.manifest.software)


def test_a_result_is_done_only_for_the_same_image_model_and_options(results, prediction, scan):
    entry, _ = put(results, prediction, scan, plane="axial", tta=False)
    spec = prediction.spec
    same = make_request(scan, spec, {"plane": "axial", "tta": False})
    assert reason(results, entry, same) == ""
    for options in ({"plane": "coronal", "tta": False}, {"plane": "axial", "tta": True}, {"plane": "axial"}):
        assert "other options" in reason(results, entry, make_request(scan, spec, options))
    other = replace(spec, temperature=spec.temperature + 1)
    assert "another model" in reason(results, entry, make_request(scan, other, same.options))
    namesake = scan.parent.parent / "elsewhere"
    namesake.mkdir()
    (namesake / "head.nrrd").write_bytes(scan.read_bytes())
    assert "another image" in reason(results, entry, make_request(namesake / "head.nrrd", spec, same.options))
    newer = entry.manifest.software | {"torch": "99.0"}
    assert "versions of torch" in rerun_reason(entry.manifest, same, results.folder, newer)
    assert rerun_reason(entry.manifest, same, results.folder, {}) == "", "what is not here cannot be compared"


def test_the_path_is_the_files_however_it_was_typed(results, prediction, scan, monkeypatch):
    entry, _ = put(results, prediction, scan)
    monkeypatch.chdir(scan.parent)
    assert reason(results, entry, make_request(Path("head.nrrd"), prediction.spec, {})) == ""
    assert reason(results, entry, make_request(Path("../in/./head.nrrd"), prediction.spec, {})) == ""


@pytest.mark.parametrize("keep_time", [False, True])
def test_another_scan_of_the_same_name_and_size_is_told_whatever_its_time_says(results, prediction, scan, keep_time):
    entry, _ = put(results, prediction, scan)
    before = scan.stat()
    scan.write_bytes(b"a SCAN")
    if keep_time:
        os.utime(scan, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "head.nrrd is not the file" in reason(results, entry, make_request(scan, prediction.spec, {}))


def test_a_file_that_was_only_touched_is_the_same(results, prediction, scan):
    entry, _ = put(results, prediction, scan)
    os.utime(scan, (1, 1))
    assert reason(results, entry, make_request(scan, prediction.spec, {})) == ""


def test_files_that_the_system_vouches_for_are_not_read_again_and_those_just_written_are(results, prediction, scan):
    entry, _ = put(results, prediction, scan)
    wrong = replace(entry.manifest.inputs[0], sha256="0" * 64)
    fresh = replace(entry.manifest, inputs=(wrong,))
    assert changed_inputs(fresh), "written within the clock's grain before it was hashed: hashed again"
    settled = replace(fresh, hashed_ns=fresh.hashed_ns + 10 * 10**9)
    assert changed_inputs(settled) == ("" if os.name == "posix" else wrong.path)


@pytest.mark.parametrize("harm", ["remove", "empty", "cut", "edit"])
@pytest.mark.parametrize("name", ["head.seg.nrrd", "head.html"])
def test_a_result_with_a_file_missing_or_changed_is_not_done(results, prediction, scan, harm, name):
    entry, _ = put(results, prediction, scan)
    path = results.folder / name
    content = path.read_bytes()
    if harm == "remove":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": content[:-9], "edit": content[:-1] + b"#"}[harm])
    words = "is missing" if harm == "remove" else "was changed"
    assert f"{name} {words}" in reason(results, entry, make_request(scan, prediction.spec, {}))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"EchoTime": 0.003}', '{"manifest": 1}', '{"manifest": {}}',
                                  '{"manifest": {"sha256": "0"}}', "not JSON", '{"manifest": {"format": 1}}'])
def test_a_json_of_somebody_else_is_no_result(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    assert read_result(tmp_path / "a.json") is None


def test_a_json_that_was_edited_is_no_result_of_ours_any_more(results, prediction, scan):
    put(results, prediction, scan)
    path = results.folder / "head.json"
    assert read_result(path)
    path.write_text(path.read_text().replace('"glioma"', '"nothing"', 1))
    assert read_result(path) is None


def test_a_manifest_cannot_point_outside_its_folder(results, prediction, scan):
    entry, _ = put(results, prediction, scan)
    data = entry.manifest.to_dict()
    assert Manifest.from_dict(data) == entry.manifest
    data["outputs"][0]["name"] = "../in/head.nrrd"
    with pytest.raises(ValueError, match="beside"):
        Manifest.from_dict(data)


def test_a_result_with_a_sound_seal_and_nonsense_in_its_manifest_is_none_of_ours(results, prediction, scan):
    put(results, prediction, scan)
    path = results.folder / "head.json"
    whole = json.loads(path.read_text())
    for nonsense in ({"hashed_ns": "yesterday"}, {"inputs": [1]}, {"outputs": "head.seg.nrrd"}, {"software": []},
                     {"request": None}, {"dicom": [{}]}):
        document = whole | {"manifest": whole["manifest"] | nonsense}
        del document["manifest"]["sha256"]
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        document["manifest"]["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        path.write_text(json.dumps(document))
        assert read_result(path) is None, nonsense
    path.write_text(json.dumps(whole))
    assert read_result(path)


def test_the_json_follows_its_schema_and_names_all_that_was_looked_at_and_written(results, prediction, scan):
    put(results, prediction, scan, plane="auto")
    document = json.loads((results.folder / "head.json").read_text())
    jsonschema.validate(document, json.loads((resources() / "prediction.schema.json").read_text(encoding="utf-8")))
    manifest = document["manifest"]
    assert [file["path"] for file in manifest["inputs"]] == [str(scan)]
    assert [file["name"] for file in manifest["outputs"]] == ["head.seg.nrrd", "head.html"]
    assert manifest["software"]["unifiedvit"] and manifest["request"]["options"] == {"plane": "auto"}


def test_whatever_changes_an_answer_changes_the_models_hash_and_words_about_it_do_not(prediction):
    spec = prediction.spec
    known = model_sha256(spec)
    assert model_sha256(replace(spec, description="Better words.", folder=Path("elsewhere"))) == known
    for other in (replace(spec, sha256="1" * 64), replace(spec, temperature=9.0),
                  replace(spec, volume_rule=replace(spec.volume_rule, min_component_ml=1.0)),
                  replace(spec, segments=spec.segments[::-1])):
        assert model_sha256(other) != known


def test_every_file_of_a_series_counts_and_a_result_beside_them_does_not(tmp_path, prediction):
    volume = np.arange(4 * 40 * 36, dtype=np.int16).reshape(4, 40, 36)
    series = write_series(tmp_path / "series", volume, np.diag([1.0, 1, 5, 1]))
    results = ResultsFolder(series)
    entry, _ = put(results, prediction, series, "series")
    assert len(entry.manifest.inputs) == 4
    request = make_request(series, prediction.spec, {})
    assert reason(results, entry, request) == "" and len(list_inputs(request)) == 4
    results.write_table()
    assert reason(results, entry, request) == "", "nor does the table"
    one = next(series.glob("IM*"))
    (series / "IM9999").write_bytes(one.read_bytes())
    assert "IM9999" in reason(results, entry, request), "a slice more"
    (series / "IM9999").unlink()
    one.write_bytes(one.read_bytes()[:-2] + b"xx")
    assert one.name in reason(results, entry, request)


def test_voxels_in_a_file_beside_the_header_count(tmp_path):
    image = sitk.GetImageFromArray(np.zeros((4, 40, 36), np.int16))
    for name, raw in (("a.mhd", "a.raw"), ("b.nhdr", "b.raw"), ("c.hdr", "c.img")):
        sitk.WriteImage(image, str(tmp_path / name))
        assert [file.name for file in files_of(tmp_path / name)] == [name, raw], "written by ITK"
    lists = {"NRRD0004\n": ("data file: LIST\n", "data file: x%d.raw 1 2 1\n"),
             "NDims = 3\n": ("ElementDataFile = LIST\n", "ElementDataFile = x%d.raw 1 2 1\n")}
    (tmp_path / "x1.raw").write_bytes(b"1")
    (tmp_path / "x2.raw").write_bytes(b"2")
    for begin, (listed, numbered) in lists.items():
        for line in (f"{listed}x1.raw\nx2.raw\n", numbered):
            (tmp_path / "header").write_text(begin + line)
            assert [file.name for file in files_of(tmp_path / "header")] == ["header", "x1.raw", "x2.raw"]
    (tmp_path / "local.mha").write_text("NDims = 3\nElementDataFile = LOCAL\n")
    (tmp_path / "gone.mhd").write_text("NDims = 3\nElementDataFile = gone.raw\n")
    assert len(files_of(tmp_path / "local.mha")) == len(files_of(tmp_path / "gone.mhd")) == 1


@pytest.mark.parametrize(("ending", "name"), [
    (".nhdr", "a.nrrd"), (".nhdr", "a"), (".mhd", "a.mha"), (".mhd", "a"), (".hdr", "a.hdr.gz"), (".hdr", "a.img.gz"),
])
def test_voxels_beside_a_header_count_whatever_it_is_called(tmp_path, ending, name):
    sitk.WriteImage(sitk.GetImageFromArray(ARRAY), str(tmp_path / f"a{ending}"))
    if name.endswith(".gz"):
        for half in ("hdr", "img"):
            (tmp_path / f"a.{half}.gz").write_bytes(gzip.compress((tmp_path / f"a.{half}").read_bytes()))
            (tmp_path / f"a.{half}").unlink()
    else:
        (tmp_path / f"a{ending}").rename(tmp_path / name)
    assert read(tmp_path / name).array.shape == ARRAY.shape
    assert set(files_of(tmp_path / name)) == set(tmp_path.iterdir())


def test_a_header_after_many_remarks_and_a_pattern_with_blanks_name_their_voxels(tmp_path):
    array = ARRAY
    for number, plane in enumerate(array):
        (tmp_path / f"my s{number}.raw").write_bytes(plane.tobytes())
    (tmp_path / "a.mhd").write_text("NDims = 3\nDimSize = 40 36 4\nElementSpacing = 1 1 1\nElementType = MET_SHORT\n"
                                    "ElementDataFile = my s%d.raw 0 3 1\n")
    (tmp_path / "a.raw").write_bytes(array.tobytes())
    (tmp_path / "a.nhdr").write_text("NRRD0004\n" + "# remark\n" * 10_000 + "type: short\ndimension: 3\n"
                                     "sizes: 40 36 4\nencoding: raw\nendian: little\ndata file: a.raw\n")
    for name, count in (("a.mhd", 5), ("a.nhdr", 2)):
        np.testing.assert_array_equal(read(tmp_path / name).array, array)
        assert len(files_of(tmp_path / name)) == count
