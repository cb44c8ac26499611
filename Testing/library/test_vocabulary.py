"""Names are the field's terms: words that were given up come back in no public name."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CODE = [file for folder in ("UnifiedViTLib", "UnifiedViT", "training/unifiedvit_training", "benchmarks", "demo")
        for file in sorted((ROOT / folder).rglob("*.py"))]
TESTS = sorted((ROOT / "Testing").rglob("*.py"))

#: Parts of names that mean nothing here any more, wherever they stand: what they became.
GIVEN_UP = {
    "stranger": "ood", "strangers": "ood", "familiarity": "ood", "familiar": "in_distribution",
    "impression": "OODFeatures",
    "doubts": "collect_warnings", "flips": "tta", "believed": "lesion_probabilities", "twin": "baseline",
    "twins": "near duplicates", "contestant": "EvaluatedModel", "contestants": "EvaluatedModel",
    "contest": "PairedComparison", "figures": "metrics", "journal": "MetricLogger", "learner": "TrainingModule",
    "fitting": "Trainer", "waited": "epochs_without_improvement", "enhance": "superres", "enhanced": "superres",
    "enhancement": "superres", "enhancing": "superres", "tabulate": "build_slice_table", "refuse": "check",
    "obituary": "exit_error", "settle": "commit", "storing": "disk_errors", "guess": "probe", "guesses": "probes",
    "looks": "passes", "suppress": "max_normal_probability", "believe": "probability",
}
#: Whole names, where the word by itself is fine elsewhere.
NAMES = {
    "look_where_drawn", "Look", "Answer", "Change", "CHANGES", "Looks", "Turns", "turned_back", "Read", "Twin",
    "Figure",
    "take_over", "one_epoch", "infer", "deal", "in_order", "together", "others", "displays", "fell_back", "apart_mm",
    "smallest_ml", "piece_belief", "suppress_above", "chosen_by", "explain_class", "guide", "squeeze",
    "synthetic_share",
    "choose_hidden", "paint", "MaskedFilling", "spoil", "words_of", "said", "share_of_learning_rate", "input_is",
}
#: matplotlib's figures; a DICOM image of the enhanced kind; `contextlib.suppress`.
FINE = {"subfigures", "suppress"}
FINE_IN = {
    "enhanced": ("UnifiedViTLib/imaging", "Testing/dicom_files.py", "Testing/library/test_dicom", "Testing/fuzz"),
    "looks": ("UnifiedViTLib/imaging/reading/nifti_header.py",),
}
OPTIONS = {"--flips", "--explain", "--explain-class", "--input-is", "--work", "--name", "--slices", "--choose-on",
           "--test-on", "--familiar"}
#: Of `unifiedvit models ensemble`: the name of a model in lists.
OPTIONS_OF_THEIR_OWN = {("UnifiedViTLib/models_cli.py", "--name")}
FIELDS = {"displays", "found", "seconds", "chosen_by", "figures", "explanation", "enhancement", "looks", "parts",
          "outline", "spread", "disagreement", "familiarity", "volume", "top", "suppress_above", "smallest_ml",
          "piece_belief", "look_where_drawn", "batch", "masked", "every", "squeeze", "tone", "bias", "clip"}


def public_names(file: Path) -> Iterator[str]:
    """Modules, classes, functions, arguments, and fields of classes that a file defines."""
    if not file.stem.startswith("_"):
        yield file.stem
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            yield node.name
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = node.args
            yield from (each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                    yield inner.target.id


def words(name: str) -> list[str]:
    """`maxNormalProbability` and `max_normal_probability` alike, in small letters."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]


def is_fine(word: str, place: str) -> bool:
    return word in FINE or any(place.startswith(start) for start in FINE_IN.get(word, ()))


@pytest.mark.parametrize("file", CODE, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_name_of_the_code_holds_a_word_that_was_given_up(file):
    place = file.relative_to(ROOT).as_posix()
    names = set(public_names(file))
    assert not {name: GIVEN_UP[word] for name in names for word in words(name)
                if word in GIVEN_UP and not is_fine(word, place)}
    assert not sorted(names & NAMES)


def test_no_test_is_called_by_a_word_that_was_given_up():
    given_up = GIVEN_UP.keys() - {"looks", "refuse", "guess", "believe", "familiar", "settle", "twin"}
    assert not [file.name for file in TESTS if given_up & set(words(file.stem))]


@pytest.mark.parametrize("file", CODE, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_option_of_a_command_line_is_called_as_it_was(file):
    place = file.relative_to(ROOT).as_posix()
    texts = {node.value for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
             if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not {option for option in OPTIONS & texts if (place, option) not in OPTIONS_OF_THEIR_OWN}


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


@pytest.mark.parametrize("file", [*sorted((ROOT / "Resources").glob("*.json")),
                                  *sorted((ROOT / "Resources").glob("*/*/model.json")),
                                  *sorted((ROOT / "Resources").glob("*/*/upscaler.json")),
                                  *sorted((ROOT / "training" / "configs").glob("*.yaml"))],
                         ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_field_of_a_file_is_called_as_it_was(file):
    text = file.read_text(encoding="utf-8")
    data = yaml.safe_load(text) if file.suffix == ".yaml" else json.loads(text)
    assert not FIELDS & set(keys(data))


def test_the_table_of_results_has_no_column_called_as_it_was():
    from UnifiedViTLib.outputs.results_table import CSV_FIELDS

    assert not FIELDS & set(CSV_FIELDS)
