"""`results.csv`: a line for each of many inputs, and CSV that a spreadsheet reads as it is meant."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..diagnosis import NONE
from ..inference.prediction import Prediction
from ..texts import printable, table_cell
from .files import as_json
from .writing import write_atomically

CSV_FIELDS = (
    "input", "status", "result", "diagnosis", "region", "probability", "confidence", "review", "volume_ml", "warnings",
    "total_s", "model", "error",
)


def csv_row(source: str, result: Prediction | Exception, name: str = "", model: str = "") -> dict[str, str]:
    """A line of `results.csv` for an input that worked, or for one that did not; `name` of its result files.

    Args:
        source: the input's path.
        result: the prediction, or what went wrong.
        name: of its files.
        model: of `model_name`, of an input that did not work.
    """
    if isinstance(result, Exception):
        return dict.fromkeys(CSV_FIELDS, "") | {"input": source, "status": "failed", "model": model,
                                                "error": str(result)}
    return result_row(as_json(result), source, name)


def result_row(result: Mapping[str, Any], source: str, name: str) -> dict[str, str]:
    """A line of `results.csv` for a result as from `as_json`, fresh or read again.

    Args:
        result: as from `as_json`.
        source: the input's path.
        name: of its files.
    """
    diagnosis, model = result["diagnosis"], result["model"]
    found = diagnosis.get("findings", [diagnosis["label"]])
    return {
        "input": source,
        "status": "done",
        "result": name,
        "diagnosis": ";".join(found) or NONE,
        "region": result.get("region", {}).get("description", ""),
        "probability": ";".join(f"{diagnosis['probabilities'][label]:.4f}" for label in found),
        "confidence": f"{result['confidence']['value']:.4f}",
        "review": "yes" if result["confidence"]["review"] else "no",
        "volume_ml": "; ".join(f"{segment['name']}: {segment['volume_ml']:.2f}" for segment in result["segments"]
                               if segment["volume_ml"] is not None),
        "warnings": " | ".join(result["warnings"]),
        "total_s": f"{result['timings_s']['total']:.2f}",
        "model": f"{model['id']} {model['version']}",
        "error": "",
    }


def write_csv(rows: Sequence[Mapping[str, str]], path: Path, fields: Sequence[str] = CSV_FIELDS) -> None:
    """Write `results.csv`, or another table. Cells that a spreadsheet would compute begin with an apostrophe; what is
    no text is written as an escape.

    Args:
        rows: by the names of columns; what is left out is empty.
        path: the file.
        fields: names of the columns.
    """

    def write(part: Path) -> None:
        # A name of another encoding is told as far as it can be: the rows of the others must not be lost.
        with open(part, "w", newline="", encoding="utf-8", errors="backslashreplace") as file:
            writer = csv.DictWriter(file, fields)
            writer.writeheader()
            writer.writerows({name: table_cell(printable(row.get(name, ""))) for name in fields} for row in rows)

    write_atomically(path, write)
