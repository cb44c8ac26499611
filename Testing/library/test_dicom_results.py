"""Results as DICOM: masks lie where `.seg.nrrd` has them, reports hold the numbers, patients stay who they are."""

from __future__ import annotations

from dataclasses import replace

import dicom_files
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from builders import grid, oblique, write_series
from dicom_results import GLIOMA, lesion, model, result_of, write

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.geometry import LPS_RAS
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.outputs.files import as_json, write_segmentation

pytest.importorskip("highdicom", reason="results as DICOM need highdicom, which is not installed")

SHAPE = (7, 40, 36)
AXIAL, SAGITTAL, CORONAL = np.diag([-1.0, -1, 1]), np.array([[0, 0, -1], [-1, 0, 0], [0, -1.0, 0]]), np.array(
    [[-1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
#: Columns that run the other way: direction cosines 1,0,0,0,-1,0.
BACKWARDS = np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0, -1]])
GRIDS = {"axial": (AXIAL, (1.5, 2, 6)), "sagittal": (SAGITTAL, (0.9, 0.9, 1)), "coronal": (CORONAL, (1, 1, 3)),
         "oblique": (oblique() @ AXIAL, (0.7, 0.7, 4)), "backwards": (BACKWARDS, (0.5, 0.5, 5)),
         "thick": (AXIAL, (0.4, 0.4, 12))}


def series(folder, direction=AXIAL, spacing=(1.5, 2, 6), shape=SHAPE):
    """A series on disk whose files are shuffled, read."""
    stored = np.random.default_rng(0).integers(0, 900, shape).astype(np.int16)
    return read(write_series(folder, stored, grid(direction, spacing, shape)))


def world_points_of_mask(dataset, segment):
    """Where the voxels of a segment lie, LPS (n, 3), by the object's own frames alone."""
    pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    row_mm, column_mm = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    points = []
    for plane, group in zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        if group.SegmentIdentificationSequence[0].ReferencedSegmentNumber != segment:
            continue
        orientation = (group if "PlaneOrientationSequence" in group else shared).PlaneOrientationSequence[0]
        row, column = np.reshape(np.array(orientation.ImageOrientationPatient, float), (2, 3))
        start = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        for j, i in np.argwhere(plane):
            points.append(start + i * column_mm * row + j * row_mm * column)
    return np.array(points)


def world_points_of_file(path, label):
    """The same of a `.seg.nrrd`."""
    image = sitk.ReadImage(str(path))
    return np.array([image.TransformIndexToPhysicalPoint(tuple(int(v) for v in index[::-1]))
                     for index in np.argwhere(sitk.GetArrayFromImage(image) == label)])


def assert_same_points(one, other):
    assert one.shape == other.shape
    order, order_of_other = (np.lexsort(np.round(points, 2).T) for points in (one, other))
    np.testing.assert_allclose(one[order], other[order_of_other], atol=0.005)


@pytest.mark.parametrize("name", GRIDS)
def test_the_mask_lies_where_the_segmentation_file_has_it(tmp_path, name):
    volume = series(tmp_path / "in", *GRIDS[name])
    prediction = result_of(volume)
    paths, told = write(volume, prediction, tmp_path / "out")
    assert not told and set(paths) == {".seg.dcm", ".sr.dcm"}
    write_segmentation(prediction, tmp_path / "a.seg.nrrd")
    mask = pydicom.dcmread(paths[".seg.dcm"])
    for number, label in ((1, 1), (2, 3)):
        assert_same_points(world_points_of_mask(mask, number), world_points_of_file(tmp_path / "a.seg.nrrd", label))
    sources = {pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in volume.files}
    referred = {image.ReferencedSOPInstanceUID for group in mask.PerFrameFunctionalGroupsSequence
                for derivation in group.DerivationImageSequence for image in derivation.SourceImageSequence}
    assert referred and referred <= sources


def test_the_mask_says_what_it_shows_and_that_a_network_drew_it(tmp_path):
    volume = series(tmp_path / "in")
    paths, _ = write(volume, result_of(volume), tmp_path / "out")
    mask, source = pydicom.dcmread(paths[".seg.dcm"]), pydicom.dcmread(volume.files[0])
    assert mask.SegmentationType == "BINARY" and "research" in mask.SeriesDescription
    assert mask.StudyInstanceUID == source.StudyInstanceUID and mask.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert mask.SeriesInstanceUID != source.SeriesInstanceUID
    assert mask.ReferencedSeriesSequence[0].SeriesInstanceUID == source.SeriesInstanceUID
    core, oedema = mask.SegmentSequence
    assert (core.SegmentLabel, oedema.SegmentLabel) == ("Core", "Oedema")
    assert core.SegmentAlgorithmType == "AUTOMATIC"
    assert core.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "49755003"
    assert core.SegmentedPropertyTypeCodeSequence[0].CodeValue == "108369006"
    assert core.AnatomicRegionSequence[0].CodeValue == "12738006"
    identification = core.SegmentationAlgorithmIdentificationSequence[0]
    assert identification.AlgorithmFamilyCodeSequence[0].CodeValue == "123110"
    assert identification.AlgorithmVersion == "1.2.3" and model().sha256 in identification.AlgorithmParameters
    report = pydicom.dcmread(paths[".sr.dcm"])
    assert core.TrackingUID in str(report) and core.TrackingID in str(report)


