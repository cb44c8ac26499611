"""The module's end: unloaded, reloaded, or Slicer closed in the middle of a run. Each in an application of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from processor import openvino_normalises
from workers import wait_for

from UnifiedViTLib.outputs.manifest import read_result

ROOT = Path(__file__).resolve().parents[2]
BATCH = """
import sys; sys.path[:0] = [sys.argv[1], sys.argv[1] + "/Testing"]
from pathlib import Path
import SimpleITK as sitk
from panels import Desk, head
scans = Path(sys.argv[2], "scans")
scans.mkdir()
for number in range(40):
    sitk.WriteImage(sitk.GetImageFromArray(head()), str(scans / f"{number}.nrrd"))
desk = Desk()
desk.ui.batchInputEdit.text, desk.ui.batchOutputEdit.text = str(scans), str(scans.with_name("out"))
desk.ui.batchRunButton.click()
desk.wait(lambda: desk.ui.batchTable.rowCount > 1)
child = desk.panel.batch._client._child._process.pid
print("children", child, *(file.read_text() for file in Path("/proc").glob(f"{child}/task/*/children")), flush=True)
"""
BEGIN = """
import sys; sys.path[:0] = [sys.argv[1], sys.argv[1] + "/Testing"]
from panels import Desk, head_node
import slicer.util
desk = Desk()
desk.choose(inputVolume=head_node(desk.scene, (60, 64, 60)), batchSize=1)
desk.press_run()
desk.wait(lambda: desk.ui.progressBar.value > 50)
print("child", desk.panel.runner.client._child._process.pid, flush=True)
"""
ENDS = {
    "the module is unloaded": "desk.widget.cleanup(); desk.widget.cleanup()",
    "slicer closes without a word": "import os; sys.exit(0)",
    "slicer crashes": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "the module is reloaded": """
loaded = []
slicer.util.reloadScriptedModule = loaded.append
old = desk.panel
desk.widget.onReload()
assert loaded == ["UnifiedViT"] and not any(name.startswith("UnifiedViTLib.service") for name in sys.modules)
""",
}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def without_torch(folder: Path) -> str:
    """A PYTHONPATH that hides torch, which takes seconds to import, from all that the application starts; not on a
    processor on which nothing else computes."""
    if not openvino_normalises():
        return os.environ.get("PYTHONPATH", "")
    folder.mkdir()
    (folder / "torch.py").write_text("raise ModuleNotFoundError('No module named torch', name='torch')\n")
    return os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "nifiedvit" in path.name.lower()]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the child in /proc")
@pytest.mark.usefixtures("proven")
@pytest.mark.parametrize("end", ENDS)
def test_no_child_outlives(end, tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    if "slicer" not in end:
        environment["PYTHONPATH"] = without_torch(tmp_path / "light")
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", BEGIN + ENDS[end], str(ROOT)], env=environment,
                          capture_output=True, text=True, timeout=240)
    child = int(done.stdout.split("child ")[1].split()[0])
    if end != "slicer crashes":
        assert done.returncode == 0, done.stderr.partition("Extension modules")[0][-4000:]
    # The worker that looks at the installation clears up too, when it has done importing.
    wait_for(lambda: not alive(child) and not left_in(tmp_path))


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for the children in /proc")
@pytest.mark.usefixtures("proven")
@pytest.mark.parametrize("end", ["the module is unloaded", "slicer crashes"])
def test_a_batch_ends_with_slicer_and_what_is_done_is_whole(end, tmp_path):
    (tmp_path / "temporary").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": without_torch(tmp_path / "light")}
    done = subprocess.run([sys.executable, "-c", BATCH + ENDS[end], str(ROOT), str(tmp_path)], env=environment,
                          capture_output=True, text=True, timeout=240)
    children = [int(pid) for pid in done.stdout.split("children ")[1].split()]
    wait_for(lambda: not any(map(alive, children)) and not left_in(tmp_path / "temporary"))
    assert len(children) >= 2
    whole = [path for path in (tmp_path / "out").glob("*.json") if read_result(path)]
    assert len(whole) == len(list((tmp_path / "out").glob("*.json"))) >= 2
