"""ModelSpec: what is written is read; what is wrong, or meant to harm, is refused with the field's name."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from builders import spec_data, tiny_model
from safetensors.torch import load_file, save_file

from UnifiedViTLib.errors import ModelSpecError, WeightsError
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.integrity import verify_weights
from UnifiedViTLib.spec import ModelSpec, load_spec, parse_spec


def leaves(data, path=()):
    """Paths of every field of a nested object, tables included; of lists, the first item."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield (*path, name)
            yield from leaves(value, (*path, name))
    elif isinstance(data, list) and data and isinstance(data[0], dict):
        yield from leaves(data[0], (*path, 0))


def field(path) -> str:
    """A path as a message spells it: segments[0].name."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


#: Fields that a model may leave out, or fill as it likes.
FREE = {("arguments", "decoder_widths"), ("results", 0, "metrics", "accuracy")}
FIELDS = [path for path in leaves(spec_data()) if path not in FREE]


def parent(data, path):
    for part in path[:-1]:
        data = data[part]
    return data


def refusal(data) -> str:
    with pytest.raises(ModelSpecError) as caught:
        parse_spec(data, Path("models"))
    return str(caught.value)


def test_a_valid_description_is_read_as_it_is_written(tmp_path):
    (tmp_path / "model.json").write_text(json.dumps(spec_data()), encoding="utf-8")
    for path in (tmp_path, tmp_path / "model.json"):
        spec = load_spec(path)
        assert (spec.id, spec.version, spec.size, spec.modality) == ("tiny", "1.2.3", 32, "MR")
        assert [s.name for s in spec.segments] == ["Glioma", "Meningioma"]
        assert spec.segments[0].colour == (200, 40, 40)
        assert [c.name for c in spec.classes] == ["healthy", "glioma", "meningioma"] and spec.healthy == 0
        assert spec.weights == tmp_path / "weights.safetensors"
        assert spec.arguments["mask_classes"] == 3 and spec.arguments["diagnosis_classes"] == 3
        assert spec.training[0].licence == "CC0" and spec.results[0].metrics == {"accuracy": 0.5}


def test_the_least_probability_of_components_may_be_missing_and_is_checked_where_it_stands():
    assert parse_spec(spec_data(), Path()).volume_rule.min_component_probability == 0
    volume = spec_data()["aggregation"]
    strict = parse_spec(spec_data(aggregation=volume | {"min_component_probability": 0.9}), Path())
    assert strict.volume_rule.min_component_probability == 0.9
    for wrong in (-0.1, 1.1, "high", None, True):
        refused = refusal(spec_data(aggregation=volume | {"min_component_probability": wrong}))
        assert refused.startswith("aggregation.min_component_probability")


def test_a_class_may_carry_a_code_which_travels_to_the_worker_and_is_checked():
    data = spec_data()
    code = {"value": "393564001", "scheme": "SCT", "meaning": "Glioma"}
    data["diagnosis"]["classes"][1]["code"] = code
    spec = parse_spec(data, Path("tiny").absolute())
    assert spec.classes[0].code is None and asdict(spec.classes[1].code) == code
    assert ModelSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    for name, wrong in (("value", "a" * 17), ("scheme", "S CT"), ("meaning", "a\\b"), ("meaning", "")):
        data["diagnosis"]["classes"][1]["code"] = code | {name: wrong}
        assert refusal(data).startswith(f"diagnosis.classes[1].code.{name}")


def test_a_model_without_a_healthy_class_has_none():
    data = spec_data()
    data["diagnosis"]["classes"][0]["lesion"] = True
    assert parse_spec(data, Path()).healthy is None


@pytest.mark.parametrize("path", FIELDS, ids=field)
def test_a_missing_field_is_named(path):
    data = copy.deepcopy(spec_data())
    del parent(data, path)[path[-1]]
    assert refusal(data).startswith(f"{field(path)}: this field is missing")


WRONG = [None, True, 1e9, -1, "", [], [1, "a"], {"a": 1}, float("nan"), float("inf"), 10**400, "x" * 5000]


def may_be(path, value) -> bool:
    """Whether `value` is one that the field accepts."""
    if isinstance(parent(spec_data(), path)[path[-1]], bool):
        return isinstance(value, bool)
    return (path == ("results",) and value == []) or (path[-1] == "metrics" and isinstance(value, dict))


@pytest.mark.parametrize(("path", "wrong"), [(p, w) for p in FIELDS for w in WRONG if not may_be(p, w)],
                         ids=lambda value: field(value) if isinstance(value, tuple) else repr(value)[:12])
def test_a_field_of_a_wrong_kind_or_size_is_named(path, wrong):
    data = copy.deepcopy(spec_data())
    parent(data, path)[path[-1]] = wrong
    assert refusal(data).startswith(field(path))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("id",), "../evil"),
        (("id",), "Großes Modell"),
        (("version",), "1.2"),
        (("input", "size"), 33),
        (("input", "size"), 4096),
        (("input", "modality"), "PET"),
        (("segments", 0, "colour"), [1, 2, 256]),
        (("segments", 0, "colour"), [1, 2]),
        (("segments", 0, "terminology"), "Tumour"),
        (("diagnosis", "temperature"), 0),
        (("diagnosis", "task"), "multi"),
        (("aggregation", "max_normal_probability"), 1.01),
        (("aggregation", "pooling"), "max"),
        (("aggregation", "top_k"), 0),
        (("aggregation", "top_k"), 2.5),
        (("weights", "file"), "../../etc/passwd"),
        (("weights", "file"), "/etc/passwd"),
        (("weights", "file"), ".."),
        (("weights", "file"), "C:\\weights"),
        (("weights", "file"), "a/b"),
        (("weights", "sha256"), "abc"),
        (("weights", "sha256"), "A" * 64),
        (("architecture",), "../unet"),
        (("arguments", "encoder"), "hf-hub:evil/model"),
        (("arguments", "task"), "classification"),
        (("arguments", "task"), "segmentation"),
        (("arguments", "task"), None),
        (("arguments", "encoder"), "https://evil"),
        (("arguments", "encoder"), "local-dir:/tmp"),
        (("arguments", "cnn"), "hf-hub:evil/model"),
        (("arguments", "cnn"), ["resnet18", "local-dir:/tmp"]),
        (("arguments", "decoder_widths"), [10**9, 8, 8]),
        (("arguments", "decoder_widths"), [8] * 17),
        (("arguments", "decoder_widths"), {"a": 1}),
        (("arguments", "decoder_widths"), [[8], 8, 8]),
        (("arguments", "decoder_widths"), [float("nan"), 8, 8]),
    ],
    ids=lambda value: field(value) if isinstance(value, tuple) else repr(value)[:30],
)
def test_a_value_that_could_harm_or_make_no_sense_is_refused(path, wrong):
    data = copy.deepcopy(spec_data())
    parent(data, path)[path[-1]] = wrong
    assert refusal(data).startswith(field(path))


def test_lists_that_are_too_long_or_too_short_are_refused():
    data = spec_data()
    assert refusal(data | {"segments": []}).startswith("segments: a list of 1 to 254")
    assert refusal(data | {"segments": data["segments"] * 200}).startswith("segments")
    one = data["diagnosis"] | {"classes": data["diagnosis"]["classes"][:1]}
    assert refusal(data | {"diagnosis": one}).startswith("diagnosis.classes")


def test_two_classes_of_one_name_are_refused():
    data = spec_data()
    data["diagnosis"]["classes"][2]["name"] = "glioma"
    assert refusal(data) == "diagnosis.classes: two classes have the same name."


def test_two_healthy_classes_are_refused():
    data = spec_data()
    data["diagnosis"]["classes"][2]["lesion"] = False
    assert refusal(data).startswith("diagnosis.classes: more than one class")


def test_a_format_from_the_future_asks_for_an_update():
    assert refusal(spec_data(format=3)) == (
        "format: this is a model of format 3; this version reads 2. Update UnifiedViT."
    )


@pytest.mark.parametrize("data", [None, [], "model", 3, [[]]])
def test_json_that_is_no_object_is_refused(data):
    assert refusal(data).startswith("model.json: an object")


@pytest.mark.parametrize("text", [
    "", "{", "[" * 100_000, '{"a":' * 100_000, '{"format": NaN}', '{"format": ' + "9" * 5000 + "}", "\ufeff{}",
    json.dumps(spec_data(results=[{"dataset": "x", "metrics": {"accuracy": float("inf")}}])),
], ids=lambda text: text[:15])
def test_a_file_that_is_not_json_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelSpecError, match=r"model\.json is not JSON .* Download or export the model again"):
        load_spec(tmp_path)


def test_a_deeply_nested_value_is_refused_by_its_field(tmp_path):
    nested = '{"a":' * 400 + "1" + "}" * 400
    (tmp_path / "model.json").write_text(json.dumps(spec_data(id="NESTED")).replace('"NESTED"', nested))
    with pytest.raises(ModelSpecError, match=r"^id: a text is needed"):
        load_spec(tmp_path)


def test_a_file_of_bytes_or_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelSpecError, match=r"cannot be read .* A model is a folder with model\.json"):
        load_spec(tmp_path)
    (tmp_path / "model.json").write_bytes(bytes(range(256)))
    with pytest.raises(ModelSpecError, match="cannot be read"):
        load_spec(tmp_path)


# Weights


@pytest.fixture
def spec(tmp_path):
    return tiny_model(tmp_path / "model")


def refused(spec) -> str:
    """The sentence with which the weights are refused."""
    with pytest.raises(WeightsError) as caught:
        TorchBackend(spec, "cpu")
    return str(caught.value)


def with_hash_of_its_weights(spec):
    """The spec as if it had been written for the weights that lie there."""
    return replace(spec, sha256=hashlib.sha256(spec.weights.read_bytes()).hexdigest())


def test_the_weights_of_a_whole_model_are_verified_and_loaded(spec):
    verify_weights(spec)
    assert TorchBackend(spec, "cpu").device == "cpu"


def test_missing_weights_are_refused(spec):
    spec.weights.unlink()
    assert "cannot be read" in refused(spec) and "Download or import the model again" in refused(spec)


def test_weights_of_another_hash_are_refused(spec):
    data = bytearray(spec.weights.read_bytes())
    data[-1] ^= 1
    spec.weights.write_bytes(data)
    sentence = refused(spec)
    assert "damaged or not the ones" in sentence and spec.sha256[:12] in sentence


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.999])
def test_truncated_weights_are_refused_even_if_their_hash_is_right(spec, share):
    data = spec.weights.read_bytes()
    spec.weights.write_bytes(data[: int(len(data) * share)])
    assert "do not fit its description" in refused(with_hash_of_its_weights(spec))


class Trap:
    """Unpickling it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


