"""What happened in a federation's rounds: a table, a log in sentences, and the state that it goes on from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from UnifiedViTLib.texts import table_cell

from ..errors import RunError
from ..storage import write_whole

STATE_FILE, ROUNDS_FILE, LOG_FILE = "federation.json", "rounds.csv", "federation.log"
#: Why a federation ended before its end.
FAILURE_FILE = "failure.txt"
#: The row of a round that stands for all sites.
ALL = "all"


@dataclass
class State:
    """How far a federation is.

    Attributes:
        round: the last one that is finished; 0: none.
        best_round: of the best measurement; 0 before there is one.
        best_sites: score and number of slices at each site that made it.
        without_improvement: measurements since.
        rows: of `rounds.csv`, one a site and round, and one for all.
        left_out: sentences of each round about sites that it went on without.
        finished: whether the sites were given the result.
    """

    round: int = 0
    best_round: int = 0
    best_sites: dict[str, list[float]] = field(default_factory=dict)
    without_improvement: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    finished: bool = False

    @property
    def best_score(self) -> float | None:
        """Over all slices of the best measurement; None before there is one."""
        return mean_score(self.best_sites.values()) if self.best_sites else None


def mean_score(sites: Iterable[list[float]]) -> float:
    """Over all slices; of each site its score and its number of slices."""
    scores, counts = zip(*sites, strict=True)
    return float(np.average(scores, weights=counts))


def load_state(run: Path) -> State:
    """The state that `save_state` left in `run`; that of the beginning if there is none.

    Raises:
        RunError: it is damaged.
    """
    path = run / STATE_FILE
    if not path.exists():
        return State()
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path} is damaged ({error}). Delete {run} to begin again.") from error


def save_state(run: Path, state: State) -> None:
    """Write the state, and `rounds.csv` of it, whole or not at all.

    Raises:
        RunError: the disk is full or not writable.
    """
    write_whole(run / ROUNDS_FILE, _csv(state.rows))
    write_whole(run / STATE_FILE, json.dumps(asdict(state), indent=1))


def _csv(rows: list[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({name: table_cell(value) if isinstance(value, str) else value for name, value in row.items()}
                     for row in rows)
    return text.getvalue()


def log(run: Path, sentence: str) -> None:
    """Add a line to the log of the federation."""
    with open(run / LOG_FILE, "a", encoding="utf-8") as file:
        file.write(sentence + "\n")
