"""The section Patient: results of several images of a patient, and what else is known, into one diagnosis."""

from __future__ import annotations

import html
import math
from collections import Counter

import qt
import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.errors import DependencyError, UnifiedViTError, UnsupportedImageError
from UnifiedViTLib.inference.patient.diagnosis import METADATA, View, diagnose_patient, region_alone
from UnifiedViTLib.outputs.mrml import ATTRIBUTE, result_of
from UnifiedViTLib.service.store.catalogue import find_model

from .appearance import badColour
from .dicomresults import uidsOf
from .identity import patientOf
from .reporting import volumeOf
from .sentences import inWords
from .texts import asShown

#: By how much the probabilities of a scene may miss 1: they are rounded.
_ROUNDING = 0.01


def diagnosePatient(segmentationNodes, metadata=None, model=None):
    """One diagnosis of a patient, by the patient head of the model that looked at the images; the scene is not changed.

    Args:
        segmentationNodes: results of images of one patient, all of one model.
        metadata: what else is known, by the names of the model's fields: {"age": 63}; what is left out is missing.
        model: its id or folder; None for the one that the results name.

    Returns:
        `UnifiedViTLib.inference.patient.diagnosis.PatientDiagnosis`.

    Raises:
        UnifiedViTLib.errors.UnifiedViTError: with a sentence that says what to do.
    """
    nodes = list(segmentationNodes)
    results = [result_of(node) for node in nodes]
    first = next(filter(None, results), None)
    if first is None:
        raise UnsupportedImageError(_("Choose at least one result of UnifiedViT."))
    spec = find_model(model or first["model"]["id"])
    _refuseMixed(nodes, results, spec)
    try:
        return diagnose_patient(spec, [_viewOf(node, names, spec) for node, names in
                                       zip(nodes, _uniqueNames(nodes), strict=True)], metadata)
    except ImportError as error:
        raise DependencyError(_("A package that the model needs is missing ({error}). Run the model once: the panel "
                                "offers to install it.").format(error=error)) from error


def isOf(result, spec):
    """Whether a result is of exactly this model."""
    return [result["model"][name] for name in ("id", "version", "sha256")] == [spec.id, spec.version, spec.sha256]


def _refuseMixed(nodes, results, spec):
    """Raise an UnsupportedImageError where results are not of one model, one patient, and an image each."""
    images, patients = {}, {}
    for node, result in zip(nodes, results, strict=True):
        name = node.GetName() if node else ""
        if result is None or not isOf(result, spec):
            raise UnsupportedImageError(_("{name} is no result of {model} {version}. Look at all images with one model."
                                          ).format(name=name, model=spec.name, version=spec.version))
        for image in _imagesOf(node):
            if image in images:
                raise UnsupportedImageError(_("{name} and {other} are results of one image, which would count twice. "
                                              "Choose one of them.").format(name=name, other=images[image]))
            images[image] = name
        patient = patientOf(volumeOf(node) or node)
        if patient:
            patients.setdefault(patient, name)
    if len(patients) > 1:
        one, other = list(patients.values())[:2]
        raise UnsupportedImageError(_("{name} is of another patient than {other}. Choose the images of one patient."
                                      ).format(name=other, other=one))


def _imagesOf(node):
    """What tells the image of a result from others."""
    volumeNode = volumeOf(node)
    if volumeNode is None:
        return {node.GetID()}
    return {f"{volumeNode.GetID()} {node.GetAttribute(f'{ATTRIBUTE}SequenceItem') or ''}", *uidsOf(volumeNode)}


def _uniqueNames(nodes):
    """The nodes' names, numbered where several have the same."""
    counts, names = Counter(), []
    for node in nodes:
        counts[node.GetName()] += 1
        count = counts[node.GetName()]
        names.append(node.GetName() if count == 1 else f"{node.GetName()} ({count})")
    return names


