"""Further sequences of many inputs: each input gets the files of its own name, or a sentence says why it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import SimpleITK as sitk
from builders import head_volume, spec_data, tiny_model, to_sitk

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.service.batch.further import FurtherSequences
from UnifiedViTLib.service.batch.ray_cluster import PredictActor

CHANNELS = [{"name": name, "expects": name} for name in ("t1c", "flair", "t2")]


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model"), input=spec_data()["input"] | {"channels": CHANNELS})


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(("pattern", "name", "image", "file"), [
    ("*_t1c.nii.gz", "*_flair.nii.gz", "sub-01/sub-01_t1c.nii.gz", "sub-01/sub-01_flair.nii.gz"),
    ("t1c.nii.gz", "flair.nii.gz", "p 1/t1c.nii.gz", "p 1/flair.nii.gz"),
    ("*-T1C-*", "*-FLAIR-*", "a/b-T1C-2", "a/b-FLAIR-2"),
    ("t1c_*.(1).nrrd", "flair_*.(1).nrrd", "t1c_[x].(1).nrrd", "flair_[x].(1).nrrd"),
])
def test_a_file_beside_an_image_is_found_by_its_name(tmp_path, spec, pattern, name, image, file):
    touch(tmp_path, image, file, "other/flair.nii.gz", "sub-02/sub-02_flair.nii.gz")
    further = FurtherSequences(pattern, {"flair": name, "adc": name})
    assert further.of(tmp_path / image, spec) == {"flair": tmp_path / file}
    (tmp_path / file).unlink()
    assert further.of(tmp_path / image, spec) == {}
    with pytest.raises(UnsupportedImageError, match=r"No image has a flair called .* beside it \(looked for"):
        further.check([tmp_path / image])


@pytest.mark.parametrize("name", ["*", "flair.nii.gz", "*_*.nii.gz", "../*_flair.nii.gz", "*_fl?ir.nii.gz"])
def test_names_that_do_not_tell_which_belongs_to_which_are_refused(name):
    with pytest.raises(UnsupportedImageError, match="the same number of"):
        FurtherSequences("*" if name == "*" else "*_t1c.nii.gz", {"flair": name})


def test_without_further_sequences_any_pattern_will_do(tmp_path, spec):
    further = FurtherSequences("a?[bc]*")
    further.check([tmp_path])
    assert further.of(tmp_path / "aab", spec) == {}


def test_the_channel_that_the_input_is_has_no_file_beside_it(tmp_path, spec):
    touch(tmp_path, "a_t1c.nrrd", "a_flair.nrrd")
    further = FurtherSequences("*_flair.nrrd", {"t1c": "*_t1c.nrrd", "flair": "*_t1c.nrrd"})
    assert further.of(tmp_path / "a_flair.nrrd", spec, "flair") == {"t1c": tmp_path / "a_t1c.nrrd"}
    assert further.of(tmp_path / "a_flair.nrrd", spec) == {"flair": tmp_path / "a_t1c.nrrd"}


def test_a_further_sequence_is_no_input_of_its_own_where_the_pattern_fits_it_too(tmp_path):
    further = FurtherSequences("*.nrrd", {"flair": "*_flair.nrrd", "t2": "*_t2.nrrd"})
    inputs = [tmp_path / name for name in ("a.nrrd", "a_flair.nrrd", "b.nrrd", "b_t2.nrrd", "c_flair.nrrd")]
    assert further.without_further(inputs) == [inputs[0], inputs[2], inputs[4]]
    assert FurtherSequences().without_further(inputs) == inputs


@pytest.fixture
def scans(tmp_path):
    """Two patients, one of them with a FLAIR."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("a_t1c", "a_flair", "b_t1c"):
        sitk.WriteImage(to_sitk(head_volume(None, (2.0, 2.0, 4.0), (6, 40, 36))), str(folder / f"{name}.nrrd"))
    return folder


def inputs_of(result: Path) -> list[str]:
    manifest = json.loads(result.read_text(encoding="utf-8"))["manifest"]
    return [Path(file["path"]).name for file in manifest["inputs"]]


@pytest.mark.parametrize("jobs", [[], ["--jobs", "2"]])
def test_the_command_line_gives_each_input_of_a_folder_what_lies_beside_it(tmp_path, scans, spec, capsys, warm_worker,
                                                                          jobs):
    out = tmp_path / "out"
    pattern = ["--pattern", "*_t1c.nrrd", "--channel", "flair=*_flair.nrrd"]
    if jobs:  # a pattern that fits the further sequence, too
        (scans / "a_flair.nrrd").rename(scans / "a_t1c_flair.nrrd")
        pattern = ["--pattern", "*.nrrd", "--channel", "flair=*_flair.nrrd"]
    usual = ["-o", str(out), "-m", str(spec.folder), "--device", "cpu", *pattern]
    assert main(["predict", str(scans), *jobs, *usual]) == 0
    assert sorted(path.stem for path in out.glob("*.json")) == ["a_t1c", "b_t1c"]
    assert inputs_of(out / "a_t1c.json") == ["a_t1c.nrrd", "a_t1c_flair.nrrd" if jobs else "a_flair.nrrd"]
    assert inputs_of(out / "b_t1c.json") == ["b_t1c.nrrd"]
    said = capsys.readouterr().out
    assert "Without t2:" in said and "Without flair, t2:" in said


def test_the_command_line_refuses_names_that_lead_nowhere(tmp_path, scans, spec, capsys):
    usual = [str(scans), "-o", str(tmp_path / "out"), "-m", str(spec.folder), "--device", "cpu"]
    pattern = ["--pattern", "*_t1c.nrrd"]
    for asked, words in ((["--channel", "flair=*_flair.nrrd"], "say with --pattern what the inputs are called"),
                         ([*pattern, "--channel", "flair=*_flare.nrrd"], "(looked for a_flare.nrrd)"),
                         ([*pattern, "--channel", "adc=*_flair.nrrd"], "knows no sequence called adc"),
                         ([*pattern, "--channel", "flair=flair.nrrd"], "the same number of *"),
                         (["--pattern", "*_t1.nrrd"], "is called *_t1.nrrd. Correct --pattern")):
        assert main(["predict", *asked, *usual]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_actor_of_a_cluster_gives_an_input_what_lies_beside_it(tmp_path, scans, spec, warm_client):
    actor = PredictActor(spec.to_dict(), Options().to_dict(), "cpu", 8, "", str(tmp_path / "out"), "*_t1c.nrrd",
                         {"flair": "*_flair.nrrd"})
    actor._client = warm_client  # its own begins with its first input
    done = actor({"number": 0, "path": str(scans / "a_t1c.nrrd"), "name": "a", "earlier": "[]"})
    assert json.loads(done["row"])["status"] == "done"
    assert inputs_of(tmp_path / "out" / "a.json") == ["a_t1c.nrrd", "a_flair.nrrd"]
