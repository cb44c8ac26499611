"""The coordinator as NVFlare runs it: our rounds, its messages."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from nvflare.apis.client import Client
from nvflare.apis.controller_spec import ClientTask, Task
from nvflare.apis.fl_constant import FLContextKey, ReturnCode
from nvflare.apis.fl_context import FLContext
from nvflare.apis.impl.controller import Controller
from nvflare.apis.shareable import Shareable
from nvflare.apis.signal import Signal
from safetensors.numpy import load_file

from ..config import load_project
from ..errors import TrainingError
from ..runs.project_file import PROJECT_FILE
from ..storage import write_whole
from .app import FOLDER, JOB_PROJECT, JOB_WEIGHTS, local_names
from .exchange import ERROR, REPORT, WEIGHTS, Reply
from .history import FAILURE_FILE, log
from .plan import FederationPlan, meaning_of, project_of_rounds
from .rounds import Federation

RUN = "federated"
#: Seconds for which a site is waited for at least, and as many times as long as the slowest one once needed.
_SHORTEST, _PATIENCE = 15, 5
#: Seconds at least that sites which were silent the last time are given once all others have answered; else half of
#: what the slowest one once needed.
_GRACE = 3


class FederationController(Controller):
    """Runs `rounds.Federation` on NVFlare's server.

    Args:
        plan: of the rounds, as JSON.
        run: folder of the results; "": a folder in that of the job, which `nvflare job download` brings.
    """

    def __init__(self, plan: dict[str, Any], run: str = "") -> None:
        super().__init__()
        self._plan, self._run = FederationPlan.model_validate(plan), run
        self._answered: set[str] | None = None  # to the last task; None: before the first
        self._replies: dict[str, Reply] = {}
        self._began, self._longest = 0.0, dict[str, float]()  # of the task; seconds for an answer, by task

    def start_controller(self, fl_ctx: FLContext) -> None:
        """NVFlare's: nothing is to be done before the rounds."""

    def stop_controller(self, fl_ctx: FLContext) -> None:
        """NVFlare's: what counts is on disk after every round."""

    def control_flow(self, abort_signal: Signal, fl_ctx: FLContext) -> None:
        """All rounds.

        Args:
            abort_signal: NVFlare's.
            fl_ctx: NVFlare's.
        """
        app = Path(str(fl_ctx.get_prop(FLContextKey.APP_ROOT))) / FOLDER
        workspace = fl_ctx.get_engine().get_workspace()  # type: ignore[reportOptionalMemberAccess]
        run = Path(self._run) if self._run else Path(workspace.get_run_dir(fl_ctx.get_job_id())) / RUN
        run.mkdir(parents=True, exist_ok=True)
        (run / FAILURE_FILE).unlink(missing_ok=True)

        def ask(task: str, content: dict[str, Any]) -> dict[str, Reply]:
            if abort_signal.triggered:
                raise TrainingError("The federation was stopped. What was finished is kept.")
            return self._ask(task, content, abort_signal, fl_ctx)

        try:
            project = load_project(app / JOB_PROJECT)
            if not (run / PROJECT_FILE).exists():
                write_whole(run / PROJECT_FILE, project_of_rounds(project, self._plan).model_dump_json(indent=1))
            local = local_names(app)
            initial = {name: value for name, value in load_file(app / JOB_WEIGHTS).items()
                       if name not in local}
            meaning = meaning_of(project.model.model_dump(mode="json"))
            Federation(run, self._plan, initial, meaning, ask).run_all()
        except Exception as error:  # whatever it is, it is told, and the job ends
            sentence = str(error) if isinstance(error, TrainingError) else f"{type(error).__name__}: {error}"
            log(run, sentence)
            write_whole(run / FAILURE_FILE, sentence)
            self.log_exception(fl_ctx, sentence)
            self.system_panic(sentence, fl_ctx)

    def process_result_of_unknown_task(self, client: Client, task_name: str, client_task_id: str, result: Shareable,
                                       fl_ctx: FLContext) -> None:
        """NVFlare's: an answer that came too late, after its round went on without it.

        Args:
            client: who answers.
            task_name: to what.
            client_task_id: NVFlare's.
            result: the answer, which is dropped.
            fl_ctx: NVFlare's.
        """
        self.log_warning(fl_ctx, f"{client.name} answered {task_name} too late; the answer is dropped.")

    def _ask(self, name: str, content: dict[str, Any], abort_signal: Signal, fl_ctx: FLContext) -> dict[str, Reply]:
        """Give a task to all sites and wait; those that were silent the last time are not waited for long."""
        engine: Any = fl_ctx.get_engine()
        sites = [client.name for client in engine.get_clients()]
        longest = self._longest.get(name)
        wait = 60 * self._plan.wait_minutes
        wait = max(1, round(wait if longest is None else min(wait, max(_SHORTEST, _PATIENCE * longest))))
        grace = max(_GRACE, round((longest or 0) / 2))
        self._replies, self._began = {}, time.monotonic()
        task = Task(name, Shareable(content), timeout=wait, result_received_cb=self._received)
        awaited = len(sites) if self._answered is None else len(self._answered & set(sites)) or len(sites)
        self.broadcast_and_wait(task, fl_ctx, min_responses=awaited, abort_signal=abort_signal,
                                wait_time_after_min_received=0 if awaited == len(sites) else grace)
        self._answered = set(self._replies)
        silence = Reply({}, f"It sent nothing within {_duration(time.monotonic() - self._began)}.")
        return {site: self._replies.get(site, silence) for site in sites}

    def _received(self, client_task: ClientTask, fl_ctx: FLContext) -> None:
        result: Any = client_task.result
        code = result.get_return_code() if isinstance(result, Shareable) else ReturnCode.EXECUTION_RESULT_ERROR
        if code == ReturnCode.OK:
            reply = Reply({name: result[name] for name in (WEIGHTS, REPORT, ERROR) if name in result})
        else:
            reply = Reply({}, f"Its part of NVFlare answered {code}; the site's own log says more.")
        self._replies[client_task.client.name] = reply
        name, seconds = client_task.task.name, time.monotonic() - self._began
        self._longest[name] = max(seconds, self._longest.get(name, 0.0))
        client_task.result = None  # a network's weights need not be kept twice


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"
