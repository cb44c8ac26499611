"""The report of a comparison: tables and pictures as HTML, and the same tables as text for other pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..evaluation.comparison_report import format_change
from ..evaluation.metric_labels import SMALLER_IS_BETTER, metric_labels
from ..evaluation.paired import Difference
from ..evaluation.plots import difference_figure
from ..reports.page import Picture, Section, Table, Text, figure_uri, render_page
from ..storage import write_whole
from .costs import costs_of
from .plan import Comparison
from .plots import trade_figure
from .table import DECIDES, SHOWN, TESTED, PairedComparison, Results, mean_metric, paired_comparisons, results_of

REPORT_FILE, TABLES_FILE, NUMBERS_FILE = "report.html", "tables.md", "comparison.json"
_TASKS = {"classification": "diagnosis", "segmentation": "mask"}


def write_report(plan: Comparison, work: Path, data: Path | None, output: Path) -> Path:
    """Measure costs if need be, compare all finished runs, and write `report.html`, `tables.md` and
    `comparison.json` into `output`.

    Args:
        plan: the comparison.
        work: the folder of the work.
        data: folder that data paths start from; None: the one of each recipe.
        output: the folder of the report.

    Returns:
        The page.

    Raises:
        RunError: no run of a set is finished, or the disk is full.
    """
    costs = costs_of(plan, work, data)
    sections, numbers = [_costs_section(plan, costs)], {"costs": costs["sizes"], "machine": costs["machine"]}
    for name, chosen in plan.sets.items():
        results = results_of(plan, name, work, data)
        comparisons = list(paired_comparisons(plan, results))
        sections.append(Section(chosen.title, _set_blocks(plan, results, comparisons, costs)))
        numbers[name] = _numbers(results, comparisons)
    page = render_page("Side by side", sections, "Networks under one recipe: same folds, resolution, augmentation, "
                                                 "optimiser and number of steps. Research use only.")
    write_whole(output / TABLES_FILE, "\n\n".join(
        f"### {section.title}\n\n" + "\n\n".join(_as_text(block) for block in section.blocks
                                                 if isinstance(block, (Table, Text)))
        for section in sections) + "\n")
    write_whole(output / NUMBERS_FILE, json.dumps(numbers, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    write_whole(output / REPORT_FILE, page)
    print(f"Report: {output / REPORT_FILE}; the tables as text: {output / TABLES_FILE}")
    return output / REPORT_FILE


def _costs_section(plan: Comparison, costs: dict[str, Any]) -> Section:
    sizes = costs["sizes"]
    header = ["", "weights (M)", *(f"{what} at {size}" for size in sizes for what in ("GMAC", "ms a slice")),
              f"images/s learning at {next(iter(sizes))}"]
    rows = []
    for entry in plan.entries:
        of = [at_size[entry.name] for at_size in sizes.values()]
        rows.append([entry.title, f"{of[0]['parameters'] / 1e6:.1f}",
                     *(text for cost in of for text in (f"{cost['multiplications'] / 1e9:.2f}",
                                                        f"{cost['milliseconds']:.1f}")),
                     f"{of[0]['images_per_second']:.1f}"])
    said = (f"Measured in turn on {costs['machine']}: looking in float32, eight slices at a time; learning in bfloat16 "
            "where the machine has it, sixteen slices a step, without reading and augmenting.")
    return Section("Cost", [Table(header, rows), Text(said)])


def _set_blocks(plan: Comparison, results: Results, comparisons: list[PairedComparison], costs: dict[str, Any]
                ) -> list[Table | Text | Picture]:
    words, titles = metric_labels(results.model), {entry.name: entry.title for entry in plan.entries}
    there = [entry for entry in plan.entries if entry.name in results.tables]
    some = next(iter(results.tables[there[0].name].values()))
    rows = [[entry.title, len(results.tables[entry.name]), *(_over_seeds(results, entry.name, name) for name in SHOWN)]
            for entry in there]
    blocks: list[Table | Text | Picture] = [
        Table(["", "seeds", *(words[name] for name in SHOWN)], rows),
        Text(f"{results.side.capitalize()}: {len(some):,} slices of {len(np.unique(some.groups)):,} groups. Means over "
             "the seeds, ± half of what lies between the lowest and the highest. The held-out calibration error has "
             "its temperature from slices of other groups."),
        Picture(figure_uri(trade_figure(plan, results, costs)),
                "What a network gets right against what it costs (multiplications of one pass, at the smallest size "
                "measured). Up and to the left is better."),
    ]
    for task, said in _TASKS.items():
        of_task = [paired for paired in comparisons if paired.task == task and paired.differences]
        if not of_task:
            continue
        names = [name for name in TESTED[task] if any(name in paired.differences for paired in of_task)]
        blocks.append(Table(
            [f"{said}: who", "against", "seeds", *(words[name] for name in names)],
            [[titles[c.entry], f"{c.why} ({titles[c.against]})", c.seeds,
              *(_marked(name, c.differences.get(name)) for name in names)] for c in of_task]))
        drawn = [(f"{titles[c.entry]} – {c.why}", d.difference, d.low, d.high) for c in of_task
                 if (d := c.differences.get(DECIDES[task])) and d.low is not None and d.high is not None]
        if drawn:
            blocks.append(Picture(figure_uri(difference_figure(drawn)),
                                  f"{words[DECIDES[task]]}: differences with their 95 % intervals; right of the line "
                                  "ours is better. Grey: the interval contains nought."))
    blocks.append(Text(
        "Differences: ours minus the other, with the 95 % interval of draws of whole groups, the same for both; * "
        "where it leaves out nought. HD95 is over slices on which both drew. The best CNN was chosen by these very "
        "slices, which flatters it."))
    return blocks


def _over_seeds(results: Results, entry: str, name: str) -> str | None:
    values = results.metrics[entry].get(name)
    if values is None or np.isnan(values).any():
        return None
    digits = 1 if name == "hd95" else 3
    spread = f" ± {(values.max() - values.min()) / 2:.{digits}f}" if len(values) > 1 else ""
    return f"{values.mean():.{digits}f}{spread}"


def _marked(name: str, change: Difference | None) -> str | None:
    """A difference with its interval; a star where that leaves out nought, and which of the two is better."""
    if change is None:
        return None
    if change.low is None or change.high is None or change.low <= 0 <= change.high:
        return format_change(change)
    better = (change.difference > 0) != (name in SMALLER_IS_BETTER)
    return f"{format_change(change)} * {'better' if better else 'worse'}"


def _as_text(block: Table | Text) -> str:
    """A block as Markdown."""
    if isinstance(block, Text):
        return block.text
    return "\n".join([_row(block.header), _row(["---", *["---:"] * (len(block.header) - 1)]),
                      *(_row(["–" if cell is None else str(cell) for cell in row]) for row in block.rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _numbers(results: Results, comparisons: list[PairedComparison]) -> dict[str, Any]:
    return {
        "side": results.side,
        "metrics": {entry: {name: [None if np.isnan(value) else round(float(value), 5) for value in values]
                            for name, values in of.items()} for entry, of in results.metrics.items()},
        "means": {entry: {name: round(mean, 5) for name in SHOWN
                          if not np.isnan(mean := mean_metric(results, entry, name))} for entry in results.tables},
        "differences": [{"entry": c.entry, "against": c.against, "why": c.why, "task": c.task, "seeds": c.seeds,
                         "metrics": {name: d._asdict() for name, d in c.differences.items()}} for c in comparisons],
    }
