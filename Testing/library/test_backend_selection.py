"""Which backend is taken: one that agrees with float32 and survives being tried; one that crashes is gone round."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import head_volume
from faulty_backends import reason_of, spoil_openvino

from UnifiedViTLib.errors import Cancelled, DependencyError, DeviceError
from UnifiedViTLib.graph import OUTPUTS
from UnifiedViTLib.imaging.preparation import prepare
from UnifiedViTLib.inference.backends import candidates, selection
from UnifiedViTLib.inference.backends.agreement import Agreement, agreement, test_views
from UnifiedViTLib.inference.backends.candidates import BackendCandidate, find_candidates
from UnifiedViTLib.inference.backends.selection import CRASHED, KILLED, BackendSelector, Verdict
from UnifiedViTLib.inference.backends.trial import BackendCrash, try_backend
from UnifiedViTLib.spec import ModelSpec

OPENVINO = BackendCandidate("OpenVINO", "float32")
SAME = Agreement(1.0, 1.0, 0, 0.0, 0.0, 0.0, 32)
pytestmark = pytest.mark.usefixtures("slow_reference")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return prepare(head_volume(shape=(16, 45, 41)), 32).batch(0, 4)[:, None]


def selector_with(model: ModelSpec, cache: Path, *candidates: BackendCandidate) -> BackendSelector:
    """One that has these to choose from, and torch in float32 as the reference."""
    selector = BackendSelector(model, "cpu", cache)
    selector._candidates = list(candidates)
    selector._load_known()
    return selector


# Agreement


def outputs(seed: int = 0, views: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Labels with something drawn, and class logits that are clear."""
    chance = np.random.default_rng(seed)
    labels = np.zeros((views, 64, 64), np.uint8)
    labels[:, 20:40, 20:40] = 1
    return labels, 6 * np.eye(3, dtype=np.float32)[chance.integers(0, 3, views)]


