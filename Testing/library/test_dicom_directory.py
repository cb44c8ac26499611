"""A DICOMDIR as input: its series are listed, whatever the names on the disk; what is missing or hostile is told."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import SHAPE, image, place, save, stored
from pydicom.fileset import FileSet
from pydicom.uid import generate_uid

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.file_set import files_of
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.reading.dicom.header import MANUFACTURER
from UnifiedViTLib.service.batch.inputs import collect_inputs, find_inputs


def medium(folder: Path, *series: str, change=lambda data: None) -> Path:
    """The DICOMDIR of a medium that pydicom writes: folders of patient, study and series, slices shuffled."""
    files = FileSet()
    for number, uid in enumerate(series):
        for k in np.random.default_rng(number).permutation(SHAPE[0]):
            data = image(stored()[k] + number, place(k), number=int(k) + 1)
            data.SeriesInstanceUID, data.SeriesNumber = uid, number + 1
            data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = "20260101", "101010", "1", ""
            change(data)
            files.add(pydicom.dcmread(save(data, folder.with_name("sources") / generate_uid())))
    folder.mkdir()
    files.write(folder)
    return folder / "DICOMDIR"


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    return medium(tmp_path_factory.mktemp("medium") / "cd", "1.2.8", "1.2.9")


@pytest.fixture
def two(written, tmp_path) -> Path:
    """With the series 1.2.8 and 1.2.9; to be changed."""
    return shutil.copytree(written.parent, tmp_path / "cd") / "DICOMDIR"


def told(path: Path) -> str:
    with pytest.raises(UnsupportedImageError) as caught:
        read(path)
    return str(caught.value)


def test_a_dicomdir_of_one_series_is_read_as_the_folder_of_its_slices_would_be(tmp_path):
    directory = medium(tmp_path / "cd", "1.2.8")
    volume = read(directory)
    assert np.array_equal(volume.array, stored())
    assert volume.metadata["SeriesInstanceUID"] == "1.2.8" and len(volume.files) == SHAPE[0]


def test_each_series_of_a_dicomdir_is_an_input_by_itself_given_as_file_or_as_folder(two, tmp_path):
    series = [two / "1.2.8", two / "1.2.9"]
    assert find_inputs(two) == find_inputs(two.parent) == find_inputs(two.parent, recursive=True) == series
    assert collect_inputs([two, two.parent, series[0]], pytest.fail) == series
    for number, path in enumerate(series):
        volume = read(path)
        assert np.array_equal(volume.array, stored() + number) and volume.name == path.name
        assert sorted(files_of(path)) == sorted(volume.files)


def test_several_series_are_never_mixed_and_one_that_is_not_listed_is_told(two):
    assert f"lists 2 series with images. Give one series, one of: {two / '1.2.8'}, {two / '1.2.9'}" in told(two)
    assert "lists no series 1.2.7" in told(two / "1.2.7")


def test_names_that_the_system_copied_in_lower_case_are_found(two):
    for folder, folders, names in os.walk(two.parent, topdown=False):
        for name in [*folders, *names]:
            if name != "DICOMDIR":
                os.rename(Path(folder, name), Path(folder, name.lower()))
    assert np.array_equal(read(two / "1.2.9").array, stored() + 1)


def test_images_that_are_not_there_are_told_and_where_none_is_there_nothing_is_read(two):
    slices = read(two / "1.2.8").files
    slices[-1].unlink()
    assert not any("DICOMDIR" in note for note in read(two / "1.2.9").notes)
    sentence = (f"DICOMDIR lists {SHAPE[0]} images of the series; 1 of them are not there, for example "
                f"{slices[-1].relative_to(two.parent).as_posix()}.")
    assert sentence in read(two / "1.2.8").notes
    slices[3].unlink()
    assert "1 slice is missing" in told(two / "1.2.8") and "2 of them are not there" in told(two / "1.2.8")
    for file in files_of(two / "1.2.8"):
        file.unlink()
    assert "None of the 10 files is there" in told(two / "1.2.8") and "Copy the whole medium" in told(two / "1.2.8")


@pytest.mark.parametrize("name", [b"..\\AAAAA", b"/etcAAAA", b"C:AAAAAA", b".\\AAAAAA", b"\\AAAAAAA"])
def test_a_dicomdir_whose_names_lead_out_of_its_folder_is_refused(two, name):
    two.write_bytes(two.read_bytes().replace(b"PT000000", name, 1))
    assert find_inputs(two) == [two], "one line in the table"
    assert "names files outside its own folder" in told(two)


@pytest.mark.skipif(os.name != "posix", reason="links to folders")
def test_a_link_that_leads_out_of_the_folder_is_refused(two, tmp_path):
    patient = next(path for path in two.parent.iterdir() if path.is_dir())
    shutil.move(patient, tmp_path / "elsewhere")
    patient.symlink_to(tmp_path / "elsewhere")
    assert "names files outside its own folder" in told(two / "1.2.8")


def test_files_of_another_series_than_the_list_says_are_refused(two):
    for file in files_of(two / "1.2.8"):
        data = pydicom.dcmread(file)
        data.SeriesInstanceUID = "1.2.7"
        data.save_as(file)
    assert "say that they are of another" in told(two / "1.2.8")


def test_a_list_whose_records_lead_in_a_circle_or_nowhere_and_one_that_was_cut_are_told(two, tmp_path):
    directory = pydicom.dcmread(two)
    records = directory.DirectoryRecordSequence
    for offset in (records[0].seq_item_tell, 7):
        records[-1].OffsetOfTheNextDirectoryRecord = offset
        directory.save_as(two)
        assert "DICOMDIR cannot be read: it is damaged or incomplete" in told(two)
    two.write_bytes(two.read_bytes()[:1000])
    assert "DICOMDIR cannot be read" in told(two)
    two.write_text("not DICOM")
    assert "DICOMDIR cannot be read" in told(two)


def test_results_of_this_program_on_a_medium_are_no_inputs(tmp_path):
    def ours(data):
        if data.SeriesInstanceUID == "1.2.9":
            data.Manufacturer = MANUFACTURER

    directory = medium(tmp_path / "cd", "1.2.8", "1.2.9", change=ours)
    assert find_inputs(directory.parent) == [directory / "1.2.8"]
    assert np.array_equal(read(directory).array, stored())


def test_other_images_beside_a_dicomdir_are_inputs_too(two):
    (two.parent / "a.nii.gz").write_bytes(b"")
    other = save(image(stored()[0]), two.parent / "MORE" / "IM1")
    assert find_inputs(two.parent, recursive=True) == [
        two / "1.2.8", two / "1.2.9", two.parent / "a.nii.gz", other.parent]
