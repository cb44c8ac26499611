"""Changes of a scene that can be taken back, and the place of nodes in its subject hierarchy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import slicer


def unused_name(scene: slicer.vtkMRMLScene, name: str) -> str:
    """A name that no node of the scene has: `name` itself, or with a number.

    `GenerateUniqueName` alone numbers names that were ever used, those of nodes that have gone too.
    """
    return name if scene.GetFirstNodeByName(name) is None else scene.GenerateUniqueName(name)


def place_beside(volume_node: slicer.vtkMRMLNode, node: slicer.vtkMRMLNode) -> None:
    """Put `node` under the volume's parent in the subject hierarchy, if the volume is in one."""
    hierarchy = _hierarchy(volume_node.GetScene())
    volume_item = hierarchy.GetItemByDataNode(volume_node) if hierarchy else 0
    if hierarchy is None or not volume_item:
        return
    parent, item = hierarchy.GetItemParent(volume_item), hierarchy.GetItemByDataNode(node)
    if not item:
        # The application makes items for new nodes by itself; a scene without its user interface does not.
        hierarchy.CreateItem(parent, node)
    elif hierarchy.GetItemParent(item) != parent:
        hierarchy.SetItemParent(item, parent)


class SceneMemory:
    """How a scene stood: its nodes, and what is in those that a result is about to replace.

    Args:
        scene: the scene.
        outputs: segmentations and tables of it whose content will change.
        replaced: volumes that are taken out of the scene here, as others come in their place.

    Attributes:
        scene: as above.
    """

    def __init__(self, scene: slicer.vtkMRMLScene, outputs: list[slicer.vtkMRMLNode],
                 replaced: list[slicer.vtkMRMLNode] | None = None) -> None:
        # IDs: to hold the nodes themselves would keep volumes in memory that the user has deleted.
        self.scene, self._before = scene, {node.GetID() for node in _nodes(scene)}
        displays = [node.GetDisplayNode() for node in outputs if node.IsA("vtkMRMLDisplayableNode")]
        self._originals = [*outputs, *filter(None, displays)]
        self._copies = [node.CreateNodeInstance() for node in self._originals]
        for node, copy in zip(self._originals, self._copies, strict=True):
            copy.Copy(node)
        self._replaced = [(node, _companions(node), _item_parent(node)) for node in replaced or []]
        for node, companions, _parent in self._replaced:
            for gone in (node, *companions):
                scene.RemoveNode(gone)

    def restore(self, added: list[slicer.vtkMRMLNode] | None = None) -> None:
        """Take nodes away that came since (`added`: those of them alone), and put the outputs back."""
        # What the application listed in the subject hierarchy for added nodes, it takes away with them.
        for node in reversed(_nodes(self.scene)):
            if node.GetID() not in self._before if added is None else node in added:
                self.scene.RemoveNode(node)
        hierarchy = _hierarchy(self.scene)
        for node, companions, parent in self._replaced:
            for back in (*companions, node):
                self.scene.AddNode(back)
            item = hierarchy.GetItemByDataNode(node) if hierarchy else 0
            if hierarchy and item and parent:
                hierarchy.SetItemParent(item, parent)
        for node, copy in zip(self._originals, self._copies, strict=True):
            if self.scene.IsNodePresent(node):
                node.Copy(copy)


def _hierarchy(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLSubjectHierarchyNode | None:
    """The scene's subject hierarchy; its class's own getter would add one to a scene without."""
    return scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")


def _companions(node: slicer.vtkMRMLNode) -> list[slicer.vtkMRMLNode]:
    """A volume's display and storage nodes."""
    return [companion for companion in (node.GetDisplayNode(), node.GetStorageNode()) if companion]


def _item_parent(node: slicer.vtkMRMLNode) -> int:
    """The item above the node's in the subject hierarchy; 0 for none."""
    hierarchy = _hierarchy(node.GetScene())
    item = hierarchy.GetItemByDataNode(node) if hierarchy else 0
    return hierarchy.GetItemParent(item) if hierarchy and item else 0


@contextmanager
def all_or_nothing(scene: slicer.vtkMRMLScene, outputs: list[slicer.vtkMRMLNode]) -> Iterator[None]:
    """Views and widgets wait for the end of the block; where it raises, added nodes go and `outputs` are restored."""
    memory = SceneMemory(scene, outputs)
    scene.StartState(slicer.vtkMRMLScene.BatchProcessState)
    try:
        yield
    except BaseException:
        memory.restore()
        raise
    finally:
        scene.EndState(slicer.vtkMRMLScene.BatchProcessState)


def _nodes(scene: slicer.vtkMRMLScene) -> list[slicer.vtkMRMLNode]:
    """All nodes, in the scene's order."""
    return [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
