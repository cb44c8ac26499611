"""The translations of the panel: whole, faithful to their sources, compiled by Qt's tool, and shown."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6 import QtCore
from translations import FOLDER, MODULE, context_of, marked_texts, messages, qt_tool, update

FILES = sorted(FOLDER.glob("*.ts"))
#: What a translation keeps: placeholders, HTML tags, line breaks, file patterns; names of what has one name everywhere.
KEPT = re.compile(r"\{[^}]*\}|<[^>]*>|\n|\*\.\w+|\b(?:UnifiedViT|Dice|HD95|mL|MB|mm)\b", re.A)
#: Widgets and dialogs show what these are given.
SHOWING_CALLS = {"say", "addItem", "setToolTip", "drawText", "addRow", "asShown", "QLabel", "QTableWidgetItem",
                 "QPushButton", "QCheckBox", "confirmOkCancelDisplay", "confirmYesNoDisplay", "errorDisplay",
                 "getSaveFileName", "getOpenFileName", "getExistingDirectory"}
SHOWN_ATTRIBUTES = {"text", "toolTip", "title", "noneDisplay", "helpText", "acknowledgementText", "placeholderText"}


def test_five_languages_are_there_under_the_codes_of_slicers_language_packs():
    assert {file.stem for file in FILES} >= {f"UnifiedViT_{code}" for code in ("de", "fr", "es", "zh-Hans", "ja")}


@pytest.fixture(scope="module")
def updated(tmp_path_factory) -> Path:
    """A folder with the files as they are once the tool has brought them up to date."""
    folder = tmp_path_factory.mktemp("translations")
    copies = [Path(shutil.copy(file, folder)) for file in FILES]
    update(copies)
    return folder


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_has_every_text_of_the_panel_none_that_has_gone_and_each_translated(file, updated):
    there, wanted = ({(one.context, one.source) for one in messages(path)} for path in (file, updated / file.name))
    assert not wanted - there, "new texts: run python Testing/translations.py, and translate them"
    assert not there - wanted, "texts that have gone: run python Testing/translations.py"
    assert not [source for _context, source in wanted if "vtkMRML" in source], "in the .ui: <stringlist notr=\"true\">"
    assert not [one.source for one in messages(file) if not one.translation.strip()]
    assert {one.kind for one in messages(file)} <= {"", "unfinished"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_translation_has_the_placeholders_tags_names_and_outer_blanks_of_its_source(file):
    for one in messages(file):
        assert sorted(KEPT.findall(one.translation)) == sorted(KEPT.findall(one.source)), one
        assert one.translation[:1].isspace() == one.source[:1].isspace(), one
        assert one.translation[-1:].isspace() == one.source[-1:].isspace(), one


def test_contexts_are_those_under_which_slicer_looks():
    assert context_of(MODULE / "UnifiedViT.py") == "UnifiedViT"
    assert context_of(MODULE / "UnifiedViTPanel" / "panel.py") == "UnifiedViTPanel.panel"
    wanted = {context_of(file) for file in MODULE.rglob("*.py") if any(marked_texts(file))}
    assert {one.context for one in messages(FILES[0])} == wanted  # the class of the .ui is named as the module is


def literals(node: ast.AST) -> Iterator[ast.Constant]:
    """Texts with words in an expression that no translation is looked up for."""
    name = getattr(node, "func", None)
    if isinstance(node, ast.Call) and getattr(name, "attr", getattr(name, "id", "")) in ("_", "translate"):
        return
    if isinstance(node, (ast.Subscript, ast.Compare)):  # keys
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and re.search("[A-Za-z]{2}", re.sub(r"<[^>]*>|&\w+;", "", node.value)):
            yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from literals(child)


@pytest.mark.parametrize("file", sorted(MODULE.rglob("*.py")), ids=lambda file: file.stem)
def test_what_the_panel_shows_is_marked_for_translation(file):
    shown: list[ast.AST] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SHOWING_CALLS or name.endswith("Error"):
                shown += [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Assign):
            shown += [node.value for target in node.targets
                      if isinstance(target, ast.Attribute) and target.attr in SHOWN_ATTRIBUTES]
    assert not [f"line {text.lineno}: {text.value}" for node in shown for text in literals(node)]


def test_the_library_says_each_sentence_of_the_catalogue():
    said = set()
    library, training = MODULE.parent / "UnifiedViTLib", MODULE.parent / "training" / "unifiedvit_training"
    for file in (*library.rglob("*.py"), *training.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                said.add("".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                said.add(node.value)
    # "Without ...", to which the second of these is added
    said |= {f"{first.removesuffix('{}')}{second}" for first in said if first.startswith("Without {}") for second in
             ("", " Whether it was trained on such images is not judged.")}
    catalogue = {re.sub(r"\{\w+\}", "{}", text) for text in marked_texts(MODULE / "UnifiedViTPanel" / "sentences.py")}
    assert not catalogue - said


@pytest.fixture
def german(tmp_path, desk):
    """The application speaks German."""
    from UnifiedViTPanel import sentences

    qt_tool("lrelease", FOLDER / "UnifiedViT_de.ts", "-qm", tmp_path / "UnifiedViT_de.qm")
    translator = QtCore.QTranslator()
    assert translator.load(str(tmp_path / "UnifiedViT_de.qm"))
    QtCore.QCoreApplication.installTranslator(translator)
    sentences._catalogue.cache_clear()
    yield translator
    QtCore.QCoreApplication.removeTranslator(translator)
    sentences._catalogue.cache_clear()


def test_the_panel_is_german_where_the_application_is(german, desk):
    from standin.application import show_panel

    widget, _window = show_panel(desk.module, desk.scene, width=320)
    assert widget.ui.noticeLabel.text == "Nur für Forschungszwecke. Nicht für die klinische Diagnostik."
    assert widget.ui.runButton.text == "Starten"
    assert widget.ui.inputSelector.nodeTypes == ["vtkMRMLScalarVolumeNode"]
    widget.cleanup()


def test_sentences_of_the_library_are_german_on_the_panel(german, desk):
    from UnifiedViTPanel.sentences import inWords

    from UnifiedViTLib.inference.warnings import NEVER_SURE

    assert inWords("Looking at slice 5 of 20") == "Schicht 5 von 20"
    assert inWords(NEVER_SURE).startswith("Die Diagnose ist nie ohne Befundung")
    assert inWords("The diagnosis is uncertain (55% for the likeliest class, under 60%): review it.") == (
        "Die Diagnose ist unsicher (55% für die wahrscheinlichste Klasse, unter 60%): Prüfen Sie sie.")
    strange = inWords("The image does not look like what the model was trained on (80% of its slices lie further from "
                      "the training images than 99% of the images kept for validation). Do not rely on the answer.")
    assert "(80% seiner Schichten liegen weiter von den Trainingsbildern entfernt als" in strange
    assert inWords("Something that nobody has translated.") == "Something that nobody has translated."
