"""The page of a federation: rounds, who was left out, and whether all sites and subgroups are served alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ..reports.page import Picture, Section, Table, Text, figure_uri, render_page
from ..reports.style import COLOURS, plain
from ..storage import write_whole
from .history import ALL, ROUNDS_FILE, State
from .plan import FederationPlan
from .weights import UpdateError

#: No metric is larger; of whole numbers, JSON has some that no float can hold.
_LARGEST = 1e12
REPORT_FILE, PLOT_FILE = "report.html", "rounds.png"


def write_report(run: Path, plan: FederationPlan, state: State, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Write `report.html` and `rounds.png` into a federation's folder.

    Args:
        run: that folder.
        plan: of the rounds.
        state: of their end.
        results: by site, what it measured of the result: `sides` with metrics, and `subgroups`.
    """
    figure = _figure(state.rows)
    figure.savefig(run / PLOT_FILE, dpi=110, bbox_inches="tight")
    method = f"FedProx with mu {plan.mu}" if plan.method == "fedprox" else "FedAvg"
    local = "; the sites' normalisation stays with them" if plan.keep_local else ""
    lead = (f"{method}{local}: {state.round} rounds of {plan.steps} steps at each site. The result is that of round "
            f"{state.best_round}. Each site measured it on its own images.")
    sections = [Section("Rounds", [Picture(figure_uri(figure), "Score on each site's validation side, round by round."),
                                   Text(f"All numbers: {ROUNDS_FILE}."), *_left_out(state)])]
    sections += [_sites(side, results) for side in ("validation", "test")
                 if any(side in result.get("sides", {}) for result in results.values())]
    sections.append(_subgroups(results))
    write_whole(run / REPORT_FILE, render_page("A federation", sections, lead))


def checked_results(report: Mapping[str, Any]) -> dict[str, Any]:
    """`sides` and `subgroups` of what a site tells of the result, each number a number.

    Raises:
        UpdateError: they are not of the form that a site of this version sends.
    """
    try:
        return {
            "sides": {str(side): _numbers(metrics) for side, metrics in report["sides"].items()},
            "subgroups": [{"kind": str(part["kind"]), "name": str(part["name"]), "slices": int(part["slices"]),
                           "groups": int(part["groups"]), "metrics": _numbers(part["metrics"])}
                          for part in report["subgroups"]],
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UpdateError(f"It sent metrics that cannot be read ({error}).") from error


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float | int | None]:
    numbers: dict[str, float | int | None] = {}
    for name, value in metrics.items():
        if not (value is None or (isinstance(value, (int, float)) and abs(value) <= _LARGEST)):
            raise ValueError(f"{name} is {str(value)[:40]!r}")
        numbers[str(name)] = value
    return numbers


def _figure(rows: Sequence[Mapping[str, Any]]) -> Figure:
    figure = Figure(figsize=(7, 3.2))
    axes = figure.subplots()
    names = sorted({row["site"] for row in rows if "score" in row}, key=lambda name: (name == ALL, name))
    for n, name in enumerate(names):
        points = [(row["round"], row["score"]) for row in rows if row["site"] == name and "score" in row]
        colour, width = ("#000000", 2.2) if name == ALL else (COLOURS[n % len(COLOURS)], 1.2)
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=width, marker=".", label=name)
    absent = [(row["round"], 0.0) for row in rows if row["site"] != ALL and not row["took_part"]]
    if absent:
        axes.plot(*zip(*absent, strict=True), "x", color="#D55E00", label="a site left out",
                  transform=axes.get_xaxis_transform(), clip_on=False)
    axes.set_xlabel("round")
    axes.set_ylabel("score (mean of AUC and Dice)")
    if names or absent:
        axes.legend(frameon=False, fontsize=8)
    plain(axes)
    return figure


def _left_out(state: State) -> list[Text]:
    if not state.left_out:
        return [Text("No site was left out of any round.")]
    return [Text(f"Round {number}. {sentence}", "warning") for number, sentences in state.left_out.items()
            for sentence in sentences]


def _sites(side: str, results: Mapping[str, Mapping[str, Any]]) -> Section:
    """Metrics of a side by site, and how far the sites are apart."""
    of_sites = {site: result["sides"][side] for site, result in results.items() if side in result.get("sides", {})}
    names = list(dict.fromkeys(name for metrics in of_sites.values() for name in metrics if name != "slices"))
    rows: list[list[Any]] = [[site, metrics.get("slices"), *(metrics.get(name) for name in names)]
                             for site, metrics in sorted(of_sites.items())]
    known = [[value for metrics in of_sites.values() if (value := metrics.get(name)) is not None] for name in names]
    rows.append(["worst site", None, *(min(values, default=None) for values in known)])
    rows.append(["best less worst", None, *(max(values) - min(values) if values else None for values in known)])
    return Section(f"Sites, {side}", [Table(["site", "slices", *(name.replace("_", " ") for name in names)], rows)])


def _subgroups(results: Mapping[str, Mapping[str, Any]]) -> Section:
    found = [(site, part) for site, result in sorted(results.items()) for part in result.get("subgroups", [])]
    names = list(dict.fromkeys(name for _, part in found for name in part["metrics"]))
    rows = [[part["kind"], part["name"], site, part["slices"], part["groups"],
             *(part["metrics"].get(name) for name in names)] for site, part in found]
    rows.sort(key=lambda row: row[:3])
    note = Text("Parts of the sites' held-out slices; those of few patients are not told.")
    header = ["subgroup", "", "site", "slices", "patients", *(name.replace("_", " ") for name in names)]
    return Section("Subgroups", [note, Table(header, rows)] if rows else [Text("None were told.")])
