"""Locks between processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from UnifiedViTLib.locking import file_lock

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys, time
from pathlib import Path
from UnifiedViTLib.locking import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def give_up():
    raise TimeoutError


def test_a_lock_keeps_others_out_until_its_process_is_killed(tmp_path):
    lock = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(TimeoutError), file_lock(lock, give_up):
            pass
        holder.kill()
        holder.wait()
    with file_lock(lock, give_up):
        pass


def test_a_lock_keeps_another_holder_in_the_same_process_out_and_is_free_after_an_error(tmp_path):
    lock = tmp_path / "lock"
    with pytest.raises(ZeroDivisionError), file_lock(lock):
        with pytest.raises(TimeoutError), file_lock(lock, give_up):
            pass
        raise ZeroDivisionError
    with file_lock(lock, give_up):
        pass
