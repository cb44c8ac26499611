"""The training loop: learns, goes on after a kill, shares its work between processes, and fails in words."""

from __future__ import annotations

import csv
import multiprocessing
import os
import resource
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file
from training_sets import FINDINGS, SURE, both_discs, discs, project, project_data
from unifiedvit_training.cli import main
from unifiedvit_training.config import Augmentation, load_project
from unifiedvit_training.data.dataset import load_dataset
from unifiedvit_training.errors import ConfigError, DataError, RunError
from unifiedvit_training.learning.augment import augment
from unifiedvit_training.learning.balance import GradientNormBalance, UncertaintyBalance
from unifiedvit_training.learning.fit import fit
from unifiedvit_training.learning.losses import UnifiedLoss
from unifiedvit_training.learning.pretrain import pretrain
from unifiedvit_training.learning.sampling import generators_of, order_of_epoch, weights_of
from unifiedvit_training.runs.checkpoints import load_state, save_state
from unifiedvit_training.runs.project_file import begin_or_resume

from UnifiedViTLib.models import UnifiedOutput

OFF = Augmentation(**dict.fromkeys(Augmentation.model_fields, 0))


def chances(count: int, seed: int = 3) -> list[torch.Generator]:
    return generators_of(seed, 0, range(count))


def test_augmentation_moves_image_and_every_mask_class_together_and_can_be_repeated():
    masks = torch.zeros(16, 48, 48, dtype=torch.uint8)
    masks[:, 14:30, 12:22] = 1
    masks[:, 14:30, 24:36] = 2
    images = masks[:, None].float() * 4 - 1
    still = Augmentation(gain=0, offset=0, gamma=0, tone_curve=0, bias_field=0, noise=0, blur=0)
    first, again = (augment(images, masks, 32, still, chances(16)) for _ in range(2))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[1], augment(images, masks, 32, still, chances(16, 4))[1])
    image, mask = first
    assert image.shape == (16, 1, 32, 32) and mask.shape == (16, 32, 32) and mask.dtype == torch.int64
    for one, lesion in zip(image[:, 0], mask, strict=True):
        for label in (1, 2):
            near = (one - (4 * label - 1)).abs() < 2
            assert (near & (lesion == label)).sum() / max(1, (lesion == label).sum()) > 0.75


def test_a_sample_is_changed_alike_whatever_batch_it_comes_in():
    images, masks = torch.randn(6, 1, 48, 48), torch.randint(0, 2, (6, 48, 48), dtype=torch.uint8)
    image, mask = augment(images, masks, 32, Augmentation(), chances(6))
    later_image, later_mask = augment(images[4:], masks[4:], 32, Augmentation(), generators_of(3, 0, range(4, 6)))
    torch.testing.assert_close(image[4:], later_image)
    assert torch.equal(mask[4:], later_mask)


def test_augmentation_turned_off_changes_nothing():
    images, masks = torch.randn(2, 1, 32, 32), torch.randint(0, 3, (2, 32, 32), dtype=torch.uint8)
    image, mask = augment(images, masks, 32, OFF, chances(2))
    torch.testing.assert_close(image, images, atol=1e-4, rtol=1e-4)
    assert torch.equal(mask, masks.long())


def test_margins_are_cropped_from_image_and_mask():
    masks = torch.zeros(64, 32, 32, dtype=torch.uint8)
    masks[:, 8:24, 8:24] = 1
    _, mask = augment(masks[:, None].float(), masks, 32, OFF.model_copy(update={"crop": 0.3}), chances(64))
    area = (mask == 1).sum((1, 2)).float()
    assert (area == 256).any() and (area > 300).any() and (area >= 256).all(), "what is left is seen larger"


def test_slices_without_a_mask_or_a_label_teach_the_other_head_alone():
    loss = UnifiedLoss(multi_label=False, label_smoothing=0.0)
    mask_logits, class_logits = (torch.randn(4, *s, requires_grad=True) for s in ((2, 16, 16), (3,)))
    losses = loss(UnifiedOutput(mask_logits, class_logits, None), torch.randint(0, 2, (4, 16, 16)),
                  torch.tensor([True, False, True, False]), torch.tensor([0, 1, -1, -1]))
    (losses["mask"] + losses["class"]).backward()
    assert [bool(g.any()) for g in mask_logits.grad] == [True, False, True, False]
    assert [bool(g.any()) for g in class_logits.grad] == [True, True, False, False]


