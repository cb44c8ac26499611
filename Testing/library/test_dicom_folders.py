"""Folders with slices that do not belong together, or of which some were lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_files import series, stored

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.reading import read


@pytest.mark.parametrize("keyword, of", [("PatientID", "patients"), ("StudyInstanceUID", "studies")])
def test_images_of_two_patients_or_studies_with_one_series_uid_make_no_volume(tmp_path, keyword, of):
    """As programs leave them that replace the UIDs of all series by one."""
    def changed(data, k):
        setattr(data, keyword, "1.2.3" if k < 5 else "1.2.4")
        return data

    with pytest.raises(UnsupportedImageError, match=f"holds images of 2 {of}, though all say") as refused:
        read(series(tmp_path / "s", changed))
    assert "1.2.3" not in str(refused.value)

    def nameless(data, k):
        setattr(data, keyword, "1.2.3" if k < 5 else "")
        return data

    np.testing.assert_array_equal(read(series(tmp_path / "t", nameless)).array, stored())


def test_slices_of_two_frames_of_reference_are_told(tmp_path):
    def moved(data, k):
        data.FrameOfReferenceUID = "1.2.3" if k < 5 else "1.2.4"
        return data

    volume = read(series(tmp_path / "s", moved))
    np.testing.assert_array_equal(volume.array, stored())
    assert "several frames of reference" in volume.notes[0]


@pytest.mark.parametrize("left", [b"", bytes(3000)], ids=["empty", "zeros"])
def test_what_an_interrupted_copy_left_of_the_last_slices_is_told(tmp_path, left):
    folder = series(tmp_path / "s")
    (folder / "IM0009").write_bytes(left)
    volume = read(folder)
    assert len(volume.array) == len(stored()) - 1
    assert "hold nothing, as after a copy that was interrupted: 1. If they were slices" in volume.notes[0]