def changed(labels: np.ndarray | None = None, logits: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    expected = outputs()
    return expected[0] if labels is None else labels, expected[1] if logits is None else logits


def one_view_off() -> np.ndarray:
    """Class logits in which a single view is less sure, and says the same."""
    logits = outputs()[1].copy()
    logits[5] /= 2
    return logits


@pytest.mark.parametrize(("given", "taken"), [
    (changed(), True),
    (changed(logits=outputs()[1] + np.float32(0.2) * np.eye(3, dtype=np.float32)[0]), True),
    (changed(logits=outputs()[1] * np.float32("nan")), False),
    (changed(logits=np.roll(outputs()[1], 1, axis=1)), False),
    (changed(logits=outputs()[1] * np.float32(0.5)), False),
    (changed(labels=np.zeros((32, 64, 64), np.uint8)), False),
    (changed(labels=np.roll(outputs()[0], 1, axis=2)), False),
    (changed(logits=one_view_off()), False),
], ids=["the same", "nearly the same", "not a number", "other diagnoses", "less sure of all", "nothing drawn",
        "drawn elsewhere", "one view off"])
def test_a_backend_passes_if_labels_outlines_diagnoses_and_probabilities_agree(model, given, taken):
    assert agreement(given, outputs(), model).passes == taken


def test_a_diagnosis_may_tip_where_the_reference_itself_is_of_two_minds(model):
    labels, _ = outputs()
    tied, tipped = np.tile(np.float32([0.01, 0.0, -3.0]), (32, 1)), np.tile(np.float32([0.0, 0.01, -3.0]), (32, 1))
    assert agreement((labels, tipped), (labels, tied), model).passes


def test_a_lost_lesion_counts_however_small_it_is_against_the_background(model):
    labels = np.zeros((16, 224, 224), np.uint8)
    logits = np.zeros((16, 3), np.float32)
    drawn = labels.copy()
    drawn[8, 100:120, 100:120] = 1
    lost = agreement((labels, logits), (drawn, logits), model)
    assert lost.labels > 0.999 and lost.overlap == 0 and not lost.passes
    assert agreement((drawn, logits), (drawn, logits), model) == replace(SAME, views=16)


@pytest.mark.parametrize(("slices", "views"), [(1, 8), (2, 16), (5, 40), (9, 36), (16, 32)])
def test_few_slices_are_looked_at_from_more_sides_so_that_a_verdict_rests_on_many_views(slices, views):
    images = np.random.default_rng(0).normal(size=(slices, 1, 32, 32)).astype(np.float32)
    seen = test_views(images)
    assert seen.shape == (views, 1, 32, 32) and seen.flags.c_contiguous
    assert len({one.tobytes() for one in seen}) == views
    np.testing.assert_array_equal(seen[:slices], images)


# Selection


@pytest.mark.openvino
def test_one_that_agrees_is_taken_and_remembered_and_says_by_how_much_it_differs(model, images, tmp_path):
    selector = selector_with(model, tmp_path, OPENVINO)
    assert selector.name == "torch, float32 on cpu" and not selector.selected
    selector.select(lambda: images)
    assert selector.selected and selector.name == selector.backend.name == "OpenVINO, float32"
    assert selector_with(model, tmp_path, OPENVINO).name == "OpenVINO, float32"
    differing = Verdict("compared", agreement=replace(SAME, max_difference=0.02))
    selector._cache.write(differing.to_bytes(), *OPENVINO.key)
    (note,) = selector_with(model, tmp_path, OPENVINO).notes
    assert note.startswith("OpenVINO, float32 was used: on 32 views") and "by up to 0.0200" in note


@pytest.mark.openvino
def test_one_that_gives_another_answer_is_refused_with_a_note_and_remembered(model, images, tmp_path, monkeypatch):
    spoil_openvino(monkeypatch, tmp_path / "bad day", "wrong")
    selector = selector_with(model, tmp_path / "cache", OPENVINO)
    selector.select(lambda: images)
    assert selector.name == "torch, float32 on cpu"
    assert selector.notes[0].startswith("OpenVINO, float32 was not used: on 32 views of slices, 100.00% of the labels")
    again = selector_with(model, tmp_path / "cache", OPENVINO)
    assert again.selected and again.name == selector.name and again.notes == selector.notes


@pytest.mark.parametrize("kind", ["SIGSEGV", "SIGABRT", "SIGKILL", "hang"])
def test_one_that_ends_or_holds_up_the_process_that_tries_it_is_gone_round_and_told(model, images, tmp_path, kind,
                                                                                    monkeypatch):
    spoil_openvino(monkeypatch, tmp_path / "bad day", kind)
    if kind == "hang":  # not for as long as a selector would wait
        with pytest.raises(BackendCrash, match="did not come to an end") as crash:
            try_backend(OPENVINO, model, BackendSelector(model, "cpu", tmp_path / "cache")._cache, images,
                        lambda: None, limit_s=8)
        assert reason_of(kind) in str(crash.value)
        return
    selector = selector_with(model, tmp_path / "cache", OPENVINO)
    selector.select(lambda: images)
    assert selector.name == "torch, float32 on cpu" and reason_of(kind) in selector.notes[0]
    monkeypatch.setattr(selection, "try_backend", lambda *given: pytest.fail("it was tried again"))
    again = selector_with(model, tmp_path / "cache", OPENVINO)
    assert again.selected and again.notes == selector.notes


def test_a_crash_is_remembered_and_what_may_have_passed_by_tomorrow_is_not():
    yesterday = time.time() - 100_000
    assert Verdict(CRASHED, "it crashed", time=yesterday).counts
    for outcome in (KILLED, "hung", "failed", "trying"):
        assert not Verdict(outcome, "it failed", time=yesterday).counts
        assert Verdict(outcome, "it failed").counts


def test_one_that_nobody_lived_to_judge_is_not_tried_again_the_same_day(model, images, tmp_path):
    selector = selector_with(model, tmp_path, OPENVINO)
    selector._keep(OPENVINO, Verdict("trying", "an earlier trial did not come to its end"))
    again = selector_with(model, tmp_path, OPENVINO)
    assert again.selected and again.notes == [
        "OpenVINO, float32 was not used: an earlier trial did not come to its end."]


@pytest.mark.openvino
def test_stopping_a_trial_leaves_no_verdict_behind(model, images, tmp_path):
    selector = selector_with(model, tmp_path, OPENVINO)

    def stop():
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        selector.select(lambda: images, stop)
    again = selector_with(model, tmp_path, OPENVINO)
    assert not again.selected
    again.select(lambda: images)
    assert again.name == "OpenVINO, float32"


def test_one_that_fails_is_noted_and_the_next_is_taken(model, images, tmp_path, monkeypatch):
    spoil_openvino(monkeypatch, tmp_path / "bad day", "error")
    selector = selector_with(model, tmp_path / "cache", OPENVINO)
    selector.select(lambda: images)
    assert selector.notes == ["OpenVINO, float32 was not used: no kernel for this."]
    assert selector.name == "torch, float32 on cpu"


def test_the_reference_is_not_asked_where_nothing_is_left_to_compare(model, tmp_path):
    selector = selector_with(model, tmp_path, OPENVINO)
    selector._keep(OPENVINO, Verdict("unsupported"))
    selector.select(lambda: pytest.fail("slices were asked for"))
    assert selector.name == "torch, float32 on cpu" and selector.notes == []


def test_where_the_reference_is_fast_nothing_else_for_the_processor_is_tried(model, images, tmp_path, monkeypatch):
    monkeypatch.setattr(selection, "FAST_S", 60.0)
    monkeypatch.setattr(selection, "try_backend", lambda *given: pytest.fail("it was tried"))
    selector = selector_with(model, tmp_path, OPENVINO)
    selector.select(lambda: images)
    assert selector.selected and selector.name == "torch, float32 on cpu" and selector.notes == []


@pytest.fixture
def without_torch(monkeypatch):
    """A computer on which OpenVINO alone runs networks."""
    monkeypatch.setattr(candidates, "torch_is_there", lambda: False)


@pytest.mark.parametrize("cached", [True, False])
def test_where_openvino_alone_is_there_and_cannot_run_here_it_is_said_what_to_install(model, images, tmp_path, cached,
                                                                                      without_torch):
    selector = BackendSelector(model, "cpu", tmp_path if cached else None)
    assert selector.name == "OpenVINO, float32"
    network = selector.backend._network
    selector.backend._network = lambda given: {name: network(given)[name][:0] for name in OUTPUTS}
    with pytest.raises(DependencyError, match=r"OpenVINO, float32 cannot run Tiny on this computer \(it answers for "
                       r"0 of \d images, as on processors that are too old\)\. Install torch and timm, or choose"):
        selector.select(lambda: images)
        selector.run(images)


def test_where_openvino_alone_is_there_and_cannot_be_loaded_a_sentence_says_what_to_install(model, monkeypatch,
                                                                                    without_torch):
    monkeypatch.setattr(candidates, "_installed", lambda *packages: True)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(DependencyError, match=r"cannot run Tiny on this computer \(.*openvino.*\)\. Install torch"):
        BackendSelector(model, "cpu", None)


def test_without_a_cache_float32_runs_and_nothing_is_compared(model):
    selector = BackendSelector(model, "cpu", None)
    assert selector.selected and selector.name == "torch, float32 on cpu"


def test_a_backend_that_ended_a_process_is_left_out_and_once_another_ran_through_not_forgotten(model, tmp_path):
    crash = {OPENVINO.name: (CRASHED, "it crashed (SIGSEGV)")}
    selector = BackendSelector(model, "cpu", tmp_path, crash)
    assert "OpenVINO, float32 was not used: it crashed (SIGSEGV)." in selector.notes
    assert not selector_with(model, tmp_path, OPENVINO).selected, "nothing is known yet"
    selector.remember_crashes()
    assert selector_with(model, tmp_path, OPENVINO).notes == ["OpenVINO, float32 was not used: it crashed (SIGSEGV)."]


def test_where_every_backend_ended_a_process_it_is_said_and_nothing_is_computed(model, tmp_path):
    everything = {one.name: (CRASHED, "it crashed (SIGILL)") for one in find_candidates(model, "cpu")}
    with pytest.raises(DeviceError, match=r"cannot be run on this computer.*SIGILL.*choose another model"):
        BackendSelector(model, "cpu", tmp_path, everything)
    left = dict(list(everything.items())[:-1])
    assert BackendSelector(model, "cpu", tmp_path, left).name == "torch, float32 on cpu"
