"""Many networks under one recipe: what is refused, what is trained again, and what the tables say."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import yaml
from unifiedvit_training import cli
from unifiedvit_training.comparison.costs import costs_of, multiplications
from unifiedvit_training.comparison.plan import Run, load_comparison, project_of, runs_of
from unifiedvit_training.comparison.table import paired_comparisons, results_of
from unifiedvit_training.errors import ConfigError, RunError
from unifiedvit_training.evaluation.slice_table import load_table, table_bytes
from unifiedvit_training.learning.training_module import TrainingModule
from unifiedvit_training.peers import PEERS, build_peer
from unifiedvit_training.phantom import make_phantom
from unifiedvit_training.runs.checkpoints import BEST_FILE, STATE_FILE

from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.models import build_model

CONFIGS = Path(__file__).resolve().parents[2] / "training" / "configs"
TINY = {"encoder": "test_vit", "stem_width": 4, "decoder_widths": [8, 8, 8]}


def described(**changed) -> dict:
    """A comparison of four networks on drawn heads, as its YAML holds it."""
    shared, once = {"architecture": "shared_encoder_dual_decoder", "arguments": TINY}, {"seeds": [0]}
    return {
        "seeds": [0, 1],
        "changes": {"fit.batch_size": 8, "machine.accelerator": "cpu", "machine.precision": "32-true"},
        "cost_sizes": [64],
        "sets": {"heads": {
            "title": "drawn heads", "project": str(CONFIGS / "phantom.yaml"), "data": "phantom",
            "changes": {"fit.stages": [{"size": 64, "epochs": 1}], "fit.validate_every": 1, "data.sources": [
                {"name": "images", "table": "labels.csv", "split": {"fractions": [0.5, 0.25, 0.25]}}]},
        }},
        "entries": [
            {"name": "shared", "title": "Shared", "kind": "unified", **shared},
            {"name": "class-alone", "title": "Class alone", "kind": "baseline", "task": "classification", **shared},
            {"name": "mask-alone", "title": "Mask alone", "kind": "baseline", "task": "segmentation", **once, **shared},
            {"name": "unet", "title": "U-Net", "kind": "cnn", "architecture": "peer_unet", **once},
            {"name": "other", "title": "Other", "kind": "unified", "architecture": "hierarchical", "seeds": []},
        ],
    } | changed


def written(folder: Path, data: dict) -> Path:
    path = folder / "comparison.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def compared(tmp_path_factory) -> Path:
    """A folder with a comparison that was run to its end, by the command."""
    folder = tmp_path_factory.mktemp("comparison")
    make_phantom(folder / "data" / "phantom", images=48, volumes=0)
    assert cli.main(["compare", "--config", str(written(folder, described())), "--work-dir", str(folder / "work"),
                     "--data", str(folder / "data"), "--jobs", "2"]) == 0
    return folder


def plan_of(folder: Path):
    return load_comparison(folder / "comparison.yaml")


# What is run


def test_every_run_is_trained_and_measured_and_its_state_is_cleared_away(compared):
    runs = list(runs_of(plan_of(compared)))
    assert [(run.entry, run.seed) for run in runs] == [
        ("shared", 0), ("class-alone", 0), ("mask-alone", 0), ("unet", 0), ("shared", 1), ("class-alone", 1)]
    for run in runs:
        folder = run.folder(compared / "work")
        assert (folder / BEST_FILE).exists() and (folder / "evaluation" / "slices.npz").exists()
        assert not (folder / STATE_FILE).exists()


def test_what_is_finished_is_not_trained_again_and_what_is_lost_alone_is(compared, capfd):
    weights = {run: (run.folder(compared / "work") / BEST_FILE) for run in runs_of(plan_of(compared))}
    before = {run: path.stat().st_mtime_ns for run, path in weights.items()}
    lost = next(iter(weights))
    contents = weights[lost].read_bytes()
    weights[lost].unlink()
    (lost.folder(compared / "work") / "evaluation" / "slices.npz").unlink()
    assert cli.main(["compare", "--config", str(compared / "comparison.yaml"), "--work-dir", str(compared / "work"),
                     "--data", str(compared / "data"), "--jobs", "2"]) == 0  # as many threads each as before
    assert "5 of 6 runs are finished" in capfd.readouterr().out
    assert {run for run, path in weights.items() if path.stat().st_mtime_ns != before[run]} == {lost}
    assert weights[lost].read_bytes() == contents  # the same seed gives the same weights, in whatever process


def test_runs_of_before_a_correction_of_labels_are_not_compared_with_those_after_it(compared, tmp_path, capsys):
    work, data = tmp_path / "work", tmp_path / "data"
    shutil.copytree(compared / "work", work)
    shutil.copytree(compared / "data", data)
    table = data / "phantom" / "labels.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    swapped = {"cyst": "mesh", "mesh": "cyst"}
    table.write_text("\n".join([lines[0], *(",".join(swapped.get(cell, cell) for cell in line.split(","))
                                           for line in lines[1:])]), encoding="utf-8")
    assert cli.main(["compare", "--config", str(compared / "comparison.yaml"), "--work-dir", str(work),
                     "--data", str(data)]) == 1
    assert "has learnt from other images, masks or labels than are prepared now" in capsys.readouterr().err

    run = Run("heads", "unet", 0).folder(work) / "evaluation" / "slices.npz"
    table_of = load_table(run)
    run.write_bytes(table_bytes(replace(table_of, labels=(table_of.labels + 1) % 4)))
    with pytest.raises(RunError, match="different slices, labels or masks"):
        results_of(plan_of(compared), "heads", work, compared / "data")


def test_runs_that_were_measured_by_other_test_masks_are_measured_again_though_these_are_as_large(compared, tmp_path,
                                                                                                  capfd):
    work, command = tmp_path / "work", ["compare", "--config", str(compared / "comparison.yaml"), "--work-dir",
                                        str(tmp_path / "work"), "--data", str(compared / "data"), "--jobs", "2"]
    shutil.copytree(compared / "work", work)
    path = Run("heads", "unet", 0).folder(work) / "evaluation" / "slices.npz"
    table = load_table(path)
    path.write_bytes(table_bytes(replace(table, masks=None)))
    assert cli.main(command) == 0
    assert "is of an earlier version" in capfd.readouterr().out
    assert table.masks is not None and len(np.unique(table.masks)) > 1
    path.write_bytes(table_bytes(replace(table, masks=table.masks[::-1])))
    weights = path.parents[1] / BEST_FILE
    trained = weights.stat().st_mtime_ns
    assert cli.main(command) == 0
    assert "5 of 6 runs are finished" in capfd.readouterr().out
    assert np.array_equal(load_table(path).masks, table.masks) and weights.stat().st_mtime_ns == trained


def test_a_run_has_the_threads_of_its_recipe_and_its_share_only_where_that_names_none(compared, tmp_path):
    silent, run = plan_of(compared), next(runs_of(plan_of(compared)))
    said = load_comparison(written(tmp_path, described(changes=described()["changes"] | {"machine.threads": 3})))
    for threads in (None, 1):
        assert project_of(said, run, compared / "data", threads).machine.threads == 3
        assert project_of(silent, run, compared / "data", threads).machine.threads == threads


def test_a_changed_recipe_does_not_go_under_an_old_name(compared, tmp_path, capsys):
    other = described()
    other["changes"]["fit.batch_size"] = 4
    assert cli.main(["compare", "--config", str(written(tmp_path, other)), "--work-dir", str(compared / "work"),
                     "--data", str(compared / "data")]) == 1
    assert "fit.batch_size" in capsys.readouterr().err


def test_a_run_that_fails_is_named_and_the_others_are_finished(tmp_path, capsys):
    make_phantom(tmp_path / "data" / "phantom", images=48, volumes=0)
    entries = [entry | {"seeds": [0]} for entry in described()["entries"][1:3]]
    entries[0] = entries[0] | {"changes": {"fit.optimiser": {"learning_rate": 1e30, "grad_clip": 1e30}}}
    config = written(tmp_path, described(seeds=[0], entries=entries))
    assert cli.main(["compare", "--config", str(config), "--work-dir", str(tmp_path / "work"), "--data",
                     str(tmp_path / "data"), "--only", "heads"]) == 1
    error = capsys.readouterr().err
    assert "class-alone-0" in error and "not a number" in error and "mask-alone" not in error
    assert (tmp_path / "work" / "heads" / "mask-alone-0" / "evaluation" / "slices.npz").exists()


@pytest.mark.parametrize(("change", "said"), [
    ({"entries": [{"name": "a", "title": "A", "kind": "unified", "architecture": "hierarchical"}]}, "entries"),
    ({"entries": described()["entries"] + described()["entries"][:1]}, "two of `entries` have the same name"),
    ({"entries": [*described()["entries"][1:], described()["entries"][0] | {"variant_of": "shard"}]},
     "shared is said to be a variant of shard, which is no other entry"),
    ({"sets": {}}, "sets"),
    ({"seed": 3}, "seed"),
])
def test_a_comparison_that_makes_no_sense_is_refused_in_words(tmp_path, change, said):
    with pytest.raises(ConfigError, match=said):
        load_comparison(written(tmp_path, described(**change)))


def test_an_unknown_name_is_refused_with_those_that_are_known(compared, capsys):
    assert cli.main(["compare", "--config", str(compared / "comparison.yaml"), "--work-dir", str(compared / "work"),
                     "--data", str(compared / "data"), "--only", "nobody"]) == 1
    error = capsys.readouterr().err
    assert "nobody" in error and "class-alone" in error


def test_neither_two_runs_nor_a_config_is_refused(capsys):
    assert cli.main(["compare", "--work-dir", "nowhere"]) == 1
    assert "--config" in capsys.readouterr().err


# What comes out


def test_the_report_and_its_tables_hold_every_entry_and_no_metric_that_an_entry_does_not_have(compared):
    report = compared / "work" / "report"
    page, text = (report / "report.html").read_text("utf-8"), (report / "tables.md").read_text("utf-8")
    numbers = json.loads((report / "comparison.json").read_text("utf-8"))
    for title in ("Shared", "Class alone", "Mask alone", "U-Net", "Other"):
        assert title in page and f"| {title} |" in text
    assert "dice" not in numbers["heads"]["means"]["class-alone"]
    assert "macro_auc" not in numbers["heads"]["means"]["mask-alone"]
    assert len(numbers["heads"]["metrics"]["shared"]["dice"]) == 2
    assert numbers["heads"]["side"] == "test"


def test_ours_is_held_against_the_baseline_of_each_task_and_the_best_cnn_on_the_seeds_that_both_have(compared):
    plan = plan_of(compared)
    results = results_of(plan, "heads", compared / "work", compared / "data")
    comparisons = {(c.task, c.why): c for c in paired_comparisons(plan, results)}
    assert comparisons["classification", "the single-task baseline"].against == "class-alone"
    assert comparisons["classification", "the single-task baseline"].seeds == 2
    assert comparisons["segmentation", "the single-task baseline"].against == "mask-alone"
    assert comparisons["segmentation", "the single-task baseline"].seeds == 1
    assert comparisons["segmentation", "the best CNN"].against == "unet"
    found = comparisons["classification", "the single-task baseline"].differences["macro_auc"]
    means = [results.metrics[name]["macro_auc"].mean() for name in ("class-alone", "shared")]
    assert (found.first, found.second) == pytest.approx(means)
    assert found.low <= found.difference <= found.high


def test_a_variant_is_held_against_what_it_is_one_of_where_both_were_measured(compared):
    plan = plan_of(compared)
    others = {"class-alone": "shared", "unet": "other"}
    entries = [entry.model_copy(update={"variant_of": others.get(entry.name)}) for entry in plan.entries]
    results = results_of(plan, "heads", compared / "work", compared / "data")
    changed = plan.model_copy(update={"entries": entries})
    found = [c for c in paired_comparisons(changed, results) if c.why == "what it is a variant of" and c.differences]
    assert [(c.entry, c.against, c.task, c.seeds) for c in found] == [("class-alone", "shared", "classification", 2)]
    values = [results.metrics[name]["macro_auc"].mean() for name in ("shared", "class-alone")]
    assert (found[0].differences["macro_auc"].first, found[0].differences["macro_auc"].second) == pytest.approx(values)


def test_costs_are_measured_once_and_kept(compared):
    plan = plan_of(compared)
    path = compared / "work" / "costs.json"
    before = path.stat().st_mtime_ns
    costs = costs_of(plan, compared / "work", compared / "data")["sizes"]["64"]
    assert path.stat().st_mtime_ns == before
    assert set(costs) == {entry.name for entry in plan.entries}
    assert costs["shared"]["multiplications"] < (costs["class-alone"]["multiplications"]
                                                 + costs["mask-alone"]["multiplications"])
    assert all(value > 0 for cost in costs.values() for value in cost.values())


def test_multiplications_are_those_of_a_convolution_counted_by_hand():
    class One(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Conv2d(1, 8, 3, padding=1)

        def forward(self, image):
            return self.layer(image)

    assert multiplications(One(), 16) == 16 * 16 * 8 * 9


def test_multiplications_within_attention_are_counted_fused_or_not():
    vit = timm.create_model("test_vit", img_size=64, in_chans=1)
    counts = []
    for fused in (False, True):
        for block in vit.blocks:
            block.attn.fused_attn = fused
        counts.append(multiplications(vit, 64))
        assert all(block.attn.fused_attn == fused for block in vit.blocks)
    assert counts[0] == counts[1]


# Peers


SIZES = {"mask_classes": 3, "diagnosis_classes": 4, "image_size": 64}


@pytest.mark.parametrize(("name", "task"), [(name, task) for name, (_, tasks) in PEERS.items() for task in tasks])
def test_a_peer_answers_for_its_task_and_learns(name, task):
    torch.manual_seed(0)
    network = build_peer(name, SIZES | {"task": task, "dropout": 0.1})
    output = network(torch.randn(2, 1, 64, 64))
    assert (output.mask_logits is not None) == (task != "classification")
    assert (output.class_logits is not None) == (task != "segmentation")
    if output.mask_logits is not None:
        assert output.mask_logits.shape == (2, 3, 64, 64)
    if output.class_logits is not None:
        assert output.class_logits.shape == (2, 4)
    sum(part.square().sum() for part in output if part is not None).backward()
    assert np.mean([p.grad is not None for p in network.parameters()]) > 0.8  # UNETR has weights it never uses


def test_a_peer_that_cannot_do_a_task_says_which_it_can():
    with pytest.raises(ModelSpecError, match="classification"):
        build_peer("peer_cnn", SIZES)


def test_a_peer_is_no_architecture_of_the_library_and_cannot_be_exported(compared, tmp_path, capsys):
    with pytest.raises(ModelSpecError, match="peer_unet"):
        build_model("peer_unet", SIZES)
    assert cli.main(["evaluate", "--work-dir", str(compared / "work" / "heads"), "--run", "unet-0"]) == 0
    assert cli.main(["export", "--work-dir", str(compared / "work" / "heads"), "--run", "unet-0", "--output",
                     str(tmp_path / "model")]) == 1
    assert "a network to compare with" in capsys.readouterr().err


def test_every_entry_of_the_published_comparison_can_be_built():
    plan = load_comparison(CONFIGS / "comparison.yaml")
    for run in runs_of(plan):
        if run.seed == 0:
            project = project_of(plan, run, None)
            TrainingModule(project.model, project.fit)