def _viewOf(node, name, spec):
    """What a result says; a scene may come from anywhere.

    Raises:
        UnsupportedImageError: its probabilities are none of this model, or it is of a region alone.
    """
    result = result_of(node)
    if result.get("region"):
        raise region_alone(name)
    said = result["diagnosis"]["probabilities"]
    values = [said.get(one.name, -1) for one in spec.classes]
    if min(values) < 0 or not math.isclose(sum(values), 1, abs_tol=_ROUNDING):
        raise UnsupportedImageError(_("The result {name} of this scene is damaged. Run the model again.").format(
            name=name))
    return View(name, {one.name: float(value) for one, value in zip(spec.classes, values, strict=True)},
                tuple(result["warnings"]))


class PatientView:
    """Shows the section for models with a patient head. What is written there is kept nowhere: it is personal.

    Args:
        ui: the panel's widgets.
        status: `StatusView`.
    """

    def __init__(self, ui, status):
        self.ui, self._status = ui, status
        self._spec = self._volumeID = self._listed = None
        self._rows = {}  # by the field's name: label, widget
        ui.patientList.connect("itemChanged(QListWidgetItem*)", self.onChanged)
        ui.patientCollapsibleButton.connect("contentsCollapsed(bool)", lambda _isCollapsed: self._list())
        ui.diagnosePatientButton.connect("clicked(bool)", self.onDiagnose)
        self.show(None, None)

    def show(self, spec, volumeNode):
        """Offer what this model can put together of the patient whose volume is chosen.

        Args:
            spec: of the chosen model; None if it is not installed.
            volumeNode: None for none.
        """
        hasHead = spec is not None and spec.patient is not None
        self.ui.patientCollapsibleButton.visible = hasHead
        if not hasHead:
            self._spec = None
            self._clear()
            return
        if self._spec is None or (self._spec.id, self._spec.patient) != (spec.id, spec.patient):
            self._makeFields(spec)
            self._clear()
        self._spec, self._volumeID = spec, volumeNode.GetID() if volumeNode else None
        self._list()

    def forget(self):
        """The scene goes, and with it the patient."""
        self._volumeID = None
        for _label, widget in self._rows.values():
            widget.blockSignals(True)
            if isinstance(widget, qt.QComboBox):
                widget.setCurrentIndex(0)
            else:
                widget.clear()
            widget.blockSignals(False)
        self.ui.patientList.clear()
        self._listed = None
        self._clear()

    def onChanged(self, *_changed):
        """Something else is known now: what was said of the patient does not follow from it."""
        self._clear()

    def onDiagnose(self, _checked=None):
        """Put what is checked together."""
        checked = self._checkedIDs()
        self._list()
        try:
            if checked != self._checkedIDs():
                raise UnsupportedImageError(_("The results in the scene have changed meanwhile. Check them again."))
            nodes = [slicer.mrmlScene.GetNodeByID(nodeID) for nodeID in checked]
            patient = diagnosePatient(nodes, self._metadata(), self._spec.id)
        except UnifiedViTError as error:
            self._clear()
            self._status.say(str(error), isBad=True)
            return
        self._status.clearError()
        self.ui.patientLabel.text = _asHtml(patient, self._spec)
        self.ui.patientLabel.visible = True

    def _clear(self):
        self.ui.patientLabel.text = ""
        self.ui.patientLabel.visible = False
        self.ui.diagnosePatientButton.enabled = bool(self._checkedIDs())

    def _checkedIDs(self):
        items = map(self.ui.patientList.item, range(self.ui.patientList.count))
        return [item.data(qt.Qt.UserRole) for item in items if item.checkState() == qt.Qt.Checked]

    def _list(self):
        """The results of the model; those of another patient than the chosen volume's are left out."""
        if self._spec is None or self.ui.patientCollapsibleButton.collapsed:
            return
        volumeNode = slicer.mrmlScene.GetNodeByID(self._volumeID) if self._volumeID else None
        patient = patientOf(volumeNode) if volumeNode else ""
        listed = {}
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
            result, own = result_of(node), patientOf(volumeOf(node) or node)
            if result and isOf(result, self._spec) and (not patient or not own or patient == own):
                listed[node.GetID()] = node.GetName(), node.GetAttribute(f"{ATTRIBUTE}Result")
        if listed == self._listed:
            return
        before, checked = self._listed or {}, self._checkedIDs()
        self._listed = listed
        items = self.ui.patientList
        items.blockSignals(True)
        items.clear()
        for nodeID, (name, text) in listed.items():
            item = qt.QListWidgetItem(name)
            item.setToolTip(asShown(name))
            item.setData(qt.Qt.UserRole, nodeID)
            isChecked = nodeID in checked and before.get(nodeID, ("", None))[1] == text
            item.setCheckState(qt.Qt.Checked if isChecked else qt.Qt.Unchecked)
            items.addItem(item)
        items.blockSignals(False)
        self._clear()

    def _makeFields(self, spec):
        """A widget for each field of the model's metadata; left empty, it is missing."""
        for label, widget in self._rows.values():
            for one in (label, widget):
                self.ui.patientFrame.layout().removeWidget(one)
                one.deleteLater()
        self._rows, before = {}, self.ui.patientList
        for field in spec.patient.fields:
            label = qt.QLabel(f"{field.display} ({field.unit}):" if field.unit else f"{field.display}:")
            label.textFormat = qt.Qt.PlainText
            if field.choices:
                widget = qt.QComboBox()
                for words, value in ((_("Missing"), ""), *((choice, choice) for choice in field.choices)):
                    widget.addItem(words, value)
                widget.connect("currentIndexChanged(int)", self.onChanged)
            else:
                widget = qt.QLineEdit()
                widget.placeholderText = _("Missing")
                widget.toolTip = asShown(_("From {low} to {high}. The model has learnt from {first} to {last}.").format(
                    low=f"{field.minimum:g}", high=f"{field.maximum:g}", first=f"{field.seen[0]:g}",
                    last=f"{field.seen[1]:g}"))
                widget.connect("textChanged(QString)", self.onChanged)
            self.ui.patientFrame.layout().addRow(label, widget)
            label.setBuddy(widget)
            qt.QWidget.setTabOrder(before, widget)
            before, self._rows[field.name] = widget, (label, widget)
        self.ui.patientFrame.visible = bool(self._rows)

    def _metadata(self):
        return {name: widget.itemData(widget.currentIndex) if isinstance(widget, qt.QComboBox) else widget.text
                for name, (_label, widget) in self._rows.items()}


