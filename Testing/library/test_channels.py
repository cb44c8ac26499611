"""Several sequences of one patient: a learned token for a missing one, one grid for all; models of one as before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import grid, head_volume, oblique, phantom, points, spec_data, tiny_model, to_sitk, write_series
from tiny_networks import TINY

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import ModelSpecError, UnsupportedImageError, WeightsError
from UnifiedViTLib.imaging.channels import prepare_channels
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.channels import combine_channels, order_channels
from UnifiedViTLib.inference.decision import NetworkOutput
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.prediction import Diagnosis
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.inference.warnings import collect_warnings
from UnifiedViTLib.models import ARCHITECTURES, build_model
from UnifiedViTLib.models.channels import missing_channels
from UnifiedViTLib.service.worker.protocol import PredictRequest
from UnifiedViTLib.spec import MISSING, Channel, ModelSpec, OODSpec, load_spec, parse_spec

ROOT = Path(__file__).resolve().parents[2]
CHANNELS = [{"name": "t1c", "expects": "T1 after contrast"}, {"name": "t2", "expects": "T2"},
            {"name": "flair", "expects": "FLAIR"}]
SHIPPED = [[3.08229, -0.67155, -1.04537, -1.30464], [3.10726, -1.85889, -0.31049, -0.84715]]
INPUT = spec_data()["input"] | {"channels": CHANNELS}


def images(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def network(name: str, channels: int, seed: int = 0):
    torch.manual_seed(seed)
    sizes = {"mask_classes": 3, "diagnosis_classes": 3, "image_size": 32, "in_channels": channels}
    return build_model(name, TINY[name] | sizes)


def second(volume: Volume, name: str = "t2") -> Volume:
    """Another sequence on the grid of `volume`: dark where that is bright."""
    return replace(volume, array=np.sqrt(volume.array.max() - volume.array), name=name)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Three channels, random weights, tokens that are not 0."""
    from safetensors.torch import load_file, save_file

    folder = tmp_path_factory.mktemp("channels")
    spec = tiny_model(folder, input=INPUT)
    tensors = load_file(spec.weights)
    tensors["encoder.gate.token"] = images(3, 16, 16)
    save_file(tensors, spec.weights)
    text = (folder / "model.json").read_text()
    digest = hashlib.sha256(spec.weights.read_bytes()).hexdigest()
    (folder / "model.json").write_text(text.replace(spec.sha256, digest))
    return load_spec(folder)


# The network


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_token_of_a_missing_channel_is_learnt_and_what_it_stands_for_does_not_matter(name):
    net = network(name, 3).train()
    batch = images(4, 3, 32, 32)
    batch[:, 1] = MISSING
    batch[2, 0] = MISSING
    output = net(batch)
    (output.mask_logits.square().mean() + output.class_logits.square().mean()).backward()
    learnt = net.encoder.gate.token.grad.abs().sum(dim=(1, 2)) > 0
    assert learnt.tolist() == [True, True, False], "only the tokens of what is missing are learnt"

    net.eval()
    seen = images(1, 3, 32, 32)
    seen[:, 1] = MISSING
    other = seen.clone()
    other[:, 1] = 3 * MISSING  # a sentinel that augmentation or half precision has moved
    with torch.no_grad():
        before, same = net(seen), net(other)
        net.encoder.gate.token[1] += 1
        after = net(seen)
    assert torch.equal(before.mask_logits, same.mask_logits) and torch.equal(before.class_logits, same.class_logits)
    assert not torch.equal(before.class_logits, after.class_logits)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_network_of_one_channel_has_nothing_new(name):
    net = network(name, 1)
    assert not any(key.startswith("encoder.gate.") for key in net.state_dict())
    assert isinstance(net.encoder.gate, torch.nn.Identity)


