"""Few labels: of a part of the patients, or of whole volumes alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from training_sets import FINDINGS, SURE, both_discs, discs, project, stored
from unifiedvit_training.config import Fit
from unifiedvit_training.data.dataset import Dataset, Item, SliceSet
from unifiedvit_training.errors import DataError, RunError
from unifiedvit_training.learning.bags import find_bags
from unifiedvit_training.learning.few_labels import labelled_slices, with_few_labels
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.learning.sampling import favour_labelled, order_of_epoch
from unifiedvit_training.learning.training_module import TrainingModule

# A part of the patients


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    return discs(tmp_path_factory.mktemp("discs") / "dataset", count=96)


def test_whole_patients_keep_their_labels_and_each_diagnosis_its_share(dataset):
    slices = dataset.slices
    few = with_few_labels(slices, 0.25, seed=0)
    train, others = slices.on("train"), slices.sides != "train"
    kept = few.has_mask[train]
    assert 0.15 < kept.mean() < 0.35 and np.array_equal(kept, few.labels[train] >= 0)
    assert not {*slices.groups[train][kept]} & {*slices.groups[train][~kept]}
    assert all((few.labels[train] == c).any() for c in range(3))
    assert few.has_mask[others].all() and np.array_equal(few.labels[others], slices.labels[others])
    assert slices.has_mask.all(), "the dataset itself stays whole"
    again, other = with_few_labels(slices, 0.25, seed=0), with_few_labels(slices, 0.25, seed=1)
    assert np.array_equal(few.labels, again.labels) and not np.array_equal(few.labels, other.labels)


def test_several_findings_are_left_out_together(tmp_path):
    slices = both_discs(tmp_path / "dataset").slices
    few = with_few_labels(slices, 0.5, seed=0)
    left_out = ~few.has_mask
    assert left_out.any() and (few.labels[left_out] == -1).all()


def test_the_smallest_share_is_a_patient_of_each_diagnosis(dataset):
    few = with_few_labels(dataset.slices, 0.001, seed=0)
    train = dataset.slices.on("train")
    assert {*few.labels[train]} == {-1, 0, 1, 2} and few.has_mask[train].sum() <= 6


def test_without_a_teacher_slices_of_which_nothing_is_known_are_not_drawn(dataset, tmp_path):
    slices = with_few_labels(dataset.slices, 0.25, seed=0)
    train = slices.on("train")
    labelled = labelled_slices(slices, train, "both")
    alone = favour_labelled(np.ones(len(train)), labelled, taught=False)
    assert labelled[order_of_epoch(alone, 200, 0, 0)].all()
    taught = favour_labelled(np.ones(len(train)), labelled, taught=True)
    assert labelled[order_of_epoch(taught, 200, 0, 0)].mean() == pytest.approx(0.5, abs=0.02)
    most = favour_labelled(np.ones(4), np.array([True, True, True, False]), taught=True)
    assert most.tolist() == [1] * 4, "where most are labelled, all come as often"
    assert labelled_slices(replace(slices, has_mask=np.zeros(len(slices), bool)), train, "segmentation").sum() == 0


def test_a_run_says_of_how_many_patients_it_learns(dataset, tmp_path, capsys):
    plan = project(**SURE, stages=[{"size": 32, "epochs": 1}], labelled=0.25)
    fit(plan, dataset, tmp_path / "run")
    assert "groups are learnt from" in capsys.readouterr().out


def test_a_train_side_without_any_label_needs_a_teacher(dataset, tmp_path):
    train = dataset.slices.sides == "train"
    bare = stored(tmp_path / "dataset", replace(
        dataset.slices, labels=np.where(train, -1, dataset.slices.labels), has_mask=~train), list(dataset.items))
    with pytest.raises(DataError, match="no mask or label on the train side"):
        fit(project(**SURE), bare, tmp_path / "run")


# Whole volumes


def disc_volumes(folder: Path, count: int = 24, slices_each: int = 8) -> Dataset:
    """Volumes of which a quarter of the slices shows a bright or a dark disc; on the train side (three of four) only
    the volume's diagnosis is known, but that healthy ones are so on every slice."""
    chance = np.random.default_rng(0)
    y, x = np.mgrid[:32, :32]
    total, names = count * slices_each, ("healthy", "bright", "dark")
    images = chance.normal(0, 0.3, (total, 32, 32)).astype(np.float16)
    labels, items = np.zeros(total, np.int64), []
    for n in range(count):
        kind, side = n % 3, "validation" if n // 3 % 4 == 3 else "train"
        start = n * slices_each + int(chance.integers(0, slices_each - 1))
        cy, cx = chance.integers(8, 24, 2)
        for place in range(start, start + 2) if kind else ():
            images[place, (x - cx) ** 2 + (y - cy) ** 2 < 25] += 3 if kind == 1 else -3
            labels[place] = kind
        if side == "train" and kind:
            labels[n * slices_each:(n + 1) * slices_each] = -1
        items.append(Item(f"{n}", folder / f"{n}.nrrd", None, (names[kind],), f"patient {n}", "discs", side, True))
    place = np.repeat(np.arange(count), slices_each)
    arrays = SliceSet(
        images, np.zeros((total, 32, 32), np.uint8), np.zeros(total, bool), labels, place,
        np.tile(np.arange(slices_each), count), np.array([items[n].group for n in place]),
        np.full(total, "discs"), np.array([items[n].side for n in place]), np.full(total, "axial"))
    return stored(folder, arrays, items)