def _asHtml(patient, spec):
    """A diagnosis of a patient: what it is, what the images say alone, what each had to do with it, warnings."""
    diagnosis, alone = patient.diagnosis, patient.images_alone
    fields = {field.name: field.display for field in spec.patient.fields}
    probabilities = ", ".join(f"{one.display} {diagnosis.probabilities[one.name]:.0%}" for one in spec.classes)
    lines = [f"<b>{html.escape(diagnosis.display)}</b>&nbsp;&nbsp;{diagnosis.probability:.0%}",
             f"<small>{html.escape(probabilities)}</small>",
             html.escape(_("Images alone: {diagnosis} {probability}").format(
                 diagnosis=alone.display, probability=f"{alone.probability:.0%}"))]
    for one in patient.evidence:
        name = fields[one.name] if one.kind == METADATA else one.name
        words = _("{name}: {value}") if one.probability_without is None else _(
            "{name}: {value} (without it, {diagnosis} {probability})")
        lines.append(html.escape(words.format(
            name=name, value=one.value, diagnosis=diagnosis.display,
            probability="" if one.probability_without is None else f"{one.probability_without:.0%}")))
    if patient.missing:
        missing = ", ".join(fields[name] for name in patient.missing)
        lines.append(html.escape(_("Missing: {fields}").format(fields=missing)))
    lines += [f"<span style='color: {badColour()}'>&#9888; {html.escape(inWords(warning))}</span>"
              for warning in patient.warnings]
    return "<br>".join(lines)