def test_the_shipped_model_says_what_it_said_before():
    """Logits of brain-t1ce 0.6.0, to what CPUs agree on: no change of the code may change a shipped model's answers."""
    spec = load_spec(ROOT / "Resources" / "Models" / "brain-t1ce")
    volume = head_volume()
    look, _ = Predictor(spec, "cpu").run_network(prepare(volume, spec.size))
    assert spec.channels == () and spec.arguments["in_channels"] == 1
    np.testing.assert_allclose(look.logits[[0, 8]], SHIPPED, atol=2e-3)


def test_black_images_are_there_and_augmented_ones_too():
    zeros, bright = torch.zeros(1, 1, 8, 8), torch.full((1, 1, 8, 8), -40.0)
    gone = torch.full((1, 1, 8, 8), MISSING)
    for kind in (torch.float32, torch.bfloat16, torch.float16):
        said = missing_channels(torch.cat([zeros, bright, gone], dim=1).to(kind))
        assert said.flatten().tolist() == [False, False, True]


# The description


def test_channels_are_read_as_they_are_written_and_go_to_the_worker_and_back():
    spec = parse_spec(spec_data(input=INPUT), Path("models").resolve())
    assert spec.channels[1] == Channel("t2", "T2") and spec.arguments["in_channels"] == 3
    assert ModelSpec.from_dict(spec.to_dict()) == spec
    alone = parse_spec(spec_data(), Path())
    assert alone.channels == () and alone.arguments["in_channels"] == 1


@pytest.mark.parametrize("wrong", [
    None, [], "t1", {"t1": "T1"}, CHANNELS[:1], CHANNELS * 6, [*CHANNELS[:2], CHANNELS[0]], [CHANNELS[0], "t2"],
    [CHANNELS[0], {"name": "t2"}], [CHANNELS[0], {"name": "T 2", "expects": "T2"}],
    [CHANNELS[0], {"name": "../t2", "expects": "T2"}], [CHANNELS[0], {"name": "t2=x", "expects": "T2"}],
    [CHANNELS[0], {"name": "t2", "expects": ""}], [CHANNELS[0], {"name": "t2", "expects": ["T2"]}],
], ids=lambda value: repr(value)[:30])
def test_hostile_channels_are_refused_with_the_name_of_the_field(wrong):
    with pytest.raises(ModelSpecError, match=r"^input\.channels"):
        parse_spec(spec_data(input=INPUT | {"channels": wrong}), Path())


def test_the_number_of_channels_cannot_be_set_beside_the_list_and_other_weights_are_refused(tmp_path):
    arguments = spec_data()["arguments"] | {"in_channels": 7}
    assert parse_spec(spec_data(arguments=arguments, input=INPUT), Path()).arguments["in_channels"] == 3
    spec = tiny_model(tmp_path)
    data = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(data | {"input": INPUT}))
    with pytest.raises(WeightsError, match="do not fit"):
        Predictor(load_spec(spec.folder), "cpu")


# Preparation


def test_one_volume_is_prepared_as_ever_and_channels_are_each_normalised_by_their_own_statistics():
    volume = head_volume()
    alone, both = prepare(volume, 32), prepare_channels([volume, second(volume), None], 32)
    np.testing.assert_array_equal(prepare_channels([volume], 32).inputs(0, 18), alone.batch(0, 18)[:, None])
    seen = both.inputs(3, 9)
    assert seen.shape == (6, 3, 32, 32) and seen.dtype == np.float32
    np.testing.assert_array_equal(seen[:, 0], alone.batch(3, 9))
    assert (seen[:, 2] == MISSING).all()
    scaled = prepare_channels([volume, replace(second(volume), array=7 * second(volume).array + 5)], 32).inputs(3, 9)
    np.testing.assert_allclose(scaled[:, 1], seen[:, 1], atol=1e-3)


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([-1.0, 1.0, -1.0]), oblique()],
                         ids=["same axes", "flipped axes", "oblique"])
def test_a_volume_on_another_grid_is_brought_onto_the_first_ones(direction):
    first = head_volume(shape=(18, 45, 41))
    matrix = grid(direction, (1.5, 1.5, 1.5), (90, 90, 90))
    fine = Volume(phantom(points(matrix, (90, 90, 90))), matrix, "fine")
    there = prepare_channels([first, fine], 32).channels[1].volume
    np.testing.assert_array_equal(there.ijk_to_ras, first.ijk_to_ras)
    inside = first.array > 50
    assert np.abs(there.array - first.array)[inside].mean() < 5, "the same place has the same value (of up to 620)"


