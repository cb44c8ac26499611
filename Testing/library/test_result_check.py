"""Results of a scene that came from anywhere: what counts as one can be shown and reported, whatever is wrong in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from dicom_results import result_of

from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.outputs.files import as_json
from UnifiedViTLib.outputs.headlines import findings
from UnifiedViTLib.outputs.region import region_mask
from UnifiedViTLib.outputs.report import as_text, write_report
from UnifiedViTLib.outputs.result_check import is_result

WRONG = (None, True, -3, float("nan"), 10**400, "x", [], {}, [None], {"x": None})
VOLUME = Volume(np.random.default_rng(0).integers(0, 900, (4, 12, 10)).astype(np.int16), np.eye(4), "head")
REGION = {"description": "a box", "first_slice": 1, "box_to_ras": (5 * np.eye(4)).tolist()}


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    """With all maps; of several findings, and a region."""
    one = as_json(result_of(VOLUME, heatmap=True, uncertainty=True))
    classes = list(one["diagnosis"]["probabilities"])
    several = copy.deepcopy(one) | {"region": REGION}
    several["diagnosis"] |= {"findings": classes[:1], "thresholds": dict.fromkeys(classes, 0.5)}
    return [json.loads(json.dumps(result)) for result in (one, several)]


def places(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Paths to everything in a document; of lists to the first item alone."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, *path, key)
    elif isinstance(value, list) and value:
        yield from places(value[0], *path, 0)


def damaged(result: dict[str, Any]) -> Iterator[Any]:
    """The result with each of its parts taken out, and with wrong values in its place."""
    for *parents, last in list(places(result))[1:]:
        for wrong in (..., *WRONG):
            changed = copy.deepcopy(result)
            inner: Any = changed
            for key in parents:
                inner = inner[key]
            if wrong is ...:
                del inner[last]
            else:
                inner[last] = wrong
            yield changed


def test_what_counts_as_a_result_can_be_told_and_reported(results, tmp_path):
    refused = taken = 0
    for result in results:
        assert is_result(result)
        for changed in damaged(result):
            if not is_result(changed):
                refused += 1
                continue
            taken += 1
            findings(changed["diagnosis"])
            as_text(changed)
            region_mask(changed.get("region"), VOLUME)
            write_report(changed, tmp_path / "report.html")
    assert refused > 500 and taken > 100
    assert not any(is_result(wrong) for wrong in WRONG)


def test_results_of_older_versions_count_as_far_as_they_can_be_shown(results):
    older = copy.deepcopy(results[0])
    for name in ("confidence", "uncertainty", "heatmap", "report", "software", "notes", "geometry"):
        older.pop(name, None)
    del older["diagnosis"]["display_names"], older["model"]["name"]
    assert is_result(older) and is_result(older | {"of a newer version": 1})
