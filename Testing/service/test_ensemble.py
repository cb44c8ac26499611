"""Ensembles: the mean of any models that know the same, as a model like any other."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import head_volume, spec_data, tiny_model, to_sitk
from safetensors.numpy import save as pack_arrays
from safetensors.torch import load_file, save_file
from unifiedvit_training.exporting.onnx import write_onnx
from unifiedvit_training.exporting.onnx_check import compare_onnx

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import ModelSpecError, OutputError, WeightsError
from UnifiedViTLib.imaging.resampling import Frame
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend, load_network
from UnifiedViTLib.inference.ood.statistics import load_ood_statistics
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.warnings import review_threshold
from UnifiedViTLib.models.ensemble import Ensemble
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.service.store.download import import_model, verify_model
from UnifiedViTLib.service.store.ensembles import write_ensemble
from UnifiedViTLib.spec import ModelSpec, load_spec, parse_spec

VIT = {"encoder": "test_vit", "stem_width": 4, "decoder_widths": [8, 8, 8], "mask_attended_pooling": True}
SWIN = {"encoder": "swin_tiny_patch4_window7_224", "width": 12, "depths": [1, 2, 1, 1], "stem_width": 4,
        "decoder_widths": [8, 8, 8, 8]}
CNN = {"encoder": "test_vit", "cnn": "test_resnet", "depth": 4, "decoder_widths": [8, 8, 8]}


def member(folder: Path, name: str, seed: int, temperature: float, size: int = 32, **changes) -> ModelSpec:
    """A small model of random weights; `changes` are top fields of `model.json`."""
    given = {"arguments": VIT, "input": spec_data()["input"] | {"size": size}, "id": name,
             "diagnosis": spec_data()["diagnosis"] | {"temperature": temperature}}
    return tiny_model(folder / name, seed=seed, **given | changes)


def with_ood(spec: ModelSpec, width: int) -> ModelSpec:
    """The same model with statistics of what it was trained on, for embeddings of that width."""
    content = pack_arrays({"means": np.zeros((2, width), np.float32), "whitening": np.eye(width, dtype=np.float32)})
    (spec.folder / "known.safetensors").write_bytes(content)
    data = json.loads((spec.folder / "model.json").read_text())
    data["ood"] = {"file": "known.safetensors", "sha256": hashlib.sha256(content).hexdigest(),
                   "threshold": 7.5}
    (spec.folder / "model.json").write_text(json.dumps(data))
    return load_spec(spec.folder)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, ModelSpec]:
    """Four models that know the same: of one kind and size, and of other architectures and sizes."""
    folder = tmp_path_factory.mktemp("members")
    volume = spec_data()["aggregation"] | {"top_k": 1, "min_component_probability": 0.25}
    return {
        "first": with_ood(member(folder, "first", 1, 1.5, aggregation=volume), 64),
        "second": member(folder, "second", 2, 0.6, training=[{"name": "heads", "licence": "CC BY 4.0"}]),
        "swin": member(folder, "swin", 3, 0.8, 64, architecture="hierarchical", arguments=SWIN),
        "cnn": member(folder, "cnn", 4, 1.2, 48, architecture="hybrid_cnn_transformer", arguments=CNN),
    }


@pytest.fixture(scope="module")
def pair(models, tmp_path_factory) -> ModelSpec:
    """Two members of one size, as written."""
    return write_ensemble([models["first"], models["second"]], tmp_path_factory.mktemp("ensemble") / "pair", "pair")


@pytest.fixture(scope="module")
def mixed(models, tmp_path_factory) -> ModelSpec:
    """Members of three architectures and sizes, as written."""
    chosen = [models[name] for name in ("first", "swin", "cnn")]
    return write_ensemble(chosen, tmp_path_factory.mktemp("ensemble") / "mixed", "mixed", "Three kinds", "2.0.1")


def images(count: int, size: int) -> torch.Tensor:
    return torch.randn(count, 1, size, size, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def looked(network: torch.nn.Module, batch: torch.Tensor):
    return network(batch)


def calibrated(logits: torch.Tensor, spec: ModelSpec) -> torch.Tensor:
    return (logits.double() / spec.temperature).softmax(dim=-1)


# What an ensemble says

def test_an_ensemble_says_the_mean_of_calibrated_probabilities_and_draws_the_mean_of_logits(models, pair):
    batch, members = images(3, 32), [models["first"], models["second"]]
    alone = [looked(load_network(spec), batch) for spec in members]
    joint = looked(load_network(pair), batch)
    assert torch.equal(joint.mask_logits, (alone[0].mask_logits + alone[1].mask_logits) / 2)
    expected = sum(calibrated(output.class_logits, spec) for output, spec in zip(alone, members, strict=True)) / 2
    assert pair.temperature == 1
    torch.testing.assert_close(calibrated(joint.class_logits, pair), expected, rtol=1e-6, atol=1e-7)
    assert (expected - calibrated(alone[0].class_logits, models["first"])).abs().max() > 0.01
    assert torch.equal(joint.embedding, alone[0].embedding)


def test_each_member_looks_at_the_image_as_it_is_prepared_for_it_alone(models, mixed):
    batch, masks, said = images(2, 64), [], []
    for name in ("first", "swin", "cnn"):
        spec = models[name]
        # The library's own way from 64 pixels to the member's size and back.
        frame = Frame(0, 0, 64, spec.size, 64, 64, 1, 1)
        output = looked(load_network(spec), torch.from_numpy(frame.to_network(batch[:, 0].numpy()))[:, None])
        back = [frame.from_network(output.mask_logits[:, label].numpy())[0] for label in range(3)]
        masks.append(np.stack(back, axis=1))
        said.append(calibrated(output.class_logits, spec))
    joint = looked(load_network(mixed), batch)
    assert mixed.size == 64 and joint.mask_logits.shape == (2, 3, 64, 64)
    np.testing.assert_allclose(joint.mask_logits.numpy(), np.mean(masks, axis=0), atol=1e-5)
    torch.testing.assert_close(calibrated(joint.class_logits, mixed), sum(said) / 3, rtol=0, atol=1e-6)


def test_the_order_of_members_changes_nothing_but_the_embedding(mixed):
    network, batch, order = load_network(mixed), images(2, 64), [2, 0, 1]
    moved = Ensemble([network.members[n] for n in order], [network.sizes[n] for n in order],
                     [network.temperatures[n] for n in order], network.size).eval()
    before, after = looked(network, batch), looked(moved, batch)
    torch.testing.assert_close(after.mask_logits, before.mask_logits, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(after.class_logits, before.class_logits, rtol=1e-5, atol=1e-6)
    assert torch.equal(after.embedding, looked(network.members[2], network._resized(batch, 64, 48)).embedding)
    assert not torch.equal(after.embedding, before.embedding)


def test_a_member_that_is_sure_against_the_others_leaves_finite_logits(pair):
    network = load_network(pair)
    with torch.no_grad():
        for one, logits in zip(network.members, ([900.0, -900, 0], [-900.0, 900, 0]), strict=True):
            one.classifier[1].weight.zero_()
            one.classifier[1].bias.copy_(torch.tensor(logits))
    said = looked(network, images(1, 32)).class_logits
    assert said.isfinite().all()
    torch.testing.assert_close(said.softmax(-1), torch.tensor([[0.5, 0.5, 0]]), rtol=0, atol=1e-6)


def test_an_image_of_another_size_is_refused(mixed):
    with pytest.raises(ValueError, match="32 x 32; this ensemble looks at 64 x 64"):
        load_network(mixed)(images(1, 32))


@pytest.mark.openvino
def test_openvino_says_what_torch_says_of_an_ensemble(models, tmp_path):
    spec = write_ensemble([models["first"], models["cnn"]], tmp_path / "two", "two")
    write_onnx(load_network(spec), spec.size, spec.folder / "model.onnx", spec.weights)
    assert compare_onnx(load_network(spec), spec.size, spec.folder / "model.onnx") < 1e-4


# The folder

def test_the_description_names_members_and_joins_what_they_learnt_from(models, pair, mixed):
    assert [(m.id, m.version, m.sha256, m.temperature) for m in pair.members] == [
        (spec.id, spec.version, spec.sha256, spec.temperature) for spec in (models["first"], models["second"])
    ]
    assert [(m.architecture, m.size) for m in mixed.members] == [
        ("shared_encoder_dual_decoder", 32), ("hierarchical", 64), ("hybrid_cnn_transformer", 48)]
    assert (mixed.name, mixed.version) == ("Three kinds", "2.0.1")
    assert (pair.name, pair.version, pair.licence) == ("Ensemble of first, second", "1.0.0", "Apache-2.0")
    assert [(data.name, data.licence) for data in pair.training] == [("phantoms", "CC0"), ("heads", "CC BY 4.0")]
    assert pair.volume_rule == models["first"].volume_rule != models["second"].volume_rule
    assert (pair.classes, pair.segments) == (models["first"].classes, models["first"].segments)
    assert pair.results == (), "nothing has been measured yet"
    assert "first 1.2.3, second 1.2.3" in pair.description
    assert load_spec(pair.folder) == pair


def test_the_weights_of_all_members_are_in_one_file(models, pair):
    joined = load_file(pair.weights)
    for n, name in enumerate(("first", "second")):
        for key, tensor in load_file(models[name].weights).items():
            assert torch.equal(joined.pop(f"members.{n}.{key}"), tensor)
    assert joined == {}
    assert sorted(file.name for file in pair.folder.iterdir()) == [
        "model.json", "model.safetensors", "ood.safetensors"]
    assert not list(pair.folder.parent.glob(".*")), "no temporary folder is left"


def test_what_is_in_distribution_is_the_first_members(models, pair):
    batch = images(2, 32).numpy()
    distances = []
    for spec in (pair, models["first"]):
        statistics = load_ood_statistics(spec)
        distances.append(statistics.score(statistics.features(TorchBackend(spec, "cpu").run(batch)[2], batch))[0])
    np.testing.assert_array_equal(*distances)
    assert pair.ood.threshold == 7.5


def described(spec: ModelSpec, folder: Path, **changes) -> str:
    """The folder of a copy of a model of which `changes` (top fields) are said."""
    shutil.copytree(spec.folder, folder)
    (folder / "model.json").write_text(json.dumps(json.loads((folder / "model.json").read_text()) | changes))
    return str(folder)


def rules(**thresholds) -> dict:
    return {"review": {kind: {"threshold": one, "coverage": 0.5, "risk": 0.02} for kind, one in thresholds.items()}}


@pytest.mark.parametrize(("one", "other", "thresholds"), [
    (rules(probability=0.5), rules(probability=0.92, confidence=0.7), (0.92, 0.7)),
    (rules(probability=None), rules(probability=0.5, confidence=0.7), (None, None)),
    (rules(probability=0.5), {}, (0.6, 0.6)), ({}, rules(probability=0.5, confidence=0.95), (0.6, 0.95)),
])
def test_an_ensemble_is_to_be_reviewed_as_its_strictest_member_is(models, tmp_path, one, other, thresholds):
    members = [load_spec(described(models[name], tmp_path / name, **changes))
               for name, changes in (("first", one), ("second", other))]
    for order in (members, members[::-1]):
        spec = write_ensemble(order, tmp_path / order[0].id / "both", "both")
        assert (review_threshold(spec, False), review_threshold(spec, True)) == thresholds


def test_statistics_that_an_ensemble_cannot_use_are_told(models, tmp_path, capsys):
    ood = json.loads((models["first"].folder / "model.json").read_text())["ood"] | {"format": 2}
    members = [described(models["first"], tmp_path / "first", ood=ood), str(models["swin"].folder)]
    assert main(["models", "ensemble", *members, "--output", str(tmp_path / "both"), "--id", "both"]) == 0
    assert "32 pixels of first, and it looks at 64" in capsys.readouterr().out


def test_a_volume_is_given_the_mean_of_what_its_members_give_it(models, pair):
    volume = head_volume(shape=(4, 45, 41))
    alone = [Predictor(models[name], "cpu").predict(volume) for name in ("first", "second")]
    joint = Predictor(pair, "cpu").predict(volume)
    np.testing.assert_allclose(joint.slice_probabilities,
                               np.mean([p.slice_probabilities for p in alone], axis=0), atol=1e-6)
    assert joint.labelmap.shape == volume.array.shape
    assert joint.provenance.model_sha256 == pair.sha256


def test_an_ensemble_is_verified_imported_listed_and_found_as_any_model(mixed, monkeypatch, tmp_path):
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "models"))
    assert verify_model(str(mixed.folder)) == mixed
    taken = import_model(mixed.folder)
    assert taken.folder == tmp_path / "models" / "mixed" / "2.0.1"
    assert replace(taken, folder=mixed.folder) == mixed == replace(find_model("mixed"), folder=mixed.folder)


# Models that do not belong together

@pytest.mark.parametrize(("change", "words"), [
    ({"modality": "CT"}, "differ in modality: MR; CT"),
    ({"plane": "coronal"}, "differ in the plane of their slices: auto; coronal"),
    ({"classes": "reversed"}, r"differ in classes or their order: healthy \(nothing found\), glioma, meningioma; men"),
    ({"classes": "no healthy one"}, "differ in classes"),
    ({"segments": "one less"}, "differ in segments or their order: Glioma, Meningioma; Glioma"),
    ({"sha256": "first"}, "first 1.2.3 and second 1.2.3 have the same weights"),
    ({"architecture": "ensemble"}, "second 1.2.3 is an ensemble itself"),
], ids=lambda value: str(value)[:30])
def test_models_that_do_not_belong_together_are_refused(models, tmp_path, change, words):
    first, second = models["first"], models["second"]
    values = {"reversed": second.classes[::-1], "one less": second.segments[:1], "first": first.sha256,
              "no healthy one": (replace(second.classes[0], lesion=True), *second.classes[1:])}
    other = replace(second, **{name: values.get(value, value) for name, value in change.items()})
    with pytest.raises(ModelSpecError, match=words):
        write_ensemble([first, other], tmp_path / "new", "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [0, 1, 11])
def test_too_few_or_too_many_members_are_refused(models, tmp_path, count):
    with pytest.raises(ModelSpecError, match=f"2 to 10 members, not {count}"):
        write_ensemble([models["first"]] * count, tmp_path / "new", "new")


@pytest.mark.parametrize(("one", "other", "joined"), [
    ("CC0", "CC0", "CC0"),
    ("CC BY-NC-SA 4.0 (as the masks)", "CC-BY-NC-SA-4.0", "CC BY-NC-SA 4.0 (as the masks)"),
    ("Apache-2.0", "CC BY 4.0", "All of these apply: Apache-2.0 for first 1.2.3; CC BY 4.0 for second 1.2.3"),
    ("CC BY-NC 4.0", "CC BY-NC-SA 4.0",
     "All of these apply: CC BY-NC 4.0 for first 1.2.3; CC BY-NC-SA 4.0 for second 1.2.3"),
    ("CC BY-SA 4.0", "CC BY-NC-SA 4.0", None), ("CC BY-NC 4.0", "CC BY-SA 4.0", None),
    ("GPL-3.0", "CC BY-SA 4.0", None),
    ("AGPLv3", "free for research, non-commercial", None), ("Attribution Non Commercial", "CC BY-SA 4.0", None),
    ("CC BY-ND 4.0", "ShareAlike", None),
])
def test_licences_are_joined_in_words_unless_they_conflict(models, tmp_path, one, other, joined):
    members = [replace(models["first"], licence=one), replace(models["second"], licence=other)]
    if joined:
        assert write_ensemble(members, tmp_path / "new", "new").licence == joined
        return
    with pytest.raises(ModelSpecError, match="licences of the weights conflict") as error:
        write_ensemble(members, tmp_path / "new", "new")
    assert one in str(error.value) and other in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_as_it_was(models, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="is not empty"):
        write_ensemble([models["first"], models["second"]], tmp_path / "new", "new")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["notes.txt"]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        write_ensemble([models["first"], models["second"]], tmp_path / "file", "new")


def test_what_cannot_be_a_model_leaves_nothing_behind(models, tmp_path):
    with pytest.raises(ModelSpecError, match=r"^id: a text of the form"):
        write_ensemble([models["first"], models["second"]], tmp_path / "new", "Not an id")
    broken = replace(models["second"], sha256="0" * 64)
    with pytest.raises(WeightsError, match="damaged or not the ones"):
        write_ensemble([models["first"], broken], tmp_path / "new", "new")
    assert list(tmp_path.iterdir()) == []


# Descriptions that could harm

@pytest.fixture(scope="module")
def description(mixed) -> dict:
    return json.loads((mixed.folder / "model.json").read_text())


@pytest.mark.parametrize("name", ["id", "version", "sha256", "architecture", "arguments", "size", "temperature"])
@pytest.mark.parametrize("wrong", ["missing", None, True, 1e9, -1, "", [], {"a": 1}, float("nan"), 10**400, "x" * 5000],
                         ids=lambda value: repr(value)[:12])
def test_a_members_field_that_is_missing_or_of_a_wrong_kind_is_named(description, name, wrong):
    data = copy.deepcopy(description)
    data["members"][1][name] = wrong
    if wrong == "missing":
        del data["members"][1][name]
    with pytest.raises(ModelSpecError) as error:
        parse_spec(data, Path("models"))
    assert str(error.value).startswith(f"members[1].{name}")


@pytest.mark.parametrize(("change", "named"), [
    ({"architecture": "ensemble"}, "members[1].architecture: an ensemble has no ensembles"),
    ({"architecture": "../unet"}, "members[1].architecture"),
    ({"arguments": SWIN | {"encoder": "hf-hub:evil/model"}}, "members[1].arguments.encoder"),
    ({"arguments": SWIN | {"encoder": "local-dir:/tmp"}}, "members[1].arguments.encoder"),
    ({"arguments": SWIN | {"task": "classification"}}, "members[1].arguments.task"),
    ({"arguments": SWIN | {"decoder_widths": [10**9] * 4}}, "members[1].arguments.decoder_widths"),
    ({"size": 33}, "members[1].size: 33 is not a multiple of 16"), ({"size": 4096}, "members[1].size"),
    ({"temperature": 0}, "members[1].temperature"), ({"sha256": "abc"}, "members[1].sha256"),
    ({"id": "../evil"}, "members[1].id"), ({"version": "1"}, "members[1].version"),
], ids=lambda value: str(value)[:40])
def test_a_members_value_that_could_harm_is_refused(description, change, named):
    data = copy.deepcopy(description)
    data["members"][1] |= change
    with pytest.raises(ModelSpecError) as error:
        parse_spec(data, Path("models"))
    assert str(error.value).startswith(named)


@pytest.mark.parametrize("members", [None, {}, "first", 3, [1, 2], "one", "eleven"], ids=str)
def test_a_list_of_members_that_is_none_or_too_short_or_too_long_is_refused(description, members):
    one = description["members"][:1]
    data = description | {"members": {"one": one, "eleven": one * 11}.get(str(members), members)}
    with pytest.raises(ModelSpecError, match=r"^members"):
        parse_spec(data, Path("models"))
    del data["members"]
    with pytest.raises(ModelSpecError, match=r"^members: this field is missing"):
        parse_spec(data, Path("models"))


def test_what_is_no_argument_of_a_member_is_refused_by_its_place(mixed):
    for change, words in (({"architecture": "of_dreams"}, r"^members\[2\]\.architecture: 'of_dreams' is not one of"),
                          ({"arguments": CNN | {"mask_classes": 3, "dept": 3}}, r"^members\[2\]\.arguments: .*dept")):
        wrong = replace(mixed, members=(*mixed.members[:2], replace(mixed.members[2], **change)))
        with pytest.raises(ModelSpecError, match=words):
            TorchBackend(wrong, "cpu")


def test_a_huge_member_is_refused_before_it_takes_the_memory(mixed):
    # 4096 channels from the start would be five billion numbers.
    huge = replace(mixed.members[0], arguments=mixed.members[0].arguments | {"stem_width": 4096})
    with pytest.raises(WeightsError, match="do not fit its description"):
        TorchBackend(replace(mixed, members=(huge, *mixed.members[1:])), "cpu")


@pytest.mark.parametrize("change", ["less", "more", "another shape"])
def test_weights_of_another_ensemble_are_refused_by_name(pair, tmp_path, change):
    tensors, name = load_file(pair.weights), "members.1.classifier.1.bias"
    if change == "less":
        del tensors[name]
    else:
        name = "members.2.classifier.1.bias" if change == "more" else name
        tensors[name] = torch.zeros(7)
    save_file(tensors, tmp_path / pair.weights_file)
    digest = hashlib.sha256((tmp_path / pair.weights_file).read_bytes()).hexdigest()
    with pytest.raises(WeightsError, match=name):
        TorchBackend(replace(pair, folder=tmp_path, sha256=digest), "cpu")


# The commands

def test_the_command_makes_an_ensemble_that_predicts(models, tmp_path, monkeypatch, capsys, warm_worker):
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "models"))
    folders = [str(models[name].folder) for name in ("first", "swin")]
    both, head = tmp_path / "both", tmp_path / "head.nrrd"
    assert main(["models", "ensemble", *folders, "--output", str(both), "--id", "both", "--name", "Both"]) == 0
    assert f"both 1.0.0 is ready, in {both}\n" in capsys.readouterr().out
    sitk.WriteImage(to_sitk(head_volume(shape=(3, 45, 41))), str(head))
    assert main(["predict", str(head), "-o", str(tmp_path / "out"), "--model", str(both), "--device", "cpu"]) == 0
    result = json.loads((tmp_path / "out" / "head.json").read_text())
    assert result["model"] == {"id": "both", "name": "Both", "version": "1.0.0", "sha256": load_spec(both).sha256}
    assert main(["models", "import", str(both)]) == main(["models"]) == 0
    assert "  Members: first 1.2.3, swin 1.2.3\n" in capsys.readouterr().out
    assert main(["models", "ensemble", folders[0], "both", "--output", str(tmp_path / "more"), "--id", "more"]) == 2
    assert "unifiedvit: both 1.0.0 is an ensemble itself" in capsys.readouterr().err
    assert not (tmp_path / "more").exists()


def test_members_of_several_channels_make_an_ensemble_of_these_and_others_do_not_fit(models, tmp_path):
    channels = [{"name": "t1c", "expects": "T1 with contrast"}, {"name": "t2", "expects": "T2"}]
    seen = spec_data()["input"] | {"size": 32, "channels": channels}
    two = [member(tmp_path, name, seed, 1.0, input=seen) for name, seed in (("one", 8), ("other", 9))]
    spec = write_ensemble(two, tmp_path / "both", "both")
    assert [channel.name for channel in spec.channels] == ["t1c", "t2"]
    volume = head_volume()
    assert any("t2" in warning for warning in Predictor(spec, "cpu").predict([volume, None]).warnings)
    with pytest.raises(ModelSpecError, match="channels or their order"):
        write_ensemble([two[0], models["second"]], tmp_path / "mixture", "mixture")