def test_a_sheared_grid_is_resampled_too():
    first = head_volume()
    shear = np.eye(4)
    shear[0, 1] = 0.2
    matrix = shear @ grid(np.eye(3), (1.5, 1.5, 1.5), (90, 110, 110))
    sheared = Volume(phantom(points(matrix, (90, 110, 110))), matrix, "sheared")
    there = prepare_channels([first, sheared], 32).channels[1].volume
    assert np.abs(there.array - first.array)[first.array > 50].mean() < 5


def test_a_volume_that_does_not_belong_to_the_first_is_refused_in_a_sentence():
    first = head_volume(name="t1")
    far = replace(second(first), ijk_to_ras=grid(np.eye(3), (2.0, 2.0, 5.0), (18, 45, 41), centre=(300.0, 0.0, 0.0)))
    half = replace(second(first), array=second(first).array[:6])
    picture = Volume(first.array[8:9], np.eye(4), "picture", planar=True)
    small = replace(picture, array=picture.array[:, :40])
    moved = first.ijk_to_ras.copy()
    moved[0, 3] += 3
    framed = [replace(one, metadata={"FrameOfReferenceUID": uid}) for one, uid in ((first, "1.2"), (far, "1.3"))]
    for pair, words in (((first, far), "t2 covers only 0%"), ((first, half), "t2 covers only"),
                        ((first, picture), "must have the same size"), ((picture, small), "must have the same size"),
                        ((picture, replace(picture, ijk_to_ras=np.diag([2.0, 2, 1, 1]))), "of 2 x 2 mm, 2-D"),
                        ((framed[0], replace(framed[1], ijk_to_ras=moved)), "different frames of reference"),
                        ((None, None), "Give at least one")):
        with pytest.raises(UnsupportedImageError, match=words) as caught:
            prepare_channels(pair, 32)
        assert str(caught.value).endswith(".")


def test_sequences_on_one_grid_that_may_be_of_two_patients_are_told():
    first = head_volume(name="t1")
    told = ("t2: lies where t1 does, but in another frame of reference: check that both are of one patient and one "
            "examination.",)
    for uid, notes in (("1.2", ()), ("1.3", told)):
        pair = [replace(one, metadata={"FrameOfReferenceUID": number})
                for one, number in ((first, "1.2"), (second(first), uid))]
        assert prepare_channels(pair, 32).volume.notes == notes


def test_a_sequence_of_another_study_is_told_once_however_it_is_given(model):
    told = ("t2: is of another study than t1: check that both are of one examination.",)
    for study, notes in (("1.9", told), ("1.8", ()), ("", ())):
        one, other = (replace(volume, metadata={"StudyInstanceUID": uid}) for volume, uid in (
            (head_volume(name="t1"), "1.8"), (second(head_volume()), study)))
        for given in (combine_channels(one, {"t2": other}, model), [one, other]):
            assert prepare_channels(order_channels(given, model)[0], 32).volume.notes == notes


def test_one_image_given_as_two_sequences_is_told_on_whatever_grid_it_lies():
    volume = head_volume()
    flip = np.diag([1.0, -1, 1, 1])
    flip[1, 3] = volume.array.shape[1] - 1
    turned = replace(volume, array=volume.array[:, ::-1], name="flair", ijk_to_ras=volume.ijk_to_ras @ flip)
    rescaled = replace(volume, array=volume.array.astype(np.float32) * 0.01 + 3, name="flair")
    few = replace(volume, array=np.where(np.arange(volume.array.shape[2]) < 2, volume.array, 0))
    for first, other in ((volume, replace(volume, name="flair")), (volume, turned), (volume, rescaled),
                         (few, replace(few, name="flair"))):
        note, = prepare_channels([first, second(volume), other], 32).volume.notes
        assert note.startswith("flair is the same image as head, given as two sequences. Do not rely on the answer")


