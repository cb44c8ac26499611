"""The command `federate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..config import load_project
from ..errors import ConfigError

app = typer.Typer()


@app.command()
def federate(
    project: Annotated[Path, typer.Argument(metavar="PROJECT.yaml", help="the project that all sites share")],
    site: Annotated[list[str], typer.Option(metavar="NAME=WORK", help="a site: its name in NVFlare, and its folder of "
                                            "prepared images on its own machine; repeated for each")],
    work: Annotated[Path, typer.Option("--work-dir", help="folder of the coordinator's run")] = Path("work"),
    run: Annotated[str, typer.Option("--run", help="of the run: its folder in WORK, there and at the sites")
                   ] = "federated",
    rounds: Annotated[int | None, typer.Option(min=1, help="default: as many as `fit.stages` has epochs")] = None,
    steps: Annotated[int, typer.Option(min=1, help="of the optimiser at each site in a round")] = 50,
    method: Annotated[str, typer.Option(help="fedavg; fedprox: steps are held near the weights of the round")
                      ] = "fedavg",
    mu: Annotated[float, typer.Option(help="of fedprox: how strongly")] = 0.01,
    keep_local: Annotated[str | None, typer.Option(help="normalisation: norms stay at their site, so that each gets a "
                                                        "network of its own")] = None,
    wait_minutes: Annotated[float, typer.Option(help="for a site that sends nothing, before a round goes on without "
                                                     "it")] = 60.0,
    simulate: Annotated[int | None, typer.Option(min=1, metavar="N", help="run it here, N sites at a time, each in a "
                                                 "process of its own")] = None,
    job: Annotated[Path | None, typer.Option(metavar="FOLDER", help="write the job to submit to a provisioned NVFlare "
                                             "project instead")] = None,
    change: Annotated[list[str] | None, typer.Option("--set", metavar="SECTION.NAME=VALUE", help="replace a value of "
                                                     "the YAML; may be repeated")] = None,
) -> None:
    """Let several sites learn together: their images stay, weights are averaged round by round.

    A round: every site loads the weights, takes STEPS steps by the loop of `fit`, and sends weights and the number of
    its slices. A site that sends nothing, NaN or another network is left out of the round, and that is said. WORK/RUN
    gets best.safetensors, rounds.csv, federation.log and report.html; each site the same weights as a run of its own,
    for `evaluate` and `export`. A simulation that was stopped goes on after the last finished round.
    """
    from .federate import run_simulation, sites_of
    from .job import write_job
    from .plan import FederationPlan

    if (simulate is None) == (job is None):
        raise ConfigError("Say either --simulate N, to run the federation here, or --job FOLDER, to write it down.")
    configuration, sites = load_project(project, change), sites_of(site)
    try:
        plan = FederationPlan.model_validate({
            "method": method, "mu": mu, "keep_local": keep_local, "steps": steps, "wait_minutes": wait_minutes,
            "rounds": rounds or sum(stage.epochs for stage in configuration.fit.stages),
            "validate_every": configuration.fit.validate_every, "patience": configuration.fit.patience,
        })
    except ValueError as error:
        raise ConfigError(f"federate: {error}") from error
    if simulate is not None:
        run_simulation(configuration, plan, sites, work, run, simulate)
        return
    assert job is not None, "one of both is there"
    write_job(job, configuration, plan, sites, run)
    print(f"Job: {job}. Submit it: nvflare job submit -j {job}")