def contents(item):
    """All content items below one, by the meaning of their names."""
    for child in item.get("ContentSequence", []):
        yield child.ConceptNameCodeSequence[0].CodeMeaning if "ConceptNameCodeSequence" in child else "", child
        yield from contents(child)


@pytest.mark.parametrize("drawn", [True, False])
def test_the_report_has_one_group_with_diagnosis_probabilities_volume_warnings_and_sentences(tmp_path, drawn):
    volume = series(tmp_path / "in")
    prediction = result_of(volume, None if drawn else np.zeros(SHAPE, np.uint8))
    paths, _ = write(volume, prediction, tmp_path / "out")
    assert (".seg.dcm" in paths) == drawn
    report = pydicom.dcmread(paths[".sr.dcm"])
    items = list(contents(report))
    assert [name for name, _ in items].count("Measurement Group") == 1
    numbers = {name: float(item.MeasuredValueSequence[0].NumericValue) for name, item in items
               if item.ValueType == "NUM"}
    assert numbers["Probability of Glioma"] == 70 and numbers["Probability of Meningioma"] == 20
    assert ("Volume" in numbers) == drawn
    if drawn:
        assert numbers["Volume"] == pytest.approx(1000 * prediction.segments[0].volume_ml)
        (segment,) = [item for name, item in items if name == "Referenced Segment"]
        mask = pydicom.dcmread(paths[".seg.dcm"])
        assert segment.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == mask.SOPInstanceUID
    (diagnosis,) = [item.ConceptCodeSequence[0] for name, item in items if name == "Diagnosis"]
    assert (diagnosis.CodeValue, diagnosis.CodingSchemeDesignator) == (GLIOMA["value"], "SCT")
    texts = {item.TextValue for _, item in items if item.ValueType == "TEXT"}
    assert "Warning: Größe & Lage <prüfen>." in texts
    assert set(as_json(prediction)["report"]) <= texts
    assert report.VerificationFlag == "UNVERIFIED"
    assert [scheme.CodingSchemeDesignator for scheme in report.CodingSchemeIdentificationSequence] == ["99UNIFIEDVIT"]


def test_maps_hold_percent_where_the_volume_has_them(tmp_path):
    volume = series(tmp_path / "in")
    prediction = result_of(volume, heatmap=True, uncertainty=True)
    paths, _ = write(volume, prediction, tmp_path / "out")
    for ending, percent in ((".heatmap.dcm", prediction.heatmap.percent),
                            (".uncertainty.dcm", prediction.uncertainty.percent)):
        written = pydicom.dcmread(paths[ending])
        lps = LPS_RAS @ volume.ijk_to_ras
        for plane, group in zip(written.pixel_array, written.PerFrameFunctionalGroupsSequence, strict=True):
            position = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
            k = round(np.linalg.inv(lps).dot([*position, 1])[2])
            assert np.array_equal(plane, percent[k])
        mapping = written.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
        assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "%"


