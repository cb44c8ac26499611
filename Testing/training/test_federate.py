"""`unifiedvit-train federate`: NVFlare's own simulator, whose sites are processes, and the job that it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from federated_sites import project_yaml, shared_project, site_dataset
from safetensors.numpy import load_file
from unifiedvit_training.cli import main
from unifiedvit_training.config import load_project
from unifiedvit_training.errors import RunError
from unifiedvit_training.federation.app import APP, FOLDER
from workers import wait_for

from UnifiedViTLib.processes import is_gone

pytest.importorskip("nvflare", reason="NVFlare is not installed (training's extra `federated`)")

from unifiedvit_training.federation import simulation
from unifiedvit_training.federation.history import load_state
from unifiedvit_training.federation.job import write_job
from unifiedvit_training.federation.plan import FederationPlan

#: Where NVFlare's processes find `faulty_sites`.
TESTING = str(Path(__file__).resolve().parents[1])


@pytest.fixture(scope="module")
def simulated(tmp_path_factory) -> Path:
    """A federation of three processes: A learns; B sends NaN, then another network; so does C, until it dies."""
    folder = tmp_path_factory.mktemp("simulation")
    project = load_project(project_yaml(folder, stages=[{"size": 32, "epochs": 2}]))
    site_dataset(folder / "A", project, 24)
    job, run = folder / "job", folder / "coordinator"
    plan = FederationPlan(rounds=2, steps=2, wait_minutes=5)
    write_job(job, project, plan, {name: str(folder / name) for name in "ABC"}, "federated", run)
    meta = json.loads((job / "meta.json").read_text())
    paths = {"B": "faulty_sites.SpoilingSite", "C": "faulty_sites.DyingSite"}
    for name, path in paths.items():  # an app of its own for each of them
        config = json.loads((job / APP / "config" / "config_fed_client.json").read_text())
        config["executors"][0]["executor"] = {"path": path, "args": {}}
        file = job / f"app_{name}" / "config" / "config_fed_client.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(config))
    meta["deploy_map"] = {APP: ["server", "A"]} | {f"app_{name}": [name] for name in paths}
    (job / "meta.json").write_text(json.dumps(meta))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "COMPONENTS", [*simulation.COMPONENTS, *paths.values()])
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [TESTING, os.environ.get("PYTHONPATH")])))
        simulation.simulate(job, run, "ABC", 3)
    return folder


def test_a_simulation_goes_on_without_sites_that_send_nan_another_network_or_nothing(simulated):
    log = (simulated / "coordinator" / "federation.log").read_text()
    first, second = (next(line for line in log.splitlines() if line.startswith(f"Round {n} of 2")) for n in (1, 2))
    assert "Sites: A (18 slices to learn from), B (24 slices to learn from), C" in log
    assert "A (18 slices) took part. B was left out: It sent values that are not numbers (NaN or infinite)" in first
    assert "B was left out: It sent the weights of another network: " in second
    assert "C was left out: It sent nothing within" in second
    assert " B did not measure: It sent no score" in second
    state = load_state(simulated / "coordinator")
    assert state.finished and state.round == 2 and len(state.left_out["2"]) == 2


def test_what_the_simulation_learnt_lies_at_the_coordinator_and_at_the_site(simulated):
    common = load_file(simulated / "coordinator" / "best.safetensors")
    own = load_file(simulated / "A" / "federated" / "best.safetensors")
    assert all(np.array_equal(common[name], own[name]) for name in common | own)
    assert (simulated / "coordinator" / "rounds.png").exists()
    assert (simulated / "A" / "federated" / "project.json").exists()
    assert not list((simulated / "coordinator").glob("**/*.pkl")) + list((simulated / "coordinator").glob("**/*.pt"))


def test_a_simulation_that_is_terminated_leaves_no_process(tmp_path):
    (tmp_path / "endless.py").write_text("import os, sys, time; from pathlib import Path; "
                                         "Path(sys.argv[3], 'pid').write_text(f'{os.getpid()} '); time.sleep(600)")
    code = ("import sys; from pathlib import Path; from unifiedvit_training.federation import simulation; "
            "simulation._SIMULATOR = 'endless'; simulation.simulate(Path('job'), Path(sys.argv[1]), 'AB', 2)")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.DEVNULL, env=environment)
    told = tmp_path / simulation.WORKSPACE / "pid"
    wait_for(lambda: told.exists() and told.read_text().endswith(" "))
    process.terminate()
    assert process.wait(30) != 0
    wait_for(lambda: is_gone(int(told.read_text())))


def test_the_job_holds_project_weights_and_settings_and_no_image(tmp_path, capsys):
    project = project_yaml(tmp_path)
    assert main(["federate", str(project), "--site", "A=/data/a", "--site", "B=/data/b", "--rounds", "3",
                 "--steps", "7", "--method", "fedprox", "--keep-local", "normalisation",
                 "--job", str(tmp_path / "job")]) == 0
    assert f"nvflare job submit -j {tmp_path / 'job'}" in capsys.readouterr().out
    files = {path.relative_to(tmp_path / "job").as_posix() for path in (tmp_path / "job").rglob("*") if path.is_file()}
    ours = {f"{APP}/{FOLDER}/{name}" for name in ("project.yaml", "initial.safetensors", "local.json")}
    assert files == {"meta.json", f"{APP}/config/config_fed_server.json", f"{APP}/config/config_fed_client.json"} | ours
    meta = json.loads((tmp_path / "job" / "meta.json").read_text())
    assert meta["deploy_map"] == {APP: ["server", "A", "B"]} and meta["min_clients"] == 1
    client = json.loads((tmp_path / "job" / APP / "config" / "config_fed_client.json").read_text())
    arguments = client["executors"][0]["executor"]["args"]
    assert arguments["work"] == {"A": "/data/a", "B": "/data/b"}
    assert arguments["plan"]["method"] == "fedprox" and arguments["plan"]["steps"] == 7
    settings = yaml.safe_load((tmp_path / "job" / APP / FOLDER / "project.yaml").read_text())
    assert settings["fit"]["initial"]["weights"] == "initial.safetensors"
    local = json.loads((tmp_path / "job" / APP / FOLDER / "local.json").read_text())
    assert local and set(local) < load_file(tmp_path / "job" / APP / FOLDER / "initial.safetensors").keys()


def test_a_job_is_not_written_over_somebodys_files(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(RunError, match="holds something else"):
        write_job(tmp_path, shared_project(), FederationPlan(rounds=1, steps=1), {"A": "a", "B": "b"}, "federated")
    assert (tmp_path / "letter.txt").read_text() == "mine"


@pytest.mark.parametrize(("options", "sentence"), [
    (["--site", "A=a", "--site", "B=b"], "either --simulate N"),
    (["--site", "A=a", "--site", "B=b", "--simulate", "2", "--job", "j"], "either --simulate N"),
    (["--site", "A=a", "--site", "B=b", "--job", "j", "--method", "fedsgd"], "'fedavg' or 'fedprox'"),
    (["--site", "A=a", "--site", "server=b", "--job", "j"], "not server or all"),
    (["--site", "A=nowhere", "--site", "B=nowhere", "--simulate", "2"], "is not a prepared dataset"),
])
def test_a_wrong_option_is_told_in_a_sentence(tmp_path, monkeypatch, capsys, options, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["federate", str(project_yaml(tmp_path)), *options]) == 1
    assert sentence in capsys.readouterr().err
