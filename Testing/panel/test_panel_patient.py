"""The section Patient: results of the scene and metadata into one diagnosis, on request alone."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import scenes
import slicer
from builders import tiny_model
from panels import contents, head_node
from patient_heads import give_patient_head
from PySide6 import QtCore

from UnifiedViTLib.errors import MetadataError, UnsupportedImageError
from UnifiedViTLib.inference.patient.diagnosis import View, diagnose_patient
from UnifiedViTLib.inference.prediction import Diagnosis
from UnifiedViTLib.outputs.mrml import add_to_scene
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.service.store.download import import_model, remove_model

LEFT, RIGHT = {"healthy": 0.1, "glioma": 0.7, "meningioma": 0.2}, {"healthy": 0.2, "glioma": 0.3, "meningioma": 0.5}


@pytest.fixture
def patient(desk, tmp_path):
    """A model with a patient head is chosen, and has looked at two images; the section is unfolded."""
    give_patient_head(tiny_model(tmp_path / "model").folder)
    import_model(tmp_path / "model")
    desk.panel.models.refresh()
    desk.panel.onModelsChanged("tiny")
    spec = find_model("tiny")
    left, right = (result(desk, spec, name, said) for name, said in (("left", LEFT), ("right", RIGHT)))
    desk.ui.patientCollapsibleButton.collapsed = False
    yield SimpleNamespace(spec=spec, left=left, right=right)
    desk.ui.patientCollapsibleButton.collapsed = True
    remove_model("tiny")


def result(desk, spec, name, said, volume=None) -> slicer.vtkMRMLSegmentationNode:
    volume = volume or head_node(desk.scene)
    volume.SetName(name)
    prediction = scenes.predict(volume, diagnosis=Diagnosis(max(said, key=said.get), "Glioma", said), warnings=())
    made = replace(prediction.provenance, model_id=spec.id, model_version=spec.version, model_sha256=spec.sha256)
    return add_to_scene(replace(prediction, provenance=made), volume)[0]


def items(desk) -> dict[str, object]:
    return {item.text(): item for item in map(desk.ui.patientList.item, range(desk.ui.patientList.count))}


def check(desk, *names: str) -> None:
    for name, item in items(desk).items():
        item.setCheckState(QtCore.Qt.Checked if name in names else QtCore.Qt.Unchecked)


def fields(desk) -> dict[str, object]:
    return {name: widget for name, (_label, widget) in desk.panel.patient._rows.items()}


def diagnose(desk) -> str:
    desk.ui.diagnosePatientButton.click()
    return desk.ui.patientLabel.text


def of_patient(desk, node, name: str, identifier: str) -> None:
    """As the DICOM module lists it."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(desk.scene)
    item = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), name)
    hierarchy.SetItemAttribute(item, "DICOM.PatientID", identifier)
    hierarchy.CreateItem(item, node.GetNodeReference("UnifiedViT.volume"))


def test_the_section_is_there_for_models_with_a_patient_head_alone(desk, patient):
    assert desk.ui.patientCollapsibleButton.visible and set(fields(desk)) == {"age", "sex"}
    assert fields(desk)["age"].placeholderText == "Missing" and fields(desk)["sex"].count == 3
    desk.choose(model=desk.module.DEFAULT_MODEL)
    assert not desk.ui.patientCollapsibleButton.visible


def test_two_results_and_the_age_give_the_diagnosis_of_the_library_and_the_scene_stays(desk, patient):
    assert set(items(desk)) == {"left segmentation", "right segmentation"}
    assert not desk.ui.diagnosePatientButton.enabled and desk.ui.patientLabel.text == ""
    before = contents(desk.scene)
    check(desk, "left segmentation", "right segmentation")
    fields(desk)["age"].text = "63"
    assert desk.ui.patientLabel.text == "", "nobody has asked"
    views = [View("left segmentation", LEFT), View("right segmentation", RIGHT)]
    wanted = diagnose_patient(patient.spec, views, {"age": 63})
    text = diagnose(desk)
    assert f"<b>{wanted.diagnosis.display}</b>&nbsp;&nbsp;{wanted.diagnosis.probability:.0%}" in text
    assert f"Images alone: {wanted.images_alone.display}" in text and "Age: 63 years (without it" in text
    assert "left segmentation: Glioma 70%" in text and "Missing: Sex" in text
    assert "The images contradict each other" in text and contents(desk.scene) == before
    assert desk.widget.logic.diagnosePatient([patient.left, patient.right], {"age": 63}) == wanted