@pytest.mark.parametrize(("character_set", "name"), [
    ("ISO_IR 100", "Müller^Jörg"), ("ISO_IR 192", "山田^太郎"), (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎"),
    ("ISO_IR 144", "Люкceмбypг^Иван"),
])
def test_patients_keep_their_names_and_studies_what_is_missing_in_them(tmp_path, character_set, name):
    def change(data, k):
        data.SpecificCharacterSet, data.PatientName = character_set, name
        data.StudyDescription, data.PatientSex = "MR", "unbekannt"
        return data

    volume = read(dicom_files.series(tmp_path / "in", change))
    paths, told = write(volume, result_of(volume, heatmap=True), tmp_path / "out")
    assert not told
    for path in paths.values():
        written = pydicom.dcmread(path)
        assert str(written.PatientName) == name and written.PatientID == "P4711"
        assert not written.PatientSex and not written.StudyDate and not written.ReferringPhysicianName
    report = pydicom.dcmread(paths[".sr.dcm"])
    assert any("Größe" in item.TextValue for _, item in contents(report) if item.ValueType == "TEXT")


def test_frames_of_an_enhanced_image_keep_their_order(tmp_path):
    pixels = dicom_files.stored((6, 40, 36))
    order = [3, 0, 5, 1, 4, 2]
    data = dicom_files.enhanced(pixels, [dicom_files.place(k) for k in order])
    volume = read(dicom_files.save(data, tmp_path / "in.dcm"))
    prediction = result_of(volume)
    paths, told = write(volume, prediction, tmp_path / "out")
    assert not told
    write_segmentation(prediction, tmp_path / "a.seg.nrrd")
    assert_same_points(world_points_of_mask(pydicom.dcmread(paths[".seg.dcm"]), 1),
                       world_points_of_file(tmp_path / "a.seg.nrrd", 1))


def tilted(data, k):
    x, y, z = data.ImagePositionPatient
    data.ImagePositionPatient = [x, y + 3.0 * k, z]
    return data


def without(keyword):
    def change(data, k):
        delattr(data, keyword)
        return data

    return change


@pytest.mark.parametrize(("change", "reason"), [
    (tilted, "gantry was tilted"), (without("FrameOfReferenceUID"), "frame of reference"),
    (without("ImagePositionPatient"), "where they lie"),
])
def test_images_that_no_result_can_lie_on_are_refused_in_a_sentence(tmp_path, change, reason):
    volume = read(dicom_files.series(tmp_path / "in", change))
    paths, told = write(volume, result_of(volume, lesion(volume.array.shape)), tmp_path / "out")
    assert not paths and reason in told and told.startswith("No DICOM results are written for in: ")


def of_nobody_half_the_time(data, k):
    data.PatientID = "P" if k % 2 else ""
    return data


def test_files_that_do_not_name_one_patient_are_refused_in_a_sentence(tmp_path):
    volume = read(dicom_files.series(tmp_path / "in", of_nobody_half_the_time))
    paths, told = write(volume, result_of(volume), tmp_path / "out")
    assert not paths and "not all of one patient" in told


def test_files_that_were_replaced_after_they_were_looked_at_are_refused_in_a_sentence(tmp_path):
    volume = read(dicom_files.series(tmp_path / "in"))
    dicom_files.series(tmp_path / "in")
    paths, told = write(volume, result_of(volume), tmp_path / "out")
    assert not paths and "no longer those that were looked at" in told


def test_files_that_cannot_be_read_at_the_moment_end_in_an_error_and_not_in_a_result_without_them(tmp_path):
    volume = series(tmp_path / "series")
    (tmp_path / "series").rename(tmp_path / "away")
    with pytest.raises(UnsupportedImageError, match="can no longer be read"):
        write(volume, result_of(volume), tmp_path)


def test_several_multiframe_files_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "in").mkdir()
    for k, plane in enumerate(dicom_files.stored((6, 40, 36))):
        dicom_files.save(dicom_files.enhanced(plane[None], [dicom_files.place(k)]), tmp_path / "in" / f"{k}.dcm")
    volume = read(tmp_path / "in")
    paths, told = write(volume, result_of(volume), tmp_path / "out")
    assert not paths and "not one file a slice" in told


def test_a_report_without_a_mask_refers_to_the_middle_slices_and_names_no_finding(tmp_path):
    order = [3, 0, 5, 1, 4, 2, 6, 8, 7]
    data = dicom_files.enhanced(dicom_files.stored((9, 40, 36)), [dicom_files.place(k) for k in order])
    volume = read(dicom_files.save(data, tmp_path / "in.dcm"))
    paths, _ = write(volume, result_of(volume, np.zeros((9, 40, 36), np.uint8)), tmp_path / "out")
    items = list(contents(pydicom.dcmread(paths[".sr.dcm"])))
    (frames,) = [item.ReferencedSOPSequence[0].ReferencedFrameNumber for _, item in items if item.ValueType == "IMAGE"]
    assert sorted(order[int(number) - 1] for number in frames) == [2, 3, 4, 5, 6]
    assert not [item for name, item in items if name == "Finding" and item.ValueType == "CODE"]


def test_an_image_that_is_no_dicom_is_refused_in_a_sentence(tmp_path):
    volume = replace(series(tmp_path / "in"), files=())
    paths, told = write(volume, result_of(volume), tmp_path / "out")
    assert not paths and "did not come as DICOM" in told


def test_results_beside_the_images_are_not_taken_for_images(tmp_path):
    volume = series(tmp_path / "in")
    prediction = result_of(volume, heatmap=True)
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((20, 30, 3), np.uint8), isVector=True), str(tmp_path / "a.png"))
    paths, _ = write(volume, prediction, tmp_path / "in", tmp_path / "a.png")
    assert ".picture.dcm" in paths
    again = read(tmp_path / "in")
    assert np.array_equal(again.array, volume.array) and again.notes == volume.notes
