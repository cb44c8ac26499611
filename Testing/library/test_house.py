"""The repository's own rules: who imports whom, what is packaged, where resources are found."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "UnifiedViTLib"
TRAINING = ROOT / "training" / "unifiedvit_training"

#: Lower floors first: a file may import its own floor and those under it.
FLOORS = (
    {"errors", "leftovers", "licences", "locking", "names", "native", "planes", "processes", "records", "resources",
     "streams", "texts", "trust", "versions"},
    {"fields", "graph", "tensors"}, {"diagnosis", "review"}, {"patient_spec"}, {"spec"}, {"integrity"},
    {"models", "imaging"}, {"inference"}, {"outputs"}, {"service"},
    {"channels_cli", "cli", "cli_options", "compare_cli", "dicomweb_cli", "models_cli", "patient_cli",
     "region_cli", "repositories_cli", "server_cli", "which_cli"},
)
#: models and imaging stand side by side, and know nothing of each other.
SIDE_BY_SIDE = ({"models", "imaging"},)
ALLOWED_IN_SLICER = {"numpy", "scipy", "SimpleITK", "slicer", "vtk"}


def modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


def imports(file: Path, *, at_file_scope: bool = False) -> set[str]:
    """Absolute names of what a file imports; relative imports become UnifiedViTLib.*."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = tree.body if at_file_scope else list(ast.walk(tree))
    package = ["UnifiedViTLib", *file.relative_to(LIBRARY).parent.parts]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found |= {name} if node.module else {f"{name}.{alias.name}" for alias in node.names}
    return found


