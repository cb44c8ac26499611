"""The rounds of a federation, seen from the coordinator: it sends weights, checks what comes back, and averages.

Nothing here knows how messages travel, nor needs torch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from UnifiedViTLib.locking import file_lock

from ..errors import RunError
from ..runs.project_file import BEST_FILE
from ..storage import write_whole
from .averaging import Update, federated_average
from .exchange import FINISH, JOIN, REPORT, ROUND, TRAIN, VALIDATE, WEIGHTS, Ask, Reply
from .history import ALL, State, load_state, log, mean_score, save_state
from .plan import FederationPlan
from .report import checked_results, write_report
from .weights import UpdateError, check_weights, pack_weights

#: The best weights where each site keeps some of its own, so that these alone are no whole network.
SHARED_FILE = "shared.safetensors"
#: What a site may say: slices, other numbers, and the names of these.
_MOST_SLICES, _LARGEST, _NAME = 10**9, 1e12, re.compile(r"\w[\w .()/-]{0,63}")
#: Held by who leads it.
LOCK_FILE = "federation.lock"


class Federation:
    """A federation in progress, going on after the last finished round.

    Args:
        run: folder of the state, the log, and the result.
        plan: of its rounds.
        initial: tensors that all sites share, as they begin.
        meaning: of the project, from `plan.meaning_of`.
        ask: reaches the sites.
    """

    def __init__(self, run: Path, plan: FederationPlan, initial: Mapping[str, np.ndarray],
                 meaning: Mapping[str, Any], ask: Ask) -> None:
        self.run, self.plan, self._meaning, self._ask = run, plan, meaning, ask
        self._best_file = run / (SHARED_FILE if plan.keep_local else BEST_FILE)
        self.state = load_state(run)
        self._expected = self._tensors = dict(initial)
        if self.state.round:
            self._tensors = self._stored(self._round_file(self.state.round))
            self._say(f"Going on after round {self.state.round}.")

    def run_all(self) -> None:
        """All rounds that are left; then the sites are given the result.

        Raises:
            RunError: no site sent anything that can be used, another coordinator is at work in the same folder, or the
                disk is full.
        """
        if not self.state.finished:
            with file_lock(self.run / LOCK_FILE, self._check_alone):
                self._run_all()

    def _check_alone(self) -> None:
        """Called where the lock is held by another."""
        raise RunError(f"Another process leads the federation in {self.run}. Wait until it has ended, or end it.")

    def _run_all(self) -> None:
        self._join()
        while self.state.round < self.plan.rounds:
            if self.plan.patience and self.state.without_improvement >= self.plan.patience:
                self._say(f"No better score in {self.state.without_improvement} measurements: the rounds end.")
                break
            self._next_round()
        self._finish()

    def _join(self) -> None:
        """Hear which sites are there, before any of them computes.

        Raises:
            RunError: none is.
        """
        joined, reasons = [], {}
        for site, reply in sorted(self._ask(JOIN, {ROUND: self.state.round, REPORT: self._order()}).items()):
            try:
                reply.check()
                joined.append(f"{site} ({_samples(reply.report())} slices to learn from)")
            except UpdateError as error:
                reasons[site] = str(error)
        if not joined:
            raise RunError(f"The federation cannot begin: no site is ready. {_listed(reasons)}")
        self._say(f"Sites: {', '.join(joined)}."
                  + "".join(f" {site} is not ready: {reason}" for site, reason in reasons.items()))

    def _order(self) -> str:
        """What every task tells the sites beside weights."""
        return json.dumps({"meaning": self._meaning, "best_round": self.state.best_round})

    def _next_round(self) -> None:
        state, number = self.state, self.state.round + 1
        updates, reasons = self._learnt(number)
        if not updates:
            raise RunError(f"Round {number} of the federation cannot be finished: no site sent weights that can be "
                           f"used. {_listed(reasons)} Put one right, and run again to go on after round "
                           f"{state.round}.")
        self._tensors = federated_average(updates)
        rows = {update.site: {"round": number, "site": update.site, "took_part": 1, "reason": "",
                              "samples": update.samples, **_rounded(update.losses, "_loss")} for update in updates}
        rows |= {site: {"round": number, "site": site, "took_part": 0, "reason": reason, "samples": 0}
                 for site, reason in reasons.items()}
        rows[ALL] = {"round": number, "site": ALL, "took_part": len(updates), "reason": "",
                     "samples": sum(update.samples for update in updates)}
        took_part = ", ".join(f"{update.site} ({update.samples} slices)" for update in updates)
        measured = ""
        if number % self.plan.validate_every == 0 or number == self.plan.rounds:
            measured = self._measure(number, rows)
        state.rows += [rows[name] for name in sorted(rows, key=lambda name: (name == ALL, name))]
        if reasons:
            state.left_out[str(number)] = [f"{site}: {reason}" for site, reason in sorted(reasons.items())]
        self._keep(number)
        self._say(f"Round {number} of {self.plan.rounds}: {took_part} took part."
                  + "".join(f" {site} was left out: {reason}" for site, reason in sorted(reasons.items())) + measured)

    def _learnt(self, number: int) -> tuple[list[Update], dict[str, str]]:
        """What the sites have learnt in a round, and for each that is left out the reason."""
        content = {ROUND: number, WEIGHTS: pack_weights(self._tensors), REPORT: self._order()}
        updates, reasons = [], {}
        for site, reply in sorted(self._ask(TRAIN, content).items()):
            try:
                updates.append(self._update(site, reply))
            except UpdateError as error:
                reasons[site] = str(error)
        return updates, reasons

    def _update(self, site: str, reply: Reply) -> Update:
        reply.check()
        report = reply.report()
        samples = _samples(report)
        try:
            tensors = check_weights(reply.content.get(WEIGHTS), self._expected)
        except UpdateError as error:
            raise UpdateError(f"It {error}.") from error
        return Update(site, tensors, samples, _numbers(report.get("losses")))

    def _measure(self, number: int, rows: dict[str, dict[str, Any]]) -> str:
        """Have the sites measure the new weights, and fill their rows; a sentence about it."""
        content = {ROUND: number, WEIGHTS: pack_weights(self._tensors), REPORT: self._order()}
        measured, silent = {}, []
        for site, reply in sorted(self._ask(VALIDATE, content).items()):
            try:
                reply.check()
                report = reply.report()
                score, count = report.get("score"), report.get("slices")
                if not _is_number(score) or not 0 <= score <= 1 or not _is_count(count):
                    raise UpdateError("It sent no score from 0 to 1, or not of how many slices.")
            except UpdateError as error:
                silent.append(f" {site} did not measure: {error}")
                continue
            measured[site] = [float(score), count]
            row = rows.setdefault(site, {"round": number, "site": site, "took_part": 0, "reason": "", "samples": 0})
            row |= {**_rounded(_numbers(report.get("metrics"))), **row, "validation_slices": count, "score": score}
        if not measured:
            return "".join(silent)
        score, scores = mean_score(measured.values()), [one for one, _ in measured.values()]
        rows[ALL] |= {"validation_slices": sum(count for _, count in measured.values()), "score": round(score, 5)}
        self.state.without_improvement += 1
        if _is_better(measured, self.state.best_sites):
            self.state.best_round, self.state.best_sites, self.state.without_improvement = number, measured, 0
        return f" Score {score:.4f} ({min(scores):.4f} to {max(scores):.4f}).{''.join(silent)}"

    def _keep(self, number: int) -> None:
        """Write down that a round is finished: a kill leaves this one or the one before."""
        self.state.round = number
        content = pack_weights(self._tensors)
        write_whole(self._round_file(number), content)
        if self.state.best_round == number:
            write_whole(self._best_file, content)
        save_state(self.run, self.state)
        self._round_file(number - 1).unlink(missing_ok=True)

    def _finish(self) -> None:
        """Give the best weights to the sites, which measure them as `evaluate` does; write the report."""
        state = self.state
        if not state.best_round:
            state.best_round = state.round
            write_whole(self._best_file, pack_weights(self._tensors))
        content = {ROUND: state.best_round, WEIGHTS: self._best_file.read_bytes(), REPORT: self._order()}
        results: dict[str, dict[str, Any]] = {}
        for site, reply in sorted(self._ask(FINISH, content).items()):
            try:
                reply.check()
                results[site] = checked_results(reply.report())
            except UpdateError as error:
                self._say(f"{site} was not given the result: {error}")
        write_report(self.run, self.plan, state, results)
        state.finished = True
        save_state(self.run, state)
        score = "not measured" if state.best_score is None else f"{state.best_score:.4f}"
        self._say(f"Best score {score}, after round {state.best_round}; weights in {self._best_file}")

    def _round_file(self, number: int) -> Path:
        return self.run / f"round-{number:04d}.safetensors"

    def _stored(self, path: Path) -> dict[str, np.ndarray]:
        try:
            return check_weights(path.read_bytes(), self._expected)
        except (OSError, UpdateError) as error:
            raise RunError(f"{path}, from which the federation goes on, cannot be used ({error}). Delete {self.run} "
                           "to begin again.") from error

    def _say(self, sentence: str) -> None:
        log(self.run, sentence)


def finished(run: Path) -> State | None:
    """The state of the federation in `run` if it has ended, else None.

    Raises:
        RunError: it is damaged.
    """
    state = load_state(run)
    return state if state.finished else None


def _listed(reasons: Mapping[str, str]) -> str:
    return " ".join(f"{site}: {reason}" for site, reason in sorted(reasons.items())) or "None answered."


def _is_better(measured: Mapping[str, list[float]], best: Mapping[str, list[float]]) -> bool:
    """Whether a measurement is better than the best one at the sites that made both: the mean rises where one that has
    hard images is silent. Where none made both, that of more slices is."""
    both = measured.keys() & best.keys()
    if not both:
        return sum(count for _, count in measured.values()) > sum(count for _, count in best.values())
    return mean_score(measured[site] for site in both) > mean_score(best[site] for site in both)


def _samples(report: Mapping[str, Any]) -> int:
    """How many slices a site learns from, as it tells."""
    samples = report.get("samples")
    if not _is_count(samples):
        raise UpdateError(f"It sent {str(samples)[:40]} where the number of its slices is expected.")
    return samples


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_SLICES


def _is_number(value: Any) -> TypeGuard[float]:
    """Of whole ones, JSON has some that no float can hold."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _numbers(values: Any) -> dict[str, float]:
    """What of a site's table are numbers under names such as those of metrics, by name."""
    if not isinstance(values, dict):
        return {}
    return {name: float(value) for name, value in values.items() if _NAME.fullmatch(name) and _is_number(value)}


def _rounded(values: Mapping[str, float], ending: str = "") -> dict[str, float]:
    return {name + ending: round(value, 5) for name, value in values.items()}
