"""The manual: links lead somewhere, examples run as they stand, options and formats are those of the programs."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
import typer
import yaml
from dicom_files import series
from manual import (
    MODEL,
    NEWER,
    PACS,
    PAGES,
    ROOT,
    anchors,
    blocks,
    commands,
    links,
    name_of,
    series_of_examples,
    small_model,
    write_inputs,
    write_models,
)
from pacs import pacs, set_credentials
from unifiedvit_training.cli import app as training_app
from workers import WarmClient

from UnifiedViTLib import __version__, cli, patient_cli, which_cli
from UnifiedViTLib.spec import parse_spec

README, DOCS = ROOT / "README.md", ROOT / "docs"
MANUAL = (README, *sorted(DOCS.glob("*.md")))


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """One worker for all examples, and a small model where they name the bundled one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIFIEDVIT_MODELS", str(tmp_path_factory.mktemp("models")))
        assert cli.main(["models", "import", str(small_model(tmp_path_factory.mktemp("newer")))]) == 0
        client = WarmClient()
        for module in (cli, patient_cli, which_cli):
            patch.setattr(module, "WorkerClient", lambda: client)
        yield client
        client.end()


@pytest.fixture
def desk_top(tmp_path, monkeypatch) -> Path:
    """The folder that examples are run in."""
    write_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_blocks(page: Path, places: Mapping[str, str] = MappingProxyType({}), **names) -> SimpleNamespace:
    """Run a page's Python from top to bottom.

    Args:
        page: of the manual.
        places: what to write instead of folders that are not here.
        names: that the page takes for given.

    Returns:
        All names that it leaves.
    """
    for number, code in enumerate(blocks(page, "python")):
        for place, here in places.items():
            code = code.replace(place, here)
        exec(compile(code, f"{page.name}, block {number + 1}", "exec"), names)
    return SimpleNamespace(**names)


def parser_of(*path: str) -> argparse.ArgumentParser:
    """The parser of `unifiedvit` or of one of its commands."""
    parser = cli._parser()
    for name in path:
        parser = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
                      ).choices[name]
    return parser


# The text


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_of_the_repository_and_to_a_heading_in_it(page):
    for target in links(page):
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.is_relative_to(ROOT) and path.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(path), f"{target}: there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_lines_are_no_longer_than_those_of_the_code_but_in_tables(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


def test_the_readme_is_short_and_leads_to_every_page_of_the_manual():
    assert len(README.read_bytes()) < 6000
    assert {name_of(page) for page in DOCS.glob("*.md")} <= set(re.findall(r"docs/\w+\.md", README.read_text("utf-8")))


def test_the_citation_and_the_changelog_know_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0" and citation["version"] == __version__
    assert re.search(rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)


# Options and formats


def test_the_page_of_the_command_line_has_every_option_of_predict_and_no_other():
    written = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", (DOCS / "cli.md").read_text("utf-8")))
    options = {name for action in parser_of("predict")._actions for name in action.option_strings}
    assert {name for name in options if name.startswith("--")} - {"--help"} == written


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_can_be_given_as_it_is_written(page):
    for arguments in commands(page, "unifiedvit"):
        cli._parser().parse_args(arguments)
    program = typer.main.get_command(training_app)
    for arguments in commands(page, "unifiedvit-train"):
        assert arguments[0] in program.commands, arguments
        with program.make_context("unifiedvit-train", [arguments[0]], resilient_parsing=True) as context:
            program.commands[arguments[0]].make_context(arguments[0], arguments[1:], parent=context)


def test_the_least_description_of_a_model_is_one(tmp_path):
    (text,) = blocks(DOCS / "models.md", "json")
    spec = parse_spec(json.loads(text), tmp_path)
    assert spec.id == "my-model" and [one.display for one in spec.classes] == ["No lesion", "Lesion"]


# Examples


def test_the_first_python_a_reader_sees_is_short_and_runs_the_bundled_model(desk_top, capsys):
    (code,) = blocks(README, "python")
    assert len([line for line in code.splitlines() if line]) <= 6
    prediction = run_blocks(README).prediction
    assert prediction.spec.id == MODEL and prediction.spec.version != NEWER
    assert prediction.labelmap.shape == (5, 45, 41)
    assert prediction.diagnosis.display in capsys.readouterr().out


def test_python_by_example_runs_from_top_to_bottom(worker, desk_top, capsys):
    left = run_blocks(DOCS / "python.md")
    said = capsys.readouterr().out
    assert "does not exist" in said and "100% Done" in said
    assert {file.name for file in (desk_top / "results").iterdir()} == {"brain.seg.nrrd", "brain.png", "brain.json"}
    assert np.array_equal(left.volume.ijk_to_ras, left.prediction.ijk_to_ras)


@pytest.mark.parametrize("page", [page for page in MANUAL if commands(page, "unifiedvit")], ids=name_of)
def test_every_command_runs_as_it_is_written(worker, desk_top, capsys, page, monkeypatch):
    write_models(desk_top)
    set_credentials(monkeypatch)
    with pacs() as server:
        server.add(*series_of_examples())
        for arguments in commands(page, "unifiedvit"):
            here = [server.url if argument == PACS else argument for argument in arguments]
            assert cli.main(here) == 0, (arguments, capsys.readouterr().err)
            if "--superres" in arguments:
                assert (desk_top / "results" / "brain.superres.nrrd").is_file(), "there was something to enhance"


def test_slicers_console_runs_as_it_is_written(worker, desk_top, capsys, request, monkeypatch):
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    desk = request.getfixturevalue("desk")
    import slicer
    from panels import dicom_node, head
    from UnifiedViTPanel import adapting, run

    for module in (run, adapting):
        monkeypatch.setattr(module, "WorkerClient", lambda: worker)
    volume = dicom_node(desk.scene, series(desk_top / "series", pixels=head().astype(np.uint16)), "MRBrainTumor1")
    desk.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "perfusion").SetDataNodeAtValue(volume, "0")
    names = run_blocks(DOCS / "slicer.md", {"C:/": f"{desk_top.as_posix()}/"}, slicer=slicer)
    assert [Path(row["input"]).name for row in names.rows] == ["a_t1ce.nii.gz"]
    assert names.prediction.spec.version == NEWER
    found = {desk.scene.GetNthNode(n).GetName() for n in range(desk.scene.GetNumberOfNodes())}
    assert len(names.paths) == 5 and all(Path(path).is_file() for path in names.paths)
    assert any("super-resolution (synthetic)" in name for name in found)
    assert names.made.segmentations.GetNumberOfDataNodes() == 1
    assert not names.outcome.model and names.outcome.sentences[0].startswith("No model was written: ")
    assert desk.app.questions == []
