"""Dataclasses through JSON and back, and what is refused on the way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.records import Record


@dataclass(frozen=True)
class Part(Record):
    name: str
    share: float
    corner: tuple[int, bool] = (0, False)


@dataclass(frozen=True)
class Picture(Record):
    voxels: np.ndarray


@dataclass(frozen=True)
class Whole(Record):
    unwritten = ("folder",)

    folder: Path
    file: Path
    parts: tuple[Part, ...]
    by_name: dict[str, Part]
    lists: list[float]
    best: Part | None
    other: Part | None = None


WHOLE = Whole(Path("here"), Path("a/b"), (Part("x", 1, (3, True)), Part("y", 0.5)), {"z": Part("z", 2.0)}, [1.5],
              Part("best", 1.0))


def test_a_record_comes_back_the_same_whatever_lies_in_it():
    data = json.loads(json.dumps(WHOLE.to_dict()))
    assert "folder" not in data
    assert Whole.from_dict(data, folder=Path("here")) == WHOLE


def test_arrays_go_by_their_names():
    kept = {}
    data = json.loads(json.dumps(Picture(np.arange(3)).to_dict(kept.__setitem__)))
    assert data == {"voxels": "voxels"}
    np.testing.assert_array_equal(Picture.from_dict(data, kept.__getitem__).voxels, np.arange(3))
    with pytest.raises(TypeError, match="array"):
        Picture(np.arange(3)).to_dict()


@pytest.mark.parametrize("change", [
    {"share": "much"}, {"share": True}, {"share": None}, {"name": 1}, {"corner": [1]}, {"corner": [1, True, 2]},
    {"corner": [1.5, True]}, {"corner": [True, True]}, {"corner": "ab"}, {"surplus": 1}])
def test_what_a_field_cannot_be_is_refused(change):
    data = json.loads(json.dumps(Part("x", 1.0).to_dict()))
    with pytest.raises((TypeError, ValueError)):
        Part.from_dict(data | change)


@pytest.mark.parametrize("data", [None, [], "text", {}, 1])
def test_what_is_no_record_is_refused(data):
    with pytest.raises((TypeError, ValueError)):
        Part.from_dict(data)


def test_an_option_that_was_not_passed_on_does_not_take_its_default():
    data = Options(tta=True, superres_quantile=0.5).to_dict()
    assert Options.from_dict(data) == Options(tta=True, superres_quantile=0.5)
    del data["tta"]
    with pytest.raises(ValueError, match="Options has other fields"):
        Options.from_dict(data)
