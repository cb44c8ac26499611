"""A network whose answers are no numbers, never change or have other shapes is an error, and no answer."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from builders import head_volume, tiny_model
from safetensors.torch import load_file, save_file

from UnifiedViTLib.errors import OutputError, UnsupportedImageError, WeightsError
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.output_check import check_outputs
from UnifiedViTLib.inference.predictor import Options, Predictor
from UnifiedViTLib.outputs.files import as_json, json_text
from UnifiedViTLib.spec import load_spec


def changed(folder, change):
    """The tiny model with weights that `change` (tensors by name, in place) spoils."""
    spec = tiny_model(folder)
    tensors = load_file(spec.weights)
    change(tensors)
    save_file(tensors, spec.weights)
    data = json.loads((folder / "model.json").read_text())
    data["weights"]["sha256"] = hashlib.sha256(spec.weights.read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(data))
    return load_spec(folder)


def fill(tensors, part: str, value: float) -> None:
    for name, tensor in tensors.items():
        if part in name and tensor.is_floating_point():
            tensor.fill_(value)


@pytest.mark.parametrize(("part", "value", "uncertainty"), [
    ("classifier", np.nan, False), ("segmentation", np.inf, False), ("encoder.vit.norm", 3e38, False),
    ("encoder.vit.norm", np.nan, True),
])
def test_weights_that_give_no_numbers_give_no_answer(tmp_path, part, value, uncertainty):
    spec = changed(tmp_path, lambda tensors: fill(tensors, part, value))
    with pytest.raises(WeightsError, match="no numbers"):
        Predictor(spec, "cpu").predict(head_volume(), Options(uncertainty=uncertainty))


def test_a_network_that_always_says_the_same_gives_no_answer(tmp_path):
    spec = changed(tmp_path, lambda tensors: fill(tensors, "", 0.0))
    with pytest.raises(WeightsError, match="the same answer everywhere"):
        Predictor(spec, "cpu").predict(head_volume())


def test_a_volume_whose_slices_are_all_blank_is_refused(tmp_path):
    array = np.repeat(np.arange(20, dtype=np.int16), 40 * 40).reshape(20, 40, 40)
    with pytest.raises(UnsupportedImageError, match="one value everywhere"):
        Predictor(tiny_model(tmp_path), "cpu").predict(Volume(array, np.diag([2.0, 2, 5, 1]), "steps"))


def test_blank_slices_beside_others_are_ordinary(tmp_path):
    volume = head_volume()
    volume.array[:5] = 0
    assert Predictor(tiny_model(tmp_path), "cpu").predict(volume).diagnosis.label


@pytest.mark.parametrize("shapes", [
    ((2, 4, 32, 32), (2, 3), (2, 64)), ((2, 3, 16, 16), (2, 3), (2, 64)), ((2, 3, 32, 32), (2, 4), (2, 64)),
    ((1, 3, 32, 32), (2, 3), (2, 64)), ((2, 3, 32, 32), (2, 3), (64,)), ((2, 3, 32, 32), (2, 3), (1, 64)),
])
def test_answers_of_other_shapes_are_refused(tmp_path, shapes):
    images, spec = np.zeros((2, 1, 32, 32), np.float32), tiny_model(tmp_path)
    with pytest.raises(WeightsError, match="promises"):
        check_outputs(tuple(np.zeros(shape, np.float32) for shape in shapes), images, spec)


def test_a_result_without_numbers_is_never_written(tmp_path):
    prediction = Predictor(tiny_model(tmp_path / "model"), "cpu").predict(head_volume())
    diagnosis = replace(prediction.diagnosis, probabilities={"healthy": float("nan"), "glioma": 0.5, "meningioma": 0.5})
    with pytest.raises(OutputError, match="no numbers"):
        json_text(as_json(replace(prediction, diagnosis=diagnosis)))
