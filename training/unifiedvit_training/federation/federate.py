"""`unifiedvit-train federate`: writes the job of a federation, and simulates it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ..config import Project
from ..data.dataset import load_dataset
from ..errors import ConfigError, RunError
from ..runs.project_file import begin_or_resume
from ..runs.recipe import check_same_recipe
from ..storage import write_whole
from .history import State
from .job import write_job
from .plan import FederationPlan, project_of_rounds
from .rounds import finished
from .simulation import check_installed, simulate, threads_of_each

PLAN_FILE, JOB = "plan.json", "job"


def sites_of(options: Sequence[str]) -> dict[str, str]:
    """`NAME=WORK` of the command line to folders by name.

    Raises:
        ConfigError: one is not of that form, a name comes twice, or there are fewer than two.
    """
    sites: dict[str, str] = {}
    for option in options:
        name, separator, work = option.partition("=")
        if not (separator and name and work):
            raise ConfigError(f"--site {option}: write it as NAME=WORK, for example --site A=/data/a/work.")
        if name in sites:
            raise ConfigError(f"--site {name} is named twice.")
        sites[name] = work
    if len(sites) < 2:
        raise ConfigError("A federation needs two sites or more: --site A=WORK_A --site B=WORK_B.")
    return sites


def run_simulation(project: Project, plan: FederationPlan, sites: dict[str, str], work: Path, run: str,
                   at_a_time: int) -> State:
    """Let the sites learn together on this machine, or go on after the last finished round.

    Args:
        project: that all share.
        plan: of the rounds.
        sites: folders WORK, prepared, by name.
        work: folder of the coordinator's run.
        run: name of the run, there and at the sites.
        at_a_time: sites that train at a time.

    Raises:
        ConfigError: NVFlare is missing, or a site's folder is not there.
        DataError: a site has no prepared dataset.
        RunError: the run was begun with another recipe, or the federation ended before its end.
    """
    check_installed()
    sites = {name: str(Path(path).resolve()) for name, path in sites.items()}
    for path in sites.values():
        load_dataset(Path(path) / "dataset")
    folder = work / run
    begin(project, plan, folder)
    if state := finished(folder):
        print(f"This federation is finished: {folder / 'report.html'}")
        return state
    if project.machine.threads is None:
        machine = project.machine.model_copy(update={"threads": threads_of_each(min(at_a_time, len(sites)))})
        project = project.model_copy(update={"machine": machine})
    job = folder / JOB
    write_job(job, project, plan, sites, run, folder.resolve())
    simulate(job, folder, list(sites), at_a_time)
    state = finished(folder)
    if state is None:
        raise RunError("NVFlare's simulator ended before the federation did. Run the same command again to go on.")
    shutil.rmtree(job, ignore_errors=True)
    print(f"Report: {folder / 'report.html'}")
    return state


def begin(project: Project, plan: FederationPlan, folder: Path) -> None:
    """Write down how a federation is run, or check that it goes on as it was begun.

    Args:
        project: that all sites share.
        plan: of the rounds.
        folder: of the coordinator's run.

    Raises:
        RunError: it was begun otherwise.
    """
    path = folder / PLAN_FILE
    if path.exists():
        try:
            before = FederationPlan.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"{path} is damaged ({error}). Delete {folder} to begin again.") from error
        check_same_recipe(folder, before.recipe(), plan.recipe())
    begin_or_resume(project_of_rounds(project, plan), folder)
    write_whole(path, plan.model_dump_json(indent=1))
