"""Images whose name says another MR sequence than the model knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest
from builders import head_volume, spec_data, tiny_model, write_series

from UnifiedViTLib.imaging.mr_sequence import named_sequences
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.inference.predictor import Predictor

EXPECTS = "T1-weighted contrast-enhanced MR of the head"


@pytest.mark.parametrize(("text", "sequences"), [
    ("sub-01_T1w", ["T1"]), ("t1ce.nrrd", ["T1"]), ("5: AX T1 POST GD", ["T1"]), ("axT2_tse", ["T2"]),
    ("3D_T2_FLAIR_SAG", ["T2", "FLAIR"]), ("ep2d_diff_ADC", ["diffusion"]), ("SWI_Images", ["susceptibility"]),
    ("patient T12 vertebra", []), ("start1", []), ("addictive", []), ("image", []), ("", []), (EXPECTS, ["T1"]),
])
def test_names_say_sequences_at_the_beginning_of_words(text, sequences):
    assert named_sequences([text]) == sequences


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    seen = {"size": 32, "modality": "MR", "expects": EXPECTS}
    return Predictor(tiny_model(tmp_path_factory.mktemp("one"), input=seen), "cpu")


def sequence_warnings(prediction) -> list[str]:
    return [warning for warning in prediction.warnings if "sequence" in warning]


@pytest.mark.parametrize(("name", "metadata", "noticed"), [
    ("sub-01_FLAIR", {}, True), ("study", {"MRSequences": "T2"}, True),
    ("study", {"MRSequences": "diffusion"}, True), ("sub-01_T1w", {}, False), ("brain1_image", {}, False),
    ("t1_gd_reg_to_T2", {}, False), ("sub-01_FLAIR", {"MRSequences": "T1"}, False),
])
def test_another_sequence_than_the_model_knows_is_told(predictor, name, metadata, noticed):
    volume = replace(head_volume(), name=name, metadata=metadata)
    told = sequence_warnings(predictor.predict(volume))
    assert bool(told) == noticed
    if noticed:
        assert EXPECTS in told[0] and "do not rely on the answer" in told[0]


def test_a_sequence_given_as_another_ones_channel_is_told_with_the_channel_that_it_belongs_to(tmp_path):
    channels = [{"name": "t1c", "expects": EXPECTS}, {"name": "flair", "expects": "FLAIR MR of the head"}]
    seen = spec_data()["input"] | {"size": 32, "modality": "MR", "channels": channels}
    predictor = Predictor(tiny_model(tmp_path, input=seen), "cpu")
    t1c = replace(head_volume(), name="sub-01_T1c")
    flair = replace(t1c, name="sub-01_FLAIR", array=np.sqrt(t1c.array.max() - t1c.array))
    assert not sequence_warnings(predictor.predict([t1c, flair]))
    assert not sequence_warnings(predictor.predict([None, flair]))
    told = sequence_warnings(predictor.predict([flair, None]))
    assert len(told) == 1 and "channel flair" in told[0]
    assert len(sequence_warnings(predictor.predict([flair, t1c]))) == 2


def test_of_a_dicom_series_description_the_sequences_alone_are_kept(tmp_path):
    stored = np.arange(5 * 32 * 32, dtype=np.int16).reshape(5, 32, 32)
    folder = write_series(tmp_path / "series", stored, np.eye(4))
    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.SeriesDescription, dataset.ProtocolName = "AX FLAIR Mrs Smith", "T2"
        dataset.save_as(file)
    metadata = read(folder).metadata
    assert metadata["MRSequences"] == "T2\\FLAIR" and "Smith" not in str(metadata)


def test_an_image_type_tells_of_diffusion(tmp_path):
    folder = write_series(tmp_path / "series", np.arange(5 * 32 * 32, dtype=np.int16).reshape(5, 32, 32), np.eye(4))
    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        dataset.ImageType = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
        dataset.save_as(file)
    assert read(folder).metadata["MRSequences"] == "diffusion"