def room(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "UnifiedViTLib" and len(parts) > 1 else None


def floor(name: str) -> int:
    return next(n for n, rooms in enumerate(FLOORS) if name in rooms)


@pytest.mark.parametrize("file", modules(), ids=lambda f: str(f.relative_to(LIBRARY)))
def test_nothing_in_the_library_imports_upward(file):
    own = room(".".join(["UnifiedViTLib", *file.relative_to(LIBRARY).with_suffix("").parts]))
    if own == "__init__":
        assert not imports(file) - {"__future__"}
        return
    for name in imports(file):
        other = room(name)
        if other in (None, "__version__", "NOTICE"):
            continue
        assert floor(other) <= floor(own), f"{own} imports {other}, which stands above it"
        for pair in SIDE_BY_SIDE:
            assert not ({own, other} <= pair and own != other), f"{own} imports {other} beside it"


def test_the_library_never_imports_the_training_package_the_demonstration_or_the_tests():
    for file in modules():
        assert not {n.split(".")[0] for n in imports(file)} & {"unifiedvit_training", "demo", "Testing", "UnifiedViT"}


def training_imports(file: Path) -> set[str]:
    """Dotted names within the training package of what a file of it imports."""
    package = ["unifiedvit_training", *file.relative_to(TRAINING).parent.parts]
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            names.add(".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])]))
    return names


def test_no_two_rooms_of_the_training_package_import_each_other():
    imported: dict[str, set[str]] = {}
    for file in TRAINING.rglob("*.py"):
        parts = ["unifiedvit_training", *file.relative_to(TRAINING).with_suffix("").parts]
        own, inner = parts[1], ".".join(parts[1:3]) if len(parts) > 3 else None
        for name in training_imports(file):
            other = name.split(".")
            if len(other) > 1 and other[1] != own:
                imported.setdefault(own, set()).add(other[1])
            elif len(other) > 3 and ".".join(other[1:3]) != inner:  # a room within the room
                imported.setdefault(inner or own, set()).add(".".join(other[1:3]))
    while imported:  # take away rooms that import none of those that are left, until none is left
        free = {room for room in imported if not imported[room] & imported.keys()}
        assert free, f"these import each other: {imported}"
        imported = {room: others for room, others in imported.items() if room not in free}


def test_only_the_mrml_files_touch_mrml():
    users = [file.name for file in modules() if {n.split(".")[0] for n in imports(file)} & {"slicer", "vtk"}]
    assert users == ["mrml.py", "mrml_changes.py", "mrml_scene.py", "mrml_volumes.py"]


def test_outside_the_networks_nothing_but_what_slicer_brings_is_imported_at_file_scope():
    for file in modules():
        if "models" in file.parts:
            continue
        outside = {n.split(".")[0] for n in imports(file, at_file_scope=True)} - set(sys.stdlib_module_names)
        assert outside <= ALLOWED_IN_SLICER | {"UnifiedViTLib"}, file


def test_all_that_a_slicer_process_needs_loads_without_scipy_torch_timm_or_matplotlib():
    code = (
        "import sys\n"
        "for name in ('scipy', 'torch', 'timm', 'torchvision', 'matplotlib', 'safetensors', 'tqdm'):\n"
        "    sys.modules[name] = None\n"
        "import UnifiedViTLib, UnifiedViTLib.spec, UnifiedViTLib.errors, UnifiedViTLib.imaging.preparation\n"
        "import UnifiedViTLib.imaging.reading, UnifiedViTLib.inference.predictor\n"
        "import UnifiedViTLib.inference.backends.selection, UnifiedViTLib.service.worker.client\n"
        "import UnifiedViTLib.outputs.files, UnifiedViTLib.outputs.montage, UnifiedViTLib.outputs.mrml_volumes\n"
        "import UnifiedViTLib.service.store.catalogue, UnifiedViTLib.service.store.download, UnifiedViTLib.cli\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_importing_the_top_level_loads_the_standard_library_alone():
    code = "import sys; before = set(sys.modules); import UnifiedViTLib; print(set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "{'UnifiedViTLib'}", done.stderr


def test_cmake_names_every_file_of_the_library():
    text = (LIBRARY / "CMakeLists.txt").read_text()
    listed = re.search(r"set\(UnifiedViTLib_SCRIPTS\s+(.*?)\)", text, re.S).group(1).split()
    assert sorted(listed) == sorted(file.relative_to(LIBRARY).as_posix() for file in modules())


def test_no_tracked_file_is_too_large_for_the_extensions_index():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    if not any(tracked):
        pytest.skip("not a git checkout (an unpacked archive)")
    sizes = {name: (ROOT / name).stat().st_size for name in tracked if name and (ROOT / name).exists()}
    assert max(sizes.values()) <= 15e6
    assert sum(sizes.values()) < 50e6


LOCATE = "from UnifiedViTLib.resources import resources; print(resources())"


def located(folder: Path, code: str = LOCATE) -> Path:
    """Where the library under `folder` finds its resources, asked of a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(folder)})
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.mark.parametrize("card", (ROOT / "Resources" / "Models").glob("*/README.md"), ids=lambda card: card.parent.name)
def test_a_bundled_models_card_has_the_checksums_of_its_files(card):
    told = dict(re.findall(r"^\| `([\w.]+)` \| [\d.]+ \| `([0-9a-f]{64})` \|$", card.read_text(encoding="utf-8"), re.M))
    assert told == {name: hashlib.sha256((card.parent / name).read_bytes()).hexdigest() for name in (
        "model.json", "model.onnx", "model.safetensors", "ood.safetensors")}


def test_resources_are_found_in_the_repository():
    assert located(ROOT) == ROOT / "Resources"


def test_resources_are_found_in_an_installed_extension(tmp_path):
    # As UnifiedViTLib/CMakeLists.txt lays them out under qt-scripted-modules.
    ignore = shutil.ignore_patterns("__pycache__", "*.safetensors")
    shutil.copytree(LIBRARY, tmp_path / "UnifiedViTLib", ignore=ignore)
    shutil.copytree(ROOT / "Resources", tmp_path / "UnifiedViTLib" / "Resources", ignore=ignore)
    assert located(tmp_path) == tmp_path / "UnifiedViTLib" / "Resources"


def test_of_what_the_container_gets_a_wheel_is_built_whose_resources_are_found_and_whose_model_is_listed(tmp_path):
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    source = tmp_path / "source"
    source.mkdir()
    for name in kept:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
             "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("unifiedvit-*.whl"))
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    assert located(target) == target / "UnifiedViTLib" / "Resources"
    page = target / "UnifiedViTLib" / "service" / "server" / "static"
    assert (page / "index.html").is_file() and (page / "vendor" / "niivue.umd.js.gz").is_file()
    listed = "from UnifiedViTLib.service.store.catalogue import installed_models; print(installed_models()[0].weights)"
    assert located(target, listed).is_file()


def test_a_missing_resources_folder_is_told_in_words(tmp_path):
    shutil.copytree(LIBRARY, tmp_path / "UnifiedViTLib", ignore=shutil.ignore_patterns("__pycache__"))
    code = LOCATE.replace("print(resources())", "\ntry: resources()\nexcept FileNotFoundError as e: print(e)")
    assert "Install UnifiedViT again" in str(located(tmp_path, code))


def test_the_test_files_that_are_to_begin_first_are_there():
    code = (ROOT / "Testing" / "conftest.py").read_text("utf-8")
    names = re.findall(r'"(test_\w+)"', code[code.index("LONGEST = "):code.index("def pytest_addoption")])
    assert names and not {*names} - {file.stem for file in (ROOT / "Testing").glob("*/test_*.py")}


def test_every_benchmark_is_there_under_its_name_and_another_name_is_refused_in_words():
    from benchmarks.__main__ import NAMES

    assert not [name for name in NAMES if not (ROOT / "benchmarks" / f"{name}.py").is_file()]
    done = subprocess.run([sys.executable, "-m", "benchmarks", "nonsense"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("There is no benchmark 'nonsense'; there are networks,")
