"""Explanation: maps of what speaks for a diagnosis, by every method and for every architecture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import ORIENTATIONS, grid, head_volume, phantom, points, tiny_model, to_sitk
from disc_networks import SIDE, discs, trained
from jsonschema import validate
from scipy.stats import spearmanr
from timm.models.swin_transformer import SwinTransformerBlock
from tiny_networks import images, network
from workers import end_of

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference import choices as asked
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.models import ARCHITECTURES
from UnifiedViTLib.models.attention import WindowedAttention, visible_attention
from UnifiedViTLib.models.ensemble import Ensemble
from UnifiedViTLib.models.explanation import METHODS, explain
from UnifiedViTLib.outputs.colour_maps import HEATMAP, UNCERTAINTY, colours_of, over_image
from UnifiedViTLib.outputs.files import as_json
from UnifiedViTLib.outputs.montage import write_montage
from UnifiedViTLib.outputs.report import write_report
from UnifiedViTLib.service.worker.protocol import PredictRequest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=ARCHITECTURES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model"), input={"size": 64, "modality": "any", "expects": "heads"})


@pytest.fixture(scope="module")
def predictor(spec):
    return Predictor(spec, "cpu")


def test_the_methods_have_one_list_of_names():
    assert tuple(METHODS) == asked.METHODS and asked.DEFAULT_METHOD in METHODS
    schema = json.loads((ROOT / "Resources" / "prediction.schema.json").read_text())
    assert tuple(schema["properties"]["heatmap"]["properties"]["method"]["enum"]) == asked.METHODS


@pytest.mark.parametrize("size", [(64, 64), (48, 80)], ids=str)
def test_maps_have_the_size_of_the_image_and_the_network_is_left_as_it_was(name, size):
    net, batch = network(name).eval(), images(3, 1, *size)
    state = [getattr(module, "fused_attn", None) for module in net.modules()]
    with torch.inference_mode():
        before = net(batch)
        for method in METHODS:
            maps = explain(net, batch, torch.tensor([0, 1, 2]), method)
            assert maps.shape == (3, *size) and not maps.requires_grad
            assert maps.min() == 0 and maps.max() <= 1 and all(one.max() == 1 or not one.any() for one in maps)
        after = net(batch)
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert [getattr(module, "fused_attn", None) for module in net.modules()] == state
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    assert all(parameter.grad is None for parameter in net.parameters()) and not net.training


def test_a_network_that_is_looked_into_gives_the_same_answers(name):
    net, batch = network(name).eval(), images(2, 1, 64, 64)
    with torch.inference_mode(), visible_attention(net) as trace:
        seen = net(batch)
    with torch.inference_mode():
        for one, other in zip(seen, net(batch), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
    for step in trace.attentions:
        torch.testing.assert_close(step.probabilities.sum(dim=-1), torch.ones(step.probabilities.shape[:-1]))
    assert len(trace.attentions) == {"hierarchical": 5, "unified_decoder": 4 + 2 * 2}.get(name, 4)


def test_an_image_has_the_same_map_alone_and_among_others(name):
    net, batch = network(name).eval(), images(3, 1, 64, 64)
    maps = explain(net, batch, torch.tensor([1, 0, 2]), "relevance")
    alone = explain(net, batch[2:], torch.tensor([2]), "relevance")
    torch.testing.assert_close(maps[2:], alone, atol=1e-3, rtol=1e-3)


def test_only_rollout_is_the_same_for_all_classes(name):
    net, batch = network(name).eval(), images(1, 1, 64, 64).repeat(3, 1, 1, 1)
    for method in METHODS:
        maps = explain(net, batch, torch.tensor([0, 1, 2]), method)
        if not maps.any():  # nothing speaks for any of them
            continue
        same = torch.allclose(maps[0], maps[1], atol=1e-4) and torch.allclose(maps[1], maps[2], atol=1e-4)
        assert same == (method == "rollout"), method


def test_rollout_is_the_product_of_the_layers():
    net, batch = network("fully_integrated").eval(), images(2, 1, 64, 64)
    with torch.inference_mode(), visible_attention(net) as trace:
        net(batch)
    product = torch.eye(trace.encoder[0].probabilities.shape[-1])
    for step in trace.encoder:
        product = (step.probabilities.mean(dim=1) + torch.eye(product.shape[-1])) / 2 @ product
    patches = product[:, 0, -16:].reshape(2, 1, 4, 4)
    expected = torch.nn.functional.interpolate(patches, size=(64, 64), mode="bilinear")[:, 0]
    expected = expected - expected.amin(dim=(1, 2), keepdim=True)
    expected = expected / expected.amax(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(explain(net, batch, torch.tensor([0, 0]), "rollout"), expected, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("size", "shift"), [((8, 8), 0), ((8, 8), 2), ((7, 10), 2)], ids=str)
def test_shifted_windows_are_put_back_in_place_and_what_fills_them_up_is_cut(size, shift):
    """A block that hands on what it looks at: what comes back of a row is the transpose of what went out."""
    torch.manual_seed(0)
    block = SwinTransformerBlock(3, (8, 8), num_heads=1, window_size=4, shift_size=shift, always_partition=True,
                                 dynamic_mask=True).eval()
    with torch.no_grad():
        block.attn.qkv.weight[6:], block.attn.qkv.bias[6:] = torch.eye(3), 0
        block.attn.proj.weight.copy_(torch.eye(3))
        block.attn.proj.bias.zero_()
    seen = []
    block.attn.fused_attn = False
    block.attn.attn_drop.register_forward_hook(lambda _, __, probabilities: seen.append(probabilities))
    cells, row = images(2, *size, 3), images(2, size[0] * size[1], seed=3)
    with torch.inference_mode():
        out = block._attn(cells).flatten(1, 2)
        step = WindowedAttention(seen[0], size, block.window_size, block.shift_size)
        back = step.back(row, seen[0].mean(dim=1))
    torch.testing.assert_close((row[..., None] * out).sum(dim=1), (back[..., None] * cells.flatten(1, 2)).sum(dim=1),
                               atol=1e-4, rtol=1e-4)


def test_what_a_network_learnt_to_look_for_is_where_its_maps_are_bright(name, seed, record_property):
    batch, masks, classes = (part[torch.arange(24) % 3 > 0] for part in discs(24, seed=0))
    inside = masks.bool()
    # After seconds of training, windows and queries do not yet attend where they draw: there, only the map that weighs
    # attention by what the patches say of the class is sure to point to the disc.
    wanted = {"hybrid": 2.0}
    if name in ("shared_encoder_dual_decoder", "hybrid_cnn_transformer"):
        wanted |= {"relevance": 2.0, "rollout": 1.2}
    brighter = {}
    for method in wanted:
        maps = explain(trained(name, seed), batch, classes, method)
        brighter[method] = float(maps[inside].mean() / maps[~inside].mean())
    record_property("margin", min(brighter[method] / least for method, least in wanted.items()))
    assert all(brighter[method] > least for method, least in wanted.items()), brighter


def test_a_network_of_other_weights_has_other_maps(seed, record_property):
    """Adebayo et al. 2018: a map that stays when the weights go tells of the image alone."""
    batch, _, classes = (part[torch.arange(12) % 3 > 0] for part in discs(12, seed=0))
    random = network("shared_encoder_dual_decoder", seed=seed + 9, image_size=SIDE, mask_classes=2).eval()
    alike = {}
    for method in ("rollout", "relevance", "hybrid"):
        learnt, other = (explain(net, batch, classes, method).numpy() for net in
                         (trained("shared_encoder_dual_decoder", seed), random))
        alike[method] = np.mean([spearmanr(a.ravel(), b.ravel()).statistic
                                 for a, b in zip(learnt, other, strict=True)])
    record_property("margin", float(0.7 / max(*alike.values(), 0.01)))
    assert max(alike.values()) < 0.7, alike


def test_a_network_without_a_diagnosis_is_refused():
    with pytest.raises(ValueError, match="without a diagnosis"):
        explain(network("shared_encoder_dual_decoder", task="segmentation").eval(), images(1, 1, 64, 64),
                torch.tensor([0]), "rollout")


def test_a_baseline_that_draws_nothing_is_explained_too(name):
    net = network(name, task="classification").eval()
    for method in METHODS:
        assert explain(net, images(1, 1, 64, 64), torch.tensor([1]), method).shape == (1, 64, 64)


def test_the_map_of_an_ensemble_is_the_mean_of_its_members():
    one, other = network("fully_integrated").eval(), network("hierarchical").eval()
    batch, classes = images(2, 1, 64, 64), torch.tensor([0, 2])
    maps = explain(Ensemble([one, other], [64, 64], [1.0, 1.3], 64).eval(), batch, classes, "relevance")
    expected = (explain(one, batch, classes, "relevance") + explain(other, batch, classes, "relevance")) / 2
    torch.testing.assert_close(maps, expected)
    small = Ensemble([one, other], [64, 32], [1.0, 1.3], 64).eval()
    assert explain(small, batch, classes, "hybrid").shape == (2, 64, 64)


# Through the predictor


def test_a_heat_map_lies_on_the_volumes_grid_and_changes_no_answer(predictor):
    volume = head_volume(shape=(7, 45, 41))
    plain, seen = predictor.predict(volume), predictor.predict(volume, Options(heatmap="relevance"))
    assert plain.heatmap is None and "heatmap" not in plain.provenance.timings_s
    np.testing.assert_array_equal(plain.labelmap, seen.labelmap)
    np.testing.assert_array_equal(plain.slice_probabilities, seen.slice_probabilities)
    heatmap = seen.heatmap
    assert heatmap.percent.shape == (7, 45, 41) and heatmap.percent.dtype == np.uint8
    assert (heatmap.method, heatmap.label, heatmap.display) == ("relevance", seen.diagnosis.label,
                                                                seen.diagnosis.display)
    # Each slice's brightest place is as bright as the class is probable there, but for the resampling.
    number = [one.name for one in seen.spec.classes].index(heatmap.label)
    brightest = heatmap.percent.max(axis=(1, 2))
    assert 0 < brightest.max() <= 100 and (brightest <= 100 * seen.slice_probabilities[:, number] + 1).all()
    assert seen.provenance.timings_s["heatmap"] > 0


def test_a_volume_stored_in_another_orientation_has_the_same_heat_map_in_the_patient(predictor):
    found = {}
    for number in (0, 21, 37):
        matrix = grid(ORIENTATIONS[number], (2.0, 2.0, 2.0), (44, 44, 44))
        volume = Volume(phantom(points(matrix, (44, 44, 44))), matrix)
        percent = predictor.predict(volume, Options("axial", heatmap="relevance")).heatmap.percent
        ras = np.rint(points(matrix, (44, 44, 44))[percent > 60]).astype(int)
        found[number] = {tuple(point) for point in ras.tolist()}
    assert all(len(found[0] & other) > 0.95 * len(found[0] | other) for other in found.values())


def test_a_2d_image_and_another_class_than_the_diagnosed_one_are_explained(predictor):
    picture = Volume(head_volume().array[9:10], np.eye(4), "picture", planar=True)
    told = []
    found = predictor.predict(picture, Options(heatmap="grad-cam", heatmap_class="meningioma"),
                              lambda stage, done: told.append((stage, done)))
    assert found.heatmap.percent.shape == picture.array.shape and found.heatmap.display == "Meningioma"
    assert [done for _, done in told] == sorted(done for _, done in told) and told[-1] == ("Done", 1.0)
    assert any(stage == "Explaining slice 1 of 1" for stage, _ in told)


def test_what_cannot_be_explained_is_told_before_anything_is_looked_at(predictor):
    for method, label, words in (("magic", None, "no heat-map method called 'magic'.*rollout, relevance"),
                                 ("rollout", "flu", "no diagnosis 'flu' to explain.*healthy, glioma"),
                                 (None, "glioma", "nothing that explains was asked for; add --heatmap")):
        with pytest.raises(ModelSpecError, match=words):
            predictor.predict(head_volume(), Options(heatmap=method, heatmap_class=label))


def test_too_little_memory_halves_the_batch_of_an_explanation(spec, monkeypatch):
    predictor = Predictor(spec, "cpu", batch_size=4)
    whole, sizes = predictor._selector.backend._network.forward, []

    def forward(batch):
        if torch.is_grad_enabled():
            sizes.append(len(batch))
            if len(batch) > 1:
                raise RuntimeError("can't allocate memory")
        return whole(batch)

    monkeypatch.setattr(predictor._selector.backend._network, "forward", forward)
    assert predictor.predict(head_volume(shape=(3, 45, 41)), Options(heatmap="relevance")).heatmap.percent.any()
    assert sizes == [3, 2, 1, 1, 1]


# Into files, and through the worker


def test_the_command_line_writes_the_map_and_tells_of_it(tmp_path, spec, capsys, warm_worker):
    volume = head_volume(shape=(5, 45, 41))
    sitk.WriteImage(to_sitk(volume), str(tmp_path / "a.nrrd"))
    call = ["predict", str(tmp_path / "a.nrrd"), "-o", str(tmp_path / "out"), "-m", str(spec.folder), "--device", "cpu"]
    assert main(call) == 0 and not (tmp_path / "out" / "a.heatmap.nrrd").exists()
    assert main([*call, "--skip-existing", "--heatmap"]) == 0, "a result without a map is not what was asked for"
    image = sitk.ReadImage(str(tmp_path / "out" / "a.heatmap.nrrd"))
    original = sitk.ReadImage(str(tmp_path / "a.nrrd"))
    assert image.GetSize() == original.GetSize() and image.GetPixelID() == sitk.sitkUInt8
    for name in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(image, name)(), getattr(original, name)(), atol=1e-9)
    result = json.loads((tmp_path / "out" / "a.json").read_text())
    validate(result, json.loads((ROOT / "Resources" / "prediction.schema.json").read_text()))
    assert result["heatmap"] == {"method": asked.DEFAULT_METHOD, "label": result["diagnosis"]["label"],
                                 "display": result["diagnosis"]["display"]}
    assert image.GetMetaData("UnifiedViT_ExplainedClass") == result["diagnosis"]["label"]
    capsys.readouterr()
    assert main([*call, "--heatmap", "rollout", "--heatmap-class", "flu"]) == 2
    assert "'flu'" in capsys.readouterr().err
    assert main([*call, "--heatmap-class", "glioma"]) == 2
    assert "add --heatmap" in capsys.readouterr().err


def test_a_heat_map_comes_through_the_worker_to_the_last_bit(spec, predictor, warm_client):
    volume = head_volume(shape=(4, 45, 41))
    warm_client.submit(PredictRequest(volume, spec, Options(heatmap="hybrid", heatmap_class="glioma"), "cpu"))
    came = end_of(warm_client).result.heatmap
    here = predictor.predict(volume, Options(heatmap="hybrid", heatmap_class="glioma")).heatmap
    assert (came.method, came.label, came.display) == ("hybrid", "glioma", "Glioma")
    assert np.abs(came.percent.astype(int) - here.percent).max() <= 1


def test_pictures_and_the_report_show_the_map(tmp_path, predictor):
    volume = head_volume(shape=(5, 45, 41))
    found = predictor.predict(volume, Options(heatmap="relevance"))
    plain = predictor.predict(volume)
    for name, prediction in (("with", found), ("without", plain)):
        write_montage(volume, prediction, tmp_path / f"{name}.png")
        write_report(as_json(prediction), tmp_path / f"{name}.html", volume, prediction.labelmap,
                     prediction.heatmap.percent if prediction.heatmap else None)
    colour = [np.ptp(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / f"{name}.png")))[:150, ..., :3].astype(int),
                     axis=-1).mean() for name in ("with", "without")]
    assert colour[0] > colour[1] + 1
    pages = [(tmp_path / f"{name}.html").read_text() for name in ("with", "without")]
    assert f"What speaks for {found.heatmap.display}" in pages[0] and "What speaks for" not in pages[1]
    assert pages[0].count("<img") == 2 * pages[1].count("<img") == 10


@pytest.mark.parametrize("palette", [HEATMAP, UNCERTAINTY], ids=["heat", "uncertainty"])
def test_maps_grow_brighter_evenly_and_low_places_show_the_image(palette):
    brightness = colours_of(np.arange(101), palette) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > -0.5).all() and brightness[0] < 25 and brightness[-1] > 210
    grey = np.full((2, 3), 200, np.uint8)
    shown = over_image(grey, np.array([0, 100]), palette)
    assert shown[0].tolist() == [200, 200, 200] and shown[1].tolist() != [200, 200, 200]
