"""`make test-isa`: the tests that train a network, with each instruction set that this processor has, on one and two
threads, from ten seeds. Rounding differs between all of these; what is learnt must not."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
#: What PyTorch, oneDNN, MKL and OpenBLAS are told, lower sets first; each library but PyTorch's own kernels takes the
#: best set up to that. SSE4.1 is what they call their default.
SETTINGS = {
    "SSE4.1": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
               "OPENBLAS_CORETYPE": "Nehalem"},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
             "OPENBLAS_CORETYPE": "Haswell"},
    "AVX-512": {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
                "MKL_ENABLE_INSTRUCTIONS": "AVX512", "OPENBLAS_CORETYPE": "SkylakeX"},
    "all": {},
}
#: PyTorch's names for what a processor has at most. It does not check what it is told, and dies of a set too many.
_REACH = {"DEFAULT": ("SSE4.1", "all"), "AVX2": ("SSE4.1", "AVX2", "all")}


def run(setting: str, threads: int, arguments: list[str], report: Path) -> int:
    """Run pytest in a process held down to that setting; returns its exit status."""
    # Passive: threads that wait for one another do not spin, which on a busy machine takes the core from the other.
    environment = os.environ | SETTINGS[setting] | {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    return subprocess.run([sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "-o", "junit_family=xunit1",
                           *arguments], cwd=ROOT, env=environment).returncode


def results(report: Path) -> dict[str, tuple[int, int, float]]:
    """Of each test, by name: how many seeds passed, of how many, and the least margin (NaN: none was recorded)."""
    cases = defaultdict(list)
    for case in ElementTree.parse(report).iter("testcase"):
        passed = not any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
        margins = [float(each.get("value")) for each in case.iter("property") if each.get("name") == "margin"]
        cases[re.sub(r"-?seed\d+-?", "", case.get("name")).replace("[]", "")].append((passed, *margins))
    return {name: (sum(case[0] for case in seeds), len(seeds), min((case[1] for case in seeds if case[1:]),
                                                                   default=float("nan")))
            for name, seeds in cases.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setting", action="append", choices=SETTINGS, help="may be repeated; without: each")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--threads", type=int, action="append", help="may be repeated; without: 1 and 2")
    parser.add_argument("--suite", action="store_true", help="the whole suite instead, from one seed, on one thread")
    asked, more = parser.parse_known_args()  # the rest is pytest's
    reach = _REACH.get(torch.backends.cpu.get_cpu_capability(), tuple(SETTINGS))
    chosen = asked.setting or list(SETTINGS)
    for setting in set(chosen) - set(reach):
        print(f"{setting} is left out: this processor does not have it.")
    chosen, threads = [name for name in chosen if name in reach], [1] if asked.suite else asked.threads or [1, 2]
    arguments = ["-n", "2", "--dist", "loadfile"] if asked.suite else ["-m", "trains", f"--seeds={asked.seeds}"]
    arguments += more
    statuses, rows = [], []
    for setting in chosen:
        for count in threads:
            with tempfile.TemporaryDirectory() as folder:
                report = Path(folder) / "report.xml"
                statuses.append(run(setting, count, arguments, report))
                if not report.exists():
                    print(f"{setting}, {count} threads: pytest ended without a report (status {statuses[-1]}).")
                    continue
                found = results(report)
            rows += [(setting, count, *seeds, name) for name, seeds in found.items() if not asked.suite]
    if rows:
        print("\n| instruction set | threads | seeds passed | least margin (1: just) | test |\n|---|---|---|---|---|")
    for setting, count, passed, seeds, margin, name in rows:
        print(f"| {setting} | {count} | {passed} of {seeds} | {margin:.2f} | {name} |")
    return int(any(statuses))


if __name__ == "__main__":
    sys.exit(main())