@pytest.fixture(scope="module")
def volumes(tmp_path_factory) -> Dataset:
    return disc_volumes(tmp_path_factory.mktemp("volumes") / "dataset")


DIAGNOSIS = {"task": "classification"}


def test_volumes_whose_slices_have_no_label_are_bags_and_a_bag_is_spread_over_its_volume(volumes):
    train = volumes.slices.on("train")
    bags = find_bags(volumes, train, ["healthy", "bright", "dark"], 4)
    assert sorted(bags.labels.tolist()) == [1] * 6 + [2] * 6
    single = train[volumes.slices.labels[train] == 0]
    order, labels = bags.order(np.resize(single, 400), 0.5, 400, "none", seed=0, epoch=0)
    assert labels.shape == (100,) and (labels >= 0).sum() == 50
    for block, label in zip(order.reshape(-1, 4), labels, strict=True):
        if label < 0:
            assert np.isin(block, single).all()
            continue
        place = np.unique(volumes.slices.items[block])
        assert len(place) == 1 and volumes.items[place[0]].labels == (("healthy", "bright", "dark")[label],)
        assert (volumes.slices.positions[block] // 2).tolist() == [0, 1, 2, 3], "one of each quarter"
    again = bags.order(np.resize(single, 400), 0.5, 400, "none", seed=0, epoch=0)
    assert np.array_equal(order, again[0]) and not np.array_equal(
        order, bags.order(np.resize(single, 400), 0.5, 400, "none", seed=0, epoch=1)[0])


def test_a_bag_is_held_against_its_diagnosis_by_the_logits_of_its_slices_as_attention_weighs_them():
    plan = project(**SURE, model=DIAGNOSIS, bags="gated-attention", bag_size=4)
    module = TrainingModule(plan.model, plan.fit).train()
    assert module.attention is not None
    weights = module.attention(torch.randn(3, 5, module.attention.value.in_features))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3, 1))
    torch.nn.init.zeros_(module.attention.score.weight)  # all slices count alike
    images, unknown = torch.randn(8, 1, 32, 32), torch.full((8,), -1)
    known = torch.zeros(8, 32, 32, dtype=torch.long), torch.zeros(8).bool(), unknown
    _, losses = module(images, *known, bag_labels=torch.tensor([2, -1]))
    bag = module.network(images).class_logits[:4].mean(dim=0)
    torch.testing.assert_close(losses["class"], torch.nn.functional.cross_entropy(bag[None], torch.tensor([2])))


def test_a_stopped_run_with_bags_ends_as_one_that_was_not(volumes, tmp_path):
    plan = project(**SURE, model=DIAGNOSIS, stages=[{"size": 32, "epochs": 1}], bags="gated-attention",
                   teacher={"model": "average"})
    whole = load_file(fit(plan, volumes, tmp_path / "whole"))
    for _ in range(9):  # a step each time
        stopped = fit(plan, volumes, tmp_path / "stopped", max_minutes=0.0)
    assert all(torch.equal(whole[name], value) for name, value in load_file(stopped).items())


def test_what_bags_cannot_do_is_said(dataset, volumes, tmp_path):
    with pytest.raises(DataError, match="no volume on the train side has a diagnosis that its slices lack"):
        fit(project(**SURE, bags="gated-attention"), dataset, tmp_path / "none")
    with pytest.raises(RunError, match=r"fit\.bag_size 6 must divide the 16 slices"):
        fit(project(**SURE, model=DIAGNOSIS, bags="gated-attention", bag_size=6), volumes, tmp_path / "size")
    with pytest.raises(RunError, match="one diagnosis an image"):
        fit(project(**SURE, model=FINDINGS, bags="gated-attention"), both_discs(tmp_path / "both"), tmp_path / "both")
    with pytest.raises(ValueError, match="choose one of them"):
        Fit.model_validate({"stages": [{"size": 32, "epochs": 1}], "bags": "gated-attention", "labelled": 0.5})
    peer = {"architecture": "peer_cnn", "arguments": {"network": "test_resnet"}} | DIAGNOSIS
    with pytest.raises(RunError, match="is not an architecture whose slices can be weighed"):
        fit(project(**SURE, model=peer, bags="gated-attention"), volumes, tmp_path / "peer")
