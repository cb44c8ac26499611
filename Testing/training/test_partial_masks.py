"""Partial masks, scribbles and boxes: what nobody labelled is neither learnt from nor measured on."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from builders import head_volume, tiny_model, to_sitk
from evaluation_sets import certain, dataset_of, nothing, plain, square, table_of
from head_sets import BY_FOLD, head, source, write, write_table
from head_sets import project as heads_project
from monai.losses import DiceCELoss
from training_sets import FINDINGS, SURE, discs, project, stored
from unifiedvit_training.config import IGNORE, Augmentation, Source
from unifiedvit_training.data.prepare import REPORT_FILE, SUMMARY_FILE, prepare_dataset
from unifiedvit_training.data.slicing import slice_item
from unifiedvit_training.data.sources import list_items
from unifiedvit_training.errors import DataError
from unifiedvit_training.evaluation.boundaries import boundary_values
from unifiedvit_training.evaluation.metrics import overlap_values
from unifiedvit_training.evaluation.selective import measure_confidence
from unifiedvit_training.evaluation.slice_table import table_metrics
from unifiedvit_training.evaluation.summary import summarise
from unifiedvit_training.evaluation.volumes import Case, measure_volumes, partial_note, without_lesion
from unifiedvit_training.learning.augment import augment
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.learning.losses import UnifiedLoss
from unifiedvit_training.learning.sampling import generators_of
from unifiedvit_training.learning.skull_strip import RANDOM_NUMBERS, skull_strip
from unifiedvit_training.partial_masks import boxes, scribbles

from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.decision import NetworkOutput
from UnifiedViTLib.models import UnifiedOutput

# The losses and the augmentation


def mask_loss(logits: torch.Tensor, masks: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    loss = UnifiedLoss(multi_label=False, label_smoothing=0.0)
    return loss(UnifiedOutput(logits, None, torch.empty(0)), masks, known, torch.empty(0))["mask"]


def test_of_whole_masks_the_loss_is_dice_and_cross_entropy_of_all_pixels():
    logits, masks = torch.randn(4, 3, 16, 16), torch.randint(0, 3, (4, 16, 16))
    known = torch.tensor([True, True, False, True])
    whole = DiceCELoss(softmax=True, to_onehot_y=True, include_background=False, batch=True)
    torch.testing.assert_close(mask_loss(logits, masks, known), whole(logits[known], masks[known][:, None]))


def test_what_nobody_labelled_neither_changes_the_loss_nor_gets_a_gradient():
    logits, masks = torch.randn(3, 2, 16, 16, requires_grad=True), torch.randint(0, 2, (3, 16, 16))
    masks[:, 4:] = IGNORE
    loss = mask_loss(logits, masks, torch.ones(3).bool())
    loss.backward()
    assert logits.grad is not None and logits.grad[:, :, :4].any() and not logits.grad[:, :, 4:].any()
    other = torch.where(masks[:, None] == IGNORE, torch.randn_like(logits), logits)
    assert torch.equal(mask_loss(other, masks, torch.ones(3).bool()), loss)
    assert not mask_loss(logits, torch.full_like(masks, IGNORE), torch.ones(3).bool()).any()


def test_augmentation_moves_what_is_not_labelled_along_and_makes_no_label_of_it():
    masks = torch.full((16, 48, 48), IGNORE, dtype=torch.uint8)
    masks[:, 10:30, 10:30], masks[:, 16:24, 16:24] = 0, 2
    images = torch.where(masks == IGNORE, 3.0, masks.float())[:, None]
    still = Augmentation(gain=0, offset=0, gamma=0, tone_curve=0, bias_field=0, noise=0, blur=0)
    image, mask = augment(images, masks, 32, still, generators_of(3, 0, range(16)))
    assert set(mask.unique().tolist()) == {0, 2, IGNORE}
    for label_value, intensity in ((0, 0.0), (2, 2.0), (IGNORE, 3.0)):
        near = (image[:, 0] - intensity).abs() < 0.7
        assert near[mask == label_value].float().mean() > 0.8
    off = Augmentation(**dict.fromkeys(Augmentation.model_fields, 0))
    assert torch.equal(augment(images, masks, 48, off, generators_of(3, 0, range(16)))[1], masks.long())


def test_a_stripped_head_keeps_what_is_not_labelled_within_the_brain():
    y, x = np.mgrid[:64, :64]
    body = (x - 32) ** 2 + (y - 32) ** 2 < 28**2
    images = torch.from_numpy(np.where(body, 1.0, -1.0).astype(np.float32))[None, None]
    masks = torch.from_numpy(np.where(y < 32, IGNORE, 0).astype(np.uint8))[None]
    _, cut, _ = skull_strip(images, masks, 1.0, torch.full((1, RANDOM_NUMBERS), 0.5))
    assert cut[0, 24, 32] == IGNORE and cut[0, 0, 0] == 0, "of the air around it is known that nothing is there"


def test_a_network_learns_whole_discs_from_the_middles_of_some(tmp_path, seed, record_property):
    dataset = discs(tmp_path / "whole", radius=6)
    y, x = np.mgrid[:32, :32]
    masks = np.array(dataset.slices.masks)
    for mask in masks[dataset.slices.sides == "train"]:
        if mask.any():
            rows, columns = np.nonzero(mask)
            distance = np.hypot(y - rows.mean(), x - columns.mean())
            mask[(distance > 3) & (distance < 9)] = IGNORE
    partial = stored(tmp_path / "partial", replace(dataset.slices, masks=masks), list(dataset.items))
    plan = project(**SURE | {"batch_size": 4}, stages=[{"size": 32, "epochs": 12}], optimiser={"learning_rate": 6e-3}
                   ).model_copy(update={"seed": seed})
    fit(plan, partial, tmp_path / "run")
    with open(tmp_path / "run" / "validation.csv", newline="") as file:
        dice = float(list(csv.DictReader(file))[-1]["dice"])
    record_property("margin", dice / 0.5)
    assert dice > 0.5, "the rim was never shown"


# The preparation


@pytest.fixture
def scribbled(tmp_path) -> list[dict]:
    """Twelve heads; of those with a disc 255 is a stroke in it, 7 a band of background, 0 not labelled."""
    chance, rows = np.random.default_rng(1), []
    for n in range(12):
        image, disc = head(chance, n % 3)
        mask = np.zeros_like(disc)
        if n % 3:
            mask[disc > 0] = 255
            mask[:, ::2][mask[:, ::2] > 0] = 0
            mask[2:6] = 7
        rows.append({"image": write(tmp_path / f"{n}.png", image), "label": ("healthy", "bright", "dark")[n % 3],
                     "patient": f"p{n // 3}", "mask": write(tmp_path / f"{n}m.png", mask) if n % 3 else "",
                     "fold": n // 3 + 1})
    write_table(tmp_path, rows)
    return rows


def test_prepared_masks_keep_what_is_not_labelled_and_the_report_says_how_much_is(scribbled, tmp_path):
    plan = heads_project(source(tmp_path / "table.csv", ignore=0, mask_values={255: "Disc", 7: "background"}))
    dataset = prepare_dataset(plan, tmp_path / "dataset")
    slices = dataset.slices
    assert {*np.unique(slices.masks[1])} == {0, 1, IGNORE} and slices.has_mask.all()
    assert not slices.masks[0].any(), "a healthy image is known from edge to edge"
    assert slices.partial(np.arange(3)).tolist() == [False, True, True] and slices.drawn(1) and not slices.drawn(0)
    text = (tmp_path / "dataset" / SUMMARY_FILE).read_text()
    assert "labelled" in text and "%" in text
    assert "that somebody labelled" in (tmp_path / "dataset" / REPORT_FILE).read_text()


def test_where_masks_are_whole_nothing_is_said_of_it_and_old_datasets_go_on(scribbled, tmp_path):
    plan = heads_project(source(tmp_path / "table.csv"))
    dataset = prepare_dataset(plan, tmp_path / "dataset")
    assert "labelled" not in (tmp_path / "dataset" / SUMMARY_FILE).read_text()
    assert "ignore" not in dataset.recipe["data"]["sources"][0]


def test_a_stroke_of_one_voxel_is_not_lost_and_not_widened_and_what_is_beside_the_image_is_not_labelled(tmp_path):
    image = head_volume(spacing=(1.0, 1.0, 5.0), shape=(6, 40, 90))
    mask = np.full(image.array.shape, 9, np.uint8)
    mask[:, 20, 20:60] = 1
    written = sitk.GetImageFromArray(mask)
    written.CopyInformation(to_sitk(image))
    sitk.WriteImage(written, str(tmp_path / "v_seg.nrrd"))
    sitk.WriteImage(to_sitk(image), str(tmp_path / "v.nrrd"))
    write_table(tmp_path, [{"image": "v.nrrd", "mask": "v_seg.nrrd", "label": "bright", "fold": 1}])
    plan = heads_project({"name": "heads", "table": str(tmp_path / "table.csv"), "split": BY_FOLD, "ignore": 9})
    item = list_items(plan)["heads"][0].item
    slices = slice_item(item, plan.data.sources[0], plan.data, plan.model)
    frame = prepare(image, 32).frame
    stroke = (slices.masks == 1).sum(axis=(1, 2))
    assert (np.abs(stroke - 40 / frame.pixel_mm) < 2).all() and not (slices.masks == 0).any()
    assert slices.facts["drawn"].tolist() == [40] * 6


@pytest.fixture
def partial_volume(tmp_path):
    """Of six slices two show a lesion, two are background from edge to edge, one is so in part, one not labelled."""
    image = head_volume(spacing=(1.25, 1.25, 5.0), shape=(6, 64, 60))
    mask = np.zeros(image.array.shape, np.uint8)
    mask[:2, 20:40, 20:40], mask[4, :30], mask[5] = 1, 255, 255
    for name, values in (("v.nrrd", image.array), ("v_seg.nrrd", mask)):
        written = sitk.GetImageFromArray(values)
        written.CopyInformation(to_sitk(image))
        sitk.WriteImage(written, str(tmp_path / name))
    return tmp_path


@pytest.mark.parametrize(("model", "cells", "expected"), [
    ({}, {"label": "bright"}, [1, 1, 0, 0, -1, -1]),
    ({}, {"label": "healthy"}, [-1, -1, 0, 0, 0, 0]),
    (FINDINGS | {"segments": [{"name": "Bright", "colour": [1, 2, 3]}],
                 "classes": [{"name": "bright", "display": "Bright", "segment": "Bright"},
                             {"name": "dark", "display": "Dark"}]},
     {"bright": 1, "dark": 0}, [[1, 0], [1, 0], [0, 0], [0, 0], [-1, 0], [-1, 0]]),
])
def test_a_slice_is_healthy_only_where_all_of_it_is_labelled(partial_volume, model, cells, expected):
    write_table(partial_volume, [{"image": "v.nrrd", "mask": "v_seg.nrrd", "fold": 1} | cells])
    plan = heads_project({"name": "heads", "table": str(partial_volume / "table.csv"), "split": BY_FOLD,
                          "ignore": 255}, **model)
    slices = slice_item(list_items(plan)["heads"][0].item, plan.data.sources[0], plan.data, plan.model)
    step = -1 if prepare(head_volume(spacing=(1.25, 1.25, 5.0), shape=(6, 64, 60)), 32).view.flipped[0] else 1
    assert slices.labels[::step].tolist() == expected
    assert slices.has_mask[::step].tolist() == [True] * 5 + [False]


@pytest.mark.parametrize(("given", "words"), [
    ({"ignore": 3, "mask_values": {3: "Disc"}}, "ignore is 3, which mask_values calls Disc"),
    ({"ignore": 0}, "must name the value that is 'background'"),
])
def test_what_is_not_labelled_needs_a_value_of_its_own(given, words):
    with pytest.raises(ValueError, match=words):
        Source.model_validate({"name": "heads", "table": "table.csv"} | given)


def test_a_mask_with_soft_edges_cannot_say_what_is_not_labelled(scribbled, tmp_path):
    chance = np.random.default_rng(2)
    for row in scribbled:
        if row["mask"]:
            write(tmp_path / row["mask"], chance.integers(0, 256, (48, 48)).astype(np.uint8))
    with pytest.raises(DataError, match="has soft edges, so that its values do not"):
        prepare_dataset(heads_project(source(tmp_path / "table.csv", ignore=255)), tmp_path / "dataset")


# What is measured


def half_labelled(mask: np.ndarray) -> np.ndarray:
    mask[:, mask.shape[1] // 2:] = IGNORE
    return mask


def test_dice_counts_labelled_pixels_alone_and_a_slice_known_in_part_is_not_empty():
    masks = np.stack([half_labelled(square(10, 46, 20)), half_labelled(nothing()), nothing()])
    drawn = np.stack([square(10, 46, 40), square(10, 60, 20), square(10, 60, 20)])
    values = overlap_values(drawn, masks, np.ones(3, bool), 1)
    true, both = 20 * 10, 20 * 10  # columns 46..55 of rows 10..29
    predicted = 40 * 10
    assert values["dice"][0, 0] == pytest.approx(2 * both / (true + predicted))
    assert values["detected"][0] == 1 and np.isnan(values["detected"][1:]).all()
    assert np.isnan(values["empty"][:2]).all() and values["empty"][2] == 0
    assert values["drawn_pixels"].tolist() == [400, 0, 400]
    outlines = boundary_values(drawn, masks, np.ones(3, bool), 1)
    assert all(np.isnan(value[0, 0]) for value in outlines.values()), "of a part nobody knows the outline"


def test_an_evaluation_says_which_masks_are_partial(tmp_path):
    masks = [half_labelled(square(10, 46, 20)), half_labelled(nothing()), square(10, 40), nothing()]
    data = dataset_of(tmp_path, masks, np.array([1, 1, 1, 0]))
    table = table_of(data, certain([1, 1, 1, 0]), [square(10, 46, 20), nothing(), square(10, 40), nothing()], project())
    assert table.partial.tolist() == [True, True, False, False]
    metrics = plain(table_metrics(table, project().model, np.ones((1, 4))))
    assert metrics["dice"] == 1 and metrics["empty"] == 1 and metrics["group_dice"] == 1
    assert "2 of 4 masks are partial" in summarise(table, "validation", project().model).note
    confidences = measure_confidence(table, None, np.array([True, False, True, False]))
    right = next(one for one in confidences if one.error == "result")
    assert len(right.curve.coverage) <= 3, "of the slice that shows no lesion where it is labelled nothing is known"


def test_whole_volumes_are_measured_where_they_are_labelled(tmp_path):
    spec = tiny_model(tmp_path / "model")
    volume = head_volume(None, (2.0, 2.0, 5.0), (12, 45, 41))
    prepared = prepare(volume, 32, "axial")
    truth, labelled = np.zeros(volume.array.shape, bool), np.ones(volume.array.shape, bool)
    prepared.view.of(truth)[2:5, 10:20, 10:15] = True
    prepared.view.of(labelled)[2:5, :, 15:] = False
    labelmap = truth.astype(np.uint8)
    prepared.view.of(labelmap)[2:5, 10:20, 10:20] = 1
    logits = np.tile(np.array([4.0, 0, 0], np.float32), (len(prepared), 1))
    logits[2:5] = [0, 6, 0]
    output = NetworkOutput(labelmap, logits, prepared.view.of(labelmap).astype(float).sum(axis=(1, 2)))
    case = Case("head", prepared, output, truth & labelled, "glioma", labelled=labelled)
    metrics = measure_volumes([case], spec)
    assert metrics["dice"] == 1 and metrics["detected"] == 1 and metrics["empty"] == 1
    assert "false_components" not in metrics and "1 of 1 masks are partial" in partial_note([case])
    assert [len(one.prepared) for one in without_lesion([case])] == [7]
    prepared.view.of(labelled)[7] = False
    assert not without_lesion([case]), "a run of slices ends where one is not labelled"


# Scribbles and boxes


def test_scribbles_are_strokes_of_the_right_class_and_boxes_leave_their_inside_open():
    mask = np.zeros((2, 64, 64), np.uint8)
    mask[0, 10:30, 10:30], mask[0, 40:60, 40:50] = 1, 2
    strokes = scribbles(mask, np.random.default_rng(0))
    for value in (0, 1, 2):
        assert (strokes[0] == value).any() and (mask[strokes == value] == value).all()
    assert (strokes == IGNORE).mean() > 0.8 and not (strokes[1] > 0)[strokes[1] != IGNORE].any()
    box = boxes(mask, np.random.default_rng(0))
    known = box != IGNORE
    assert (box[known] == mask[known]).all(), "what a box says is true"
    assert not box[1].any() and (box[0, :35] == IGNORE).any() and (box[0, 38:] == IGNORE).any()
    assert ((box[0] == 1).sum() > 50) and (box[0] == 2).sum() > 25
