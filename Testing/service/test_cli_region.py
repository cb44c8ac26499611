"""`unifiedvit predict` on a region of interest: a box, or the box around a mask; of one input."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
from builders import grid, head_volume, oblique, to_sitk
from jsonschema import validate

from UnifiedViTLib.cli import main
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.resources import resources

BOX = ("16", "-2", "9", "24", "30", "26")


@pytest.fixture
def predict(proven, warm_worker, tmp_path, capsys):
    """The command line in this process, on a head in `a.nrrd`: exit code, all that is said, and the result."""
    volume = head_volume(oblique(4.0, -3.0, 2.0))
    sitk.WriteImage(to_sitk(volume), str(tmp_path / "a.nrrd"))

    def run(*arguments, inputs=("a.nrrd",)):
        files = [str(tmp_path / name) for name in inputs]
        code = main(["predict", *files, "-o", str(tmp_path / "out"), "-m", str(proven.folder), "--device", "cpu",
                     *map(str, arguments)])
        said, written = "\n".join(capsys.readouterr()), tmp_path / "out" / "a.json"
        return code, said, json.loads(written.read_text(encoding="utf-8")) if written.is_file() else None

    run.volume, run.folder = volume, tmp_path
    return run


def write_mask(file, drawn=True):
    """A mask on an oblique grid of its own; gives it as a volume."""
    shape = (20, 40, 36)
    mask = np.zeros(shape, np.uint8)
    if drawn:
        mask[9:13, 15:25, 20:28] = 2
    volume = Volume(mask, grid(oblique(), (1.5, 1.5, 2.5), shape), "lesion")
    sitk.WriteImage(to_sitk(volume), str(file))
    return volume


def test_a_box_is_looked_at_alone_and_every_file_says_so(predict):
    code, said, result = predict("--region", *BOX)
    assert code == 0 and "slices of the region only" in said, said
    validate(result, json.loads((resources() / "prediction.schema.json").read_text(encoding="utf-8")))
    region = RegionOfInterest.from_centre((16, -2, 9), (24, 30, 26))
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(predict.folder / "out" / "a.seg.nrrd")))
    assert labels.shape == predict.volume.array.shape and labels.any()
    assert not labels[~region.mask(predict.volume)].any()
    assert len(result["slices"]) == result["region"]["slices"] < len(labels)
    with open(predict.folder / "out" / "results.csv", newline="", encoding="utf-8") as file:
        assert next(csv.DictReader(file))["region"] == result["region"]["description"] == str(region)


def test_a_result_of_another_region_or_of_the_whole_is_not_taken_for_this_one(predict):
    assert predict("--region", *BOX, "--skip-existing")[0] == 0
    assert "done before" in predict("--region", *BOX, "--skip-existing")[1]
    for other in (("--region", *BOX[:5], "25"), (), ("--region", *BOX)):
        code, said, result = predict(*other, "--skip-existing")
        assert code == 0 and "it was made with other options (region)" in said
        assert ("region" in result) is bool(other)


def test_a_mask_on_another_grid_gives_the_region_around_what_is_drawn(predict):
    mask = write_mask(predict.folder / "lesion.nrrd")
    code, said, result = predict("--region-mask", predict.folder / "lesion.nrrd", "--region-margin", "3")
    assert code == 0, said
    expected = RegionOfInterest.from_mask(mask.array, mask.ijk_to_ras, 3.0, "lesion")
    assert result["region"]["description"] == str(expected) and "lesion and 3 mm around" in str(expected)
    np.testing.assert_allclose(result["region"]["box_to_ras"], expected.box_to_ras, atol=1e-6)
    assert result["manifest"]["request"]["options"]["region"]["source"] == "lesion and 3 mm around"
    _, _, default = predict("--region-mask", predict.folder / "lesion.nrrd")
    assert "lesion and 10 mm around" in default["report"][0]


def test_what_cannot_be_a_region_is_refused_in_a_sentence(predict):
    sitk.WriteImage(to_sitk(predict.volume), str(predict.folder / "b.nrrd"))
    write_mask(predict.folder / "empty.nrrd", drawn=False)
    write_mask(predict.folder / "lesion.nrrd")
    empty, lesion, lost = (predict.folder / f"{name}.nrrd" for name in ("empty", "lesion", "lost"))
    nowhere = sitk.GetArrayFromImage(sitk.ReadImage(str(lesion)))
    lost.write_bytes(b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: %d %d %d\nencoding: raw\n\n" % nowhere.shape[::-1]
                     + nowhere.astype(np.uint8).tobytes())
    for arguments, inputs, words in (
            (("--region", *BOX), ("a.nrrd", "b.nrrd"), "belongs to one input, not to 2"),
            (("--region", "nan", *BOX[1:]), ("a.nrrd",), "values that are no numbers"),
            (("--region", *BOX[:5], "0"), ("a.nrrd",), "is empty"),
            (("--region-mask", empty), ("a.nrrd",), "Nothing is drawn in empty"),
            (("--region-mask", lost), ("a.nrrd",), "lost does not say where it lies in the patient"),
            (("--region-mask", predict.folder / "b.nrrd"), ("a.nrrd",), "b holds fractions, not labels"),
            (("--region-mask", predict.folder / "none.nrrd"), ("a.nrrd",), "does not exist"),
            (("--region-mask", lesion, "--region-margin", "-1"), ("a.nrrd",), "A margin of -1 mm"),
            (("--region-margin", "5"), ("a.nrrd",), "Give that with --region-mask")):
        code, said, _ = predict(*arguments, inputs=inputs)
        assert code == 2 and words in said and "Traceback" not in said, said
    code, said, result = predict("--region", "900", *BOX[1:])
    assert code == 1 and "lies outside a" in said and result is None
    with pytest.raises(SystemExit):
        predict("--region", *BOX, "--region-mask", lesion)