def test_sequences_of_two_patients_are_refused(model, tmp_path):
    volume = head_volume(shape=(4, 45, 41))
    one, other, same = (read(write_series(tmp_path / f"s{n}", (volume.array + n).astype("int16"), volume.ijk_to_ras,
                                          patient=patient)) for n, patient in enumerate(("P01", "P02", "p1")))
    for use in (lambda pair: prepare_channels(pair, 32),
                lambda pair: combine_channels(pair[0], {"t2": pair[1]}, model)):
        with pytest.raises(UnsupportedImageError, match="s1 is of another patient than s0"):
            use([one, other])
        use([one, same])


def test_what_one_channel_does_not_cover_is_its_air_and_is_said():
    first = head_volume()
    short = replace(second(first), array=second(first).array[:13])
    prepared = prepare_channels([first, short], 32)
    assert any("t2: only" in note and "taken for air" in note for note in prepared.volume.notes)
    assert np.ptp(prepared.channels[1].volume.array[16]) == 0


# Prediction


@pytest.mark.parametrize("known", [(), (("t1c",),)])
def test_an_image_without_a_channel_is_judged_where_the_statistics_know_such_images(model, known):
    distances = np.full(4, 9.0)
    statistics = OODSpec("ood.safetensors", "0" * 64, 1.0, 2, known)
    first = head_volume(name="brain")
    output = NetworkOutput(np.zeros(first.array.shape, np.uint8), np.zeros((4, 3), np.float32), np.zeros(4), distances,
                           None, None)
    diagnosis = Diagnosis("healthy", "Nothing", {"healthy": 1.0})
    prepared = prepare_channels([first, None, None], 32)
    warnings = collect_warnings(prepared, replace(model, ood=statistics), output, diagnosis, ())
    assert any("does not look like what the model was trained on" in one for one in warnings) == bool(known)
    assert any("is not judged" in one for one in warnings) != bool(known)


def test_volumes_are_taken_alone_in_order_or_by_name_and_what_is_missing_is_said(model):
    predictor = Predictor(model, "cpu")
    first = head_volume(name="brain")
    t2, flair = second(first), second(second(first), "flair")
    whole = predictor.predict([first, t2, flair])
    named = predictor.predict({"t1c": first, "flair": flair, "t2": t2})
    np.testing.assert_array_equal(whole.slice_probabilities, named.slice_probabilities)
    assert not any("Without" in warning for warning in whole.warnings)
    alone = predictor.predict(first)
    assert alone.warnings[0].startswith("Without t2, flair:") and alone.name == "brain"
    without = predictor.predict({"t1c": None, "t2": t2})
    assert without.warnings[0].startswith("Without t1c, flair:") and without.name == "t2"
    answers = [p.slice_probabilities for p in (whole, alone, without)]
    assert not np.allclose(answers[0], answers[1]) and not np.allclose(answers[1], answers[2])


def test_the_result_lies_on_the_grid_of_what_was_given_first(model):
    first = head_volume()
    matrix = grid(np.eye(3), (1.5, 1.5, 1.5), (80, 90, 90))
    fine = Volume(phantom(points(matrix, (80, 90, 90))), matrix, "fine")
    predictor = Predictor(model, "cpu")
    assert predictor.predict({"t2": fine, "t1c": first}).labelmap.shape == fine.array.shape
    given = predictor.predict({"t1c": first, "t2": fine}, Options(keep_probabilities=True))
    assert given.labelmap.shape == first.array.shape == given.probability_maps.shape[1:]
    np.testing.assert_array_equal(given.ijk_to_ras, first.ijk_to_ras)


