"""What the module's own test does inside Slicer."""

from __future__ import annotations

import numpy as np
import slicer

from UnifiedViTLib.errors import DependencyError, UnsupportedImageError


def badInputIsRefusedInWords(test, logicClass):
    """No volume, and a volume without voxels: a sentence, and the scene as it was."""
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    before = slicer.mrmlScene.GetNumberOfNodes()
    logic = logicClass()
    for node in (None, empty):
        with test.assertRaises(UnsupportedImageError):
            logic.process(node)
    test.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
    logic.close()


def runOnSyntheticHead(test, logicClass):
    """A drawn head through the whole way; skipped in words where the network's packages are not installed."""
    k, j, i = np.mgrid[-1:1:6j, -1:1:96j, -1:1:96j]
    head = 400.0 * (k**2 / 4 + j**2 + i**2 < 0.8) + 500.0 * ((i - 0.3) ** 2 + (j - 0.2) ** 2 + k**2 < 0.04)
    volumeNode = slicer.util.addVolumeFromArray(head.astype("int16"))
    volumeNode.SetSpacing(2.0, 2.0, 6.0)
    logic = logicClass()
    try:
        prediction = logic.process(volumeNode, device="cpu")
    except DependencyError as error:
        test.delayDisplay(f"Not run: {error}")
        return
    finally:
        logic.close()
    segmentationNode = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    test.assertEqual(prediction.labelmap.shape, head.shape)
    test.assertIsNotNone(segmentationNode.GetAttribute("UnifiedViT.Diagnosis"))
    test.assertAlmostEqual(sum(prediction.diagnosis.probabilities.values()), 1.0, places=5)
    test.delayDisplay("Test passed")


#: Each is called with the test case and the class of the logic, in an empty scene.
TESTS = (badInputIsRefusedInWords, runOnSyntheticHead)
