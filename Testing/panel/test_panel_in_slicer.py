"""What Slicer and PythonQt do otherwise than Qt: connections that stay, hidden panels, widgets that go first."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace

import pytest
import scenes
import shiboken6
import slicer
from panels import head_node
from PySide6 import QtCore, QtWidgets
from standin.application import OWN, ROOT, show_panel
from standin.exposed import check
from standin.pythonqt import Painter

from UnifiedViTLib.outputs.mrml import add_to_scene


@pytest.fixture
def second(desk):
    """Another panel on the same scene, to be taken apart."""
    panel, window = show_panel(desk.module, desk.scene)
    yield panel, window
    panel.cleanup()


def test_going_to_another_module_and_back_connects_nothing_anew(desk, monkeypatch):
    joined, connections = desk.widget._parameterNode, []
    monkeypatch.setattr(desk.module.UnifiedViTParameterNode, "connectGui", lambda self, ui: connections.append(ui))
    for _ in range(3):
        desk.widget.exit()
        desk.widget.enter()
    assert desk.widget._parameterNode is joined and not connections


def test_a_panel_that_was_closed_no_longer_writes_parameters(desk, second):
    panel, _window = second
    node = panel._parameterNode
    panel.cleanup()
    panel.ui.batchSizeSpinBox.value = 17
    assert node.batchSize != 17


def test_what_qt_asks_of_its_objects_while_the_module_drops_one_is_not_refused_the_module(desk, monkeypatch):
    import qt

    class Receiver:
        def hear(self):
            pass

    code, module, wrong = "def drop(held): held.clear()", {}, []
    exec(compile(code, str(ROOT / "UnifiedViT" / "dropping.py"), "exec"), module)
    monkeypatch.setattr(sys, "unraisablehook", wrong.append)
    timer, held = qt.QTimer(), [Receiver()]
    timer.timeout.connect(held[0].hear)
    module["drop"](held)
    assert wrong == []


def test_what_runs_is_ended_even_where_the_widgets_went_first(desk, second):
    panel, window = second
    head_node(desk.scene)
    panel.initializeParameterNode()
    panel.panel.onRun()
    desk.wait(lambda: panel.logic.runner.client._child is not None)
    process = panel.logic.runner.client._child._process
    shiboken6.delete(window)
    with suppress(RuntimeError):  # PySide's word for a destroyed widget; Slicer prints it and goes on closing
        panel.cleanup()
    assert process.poll() is not None


def test_what_is_missing_is_said_also_where_the_check_ends_while_another_module_is_shown(desk, second):
    panel, window = second
    setup = panel.panel.setup
    desk.wait(lambda: setup._report is not None)
    window.hide()
    setup._report = replace(setup._report, problems=dict.fromkeys(("timm", "openvino"), "It is missing."))
    setup._show()
    assert not panel.ui.setupFrame.visible and panel.ui.setupLabel.text
    window.show()
    assert panel.ui.setupFrame.visible


def test_a_module_whose_set_up_failed_can_be_unloaded(desk):
    parent = slicer.qMRMLWidget()
    parent.setLayout(QtWidgets.QVBoxLayout())
    desk.module.UnifiedViTWidget(parent).cleanup()


def test_charts_are_painted_with_what_pythonqt_can_do_and_long_names_are_shortened(desk):
    from UnifiedViTPanel.charts import classesChart, slicesChart

    with pytest.raises(ValueError, match="QFontMetrics"):
        Painter().fontMetrics()
    chart = classesChart(["A very long name of a diagnosis that has no room", "B"], [0.9, 0.1], 300)
    assert chart.width() == 300
    assert slicesChart([[0.2], [0.8]], 300).width() == 300


def test_the_panel_can_be_made_narrow_again_when_a_wide_result_is_shown(desk):
    volume = head_node(desk.scene)
    segmentation, _ = add_to_scene(scenes.predict(volume), volume)
    desk.choose(inputVolume=volume, outputSegmentation=segmentation)
    for chart in (desk.ui.classesChart, desk.ui.slicesChart):
        assert chart.sizePolicy.horizontalPolicy() == QtWidgets.QSizePolicy.Ignored


def test_pythonqt_ways_are_kept(desk):
    with pytest.raises(AttributeError):
        desk.ui.runButton.caption = "Run"
    with pytest.raises(ValueError, match="no signal"):
        desk.ui.runButton.connect("pushed(bool)", print)


@pytest.mark.parametrize("expression", [
    "ui.runButton.text()",  # a property
    "ui.runButton.setText(text='Run')",
    "ui.inputSelector.currentIndex",  # the real one is no combo box
    "ui.inputSelector.activated",
    "ui.batchTable.horizontalHeader().stretchLastSection()",
    "ui.batchTable.fontMetrics",  # PythonQt cannot return them
    "ui.batchTable.verticalHeader().setSectionResizeMode(mode=qt.QHeaderView.Stretch)",
    "ui.logText.sizeHint.toTuple",
    "qt.QFontMetrics",
    "qt.QLabel('Volume', parent=ui.batchTable)",
    "qt.QColor('red').toTuple",
    "qt.QTableWidgetItem('1').setText(text='2')",
    "app.questions",
    "app.palette().color(cr=qt.QPalette.Window)",
    "app.userSettings().value('key', defaultValue=1)",
    "app.connect('startUpCompleted()', print)",
    "database.files",
    "setattr(ui.runButton, 'objectName_', 'x')",
    "setattr(module, 'titel', 'UnifiedViT')",
])
def test_what_pythonqt_does_not_show_is_refused_to_the_module(desk, expression):
    code = compile(expression, str(ROOT / "UnifiedViT" / "asks.py"), "eval")
    names = {"ui": desk.ui, "qt": sys.modules["qt"], "app": desk.app, "database": slicer.dicomDatabase,
             "module": desk.parent}
    with pytest.raises((AttributeError, TypeError, ValueError)):
        eval(code, names)


def test_the_stand_in_has_no_property_or_signal_that_the_real_widget_lacks(desk):
    for name, cls in OWN.items():
        widget = cls()
        meta = QtCore.QObject.metaObject(widget)
        for number in range(meta.propertyOffset(), meta.propertyCount()):
            check(name, meta.property(number).name())
        for number in range(meta.methodOffset(), meta.methodCount()):
            if meta.method(number).methodType() == QtCore.QMetaMethod.Signal:
                check(name, meta.method(number).name().toStdString())
