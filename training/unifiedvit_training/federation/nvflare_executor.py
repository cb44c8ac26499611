"""A site as NVFlare runs it: our training, its messages."""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvflare.apis.executor import Executor
from nvflare.apis.fl_constant import FLContextKey
from nvflare.apis.fl_context import FLContext
from nvflare.apis.shareable import Shareable
from nvflare.apis.signal import Signal

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.processes import importing

from ..config import load_project
from ..data.dataset import load_dataset
from ..errors import RunError, TrainingError
from .app import FOLDER, JOB_PROJECT, WORK_VARIABLE, local_names, work_of
from .exchange import ERROR, FINISH, JOIN, REPORT, ROUND, TRAIN, VALIDATE, WEIGHTS
from .plan import FederationPlan, check_meaning
from .weights import UpdateError

if TYPE_CHECKING:
    from .site import Site


class SiteExecutor(Executor):
    """Answers a federation's tasks at one of NVFlare's clients.

    Args:
        plan: of the rounds, as JSON.
        work: for each site its folder WORK.
        run: name of the run in it.
    """

    def __init__(self, plan: dict[str, Any], work: dict[str, str], run: str) -> None:
        super().__init__()
        self._plan, self._work, self._run = FederationPlan.model_validate(plan), work, run
        self._site: Site | None = None

    def execute(self, task_name: str, shareable: Shareable, fl_ctx: FLContext, abort_signal: Signal) -> Shareable:
        """Answer a task; what goes wrong is answered with a sentence, so that the others go on.

        Args:
            task_name: of `exchange`.
            shareable: what came with it.
            fl_ctx: NVFlare's.
            abort_signal: NVFlare's; a step of a round is not interrupted.
        """
        try:
            return Shareable(self._answer(task_name, shareable, fl_ctx))
        except UpdateError as error:
            sentence = f"What came from the coordinator cannot be used: it {error}."
        except (TrainingError, UnifiedViTError) as error:
            sentence = str(error)
        except Exception as error:  # NVFlare would end the whole job
            traceback.print_exc()
            sentence = f"Its training failed ({type(error).__name__}); the site's own log says more."
        self.log_error(fl_ctx, sentence)
        return Shareable({ERROR: sentence})

    def _answer(self, task_name: str, shareable: Shareable, fl_ctx: FLContext) -> dict[str, Any]:
        number, weights = int(shareable[ROUND]), shareable.get(WEIGHTS)
        site = self._ready(fl_ctx, number - (task_name == TRAIN))
        order = json.loads(shareable[REPORT])
        check_meaning(site.name, site.meaning, order["meaning"])
        if task_name == JOIN:
            return {REPORT: json.dumps(site.join())}
        if task_name == TRAIN:
            content, report = site.train(number, weights, int(order["best_round"]))
            return {WEIGHTS: content, REPORT: json.dumps(report)}
        measured = {VALIDATE: site.validate, FINISH: site.finish}[task_name](number, weights)
        return {REPORT: json.dumps(measured)}

    def _ready(self, fl_ctx: FLContext, done: int) -> Site:
        """The site, its images opened and its network built when the first task comes, after so many rounds."""
        if self._site is None:
            with importing():
                from .site import Site  # brings torch

            name = str(fl_ctx.get_identity_name())
            app = Path(str(fl_ctx.get_prop(FLContextKey.APP_ROOT))) / FOLDER
            work = work_of(name, self._work)
            if work is None:
                raise RunError(f"It has no folder of prepared images: name it in {WORK_VARIABLE} there, or with "
                               f"--site {name}=WORK for the job.")
            self._site = Site(name, load_project(app / JOB_PROJECT), self._plan, load_dataset(work / "dataset"),
                              local_names(app), work / self._run, done)
        return self._site
