"""The same result the way Slicer takes it: from a volume node to nodes beside it, saved as a scene bundle."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import slicer

from UnifiedViTLib.imaging.slicing import slice_view
from UnifiedViTLib.native import c_numeric_locale
from UnifiedViTLib.outputs.mrml import add_to_scene, volume_from_node
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.service.worker.protocol import PredictRequest
from UnifiedViTLib.spec import ModelSpec


def save_scene(image: Path, spec: ModelSpec, bundle: Path) -> np.ndarray:
    """Load `image` into an MRML scene, predict, add the result, write a `.mrb` that Slicer opens.

    Returns:
        The labelmap that was put into the scene, as axial slices (superior last, anterior first, right first):
        Slicer's reader may turn axes around, so that voxels are compared by where they lie.
    """
    scene = slicer.vtkMRMLScene()
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", image.name.split(".")[0])
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(image.resolve()))
    with c_numeric_locale():
        storage.ReadData(volume)
    volume.SetAndObserveStorageNodeID(storage.GetID())
    volume.CreateDefaultDisplayNodes()
    loaded = volume_from_node(volume)
    with closing(WorkerClient()) as client:
        prediction = client.run(PredictRequest(loaded, spec))
    add_to_scene(prediction, volume)
    with c_numeric_locale():
        scene.WriteToMRB(str(bundle.resolve()))
    return slice_view(loaded, "axial").of(prediction.labelmap)