def test_what_a_model_does_not_know_is_refused_in_a_sentence(model, tmp_path):
    predictor, first = Predictor(model, "cpu"), head_volume()
    film = replace(first, array=np.stack([first.array] * 2))
    for given, words in (({"t3": first}, "knows no sequence called t3; it looks at t1c, t2, flair"),
                         ([first] * 4, "4 images are given"), ({}, "nothing to look at"),
                         ([None], "nothing to look at"), ({"t1c": first, "t2": film}, "four dimensions")):
        with pytest.raises(UnsupportedImageError, match=words):
            predictor.predict(given)
    single = Predictor(tiny_model(tmp_path), "cpu")
    with pytest.raises(UnsupportedImageError, match="one image, which has no name"):
        single.predict({"t2": first})
    np.testing.assert_array_equal(single.predict([first]).labelmap, single.predict(first).labelmap)


def test_a_wrong_modality_of_any_channel_is_noticed(model):
    first = head_volume()
    warnings = Predictor(model, "cpu").predict([first, replace(second(first), metadata={"Modality": "CT"})]).warnings
    assert any("says that it is CT" in warning for warning in warnings)


def test_the_worker_gives_what_the_library_gives(model, warm_client):
    first = head_volume()
    t2 = second(first)
    direct = Predictor(model, "cpu").predict({"t2": t2, "t1c": first})
    asked = PredictRequest(t2, model, device="cpu", input_channel="t2", extra_channels={"t1c": first})
    there = warm_client.run(asked)
    # A faster backend may differ by so much as `Agreement` lets it.
    assert (there.labelmap == direct.labelmap).mean() > 0.99
    np.testing.assert_allclose(there.slice_probabilities, direct.slice_probabilities, atol=0.05)
    assert there.warnings == direct.warnings and there.warnings[0].startswith("Without flair:")
    for others, words in (({"t9": t2}, "knows no sequence called t9"), ({"t1c": t2}, "Two images are given")):
        with pytest.raises(UnsupportedImageError, match=words):
            warm_client.run(PredictRequest(first, model, device="cpu", extra_channels=others))


# The command line


def test_the_command_line_takes_further_channels_by_name(tmp_path, model, capsys, monkeypatch, warm_worker):
    monkeypatch.chdir(tmp_path)
    first = head_volume()
    for volume, name in ((first, "t1c"), (second(first), "t2"), (second(second(first)), "flair")):
        sitk.WriteImage(to_sitk(volume), f"{name}.nrrd")
    assert main(["predict", "t1c.nrrd", "--channel", "t2=t2.nrrd", "--channel", "flair=flair.nrrd", "-o", "out", "-m",
                 str(model.folder), "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert "t1c: " in said and "Without" not in said
    assert (tmp_path / "out" / "t1c.seg.nrrd").is_file() and (tmp_path / "out" / "t1c.png").is_file()


def test_the_command_line_says_what_is_missing_and_refuses_what_it_does_not_know(tmp_path, model, capsys, monkeypatch,
                                                                                      warm_worker):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        sitk.WriteImage(to_sitk(head_volume()), f"{name}.nrrd")
    usual = ["-o", "out", "-m", str(model.folder), "--device", "cpu"]
    assert main(["predict", "a.nrrd", "b.nrrd", "--input-channel", "flair", *usual]) == 0
    assert capsys.readouterr().out.count("! Without t1c, t2:") == 2
    for further, words in ((["--channel", "t9=b.nrrd"], "knows no sequence called t9"),
                           (["b.nrrd", "--channel", "t2=b.nrrd"], "belongs to one input"),
                           (["--channel", "t2=b.nrrd", "--channel", "t2=b.nrrd"], "two images for one sequence"),
                           (["--input-channel", "t2", "--channel", "t2=b.nrrd"], "two images for one sequence"),
                           (["--input-channel", "t9"], "knows no sequence called t9")):
        assert main(["predict", "a.nrrd", *further, *usual]) == 2
        assert words in capsys.readouterr().err
    for further, words in (("t1c=b.nrrd", "Two images are given for t1c"),
                           ("t2=gone.nrrd", "gone.nrrd does not exist")):
        assert main(["predict", "a.nrrd", "--channel", further, *usual]) == 1
        assert words in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["predict", "a.nrrd", "--channel", "t2", *usual])
    assert "NAME=FILE" in capsys.readouterr().err