@pytest.mark.parametrize("by", ["pickle", "torch"])
def test_a_pickle_called_safetensors_is_refused_and_never_unpickled(spec, tmp_path, by):
    trap = {"weight": Trap(str(tmp_path / "sprung"))}
    if by == "pickle":
        spec.weights.write_bytes(pickle.dumps(trap))
    else:
        torch.save(trap, spec.weights)
    assert "do not fit its description" in refused(with_hash_of_its_weights(spec))
    assert not (tmp_path / "sprung").exists()


def test_a_tensor_of_another_shape_is_refused_by_name(spec):
    tensors = load_file(spec.weights)
    tensors["classifier.1.bias"] = torch.zeros(7)
    save_file(tensors, spec.weights)
    assert "classifier.1.bias" in refused(with_hash_of_its_weights(spec))


def test_a_missing_tensor_is_refused_by_name(spec):
    tensors = load_file(spec.weights)
    del tensors["classifier.1.bias"]
    save_file(tensors, spec.weights)
    assert "classifier.1.bias" in refused(with_hash_of_its_weights(spec))


def test_a_tensor_too_many_is_refused_by_name(spec):
    tensors = load_file(spec.weights)
    tensors["surprise"] = torch.zeros(7)
    save_file(tensors, spec.weights)
    assert "surprise" in refused(with_hash_of_its_weights(spec))


def test_a_description_of_a_huge_network_is_refused_before_it_takes_the_memory(spec):
    # 4096 channels from the start would be five billion numbers.
    huge = replace(spec, arguments=spec.arguments | {"stem_width": 4096})
    assert "do not fit its description" in refused(huge)


def test_half_precision_weights_are_computed_in_single(spec):
    tensors = {name: t.half() if t.is_floating_point() else t for name, t in load_file(spec.weights).items()}
    save_file(tensors, spec.weights)
    backend = TorchBackend(with_hash_of_its_weights(spec), "cpu")
    assert {p.dtype for p in backend._network.parameters()} == {torch.float32}