def test_a_batch_without_any_mask_or_label_still_reaches_every_weight():
    loss = UnifiedLoss(multi_label=False, label_smoothing=0.1)
    logits = torch.randn(2, 2, 16, 16, requires_grad=True), torch.randn(2, 3, requires_grad=True)
    losses = loss(UnifiedOutput(*logits, None), torch.zeros(2, 16, 16, dtype=torch.long), torch.zeros(2).bool(),
                  torch.full((2,), -1))
    sum(losses.values()).backward()
    assert all(x.grad is not None and not x.grad.any() for x in logits)


def test_several_diagnoses_at_once_are_learnt_where_they_are_known():
    loss = UnifiedLoss(multi_label=True, label_smoothing=0.0)
    logits = torch.tensor([[2.0, -1.0, 0.5]], requires_grad=True)
    value = loss(UnifiedOutput(None, logits, None), torch.zeros(1), torch.zeros(1).bool(), torch.tensor([[1, 0, -1]]))
    expected = -(torch.sigmoid(torch.tensor(2.0)).log() + torch.sigmoid(torch.tensor(1.0)).log()) / 2
    assert list(value) == ["class"]
    torch.testing.assert_close(value["class"], expected)


def test_the_noisier_task_is_given_less_weight_by_uncertainty():
    balance = UncertaintyBalance(("mask", "class"))
    optimiser = torch.optim.SGD(balance.parameters(), lr=0.05)
    for _ in range(400):
        optimiser.zero_grad()
        balance({"mask": torch.tensor(0.25), "class": torch.tensor(2.0)}).backward()
        optimiser.step()
    weights = balance.weights()
    assert weights["mask"] == pytest.approx(0.5 / 0.25, rel=0.05), "the minimum of eq. 10 is at exp(-s) = 1 / (2 L)"
    assert weights["class"] == pytest.approx(0.5 / 2.0, rel=0.05)


def test_gradients_are_brought_to_pull_equally_hard():
    balance = GradientNormBalance(("mask", "class"), asymmetry=0.0, interval=1)
    shared = torch.nn.Parameter(torch.ones(4))
    for _ in range(120):
        balance.observe({"mask": (10 * shared).sum(), "class": (2 * shared).sum()}, shared)
    weights = balance.weights()
    assert weights["mask"] * 10 == pytest.approx(weights["class"] * 2, rel=0.3)
    assert sum(weights.values()) == pytest.approx(2)


def test_every_slice_is_met_once_an_epoch_and_rare_diagnoses_more_often_if_asked():
    labels = np.array([0] * 80 + [1] * 16 + [2] * 4)
    order = order_of_epoch(weights_of(labels, "none"), 100, 0, 0)
    assert sorted(order) == list(range(100))
    assert (order != order_of_epoch(weights_of(labels, "none"), 100, 0, 1)).any()
    counts = np.bincount(labels[order_of_epoch(weights_of(labels, "equal"), 300, 0, 0)])
    assert (abs(counts - 100) <= 2).all()
    middle = np.bincount(labels[order_of_epoch(weights_of(labels, "sqrt"), 300, 0, 0)])
    assert 12 < middle[2] < 100 and middle[0] < 240
    many = np.array([[1, 0], [1, 0], [1, 1]])
    assert weights_of(many, "equal")[2] > weights_of(many, "equal")[0], "a slice counts as its rarest diagnosis"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return discs(tmp_path_factory.mktemp("discs"))


