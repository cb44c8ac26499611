"""Does the window stay alive? The longest time that the event loop stands still while the panel runs a volume.

The panel is the real one, on the stand-in for Slicer's application (`Testing/standin`): real scene, real Qt event loop,
real child process. Slicer's own views, which draw the result, are not in it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

SHAPES = {"155 x 240 x 240": (155, 240, 240), "300 x 512 x 512": (300, 512, 512)}
#: Milliseconds; goal for the longest pause.
GOAL_MS = 100


def main() -> None:
    """Print a line for each size: pauses of the event loop at the click, during the run, and at its end."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Testing"))
    from panels import Desk, head_node

    desk = Desk()
    desk.choose(inputVolume=head_node(desk.scene))
    print("first, so that the worker is warm:", desk.run(300))
    print(f"{'volume':18s} {'click':>9s} {'running':>9s} {'result':>9s}   longest pause in ms (goal: under {GOAL_MS})")
    for name, shape in SHAPES.items():
        desk.clear()
        desk.choose(inputVolume=head_node(desk.scene, shape))
        start = time.perf_counter()
        desk.press_run()
        click, longest = time.perf_counter() - start, 0.0
        while desk.panel._running:
            start = time.perf_counter()
            desk.app.processEvents()
            pause, last = time.perf_counter() - start, not desk.panel._running
            if not last:
                longest = max(longest, pause)
            time.sleep(0.002)
        print(f"{name:18s} {1000 * click:9.0f} {1000 * longest:9.0f} {1000 * pause:9.0f}   {desk.ui.statusLabel.text}",
              flush=True)
    desk.close()
