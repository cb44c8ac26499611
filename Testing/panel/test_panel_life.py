"""The module's end: unloaded, reloaded, or Slicer closed in the middle of a run. Each in an application of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from workers import wait_for

ROOT = Path(__file__).resolve().parents[2]
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


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "nifiedvit" in path.name.lower()]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the child in /proc")
@pytest.mark.usefixtures("proven")
@pytest.mark.parametrize("end", ENDS)
def test_no_child_outlives(end, tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", BEGIN + ENDS[end], str(ROOT)], env=environment, capture_output=True,
                          text=True, timeout=240)
    child = int(done.stdout.split("child ")[1].split()[0])
    if end != "slicer crashes":
        assert done.returncode == 0, done.stderr[-2000:]
    # The worker that looks at the installation clears up too, when it has done importing.
    wait_for(lambda: not alive(child) and not left_in(tmp_path))