def curve(run: Path, name: str = "train") -> list[dict[str, str]]:
    with open(run / f"{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_learns_and_leaves_weights_curves_and_its_recipe(dataset, tmp_path, seed, record_property):
    plan = project(**SURE | {"batch_size": 4}, stages=[{"size": 32, "epochs": 6}],
                   optimiser={"learning_rate": 6e-3}).model_copy(update={"seed": seed})
    best = fit(plan, dataset, tmp_path)
    rows = curve(tmp_path)
    left = [float(rows[-1][f"{task}_loss"]) / float(rows[0][f"{task}_loss"]) for task in ("mask", "class")]
    record_property("margin", float(0.8 / max(left)))
    assert len(rows) == 6 and max(left) < 0.8
    measured = curve(tmp_path, "validation")
    assert [row["epoch"] for row in measured] == ["2", "4", "6"]
    assert load_file(best).keys() == load_file(tmp_path / "last.safetensors").keys()
    assert (tmp_path / "project.json").exists() and list((tmp_path / "tensorboard").iterdir())


@pytest.mark.parametrize("balance", ["uncertainty", "gradient_norm"])
def test_losses_are_weighed_by_the_run_itself(dataset, tmp_path, balance):
    fit(project(loss_balance=balance, stages=[{"size": 32, "epochs": 3}]), dataset, tmp_path)
    weights = [(float(row["mask_weight"]), float(row["class_weight"])) for row in curve(tmp_path)]
    assert len(set(weights)) > 1, "they move"


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_a_single_task_baseline_is_one_word_away(dataset, tmp_path, task):
    best = fit(project(model={"task": task}, stages=[{"size": 32, "epochs": 1}]), dataset, tmp_path)
    names = {name.split(".")[0] for name in load_file(best)}
    assert names == {"encoder", "classifier" if task == "classification" else "segmentation"}


def test_several_diagnoses_at_once_can_be_trained(tmp_path):
    several = both_discs(tmp_path / "set")
    fit(project(model=FINDINGS, stages=[{"size": 32, "epochs": 1}], class_balance="equal"),
        several, tmp_path / "run")
    assert float(curve(tmp_path / "run", "validation")[0]["macro_auc"]) >= 0


def test_a_run_stops_early_when_nothing_gets_better(dataset, tmp_path):
    slow = project(stages=[{"size": 32, "epochs": 9}], validate_every=1, patience=2,
                   optimiser={"learning_rate": 1e-12})
    fit(slow, dataset, tmp_path)
    assert len(curve(tmp_path)) < 9


#: Forks of a process that has loaded the training package, which takes each new one many seconds.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([fit.__module__])


def command(arguments: list[str], log: Path, environment: dict[str, str]) -> None:
    """`unifiedvit-train` in this process, which ends with it."""
    with open(log, "wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.update(environment, CUDA_VISIBLE_DEVICES="")
    sys.exit(main(arguments))


def start(run: Path, **environment: str) -> multiprocessing.process.BaseProcess:
    """`unifiedvit-train fit` in a process of its own, on the dataset beside `run`, whose state is saved every step."""
    sets = {"seed": run.parent.name.removeprefix("seed"), "fit.micro_batch": "4", "fit.save_minutes": "0"}
    if environment:
        sets |= {"machine.devices": "2", "machine.strategy": "ddp"}
    arguments = ["fit", str(run.parent / "project.yaml"), "--work-dir", str(run.parent), "--run", str(run),
                 *(part for name, value in sets.items() for part in ("--set", f"{name}={value}"))]
    log = run.with_name(run.name + environment.get("LOCAL_RANK", "") + ".log")
    process = PROCESSES.Process(target=command, args=(arguments, log, environment))
    process.start()
    return process


def finish(run: Path, *processes: multiprocessing.process.BaseProcess) -> None:
    for process in processes:
        process.join(300)
    assert [process.exitcode for process in processes] == [0] * len(processes), [
        log.read_text() for log in run.parent.glob(f"{run.name}*.log")]


@pytest.fixture(scope="module")
def work(tmp_path_factory, seed) -> Path:
    folder = tmp_path_factory.mktemp("work") / f"seed{seed}"
    discs(folder / "dataset")
    data = project_data(stages=[{"size": 32, "epochs": 2}])
    (folder / "project.yaml").write_text(yaml.safe_dump(data))
    return folder


@pytest.fixture(scope="module")
def whole(work) -> Path:
    """A run that nothing disturbed."""
    finish(work / "whole", start(work / "whole"))
    return work / "whole"


def test_a_run_killed_within_an_epoch_goes_on_and_ends_as_if_nothing_had_happened(work, whole):
    cut = start(work / "cut")
    deadline = time.monotonic() + 120
    while not (work / "cut" / "last.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    cut.kill()
    cut.join()
    assert torch.load(work / "cut" / "last.ckpt", weights_only=True)["epoch"] < 2
    finish(work / "cut", start(work / "cut"))
    for file in ("last.safetensors", "best.safetensors"):
        expected, found = load_file(whole / file), load_file(work / "cut" / file)
        assert all(torch.equal(value, found[name]) for name, value in expected.items()), file
    assert [row["epoch"] for row in curve(work / "cut")] == ["1", "2"]
    one, two = ([{k: v for k, v in row.items() if k != "images_per_second"} for row in curve(run)]
                for run in (whole, work / "cut"))
    assert one == two


def test_a_run_goes_on_when_the_weights_that_it_began_from_are_gone(dataset, tmp_path):
    weights = fit(project(stages=[{"size": 32, "epochs": 1}]), dataset, tmp_path / "first")
    plan = project(stages=[{"size": 32, "epochs": 1}], initial={"weights": weights})
    fit(plan, dataset, tmp_path / "second")
    weights.unlink()
    assert fit(plan, dataset, tmp_path / "second").exists()
    with pytest.raises(RunError, match="cannot be read as weights"):
        fit(plan, dataset, tmp_path / "third")


def test_a_run_whose_state_does_not_know_its_losses_goes_on(dataset, tmp_path):
    plan = project(stages=[{"size": 32, "epochs": 2}])
    fit(plan, dataset, tmp_path)
    state = load_state(tmp_path)
    del state["sums"], state["summed"]
    save_state(tmp_path, state | {"epoch": 1, "step": 2})  # as if stopped in the second epoch
    fit(plan, dataset, tmp_path)
    assert [row["epoch"] for row in curve(tmp_path)] == ["1", "2"]
    assert all(0.1 < float(row["class_loss"]) < 10 for row in curve(tmp_path))


def test_two_processes_learn_the_same_as_one(work, whole, record_property):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    finish(work / "shared", *(start(work / "shared", MASTER_ADDR="127.0.0.1", MASTER_PORT=port, LOCAL_RANK=rank)
                              for rank in "01"))
    one, two = (np.array([[float(row[f"{task}_loss"]) for task in ("mask", "class")] for row in curve(run)])
                for run in (whole, work / "shared"))
    record_property("margin", float(2e-3 / max(np.abs(two - one).max(), 1e-5)))
    np.testing.assert_allclose(two, one, atol=2e-3)


def test_a_run_is_not_continued_with_another_recipe(dataset, tmp_path):
    fit(project(stages=[{"size": 32, "epochs": 1}]), dataset, tmp_path)
    with pytest.raises(RunError, match=r"begun with other values of fit\.batch_size, seed|fit\.batch_size"):
        fit(project(stages=[{"size": 32, "epochs": 1}], batch_size=4), dataset, tmp_path)


@pytest.mark.parametrize("change", [
    lambda model: {"classes": [*reversed(model.classes)]},
    lambda model: {"classes": [*model.classes, model.classes[0]]},
    lambda model: {"segments": [*reversed(model.segments), model.segments[0]]},
])
def test_a_run_is_not_continued_with_outputs_that_mean_something_else(dataset, tmp_path, change):
    made = project()
    begin_or_resume(made, tmp_path / "run")
    before = (tmp_path / "run" / "project.json").read_bytes()
    other = made.model_copy(update={"model": made.model.model_copy(update=change(made.model))})
    with pytest.raises(RunError, match=r"model\.(classes|segments)"):
        begin_or_resume(other, tmp_path / "run")
    assert (tmp_path / "run" / "project.json").read_bytes() == before


@pytest.mark.parametrize("name", ["labels", "masks", "images"])
def test_a_run_is_not_continued_on_other_labels_masks_or_images(tmp_path, name):
    made, run = project(stages=[{"size": 32, "epochs": 1}]), tmp_path / "run"
    whole = discs(tmp_path / "dataset", count=24)
    fit(made, whole, run)
    before = (run / "best.safetensors").read_bytes()
    discs(tmp_path / "other", count=24)
    values = np.load(tmp_path / "other" / f"{name}.npy")
    values[0] = 1 - values[0]
    np.save(tmp_path / "other" / f"{name}.npy", values)
    other = load_dataset(tmp_path / "other")
    with pytest.raises(RunError, match=r"learnt from other images, masks or labels.*\(--run\)"):
        fit(made, other, run)
    fit(made, discs(tmp_path / "copy", count=24), run)  # the same in another folder is the same
    assert (run / "best.safetensors").read_bytes() == before


def test_a_loss_that_is_no_number_ends_the_run_in_words_and_keeps_what_was_saved(dataset, tmp_path):
    wild = project(stages=[{"size": 32, "epochs": 3}], optimiser={"learning_rate": 1e30, "grad_clip": 1e30})
    with pytest.raises(RunError, match=r"not a number any more .*learning_rate"):
        fit(wild, dataset, tmp_path)


def test_a_full_disk_ends_the_run_in_words_and_the_old_state_is_whole(tmp_path):
    save_state(tmp_path, {"epoch": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # what a full disk does, to this process alone
    try:
        with pytest.raises(RunError, match="make room and run again"):
            save_state(tmp_path, {"epoch": 2, "large": torch.zeros(10**6)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert load_state(tmp_path)["epoch"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_damaged_state_is_refused_in_words(dataset, tmp_path):
    (tmp_path / "last.ckpt").write_bytes(b"not a checkpoint")
    with pytest.raises(RunError, match=r"damaged .*Delete it"):
        fit(project(), dataset, tmp_path)


def test_a_side_without_slices_is_refused(tmp_path):
    empty = discs(tmp_path / "set", count=3)
    with pytest.raises(DataError, match="no slices on the validation side"):
        fit(project(), empty, tmp_path / "run")


@pytest.mark.parametrize("learn", [fit, pretrain])
@pytest.mark.parametrize(("model", "said"), [
    ({"input": {"size": 64, "modality": "any", "expects": "discs"}}, "size of the input"),
    ({"segments": [{"name": "Ring", "colour": [1, 2, 3]}]}, "segments"),
    ({"classes": [{"name": name, "display": name} for name in ("healthy", "dark", "bright")]}, "classes"),
    ({"classes": [{"name": name, "display": name} for name in ("healthy", "bright")]}, "classes"),
    ({"diagnosis": "multi-label", "classes": [{"name": name, "display": name} for name in ("a", "b", "c")]}, "classes"),
])
def test_a_dataset_of_another_project_is_refused_before_anything_is_written(dataset, tmp_path, learn, model, said):
    made = replace(dataset, recipe={"model": project().model.model_dump(mode="json")})
    with pytest.raises(DataError, match=rf"prepared for another project \({said}\)"):
        learn(project(model=model), made, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_batch_that_processes_cannot_share_is_refused(dataset, tmp_path):
    with pytest.raises(RunError, match=r"multiple of fit\.micro_batch \(3\)"):
        fit(project(micro_batch=3), dataset, tmp_path)


@pytest.mark.parametrize(("changes", "said"), [
    (["fit.bach=16"], r"fit\.bach"),
    (["fit.batch_size=none"], r"fit\.batch_size"),
    (["fit"], "section.name=value"),
    (["model.input.size=100"], r"model\.input\.size"),
    (["model.task=both_of_them"], r"model\.task"),
    (["model.classes=[{name: a, display: A}, {name: a, display: B}]"], "same name"),
    (["fit.optimiser.learning_rate=-1"], "greater than 0"),
])
def test_a_wrong_value_of_the_project_is_named(tmp_path, changes, said):
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(project_data()))
    with pytest.raises(ConfigError, match=said):
        load_project(tmp_path / "p.yaml", changes)


def test_a_project_that_is_no_yaml_or_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_project(tmp_path / "none.yaml")
    (tmp_path / "p.yaml").write_text("a: [1")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_project(tmp_path / "p.yaml")
    (tmp_path / "q.yaml").write_text("just words")
    with pytest.raises(ConfigError, match="no sections"):
        load_project(tmp_path / "q.yaml")


def test_data_paths_start_from_the_folder_that_is_given(tmp_path):
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(project_data()))
    assert load_project(tmp_path / "p.yaml").data.sources[0].table == tmp_path / "labels.csv"
    assert load_project(tmp_path / "p.yaml", data=tmp_path / "x").data.sources[0].table == tmp_path / "x/labels.csv"
