"""What programs of others make of our DICOM objects; each test runs where its program is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import dicom_files
import numpy as np
import pytest
import SimpleITK as sitk
from builders import grid, oblique
from dicom_results import result_of, write

from UnifiedViTLib.imaging.geometry import LPS_RAS
from UnifiedViTLib.imaging.reading import read

pytest.importorskip("highdicom", reason="results as DICOM need highdicom, which is not installed")

SHAPE = (6, 40, 36)
JARS = [Path("/usr/share/java") / f"{name}.jar" for name in ("pixelmed", "javax.json", "vecmath", "commons-compress")]
XPATH = [f"-Djdk.xml.xpath{limit}=0" for limit in ("ExprOpLimit", "ExprGrpLimit", "TotalOpLimit")]


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (dciodvfy: Debian's dicom3tools; the others: pip install dcmqi)")
    return path


def output_of(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    return ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """(volume, prediction, paths) of an oblique series, with everything that can be written."""
    from builders import write_series

    folder = tmp_path_factory.mktemp("objects")
    stored = np.random.default_rng(0).integers(0, 900, SHAPE).astype(np.int16)
    matrix = grid(oblique() @ np.diag([-1.0, -1, 1]), (1.5, 2, 6), SHAPE)
    volume = read(write_series(folder / "in", stored, matrix))
    picture = folder / "a.png"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((20, 30, 3), np.uint8), isVector=True), str(picture))
    prediction = result_of(volume, heatmap=True, uncertainty=True)
    paths, told = write(volume, prediction, folder / "out", picture)
    assert not told and len(paths) == 5
    return volume, prediction, paths


def test_dciodvfy_finds_no_error_in_any_object(written):
    tool = program("dciodvfy")
    for path in written[2].values():
        assert "Error" not in output_of(tool, "-new", str(path)), path.name


def test_dciodvfy_finds_no_error_where_nothing_is_drawn_on_a_multiframe_image(tmp_path):
    tool = program("dciodvfy")
    data = dicom_files.enhanced(dicom_files.stored(SHAPE), [dicom_files.place(k) for k in (3, 0, 5, 1, 4, 2)])
    volume = read(dicom_files.save(data, tmp_path / "in.dcm"))
    paths, _ = write(volume, result_of(volume, np.zeros(SHAPE, np.uint8), heatmap=True), tmp_path / "out")
    assert set(paths) == {".sr.dcm", ".heatmap.dcm"}
    for path in paths.values():
        assert "Error" not in output_of(tool, "-new", str(path)), path.name


def test_pixelmed_finds_no_error_in_the_report(written):
    if not all(jar.is_file() for jar in JARS[:3]) or shutil.which("java") is None:
        pytest.skip("PixelMed's DicomSRValidator is not installed (Debian's libpixelmed-java)")
    told = output_of("java", *XPATH, "-cp", ":".join(map(str, JARS)), "com.pixelmed.validate.DicomSRValidator",
                     str(written[2][".sr.dcm"]))
    assert "Root Template Validation Complete" in told and "Error" not in told


def test_dcmqi_gives_mask_and_numbers_back(written, tmp_path):
    volume, prediction, paths = written
    program("segimage2itkimage"), program("tid1500reader")
    output_of("segimage2itkimage", "--inputDICOM", str(paths[".seg.dcm"]), "--outputDirectory", str(tmp_path), "-t",
              "nrrd")
    for number, label in ((1, 1), (2, 3)):
        image = sitk.ReadImage(str(tmp_path / f"{number}.nrrd"))
        found = {tuple(np.round(image.TransformIndexToPhysicalPoint(tuple(int(v) for v in index[::-1])), 2))
                 for index in np.argwhere(sitk.GetArrayFromImage(image))}
        lps = LPS_RAS @ volume.ijk_to_ras
        drawn = np.argwhere(prediction.labelmap == label)
        expected = np.c_[drawn[:, ::-1], np.ones(len(drawn))] @ lps.T
        assert len(found) == len(drawn)
        assert np.abs(np.array(sorted(found)) - np.array(sorted(map(tuple, np.round(expected[:, :3], 2))))).max() < 0.03
    output_of("tid1500reader", "--inputDICOM", str(paths[".sr.dcm"]), "--outputMetadata", str(tmp_path / "sr.json"))
    (group,) = json.loads((tmp_path / "sr.json").read_text(encoding="utf-8"))["Measurements"]
    numbers = {item["quantity"]["CodeMeaning"]: float(item["value"]) for item in group["measurementItems"]}
    assert numbers["Volume"] == pytest.approx(1000 * prediction.segments[0].volume_ml)
    assert numbers["Probability of Glioma"] == 70
