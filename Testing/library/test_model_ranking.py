"""Which model knows an image: real networks with statistics that take everything for familiar, or nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import head_volume, spec_data, tiny_model
from safetensors.numpy import save_file

from UnifiedViTLib.errors import Cancelled, UnsupportedImageError
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.backends.torch_backend import TorchBackend
from UnifiedViTLib.inference.model_ranking import SLICES, ModelRanking, which_model
from UnifiedViTLib.spec import ModelSpec, load_spec

SMALL = {"arguments": {"encoder": "test_vit", "decoder_widths": [8, 8, 8]}}
CHANNELS = [{"name": "t1c", "expects": "T1 with contrast"}, {"name": "t2", "expects": "T2"}]
HEAD = head_volume(shape=(18, 45, 41))


def model(folder: Path, name: str, threshold: float | None, known_channels=(), channels=(), **changes) -> ModelSpec:
    """A model whose statistics have this threshold, above all distances or below them; None for no statistics."""
    data = spec_data()["input"] | ({"channels": list(channels)} if channels else {})
    spec = tiny_model(folder / name, id=name, **({"input": data} | SMALL | changes))
    if threshold is None:
        return spec
    blank = np.zeros((1, max(1, len(channels)), spec.size, spec.size), np.float32)
    width = TorchBackend(spec, "cpu").run(blank)[2].shape[1]
    file = spec.folder / "ood.safetensors"
    save_file({"means": np.zeros((1, width), np.float32), "whitening": np.eye(width, dtype=np.float32)}, file)
    block = {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "threshold": threshold}
    block |= {"known_channels": list(known_channels)} if known_channels else {}
    described = json.loads((spec.folder / "model.json").read_text()) | {"ood": block}
    (spec.folder / "model.json").write_text(json.dumps(described))
    return load_spec(spec.folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def knows(folder) -> ModelSpec:
    return model(folder, "knows", 1e6)


@pytest.fixture(scope="module")
def differs(folder) -> ModelSpec:
    return model(folder, "differs", 1e-6)


@pytest.fixture(scope="module")
def silent(folder) -> ModelSpec:
    return model(folder, "silent", None)


def no_network(spec):
    raise AssertionError("a network was made ready for nothing")


def test_models_are_ranked_with_the_share_of_slices_beyond_and_a_reason(knows, differs, silent):
    told = []
    ranking = which_model(HEAD, [differs, silent, knows], progress=lambda stage, fraction: told.append(fraction))
    assert [(fit.model_id, fit.verdict, fit.flagged_fraction) for fit in ranking.fits] == [
        ("knows", "fits", 0.0), ("silent", "not judged", None), ("differs", "does not fit", 1.0)]
    assert f"0 of {SLICES} slices looked at lie further" in ranking.fits[0].reason
    assert ranking.fits[0].slices == SLICES < len(HEAD.array)
    assert "has no statistics" in ranking.fits[1].reason
    assert ranking.summary == "1 of 3 installed models knows such images: knows. Not judged: silent."
    assert ModelRanking.from_dict(json.loads(json.dumps(ranking.to_dict()))) == ranking
    assert told == sorted(told) and told[-1] == 1.0


def test_that_no_model_knows_an_image_is_said(differs, silent):
    said = which_model(HEAD, [differs]).summary
    assert said == "None of the installed models knows such images. Do not rely on any of them."
    assert which_model(HEAD, [differs, silent]).summary == f"{said} Not judged: silent."
    assert which_model(HEAD, []).summary == said


def test_another_modality_is_told_without_a_network(knows):
    for volume, words in ((replace(HEAD, metadata={"Modality": "CT"}), "says that it is CT"),
                          (replace(HEAD, array=HEAD.array * 3 - 1000), "Air has negative values, as in CT")):
        fit, = which_model(volume, [knows], no_network).fits
        assert fit.verdict == "does not fit" and words in fit.reason and fit.flagged_fraction is None


def test_what_speaks_against_a_familiar_image_makes_it_doubtful(knows):
    ranking = which_model(replace(HEAD, name="ax_t2_tse"), [knows])
    fit, = ranking.fits
    assert fit.verdict == "doubtful" and "the MR sequence of ax_t2_tse is T2" in fit.reason
    assert ranking.summary == "No installed model fits without doubt. To be checked: knows."
    mask = replace(HEAD, array=(HEAD.array > 100).astype(np.uint8))
    assert "only 2 different values" in which_model(mask, [knows]).fits[0].reason


def test_a_model_that_cannot_run_is_not_judged_for_a_reason_and_leaves_the_others(folder, knows):
    damaged = model(folder, "damaged", 1e6)
    damaged.weights.write_bytes(b"damaged")
    fits = which_model(HEAD, [damaged, knows]).fits
    assert [fit.verdict for fit in fits] == ["fits", "not judged"] and "are damaged" in fits[1].reason
    thin = replace(HEAD, array=HEAD.array[4:5])
    *_, other = which_model(thin, [replace(knows, plane="coronal"), knows]).fits
    assert other.verdict == "not judged" and "coronal slices of only" in other.reason


def test_of_several_channels_the_one_that_the_name_says_or_the_statistics_know_is_taken(folder):
    known = model(folder, "known", 1e6, [["t2"], ["t1c", "t2"]], CHANNELS)
    for name, channel, verdict in (("head", "t2", "fits"), ("brain_t2", "t2", "fits"), ("t1ce", "t1c", "not judged")):
        fit, = which_model(replace(HEAD, name=name), [known]).fits
        assert (fit.channel, fit.verdict) == (channel, verdict), name
    assert "is not judged" in fit.reason and "Without t2" in fit.reason
    unknown = model(folder, "unknown", 1e6, (), CHANNELS)
    assert which_model(HEAD, [unknown], no_network).fits[0].verdict == "not judged"


def test_what_is_no_image_is_refused_and_looking_can_be_cancelled(knows):
    with pytest.raises(UnsupportedImageError):
        which_model(Volume(np.full((3, 20, 20), 7.0, np.float32), np.eye(4), "blank"), [knows])

    def stop(stage, fraction):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        which_model(HEAD, [knows], progress=stop)


def test_only_slices_of_a_region_are_looked_at_and_one_too_narrow_for_a_model_is_said(knows):
    bounds = (slice(2, 6), slice(0, HEAD.array.shape[1]), slice(0, HEAD.array.shape[2]))
    fit, = which_model(HEAD, [knows], region=RegionOfInterest.from_bounds(bounds, HEAD.ijk_to_ras)).fits
    assert fit.verdict == "fits" and 0 < fit.slices <= 4 < SLICES
    narrow = RegionOfInterest.from_bounds((bounds[0], slice(30, 31), bounds[2]), HEAD.ijk_to_ras)
    fit, = which_model(HEAD, [knows], no_network, region=narrow).fits
    assert fit.verdict == "not judged" and "too narrow for this model" in fit.reason
    with pytest.raises(UnsupportedImageError, match="lies outside"):
        which_model(HEAD, [knows], no_network, region=RegionOfInterest.from_centre((900, 900, 900), (5, 5, 5)))
