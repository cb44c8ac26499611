"""Sites that learn together: the rounds themselves, without anything that carries messages."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from evaluation_sets import quicken
from federated_sites import federation_of, shared_project, site_dataset
from safetensors.numpy import load_file
from site_sets import write_site
from torch import nn
from training_sets import project_data
from unifiedvit_training.config import Project
from unifiedvit_training.data.dataset import load_dataset
from unifiedvit_training.data.prepare import prepare_dataset
from unifiedvit_training.errors import ConfigError, DataError, RunError
from unifiedvit_training.evaluation.evaluate import evaluate
from unifiedvit_training.federation.averaging import Update, federated_average
from unifiedvit_training.federation.exchange import FINISH, JOIN, REPORT, TRAIN, VALIDATE, WEIGHTS, Reply
from unifiedvit_training.federation.federate import begin, sites_of
from unifiedvit_training.federation.history import load_state
from unifiedvit_training.federation.moments import keep_moments, restore_moments
from unifiedvit_training.federation.plan import FederationPlan, project_of_rounds
from unifiedvit_training.federation.proximal import ProximalTerm
from unifiedvit_training.federation.rounds import LOCK_FILE
from unifiedvit_training.federation.site import Site
from unifiedvit_training.federation.weights import UpdateError, check_weights, pack_weights, unpack_weights
from unifiedvit_training.learning.initialise import normalisation_names
from unifiedvit_training.runs.project_file import load_run_project

from UnifiedViTLib.locking import file_lock

TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array(3, dtype=np.int64)}


def test_weights_come_back_from_their_bytes_as_they_were_whatever_their_order_in_memory():
    sent = TENSORS | {"across": np.arange(6, dtype=np.float32).reshape(2, 3).T}
    came = check_weights(pack_weights(sent), sent)
    assert all(np.array_equal(came[name], value) and came[name].shape == value.shape for name, value in sent.items())


@pytest.mark.parametrize(("change", "sentence"), [
    (lambda tensors: b"a pickle, say", "sent what is no safetensors file"),
    (lambda tensors: None, "sent no weights"),
    (lambda tensors: pack_weights(tensors | {"a": np.full((2, 3), np.nan, np.float32)}), "NaN or infinite"),
    (lambda tensors: pack_weights(tensors | {"a": np.full((2, 3), np.inf, np.float32)}), "in 1 of 2 tensors"),
    (lambda tensors: pack_weights(tensors | {"a": np.zeros((3, 2), np.float32)}), r"a is float32 \(3, 2\) instead"),
    (lambda tensors: pack_weights(tensors | {"a": np.zeros((2, 3), np.float64)}), "a is float64"),
    (lambda tensors: pack_weights(tensors | {"b": np.zeros(1, np.float32)}), "only one of both has, such as b"),
    (lambda tensors: pack_weights({"a": tensors["a"]}), "only one of both has, such as steps"),
    (lambda tensors: pack_weights({"a": np.zeros(10**6, np.float32)}), "sent 4,000,0.. bytes where"),
])
def test_what_is_not_the_networks_weights_is_told_by_what_is_wrong_with_it(change, sentence):
    with pytest.raises(UpdateError, match=sentence):
        check_weights(change(TENSORS), TENSORS)


def test_the_average_weighs_sites_by_their_slices_and_hangs_not_on_their_order():
    updates = [Update(name, {"a": np.full(2, value, np.float32), "steps": np.array(samples)}, samples, {})
               for name, value, samples in (("A", 1.0, 30), ("B", 4.0, 10), ("C", 10.0, 60))]
    averaged = federated_average(updates)
    assert averaged["a"].tolist() == pytest.approx([0.3 + 0.4 + 6.0] * 2) and averaged["a"].dtype == np.float32
    assert averaged["steps"] == 60
    again = federated_average(updates[::-1])
    assert all(np.array_equal(averaged[name], again[name]) for name in averaged)


def test_the_proximal_term_pulls_back_to_where_the_round_began_all_but_what_stays_local_or_frozen():
    network = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2), nn.Linear(2, 1))
    network[2].bias.requires_grad_(False)
    term = ProximalTerm(network, 0.5, normalisation_names(network))
    assert term().item() == 0
    with torch.no_grad():
        for value in network.parameters():
            value += 2.0
    moved = 4 + 2 + 2  # the first layer's weights and biases, and the last one's weights
    assert term().item() == pytest.approx(0.25 * moved * 4)
    term().backward()
    assert torch.allclose(network[0].weight.grad, torch.full((2, 2), 0.5 * 2.0))
    assert network[1].weight.grad is None


def test_a_round_that_is_done_again_begins_where_it_did_although_the_site_missed_those_before_it(tmp_path):
    weight = nn.Parameter(torch.zeros(2))
    optimiser = torch.optim.AdamW([weight])

    def after(number: int) -> int:
        restore_moments(optimiser, tmp_path, number)
        return int(optimiser.state[weight]["step"]) if optimiser.state else 0

    def learn(number: int) -> None:
        restore_moments(optimiser, tmp_path, number - 1)
        weight.grad = torch.ones(2)
        optimiser.step()
        keep_moments(optimiser, tmp_path, number)

    for number in (2, 3, 7, 7):
        learn(number)
    assert [after(number) for number in (7, 6, 3)] == [3, 2, 2], "two steps before round 7, and three after it"


def test_norms_that_stay_local_are_those_of_all_kinds_with_their_running_statistics():
    network = nn.ModuleDict({"conv": nn.Conv2d(1, 2, 1), "batch": nn.BatchNorm2d(2), "layer": nn.LayerNorm(2),
                             "group": nn.GroupNorm(1, 2)})
    parameters = {f"{norm}.{name}" for norm in ("batch", "layer", "group") for name in ("weight", "bias")}
    statistics = {f"batch.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}
    assert normalisation_names(network) == parameters
    assert normalisation_names(network, buffers=True) == parameters | statistics


def test_stages_share_the_rounds_as_they_shared_the_epochs():
    stages = [{"size": 32, "epochs": 3}, {"size": 64, "epochs": 1}]
    project = shared_project(stages=stages)
    shared = project_of_rounds(project, FederationPlan(rounds=8, steps=1)).fit.stages
    assert [(stage.size, stage.epochs) for stage in shared] == [(32, 6), (64, 2)]
    single = project_of_rounds(project, FederationPlan(rounds=1, steps=1)).fit.stages
    assert sum(stage.epochs for stage in single) == 1
    devices = project.model_copy(update={"machine": project.machine.model_copy(update={"devices": 2})})
    with pytest.raises(ConfigError, match="trains on one device"):
        project_of_rounds(devices, FederationPlan(rounds=1, steps=1))


def test_a_site_whose_images_mean_something_else_is_refused_with_what_differs(tmp_path):
    project = shared_project()

    def swapped(model):
        model["classes"] = model["classes"][::-1]

    dataset = site_dataset(tmp_path, project, change=swapped)
    with pytest.raises(DataError, match=r"The dataset of B means something else .*\(classes: .*dark.* instead of"):
        Site("B", project, FederationPlan(rounds=1, steps=1), dataset, set(), tmp_path / "run")


def test_a_site_does_not_go_on_with_masks_that_were_corrected_between_rounds(tmp_path):
    project, plan = shared_project(), FederationPlan(rounds=1, steps=1)
    dataset = site_dataset(tmp_path, project)
    Site("B", project, plan, dataset, set(), tmp_path / "run")
    corrected = replace(dataset, slices=replace(dataset.slices, masks=dataset.slices.masks[..., ::-1]))
    with pytest.raises(RunError, match="has learnt from other images, masks or labels"):
        Site("B", project, plan, corrected, set(), tmp_path / "run")


def test_a_site_without_an_image_of_a_class_is_prepared_where_its_project_allows_it(tmp_path):
    folder = write_site(tmp_path / "site", 12, 0, kinds=2)  # healthy and bright alone
    source = {"name": "site", "folder": str(folder), "split": {"fractions": [0.5, 0.5, 0]}}
    settings = project_data() | {"data": {"sources": [source]}}
    with pytest.raises(DataError, match="no image of dark at all"):
        prepare_dataset(Project.model_validate(settings), tmp_path / "dataset")
    settings["data"]["every_class"] = False
    dataset = prepare_dataset(Project.model_validate(settings), tmp_path / "dataset")
    assert set(dataset.slices.labels) == {0, 1} and dataset.recipe["data"]["every_class"] is False
    assert "every_class" not in Project.model_validate(project_data()).model_dump()["data"]


def test_sites_are_named_once_each_with_a_folder():
    assert sites_of(["A=a", "B=b=c"]) == {"A": "a", "B": "b=c"}
    for options, sentence in ((["A=a", "A=b"], "named twice"), (["A=a"], "two sites or more"), (["A"], "NAME=WORK")):
        with pytest.raises(ConfigError, match=sentence):
            sites_of(options)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory, seed):
    """A federation of three sites, one of which sends NaN in round 2 and is silent in round 3."""
    folder = tmp_path_factory.mktemp("federation")
    project = shared_project(batch_size=4, optimiser={"learning_rate": 6e-3}).model_copy(update={"seed": seed})
    plan = FederationPlan(rounds=4, steps=20, method="fedprox", mu=0.001)

    def spoil(site: str, task: str, number: int, reply: Reply) -> Reply:
        if site != "C" or task != TRAIN or number not in (2, 3):
            return reply
        if number == 3:
            return Reply({}, "It sent nothing within 5 s.")
        tensors = unpack_weights(reply.content[WEIGHTS])
        name = next(name for name, value in tensors.items() if value.ndim == 2)
        return replace(reply, content=dict(reply.content) | {
            WEIGHTS: pack_weights(tensors | {name: tensors[name] * np.nan})})

    federation_of(folder, project, plan, {"A": 48, "B": 72, "C": 48}, spoil).run_all()
    return folder


def test_sites_learn_together_what_they_are_shown(learnt, record_property):
    state = load_state(learnt / "federated")
    record_property("margin", state.best_score / 0.6)
    assert state.finished and state.round == 4 and state.best_score > 0.6


def test_a_round_goes_on_without_a_site_and_says_why(learnt):
    log = (learnt / "federated" / "federation.log").read_text()
    assert "Round 1 of 4: A (36 slices), B (54 slices), C (36 slices) took part. Score" in log
    assert "Round 2 of 4: A (36 slices), B (54 slices) took part. C was left out: It sent values that are not " in log
    assert "Round 3 of 4: A (36 slices), B (54 slices) took part. C was left out: It sent nothing within 5 s." in log
    with open(learnt / "federated" / "rounds.csv", newline="") as file:
        rows = {(row["round"], row["site"]): row for row in csv.DictReader(file)}
    assert rows["2", "C"]["took_part"] == "0" and "NaN" in rows["2", "C"]["reason"]
    assert rows["4", "all"]["samples"] == "126" and rows["2", "all"]["samples"] == "90"
    assert float(rows["2", "C"]["score"]) > 0  # it measures all the same
    page = (learnt / "federated" / "report.html").read_text()
    assert "best less worst" in page and "Round 2. C: It sent values" in page


def test_the_result_is_a_run_that_evaluate_takes_at_the_coordinator_and_at_every_site(learnt, monkeypatch):
    quicken(monkeypatch)
    common = load_file(learnt / "federated" / "best.safetensors")
    for site in "ABC":
        own = load_file(learnt / site / "federated" / "best.safetensors")
        assert all(np.array_equal(common[name], own[name]) for name in common | own)
    run = learnt / "federated"
    evaluate(load_run_project(run), load_dataset(learnt / "A" / "dataset"), run)
    assert (run / "evaluation" / "results.json").exists()


def test_a_federation_that_was_killed_goes_on_after_its_last_finished_round_as_if_nothing_had_happened(tmp_path):
    project, counts = shared_project(), {"A": 24, "B": 36}
    plan = FederationPlan(rounds=3, steps=2, keep_local="normalisation")

    def dies(site: str, task: str, number: int, reply: Reply) -> Reply:
        if number == 2 and task == VALIDATE:
            raise KeyboardInterrupt
        return reply

    with pytest.raises(KeyboardInterrupt):
        federation_of(tmp_path / "killed", project, plan, counts, dies).run_all()
    assert load_state(tmp_path / "killed" / "federated").round == 1
    for name in ("killed", "whole"):
        federation_of(tmp_path / name, project, plan, counts).run_all()
    assert "Going on after round 1." in (tmp_path / "killed" / "federated" / "federation.log").read_text()
    for path in ("federated/shared.safetensors", "A/federated/best.safetensors", "B/federated/best.safetensors"):
        killed, whole = (load_file(tmp_path / name / path) for name in ("killed", "whole"))
        assert killed.keys() == whole.keys() and all(np.array_equal(killed[name], whole[name]) for name in whole)
    moments = sorted((tmp_path / "killed" / "A" / "federated").glob("moments-*.safetensors"))
    assert [path.name for path in moments] == ["moments-0002.safetensors", "moments-0003.safetensors"]
    steps = {value.item() for name, value in load_file(moments[-1]).items() if name.endswith(".step")}
    assert steps == {6}, "they go on"
    with pytest.raises(RunError, match=r"other values of federation\.steps"):
        begin(project, plan.model_copy(update={"steps": 3}), tmp_path / "whole" / "federated")

    shared, a, b = (load_file(tmp_path / "whole" / path) for path in (
        "federated/shared.safetensors", "A/federated/best.safetensors", "B/federated/best.safetensors"))
    norms = a.keys() - shared.keys()
    assert any(not np.array_equal(a[name], b[name]) for name in norms)
    assert all(np.array_equal(a[name], b[name]) for name in shared)


def test_no_site_with_anything_to_use_ends_the_federation_with_all_reasons(tmp_path):
    def spoil(site: str, task: str, number: int, reply: Reply) -> Reply:
        if site == "A" or task == JOIN:
            return reply if task == JOIN else Reply({"error": "The disk of A is full."})
        return replace(reply, content={WEIGHTS: reply.content[WEIGHTS], REPORT: json.dumps({"samples": -5})})

    federation = federation_of(tmp_path, shared_project(), FederationPlan(rounds=2, steps=1), {"A": 24, "B": 24}, spoil)
    with pytest.raises(RunError, match=r"no site sent weights .* A: The disk of A is full\. B: It sent -5 where"):
        federation.run_all()


def test_a_site_that_measures_what_cannot_be_is_not_counted_and_ends_nothing(tmp_path):
    reports = ['{"score": 7, "slices": 8}', '{"score": 0.5, "slices": 1%s}' % ("0" * 400), "[" * 200_000]

    def spoil(site: str, task: str, number: int, reply: Reply) -> Reply:
        return Reply({REPORT: reports[number - 1]}) if (site, task) == ("B", VALIDATE) else reply

    federation_of(tmp_path, shared_project(), FederationPlan(rounds=3, steps=1), {"A": 24, "B": 24}, spoil).run_all()
    log = (tmp_path / "federated" / "federation.log").read_text()
    assert log.count("B did not measure: It sent no score from 0 to 1, or not of how many slices") == 2
    assert log.count("B did not measure: It sent a report that cannot be read") == 1


def test_a_round_is_the_best_on_the_same_sites_and_not_for_want_of_a_hard_one(tmp_path):
    scores = {"A": (0.5, None, 0.6), "B": (0.9, 0.85, 0.8)}  # by rounds: A does not measure the second

    def spoil(site: str, task: str, number: int, reply: Reply) -> Reply:
        report = {"score": scores[site][number - 1], "slices": 8}
        return Reply({REPORT: json.dumps(report)}) if task == VALIDATE else reply

    federation = federation_of(tmp_path, shared_project(), FederationPlan(rounds=3, steps=1), {"A": 24, "B": 24}, spoil)
    federation.run_all()
    assert (federation.state.best_round, federation.state.best_score) == (1, pytest.approx(0.7))
    assert federation.state.without_improvement == 2


def test_names_and_numbers_of_a_site_cannot_change_the_table_of_the_rounds(tmp_path):
    metrics = {"dice": 0.5, "round": 99, "site": 3, "=1+1": 1, "large": 10**400}

    def spoil(site: str, task: str, number: int, reply: Reply) -> Reply:
        if (site, task) == ("B", VALIDATE):
            return Reply({REPORT: json.dumps({"score": 0.5, "slices": 8, "metrics": metrics})})
        if (site, task) == ("B", FINISH):
            return Reply({REPORT: '{"sides": {"test": {"dice": 1%s}}, "subgroups": []}' % ("0" * 400)})
        return Reply({}, "=HYPERLINK(1)") if (site, task) == ("B", TRAIN) else reply

    federation_of(tmp_path, shared_project(), FederationPlan(rounds=1, steps=1), {"A": 24, "B": 24}, spoil).run_all()
    with open(tmp_path / "federated" / "rounds.csv", newline="") as file:
        rows = {row["site"]: row for row in csv.DictReader(file)}
    assert rows["B"]["round"] == "1" and rows["B"]["dice"] == "0.5" and rows["B"]["reason"] == "'=HYPERLINK(1)"
    assert not {"=1+1", "large"} & rows["B"].keys()


def test_two_processes_do_not_lead_one_federation(tmp_path):
    federation = federation_of(tmp_path, shared_project(), FederationPlan(rounds=1, steps=1), {"A": 24, "B": 24})
    with file_lock(tmp_path / "federated" / LOCK_FILE), pytest.raises(RunError, match="Another process leads"):
        federation.run_all()


def test_a_report_of_a_site_that_makes_no_sense_is_left_out_of_the_page(tmp_path):
    def spoil(site: str, task: str, number: int, reply: Reply) -> Reply:
        return Reply({REPORT: '{"sides": {"test": {"dice": "<b>"}}, "subgroups": 3}'}) if (site, task) == (
            "B", FINISH) else reply

    federation_of(tmp_path, shared_project(), FederationPlan(rounds=1, steps=1), {"A": 24, "B": 24}, spoil).run_all()
    assert "B was not given the result: It sent metrics that cannot be read" in (
        tmp_path / "federated" / "federation.log").read_text()
