"""What is compared: the YAML of `unifiedvit-train compare --config`, checked before anything runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field, model_validator

from ..config import ARGUMENTS, Project, Section, Task, load_project, read_yaml
from ..errors import ConfigError


class Entry(Section):
    """A network that is compared.

    Attributes:
        name: of its runs' folders.
        title: in tables.
        kind: "unified" (ours), "baseline" (ours with one task), or a peer: "cnn", "transformer".
        architecture: of the library, or a key of `peers.PEERS`.
        arguments: of the architecture; None: its usual ones.
        task: what it learns.
        variant_of: the entry that this one changes something of, and is held against.
        seeds: of the comparison's, those that it is trained with; None: all. Empty: only its cost is measured.
        changes: in the project, for this entry alone.
    """

    name: str = Field(pattern=r"[a-z0-9][a-z0-9-]{0,31}")
    title: str
    kind: Literal["unified", "baseline", "cnn", "transformer"]
    architecture: str
    arguments: dict[str, Any] | None = None
    task: Task = "both"
    variant_of: str | None = None
    seeds: list[int] | None = None
    changes: dict[str, Any] = Field(default={})


class ComparedSet(Section):
    """A data set that all are trained on: the YAML of a project, and what is changed in it (as with `--set`).

    `data` is the folder below --data that the project's data paths start from.
    """

    title: str
    project: Path
    data: str = "."
    changes: dict[str, Any] = Field(default={})


class Comparison(Section):
    """The whole file.

    Attributes:
        seeds: of the trainings.
        changes: in every set's project; those of a set, then those of an entry, come after them.
        sets: by name.
        entries: in the order of the tables.
        cost_sizes: sides of the inputs, in pixels, that speed and multiplications are measured for.
    """

    seeds: list[int] = Field(default=[0], min_length=1)
    changes: dict[str, Any] = Field(default={})
    sets: dict[str, ComparedSet] = Field(min_length=1)
    entries: list[Entry] = Field(min_length=2)
    cost_sizes: list[int] = Field(default=[224], min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Comparison:
        names = [entry.name for entry in self.entries]
        if len(set(names)) != len(names):
            raise ValueError("two of `entries` have the same name")
        for entry in self.entries:
            if entry.variant_of is not None and entry.variant_of not in {*names} - {entry.name}:
                raise ValueError(f"{entry.name} is said to be a variant of {entry.variant_of}, which is no other entry")
        return self

    def entry(self, name: str) -> Entry:
        """The entry of that name."""
        return next(entry for entry in self.entries if entry.name == name)

    def seeds_of(self, entry: Entry) -> list[int]:
        """Seeds that an entry is trained with."""
        return [seed for seed in self.seeds if entry.seeds is None or seed in entry.seeds]


class Run(NamedTuple):
    """One training: an entry on a set with a seed."""

    of_set: str
    entry: str
    seed: int

    def folder(self, work: Path) -> Path:
        """Where it is kept."""
        return work / self.of_set / f"{self.entry}-{self.seed}"


def load_comparison(file: Path) -> Comparison:
    """Read and check the YAML; relative paths in it start from its folder.

    Raises:
        ConfigError: it cannot be read, or says where it is wrong.
    """
    plan = read_yaml(file, Comparison)
    sets = {name: given.model_copy(update={"project": file.parent / given.project})
            for name, given in plan.sets.items()}
    return plan.model_copy(update={"sets": sets})


def runs_of(plan: Comparison) -> Iterator[Run]:
    """All trainings, in the order in which they are worth having: the first seed of everything first."""
    for seed in plan.seeds:
        for name in plan.sets:
            yield from (Run(name, entry.name, seed) for entry in plan.entries if seed in plan.seeds_of(entry))


def project_of(plan: Comparison, run: Run, data: Path | None, threads: int | None = None) -> Project:
    """The recipe of one training.

    Args:
        plan: the comparison.
        run: the training.
        data: folder that data paths start from; None: the one of each recipe.
        threads: of the processor, where the recipe does not say how many; None for as many as torch takes.

    Raises:
        ConfigError: the set's project, or what is changed in it, is wrong.
    """
    chosen, entry = plan.sets[run.of_set], plan.entry(run.entry)
    arguments = ARGUMENTS.get(entry.architecture, {}) if entry.arguments is None else entry.arguments
    changes = [
        *plan.changes.items(), *chosen.changes.items(), *entry.changes.items(), ("seed", run.seed),
        ("model.architecture", entry.architecture), ("model.arguments", arguments), ("model.task", entry.task),
    ]
    project = load_project(chosen.project, [f"{name}={json.dumps(value)}" for name, value in changes],
                           data / chosen.data if data else None)
    model = project.model
    named = {"id": f"{model.id}-{entry.name}", "name": f"{model.name}: {entry.title}"}
    machine = project.machine
    if machine.threads is None:
        machine = machine.model_copy(update={"threads": threads})
    return project.model_copy(update={"model": model.model_copy(update=named), "machine": machine})


def chosen_runs(plan: Comparison, only: list[str]) -> list[Run]:
    """The trainings of the entries and sets named in `only`; all if it is empty.

    Raises:
        ConfigError: a name is neither of an entry nor of a set.
    """
    known = {entry.name for entry in plan.entries}, set(plan.sets)
    unknown = [name for name in only if not any(name in names for names in known)]
    if unknown:
        raise ConfigError(f"--only {unknown[0]}: there is no such entry or set; there are "
                          f"{', '.join(sorted(known[0] | known[1]))}.")
    entries, sets = ({name for name in only if name in names} or names for names in known)
    return [run for run in runs_of(plan) if run.entry in entries and run.of_set in sets]
