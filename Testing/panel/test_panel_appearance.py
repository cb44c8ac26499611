"""The panel in a dark style, on a fine screen, narrow, and by the keyboard alone."""

from __future__ import annotations

import pytest
import scenes
from panels import head_node
from PySide6 import QtCore, QtGui, QtTest, QtWidgets

from UnifiedViTLib.outputs.mrml import add_to_scene

SECTIONS = ("inputs", "region", "advanced", "models", "result", "patient", "compare", "batch", "teach", "log")


@pytest.fixture
def dark(desk):
    """The application in a dark style; afterwards as it was."""
    before = desk.app.qt.palette()
    palette = QtGui.QPalette(QtGui.QColor("#35383c"), QtGui.QColor("#232629"))
    desk.app.qt.setPalette(palette)
    desk.app.processEvents()
    yield palette
    desk.app.qt.setPalette(before)
    desk.app.processEvents()


@pytest.fixture
def unfolded(desk):
    sections = [section for name in SECTIONS
                if (section := getattr(desk.ui, f"{name}CollapsibleButton", None)) is not None]
    before = [section.collapsed for section in sections]
    for section in sections:
        section.collapsed = False
    desk.app.processEvents()
    yield sections
    for section, collapsed in zip(sections, before, strict=True):
        section.collapsed = collapsed
    desk.window.resize(460, 900)


def contrast(one: QtGui.QColor, other: QtGui.QColor) -> float:
    """As of WCAG 2, 1 to 21."""
    def luminance(colour):
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                 for part in (colour.redF(), colour.greenF(), colour.blueF())]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, deep = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (deep + 0.05)


def press(desk, key, modifiers=QtCore.Qt.NoModifier, where=None) -> None:
    desk.window.activateWindow()
    (where or desk.ui.inputSelector).setFocus()
    desk.app.processEvents()
    QtTest.QTest.keyClick(where or desk.ui.inputSelector, key, modifiers)
    desk.app.processEvents()


def test_charts_and_errors_can_be_read_in_a_dark_style_and_in_a_light_one(desk, shown, dark):
    ground = QtGui.QColor(desk.ui.classesChart.pixmap.toImage().pixelColor(0, 0))
    assert ground.lightness() < 64, "drawn again when the style changed"
    desk.panel.status.say("It went wrong.", isBad=True)
    said = desk.ui.statusLabel.styleSheet.split("#")[1][:6]
    assert contrast(QtGui.QColor(f"#{said}"), dark.window().color()) >= 4.5
    desk.app.qt.setPalette(QtGui.QPalette(QtGui.QColor("#f0f0f0"), QtGui.QColor("#ffffff")))
    desk.app.processEvents()
    assert QtGui.QColor(desk.ui.classesChart.pixmap.toImage().pixelColor(0, 0)).lightness() > 200
    desk.panel.status.clear()


def test_charts_are_as_fine_as_the_screen(desk, shown, monkeypatch):
    from UnifiedViTPanel import appearance
    from UnifiedViTPanel.charts import classesChart

    monkeypatch.setattr(appearance.slicer.app, "devicePixelRatio", lambda: 2.0, raising=False)
    chart = classesChart(["Glioma", "None"], [0.8, 0.2], 300)
    assert chart.devicePixelRatio() == 2.0 and chart.width() == 600


def test_nothing_is_wider_than_a_panel_of_320_pixels(desk, shown, unfolded):
    desk.window.resize(320, 900)
    desk.app.processEvents()
    for section in unfolded:
        assert QtWidgets.QWidget.minimumSizeHint(section).width() <= 310, section.text
    table = desk.ui.modelsTable
    last = table.columnViewportPosition(table.columnCount - 1) + table.columnWidth(table.columnCount - 1)
    assert last <= QtWidgets.QWidget.width(table.viewport()), "a model's state is seen without scrolling"


def test_a_long_name_without_blanks_does_not_make_the_panel_as_wide(desk, shown):
    volume, segmentation = shown
    volume.SetName(name := 60 * "T1w_")
    add_to_scene(scenes.predict(volume, warnings=(f"{name} is bad.",)), volume, segmentation)
    desk.panel.showParameters()
    desk.panel.status.say(f"The report is in /{name}")
    desk.ui.compareLabel.text = f"<b>{name}</b>"
    desk.ui.compareLabel.visible = True
    desk.app.processEvents()
    assert name in desk.ui.diagnosisLabel.text and name in desk.ui.warningsLabel.text
    assert QtWidgets.QWidget.minimumSizeHint(desk.window).width() <= 320
    desk.ui.compareLabel.visible = False


def test_every_field_is_reached_by_the_tabulator_and_has_a_name(desk, unfolded):
    fields = [widget for kind in (QtWidgets.QComboBox, QtWidgets.QLineEdit, QtWidgets.QTableWidget)
              for widget in desk.window.findChildren(kind) if widget.objectName in vars(desk.ui)]
    assert len(fields) > 12
    named = {label.buddy() for label in desk.window.findChildren(QtWidgets.QLabel) if label.buddy()}
    for widget in fields:
        assert QtWidgets.QWidget.focusPolicy(widget) & QtCore.Qt.TabFocus, widget.objectName
        assert widget in named or QtWidgets.QWidget.accessibleName(widget), widget.objectName


def test_ctrl_and_return_run_and_escape_cancels(desk):
    desk.choose(inputVolume=head_node(desk.scene), outputSegmentation=None)
    press(desk, QtCore.Qt.Key_Return, QtCore.Qt.ControlModifier)
    assert desk.panel._running
    press(desk, QtCore.Qt.Key_Return, QtCore.Qt.ControlModifier)
    assert not desk.panel._cancelling, "the key that runs does not cancel"
    press(desk, QtCore.Qt.Key_Escape, where=desk.ui.runButton)
    desk.wait(lambda: not desk.panel._running)
    assert desk.ui.statusLabel.text == "Cancelled. The scene is as it was."
    press(desk, QtCore.Qt.Key_Escape)
    assert not desk.panel._running
