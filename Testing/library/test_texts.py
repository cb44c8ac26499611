"""Texts of models and files do no harm where they are shown: terminal, table, picture, report, and the disk's names."""

from __future__ import annotations

import copy
import csv
import json
from dataclasses import replace
from pathlib import Path

import matplotlib.text
import pytest
from builders import head_volume, spec_data, tiny_model
from mirrors import Mirror, model_folder, offer

from UnifiedViTLib import models_cli
from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import ModelSpecError, WeightsError
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import summary
from UnifiedViTLib.outputs.montage import write_montage
from UnifiedViTLib.outputs.results_table import csv_row, write_csv
from UnifiedViTLib.service.store.offers import read_catalogue
from UnifiedViTLib.spec import load_spec, parse_spec
from UnifiedViTLib.texts import delimited, error_reason, percents, printable

NO_TEXTS = ["\ud83d", "\x1b[2J", "line\nline", "null\0", "\x9b31m", "\u202egnp", "\u2028", "\x07", "\x7f"]
TEXTS = [("name",), ("description",), ("input", "expects"), ("segments", 0, "name"), ("segments", 0, "terminology"),
         ("diagnosis", "classes", 0, "display"), ("weights", "licence"), ("training", 0, "name"),
         ("training", 0, "licence"), ("results", 0, "dataset"), ("results", 0, "metrics", "note")]


def described(path, value) -> dict:
    data = copy.deepcopy(spec_data())
    parent = data
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = parent.get(path[-1], "") + value
    return data


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("value", NO_TEXTS, ids=ascii)
def test_control_characters_and_halves_of_letters_in_a_description_are_refused_by_the_field(tmp_path, path, value):
    (tmp_path / "model.json").write_text(json.dumps(described(path, value)), encoding="utf-8")
    with pytest.raises(ModelSpecError, match=str(path[0])) as error:
        load_spec(tmp_path)
    assert printable(str(error.value)) == str(error.value)


@pytest.mark.parametrize("value", ["Gliom, höhergradig", "脑肿瘤", "نقيلة", "5 µm², ±2 °", "🧠",
                                   "a $\\frac{1}{2}$ <b>"])
def test_texts_of_all_languages_are_taken(value):
    assert parse_spec(described(("name",), value), None).name.endswith(value)


@pytest.mark.parametrize(("error", "reason"), [
    (RuntimeError("Exception from src/inference/src/cpp/core.cpp:84:\nCheck 'a || b' failed at src/frontend.cpp:117:\n"
                  "onnx: Could not open the file: \"/home/me/models/a.onnx\"\n\n"),
     'onnx: Could not open the file: "a.onnx"'),
    (RuntimeError("Cannot load C:\\Users\\me\\a.dll and/or b 1/2.\r\n\x1b[2J"),
     "Cannot load a.dll and/or b 1/2. \\x1b[2J"),
    (OSError(28, "No space left on device", "/x/y"), "No space left on device"),
    (RuntimeError(" \n"), "RuntimeError"),
    (RuntimeError("word " * 100), "word " * 39 + "word ..."),
])
def test_what_a_library_says_becomes_a_part_of_one_line(error, reason):
    assert error_reason(error) == reason