def test_what_is_changed_afterwards_takes_the_diagnosis_away_and_a_new_scene_what_was_written(desk, patient):
    check(desk, "left segmentation")
    fields(desk)["sex"].setCurrentIndex(1)
    assert "Sex: F" in diagnose(desk)
    fields(desk)["sex"].setCurrentIndex(2)
    assert desk.ui.patientLabel.text == "" and "Sex: M" in diagnose(desk)
    result(desk, patient.spec, "third", LEFT)
    desk.panel.showParameters()
    assert desk.ui.patientLabel.text == "" and set(items(desk)) > {"third segmentation"}
    assert items(desk)["left segmentation"].checkState() == QtCore.Qt.Checked and "Sex: M" in diagnose(desk)
    fields(desk)["age"].text = "63"
    desk.scene.Clear(0)
    assert fields(desk)["age"].text == "" and fields(desk)["sex"].currentIndex == 0
    assert not items(desk) and desk.ui.patientLabel.text == "" and not desk.ui.diagnosePatientButton.enabled


def test_results_that_have_gone_and_values_that_cannot_be_meant_are_told(desk, patient):
    check(desk, "left segmentation")
    fields(desk)["age"].text = "630"
    assert diagnose(desk) == "" and "a number from 0 to 120 years" in desk.ui.statusLabel.text
    desk.scene.RemoveNode(patient.left)
    assert diagnose(desk) == "" and "have changed meanwhile" in desk.ui.statusLabel.text
    assert set(items(desk)) == {"right segmentation"}
    with pytest.raises(MetadataError, match="does not know the metadata 'height'"):
        desk.widget.logic.diagnosePatient([patient.right], {"height": 180})


def test_results_of_another_patient_are_not_listed_and_not_mixed(desk, patient):
    of_patient(desk, patient.left, "Ann", "17")
    of_patient(desk, patient.right, "Bea", "18")
    again = result(desk, patient.spec, "again", RIGHT)
    of_patient(desk, again, "Ann, listed twice", "17")
    desk.choose(inputVolume=patient.left.GetNodeReference("UnifiedViT.volume"))
    desk.panel.showParameters()
    assert set(items(desk)) == {"left segmentation", "again segmentation"}
    assert len(desk.widget.logic.diagnosePatient([patient.left, again]).evidence) == 2
    with pytest.raises(UnsupportedImageError, match="right segmentation is of another patient than left segmentation"):
        desk.widget.logic.diagnosePatient([patient.left, patient.right])


def test_results_of_one_image_of_other_models_and_damaged_ones_are_refused(desk, patient):
    logic, volume = desk.widget.logic, patient.left.GetNodeReference("UnifiedViT.volume")
    again = result(desk, patient.spec, "again", RIGHT, volume)
    with pytest.raises(UnsupportedImageError, match="results of one image, which would count twice"):
        logic.diagnosePatient([patient.left, again])
    other = result(desk, replace(patient.spec, version="9.9.9"), "other", LEFT)
    with pytest.raises(UnsupportedImageError, match="other segmentation is no result of"):
        logic.diagnosePatient([patient.left, other])
    with pytest.raises(UnsupportedImageError, match="at least one result"):
        logic.diagnosePatient([desk.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")])
    assert "other segmentation" not in items(desk)
    region = result(desk, patient.spec, "part", LEFT)
    text = json.loads(region.GetAttribute("UnifiedViT.Result"))
    region.SetAttribute("UnifiedViT.Result", json.dumps(text | {"region": {
        "description": "a box", "first_slice": 1, "box_to_ras": np.eye(4).tolist()}}))
    with pytest.raises(UnsupportedImageError, match="part segmentation was looked at in a region alone"):
        logic.diagnosePatient([patient.left, region])
    region.SetAttribute("UnifiedViT.Result", json.dumps(text | {"model": "tiny"}))
    for nodes in ([region], [patient.left, region]):
        with pytest.raises(UnsupportedImageError, match=r"at least one result|part segmentation is no result of"):
            logic.diagnosePatient(nodes)
    for probabilities, words in (({"healthy": 5}, "is damaged"), (dict.fromkeys(LEFT, 0.9), "is damaged"),
                                 (dict.fromkeys(LEFT, "x"), "is no result of"), (None, "is no result of")):
        text = json.loads(patient.right.GetAttribute("UnifiedViT.Result"))
        text["diagnosis"]["probabilities"] = probabilities
        patient.right.SetAttribute("UnifiedViT.Result", json.dumps(text))
        with pytest.raises(UnsupportedImageError, match=words):
            logic.diagnosePatient([patient.left, patient.right])
