"""Few labels: of a part of the patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from training_sets import SURE, both_discs, discs, project, stored
from unifiedvit_training.data.dataset import Dataset
from unifiedvit_training.errors import DataError
from unifiedvit_training.learning.few_labels import labelled_slices, with_few_labels
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.learning.sampling import favour_labelled, order_of_epoch

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
