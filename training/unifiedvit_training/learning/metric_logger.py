"""The metrics of a run as it goes on: CSV for tables, TensorBoard for eyes, and what a resumed run has to forget."""

from __future__ import annotations

import csv
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter


class MetricLogger:
    """Appends rows of numbers to `<name>.csv` in `run` and to its TensorBoard.

    Args:
        run: folder of the run.
        step: the step that the run goes on from; rows after it, from a run that was killed later, are dropped.
    """

    def __init__(self, run: Path, step: int = 0) -> None:
        self._run, self._step = run, step
        self._columns: dict[str, list[str]] = {}
        self._board = SummaryWriter(str(run / "tensorboard"), purge_step=step + 1)

    def write(self, name: str, step: int, row: dict[str, float | int | str | None]) -> None:
        """Add a row to `<name>.csv`; all rows of a name have the same columns.

        Args:
            name: of the table.
            step: of the training.
            row: values by column.
        """
        path = self._run / f"{name}.csv"
        if name not in self._columns:
            self._columns[name] = ["step", *row]
            kept = self._kept(path)
            with open(path, "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, self._columns[name], extrasaction="ignore")
                writer.writeheader()
                writer.writerows(kept)
        with open(path, "a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self._columns[name]).writerow({"step": step, **row})
        for key, value in row.items():
            if isinstance(value, (int, float)):
                self._board.add_scalar(f"{name}/{key}", value, step)

    def _kept(self, path: Path) -> list[dict[str, str]]:
        if not path.exists():
            return []
        with open(path, newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if row["step"].isdigit() and int(row["step"]) <= self._step]

    def close(self) -> None:
        """Write what TensorBoard still holds."""
        self._board.close()
