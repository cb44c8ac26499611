"""Whose a volume of the scene is, as far as the DICOM module knows."""

from __future__ import annotations

from UnifiedViTLib.names import patient_key


def patientKeyOf(node):
    """Equal for nodes of one patient, by the PatientID that the DICOM module has noted; "" where there is none."""
    hierarchy, item = _patientItem(node)
    if not item:
        return ""
    return patient_key(hierarchy.GetItemAttribute(item, "DICOM.PatientID") or hierarchy.GetItemUID(item, "DICOM") or "")


def patientOf(node):
    """Tells patients of the scene apart, by their PatientIDs or else as the DICOM module lists them; "" where it does
    not."""
    _hierarchy, item = _patientItem(node)
    return patientKeyOf(node) or (str(item) if item else "")


def _patientItem(node):
    """The subject hierarchy, and its item of the patient that a node is of; 0 where there is none."""
    hierarchy = node.GetScene().GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    item = hierarchy.GetItemByDataNode(node) if hierarchy else 0
    return hierarchy, hierarchy.GetItemAncestorAtLevel(item, "Patient") if item else 0
