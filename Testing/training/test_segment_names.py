"""Masks of Slicer name their labels: no segment is learnt as another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from head_sets import BY_FOLD, head, project, write
from unifiedvit_training.data.dataset import Item
from unifiedvit_training.data.slicing import slice_item
from unifiedvit_training.errors import DataError


def named_mask(file: Path, *names: str) -> Path:
    """A segmentation as Slicer saves it, with a disc for each name."""
    y, x = np.mgrid[:48, :48]
    labels = sum(label * ((x - 12 * label) ** 2 + (y - 24) ** 2 < 16) for label in range(1, len(names) + 1))
    mask = sitk.GetImageFromArray(np.asarray(labels, np.uint8)[None])
    for n, name in enumerate(names):
        for key, text in (("ID", f"S{n}"), ("Name", name), ("LabelValue", f"{n + 1}"), ("Layer", "0")):
            mask.SetMetaData(f"Segment{n}_{key}", text)
    sitk.WriteImage(mask, str(file), True)
    return file


@pytest.mark.parametrize("names, values, words", [
    (("Core", "Oedema"), {1: "Core", 2: "Oedema"}, ""),
    (("oedema", "core"), {1: "Core", 2: "Oedema"}, "1 is oedema, but mask_values says that it is Core"),
    (("Skull", "Core"), {1: "background", 2: "Core"}, ""),
    (("Segment_1", "Segment_2"), {1: "Core", 2: "Oedema"}, ""),
    (("Core",), {}, ""),
    (("Skull", "Core"), {}, r"holds 1 \(Skull\) besides Core, which would be learnt as the same"),
])
def test_segments_that_slicer_numbered_in_another_order_are_never_learnt_as_each_other(tmp_path, names, values, words):
    image = head(np.random.default_rng(0), 0)[0][None]
    write(tmp_path / "a.nrrd", image)
    segments = [{"name": name, "colour": [230, 75, 53]} for name in (("Core", "Oedema") if values else ("Core",))]
    given = project({"name": "s", "folder": str(tmp_path), "mask_values": values, "split": BY_FOLD}, segments=segments)
    mask = named_mask(tmp_path / "a.seg.nrrd", *names)
    item = Item("a", tmp_path / "a.nrrd", mask, ("bright",), "a", "s", side="train", volume=False)
    if not words:
        masks = slice_item(item, given.data.sources[0], given.data, given.model).masks
        assert set(np.unique(masks)) - {0} == ({1, 2} if "Oedema" in names or "Segment_1" in names else {1})
        return
    with pytest.raises(DataError, match=words):
        slice_item(item, given.data.sources[0], given.data, given.model)
