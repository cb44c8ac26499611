"""Further sequences of many inputs: each input gets the files of its own name, or a sentence says why it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import spec_data, tiny_model

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.service.batch.further import FurtherSequences

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
