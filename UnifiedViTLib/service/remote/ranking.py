"""Which model knows an image, as a server says: as `inference.model_ranking.which_model`, and computed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import __version__
from ...errors import ServerError, UnifiedViTError
from ...imaging.region import RegionOfInterest
from ...imaging.volume import Volume
from ...inference.model_ranking import NOT_JUDGED, VERDICTS, ModelFit, ModelRanking
from ...inference.options import Options
from ...inference.progress import ProgressCallback
from ...spec import ModelSpec
from ..server.wire import RankJob, check_options, describe_ranking, identity, malformed
from ..worker.protocol import RankModelsRequest
from .address import ServerAddress
from .connection import Patience
from .hiding import Aliases
from .predictor import ask_server
from .run import RemoteRun

_MISSING = "The server does not have this model in this version."


def rank_on_server(address: ServerAddress, volume: Volume, specs: Sequence[ModelSpec], progress: ProgressCallback,
                   region: RegionOfInterest | None = None, patience: Patience | None = None) -> ModelRanking:
    """Have a server look at some slices with each model that it has, too; the others are not judged.

    Args:
        address: of the server.
        volume, region: as of `which_model`.
        specs: the models.
        progress: told how far it is; may raise to stop, upon which the server stops too.
        patience: with the server.

    Raises:
        ServerError: the server cannot be reached, refuses, or gave what is no answer to this.
        UnifiedViTError: as `which_model`.
    """
    there = {identity(spec) for spec in ask_server(address, patience).specs}
    judged = [spec for spec in specs if identity(spec) in there]
    fits = [ModelFit(spec.id, spec.version, spec.name, NOT_JUDGED, _MISSING) for spec in specs if spec not in judged]
    if not judged:
        return ModelRanking(volume.name, tuple(fits))
    run = RemoteRun(address, {"": volume}, progress, patience)
    try:
        options = run.aliases.hide_options(Options(region=region))
        check_options(options)
        job = describe_ranking(RankModelsRequest(run.hidden[""], tuple(judged), region=options.region))
        with run.finished("/v1/rankings", job) as (job_id, path):
            answer = run.connection.ask("GET", f"{path}/result")
        ranking = ranking_of(answer, job_id, job, run.aliases, judged)
    except UnifiedViTError as error:
        raise type(error)(run.aliases.restore_text(str(error))) from error
    ordered = sorted((*ranking.fits, *fits), key=lambda fit: VERDICTS.index(fit.verdict))
    return ModelRanking(volume.name, tuple(ordered))


def ranking_of(answer: Any, job_id: str, job: RankJob, aliases: Aliases, specs: Sequence[ModelSpec]) -> ModelRanking:
    """The ranking of an answer, if it is one of these models; nothing of a server is believed.

    Args:
        answer: JSON of the server.
        job_id: of the run.
        job: what was asked for.
        aliases: of the names that stay here.
        specs: the models.

    Raises:
        ServerError: it is not.
    """
    if not isinstance(answer, dict) or (answer.get("version"), answer.get("job"), answer.get("request_sha256")) != (
            __version__, job_id, job.sha256):
        raise ServerError("The server's answer is not of this image and these models, and was thrown away. Run again; "
                          "if that happens again, report it.")
    try:
        ranking = ModelRanking.from_dict(aliases.restore(answer.get("ranking")))
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(f"the answer: {error}") from error
    asked = sorted((spec.id, spec.version, spec.name) for spec in specs)
    if sorted((fit.model_id, fit.version, fit.name) for fit in ranking.fits) != asked or not all(
            map(_is_possible, ranking.fits)):
        raise malformed("the answer is no ranking of these models")
    return ranking


def _is_possible(fit: ModelFit) -> bool:
    """Whether a verdict is one, and its numbers can be."""
    fraction = fit.flagged_fraction
    return fit.verdict in VERDICTS and fit.slices >= 0 and (fraction is None or 0 <= fraction <= 1)
