"""The Slicer extension: what is packaged and where it lands, its icon, its terminology, its entry in the index."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import slicer
from packaging.requirements import Requirement
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "UnifiedViT"
TRAINING = ROOT / "training"
TERMINOLOGY = ROOT / "Resources" / "Terminology" / "UnifiedViT.term.json"
#: Of the library's needs.
BROUGHT_BY_SLICER = {"numpy", "scipy", "SimpleITK", "pydicom"}
OWN_CONTEXT = "Segmentation category and type - UnifiedViT"
#: Folders of installed packages, without what is installed to be edited in place.
PACKAGES = [path for path in sys.path if path.endswith("site-packages")]
#: What our models use of the lists that Slicer brings: category and type, region.
DICOM_TYPES = {("49755003", "108369006"), ("49755003", "52988006")}
DICOM_REGIONS = {"12738006", "76752008"}


def tool(name: str) -> str | None:
    """cmake from the index's package, else the system's."""
    if name == "cmake":
        try:
            from cmake import CMAKE_BIN_DIR
            return str(Path(CMAKE_BIN_DIR) / "cmake")
        except ImportError:
            pass
    return shutil.which(name)


def listed(name: str) -> list[str]:
    text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(rf"set\({name}\s+(.*?)\)", text, re.S).group(1).split()


def metadata(name: str) -> str:
    return re.search(rf'set\(EXTENSION_{name} "(.*)"\)', (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")).group(1)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts}


def test_cmake_names_every_file_of_the_module():
    tree = files(MODULE) - {"CMakeLists.txt"}
    scripts, resources = listed("MODULE_PYTHON_SCRIPTS"), listed("MODULE_PYTHON_RESOURCES")
    assert sorted(scripts) == sorted(name for name in tree if name.endswith(".py"))
    assert sorted(resources) == sorted(name for name in tree if not name.endswith(".py"))


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    """The extension configured and built against the stand-in of Slicer's macros."""
    cmake = tool("cmake")
    generator = next((name for program, name in (("ninja", "Ninja"), ("make", "Unix Makefiles"))
                      if shutil.which(program)), None)
    if cmake is None or generator is None:
        pytest.skip("needs cmake, and make or ninja")
    folder = tmp_path_factory.mktemp("build")
    standin = ROOT / "Testing" / "slicer_cmake"
    for command in (
        [cmake, "-S", str(ROOT), "-B", str(folder), "-G", generator, "-Wno-dev", f"-DSlicer_DIR={standin}",
         f"-DCMAKE_TOOLCHAIN_FILE={standin / 'no_compiler.cmake'}"],
        [cmake, "--build", str(folder)],
        [cmake, "--install", str(folder), "--prefix", str(folder / "installed")],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Warning" not in done.stderr, done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(build) -> Path:
    return build / "installed" / "lib" / "Slicer-5.12" / "qt-scripted-modules"


def test_the_installed_extension_holds_the_module_the_library_and_its_resources_and_nothing_else(installed):
    wanted = set(listed("MODULE_PYTHON_SCRIPTS")) | set(listed("MODULE_PYTHON_RESOURCES"))
    wanted |= {f"UnifiedViTLib/{name}" for name in files(ROOT / "UnifiedViTLib") if name.endswith(".py")}
    wanted |= {f"UnifiedViTLib/Resources/{name}" for name in files(ROOT / "Resources")
               if name.split("/")[0] not in ("ExtensionsIndex", "Pictures")}
    wanted |= {f"UnifiedViTLib/Training/unifiedvit_training/{name}" for name in files(TRAINING / "unifiedvit_training")}
    assert files(installed) == wanted


def test_the_build_tree_holds_the_same_as_the_installed_one(build, installed):
    assert files(build / "lib" / "Slicer-5.12" / "qt-scripted-modules") == files(installed)


def test_the_installed_library_finds_its_own_resources_and_the_model_in_them(installed, tmp_path):
    code = (
        "import UnifiedViTLib\nfrom UnifiedViTLib.resources import resources\n"
        "from UnifiedViTLib.service.store.catalogue import find_model\n"
        "from UnifiedViTLib.integrity import verify_weights\n"
        "verify_weights(find_model('brain-t1ce'))\nprint(UnifiedViTLib.__file__, resources(), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0, done.stderr
    library, resources = map(Path, done.stdout.splitlines())
    assert library.is_relative_to(installed.resolve())
    assert resources == installed.resolve() / "UnifiedViTLib" / "Resources"


def test_the_installed_extensions_worker_and_its_children_find_the_training_package_and_slicer_does_not(installed,
                                                                                                         tmp_path):
    code = (
        "import subprocess, sys\nfrom importlib.util import find_spec\n"
        "assert find_spec('unifiedvit_training') is None\n"
        "from UnifiedViTLib.service.packages.training import use_training_package\n"
        "use_training_package()\nimport unifiedvit_training\nprint(unifiedvit_training.__file__)\n"
        "show = 'import unifiedvit_training, UnifiedViTLib; print(unifiedvit_training.__file__)'\n"
        "print(subprocess.run([sys.executable, '-S', '-c', show], capture_output=True, text=True).stdout)\n"
    )
    # Without site-packages, where a developer may have the training package.
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path += {PACKAGES}\n" + code], cwd=tmp_path,
                          capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0, done.stderr
    place = installed.resolve() / "UnifiedViTLib" / "Training" / "unifiedvit_training" / "__init__.py"
    assert [Path(line) for line in done.stdout.split()] == [place, place]


def test_slicer_runs_the_self_test_and_starts_the_module_without_a_main_window(build):
    program = Path(tool("cmake")).with_name("ctest")
    done = subprocess.run([str(program), "-N"], cwd=build, capture_output=True, text=True, check=True)
    assert set(re.findall(r"Test +#\d+: (\S+)", done.stdout)) == {
        "py_UnifiedViT", "py_nomainwindow_qSlicerUnifiedViTModuleGenericTest",
    }


@pytest.mark.parametrize("file", sorted(MODULE.rglob("*.py")), ids=lambda file: file.name)
def test_nothing_but_definitions_happens_when_a_file_of_the_module_is_imported(file):
    allowed = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.Assign, ast.AnnAssign)
    _docstring, *others = ast.parse(file.read_text(encoding="utf-8")).body
    assert not [ast.unparse(node) for node in others if not isinstance(node, allowed)]
    assigned = [node.value for node in others if isinstance(node, (ast.Assign, ast.AnnAssign))]
    assert not [ast.unparse(part) for value in assigned for part in ast.walk(value) if isinstance(part, ast.Call)]


def test_each_text_to_translate_is_written_out_where_it_is_marked():
    for file in MODULE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "_":
                (text,) = node.args
                assert isinstance(text, ast.Constant), f"{file.name}, line {node.lineno}"


def test_slicer_can_read_each_line_of_the_requirements():
    lines = (ROOT / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]  # as slicer.packaging
    assert [one.name for one in named] == ["openvino", "timm", "safetensors"] and all(one.specifier for one in named)


def test_what_adapting_a_model_needs_is_what_the_training_package_says_beyond_what_slicer_has():
    def named(file: Path) -> dict[str, str]:
        section = re.search(r"^dependencies = \[(.*?)^\]", file.read_text(encoding="utf-8"), re.S | re.M).group(1)
        needs = map(Requirement, re.findall(r'^ *"([^"]+)"', section, re.M))
        return {need.name: str(need.specifier) for need in needs}

    lines = (ROOT / "Resources" / "requirements-training.txt").read_text(encoding="utf-8").splitlines()
    there = {Requirement(line).name: str(Requirement(line).specifier)
             for line in lines if line and not line.startswith(("#", "-"))}  # as slicer.packaging
    training, library = named(TRAINING / "pyproject.toml"), named(ROOT / "pyproject.toml")
    assert training.pop("unifiedvit") == ""
    assert there == training | {name: library[name] for name in library.keys() - BROUGHT_BY_SLICER}


def test_the_description_names_the_licence_of_all_weights_that_come_with_the_extension():
    for file in ROOT.glob("Resources/Models/*/model.json"):
        licence = json.loads(file.read_text(encoding="utf-8"))["weights"]["licence"].split(" (")[0].split(";")[0]
        assert licence in metadata("DESCRIPTION"), licence


def test_the_icon_is_a_square_of_128_with_transparent_corners():
    with Image.open(MODULE / "Resources" / "Icons" / "UnifiedViT.png") as icon:
        assert icon.size == (128, 128)
        assert icon.mode == "RGBA"
        assert icon.getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("name", ["ICONURL", "SCREENSHOTURLS"])
def test_the_pictures_that_the_extensions_manager_shows_are_in_the_repository(name):
    base = "https://raw.githubusercontent.com/UnifiedViT/SlicerUnifiedViT/main/"
    assert metadata(name).startswith(base)
    assert (ROOT / metadata(name).removeprefix(base)).is_file()


def entries() -> list[tuple[str, str, str, list[int]]]:
    """Category code, type code, meaning and colour of our own list."""
    data = json.loads(TERMINOLOGY.read_text(encoding="utf-8"))
    return [(category["CodeValue"], kind["CodeValue"], kind["CodeMeaning"], kind["recommendedDisplayRGBValue"])
            for category in data["SegmentationCodes"]["Category"] for kind in category["Type"]]


def test_slicer_reads_the_terminology():
    logic = slicer.vtkSlicerTerminologiesModuleLogic()
    assert logic.LoadTerminologyFromFile(str(TERMINOLOGY)) == OWN_CONTEXT
    assert logic.IsTerminologyContextLoaded(OWN_CONTEXT)
    for category, kind, meaning, colour in entries():
        text = f"{OWN_CONTEXT}~SCT^{category}^Morphologically Altered Structure~SCT^{kind}^{meaning}~^^~~^^~^^|"
        entry = slicer.vtkSlicerTerminologyEntry()
        assert logic.DeserializeTerminologyEntry(text, entry)
        assert logic.UpdateEntryFromLoadedTerminologies(entry, [OWN_CONTEXT], [])
        assert entry.GetTypeObject().GetCodeMeaning() == meaning
        assert list(entry.GetTypeObject().GetRecommendedDisplayRGBValue()) == colour


@pytest.mark.parametrize("file", sorted(ROOT.glob("Resources/Models/*/model.json")), ids=lambda file: file.parent.name)
def test_the_bundled_models_name_only_what_a_list_of_slicer_or_ours_has(file):
    for segment in json.loads(file.read_text(encoding="utf-8"))["segments"]:
        context, category, kind, modifier, anatomy, region, _ = segment["terminology"].removesuffix("|").split("~")
        types = {"Segmentation category and type - DICOM master list": DICOM_TYPES,
                 OWN_CONTEXT: {codes[:2] for codes in entries()}}[context]
        assert (category.split("^")[1], kind.split("^")[1]) in types
        assert modifier == "^^"
        assert anatomy == "Anatomic codes - DICOM master list"
        assert region.split("^")[1] in DICOM_REGIONS


def test_the_entry_for_the_extensions_index_is_what_its_schema_wants_and_agrees_with_cmake():
    entry = json.loads((ROOT / "Resources" / "ExtensionsIndex" / "UnifiedViT.json").read_text(encoding="utf-8"))
    jsonschema.validate(entry, {
        "type": "object",
        "required": ["$schema", "category", "scm_url"],
        "additionalProperties": False,
        "properties": {
            "$schema": {"pattern": r"^https://raw\.githubusercontent\.com/Slicer/Slicer/main/Schemas/"
                                   r"slicer-extension-catalog-entry-schema-v1\.0\.2\.json#$"},
            "category": {"type": "string"},
            "scm_url": {"type": "string"},
            "scm_revision": {"type": "string"},
            "scm_type": {"enum": ["git", "local"]},
            "build_dependencies": {"type": "array", "items": {"type": "string"}},
            "dicom_support_rule": {"type": "string"},
            "build_subdirectory": {"type": "string"},
            "enabled": {"type": "boolean"},
            "tier": {"type": "integer", "minimum": 1, "maximum": 5},
        },
    })
    assert entry["category"] == metadata("CATEGORY")
    assert " ".join(entry["build_dependencies"]) == metadata("DEPENDS")
    assert entry["scm_url"] == metadata("HOMEPAGE") + ".git"
    assert entry["scm_url"].split("/")[-1].startswith("Slicer")