@pytest.mark.parametrize("metrics", [{"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, {"a": 10**30}, {"a\x1b": 1},
                                     {"n": list(range(3000))}])
def test_measured_metrics_without_end_are_refused(metrics):
    with pytest.raises(ModelSpecError, match=r"results\[0\]\.metrics"):
        parse_spec(spec_data(results=[{"dataset": "x", "metrics": metrics}]), None)


@pytest.mark.parametrize("name", ["con", "nul.safetensors", "COM1.bin", "lpt9", "aux.tar.gz", "weights."])
def test_names_that_windows_keeps_for_itself_are_refused(name):
    with pytest.raises(ModelSpecError, match=r"weights\.file"):
        parse_spec(spec_data(weights=spec_data()["weights"] | {"file": name}), None)
    with pytest.raises(ModelSpecError, match=r"^id"):
        parse_spec(spec_data(id=name.lower()), None)


@pytest.mark.parametrize("name", ["model.json", "Model.JSON", "graph.onnx"])
def test_files_of_one_name_are_refused(name):
    data = spec_data(weights=spec_data()["weights"] | {"file": name}, graph={"file": "GRAPH.onnx", "sha256": "0" * 64})
    with pytest.raises(ModelSpecError, match="not all different"):
        parse_spec(data, None)


def test_masks_that_would_take_all_memory_are_refused():
    data = spec_data(input=spec_data()["input"] | {"size": 1024}, segments=spec_data()["segments"] * 100)
    with pytest.raises(ModelSpecError, match=r"input\.size: 1024 is too large"):
        parse_spec(data, None)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a file without end")
def test_a_description_without_end_is_refused(tmp_path):
    (tmp_path / "model.json").symlink_to("/dev/zero")
    with pytest.raises(ModelSpecError, match="sensible size"):
        load_spec(tmp_path)


def test_an_argument_whose_name_is_no_name_is_refused():
    with pytest.raises(ModelSpecError, match=r"arguments: .* is no name"):
        parse_spec(spec_data(arguments={"encoder": "test_vit", "\x1b]0;": 1}), None)


@pytest.mark.parametrize(("field", "value"), [("name", "A\x1b[31m"), ("description", "\ud800"), ("id", "con"),
                                              ("licence", "\u202e")])
def test_a_catalogue_with_such_texts_is_refused(tmp_path, field, value):
    catalogue = offer(model_folder(tmp_path / "m"), tmp_path / "models.json", Mirror(url="https://example.org"),
                      **{field: value})
    with pytest.raises(WeightsError, match=f"malformed: {field}"):
        read_catalogue(catalogue)


@pytest.fixture(scope="module")
def prediction(tmp_path_factory):
    return Predictor(tiny_model(tmp_path_factory.mktemp("model")), "cpu").predict(head_volume())


def test_nothing_that_is_printed_moves_the_cursor_or_stops_for_lack_of_an_alphabet(prediction, capsys):
    wild = replace(prediction, name="a\x1b[2Jb\udcff", warnings=("\x9b2J\r", "two\nlines"))
    text = summary(wild.name, wild)
    assert text.encode() and "\x1b" not in text and "\\x1b[2Jb\\udcff" in text and "two\nlines" in text
    assert main(["models", "verify", "/no/\x1b[2J\udcff"]) == 1
    assert main(["predict", "x.nrrd", "-o", "/tmp", "-m", "\x1b[2J"]) == 2
    models_cli._say("\x1b[2J")
    out, err = capsys.readouterr()
    assert "\x1b" not in out and "\\x1b" in err.splitlines()[0]


def test_no_cell_of_the_table_is_a_formula(prediction, tmp_path):
    wild = replace(prediction, warnings=("@SUM(A1)", "x"))
    rows = [csv_row("=HYPERLINK(\"http://x\").nrrd", wild, "-2+3"), csv_row("+1", ValueError("-1\x1b")),
            csv_row("@x\udcff", wild)]
    write_csv(rows, tmp_path / "results.csv")
    with open(tmp_path / "results.csv", encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["input"][:3] for row in read] == ["'=H", "'+1", "'@x"]
    assert read[0]["result"] == "'-2+3" and read[1]["error"] == "'-1\\x1b" and read[0]["warnings"].startswith("'@SUM")
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in read for cell in row.values())


@pytest.mark.parametrize("name", ["a $\\frac{1}$ $", "_hidden", "\udcff\x1b$"])
def test_a_picture_shows_names_letter_by_letter(prediction, tmp_path, name, monkeypatch):
    shown = {}
    draw = matplotlib.text.Text.draw

    def seen(self, *arguments, **further):
        shown[self] = self.get_text(), self.get_parse_math()  # each is drawn several times
        return draw(self, *arguments, **further)

    monkeypatch.setattr(matplotlib.text.Text, "draw", seen)
    classes = tuple(replace(one, display=printable(name)) if n == 0 else one
                    for n, one in enumerate(prediction.spec.classes))
    write_montage(head_volume(), replace(prediction, name=name, spec=replace(prediction.spec, classes=classes)),
                  tmp_path / "picture.png")
    texts = [text for text, _ in shown.values()]
    assert any(text.startswith(f"{printable(name)}:") for text in texts)
    assert texts.count(printable(name)) >= 2, "beside its bar and in the legend"
    assert not any(math for text, math in shown.values() if "$" in text)


@pytest.mark.parametrize("probability, threshold, told", [
    (0.908, 0.91, ("90.8%", "91.0%")), (0.9099996, 0.91, ("90.99996%", "91.00000%")), (0.91, 0.91, ("91%", "91%")),
    (0.5, 0.91, ("50%", "91%")),
])
def test_a_probability_under_its_threshold_is_never_told_as_the_threshold_itself(probability, threshold, told):
    assert percents(probability, threshold) == told


@pytest.mark.parametrize(("text", "rows"), [
    ("a,b\n1,2\n", {2: ["1", "2"]}), ("a;b\n1,5;2\n", {2: ["1,5", "2"]}), ("a\tb\r\n1;2\t3\r\n", {2: ["1;2", "3"]}),
    ("sep=;\r\na;b\r\n1,5;2\r\n", {3: ["1,5", "2"]}), ('"sep=|"\na|b\n1,5|2\n', {3: ["1,5", "2"]}),
    ("SEP=,\na,b", {}), ("sep=;", {}),
])
def test_what_stands_between_cells_is_found_and_lines_keep_their_numbers(text, rows):
    text, delimiter = delimited(text)
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter)
    assert [(reader.line_num, [*row.values()]) for row in reader] == [*rows.items()]
    assert list(reader.fieldnames or ()) == (["a", "b"] if text.strip() else [])
