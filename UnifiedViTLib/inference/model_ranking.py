"""Which model knows an image: what file and name say, and a look at some slices with each. Nothing is chosen here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..errors import DependencyError, ModelSpecError, UnsupportedImageError, WeightsError
from ..imaging.channels import PreparedChannels, prepare_channels
from ..imaging.mr_sequence import named_sequences
from ..imaging.preparation import PreparedVolume
from ..imaging.region import RegionOfInterest
from ..imaging.volume import Volume
from ..records import Record
from ..spec import ModelSpec
from .channels import Images, order_channels
from .predictor import Predictor
from .progress import ProgressCallback
from .region import check_region
from .warnings import (
    MOST_FLAGGED,
    flagged_fraction,
    input_warnings,
    missing_channel_warnings,
    mistaken_sequence_warnings,
    modality_warnings,
    ood_warnings,
    sequence_warnings,
    sequences_of,
)

#: So many slices are looked at, spread over those that show something.
SLICES = 12
#: Verdicts, the best first.
FITS, DOUBTFUL, NOT_JUDGED, UNFIT = VERDICTS = ("fits", "doubtful", "not judged", "does not fit")


@dataclass(frozen=True)
class ModelFit(Record):
    """How well a model knows an image.

    Attributes:
        model_id, version, name: of the model.
        verdict: one of `VERDICTS`. "doubtful" is an image like those of training that something else speaks against.
        reason: in a sentence or more.
        channel: as which of the model's channels the image was taken; "" for models of one image.
        slices: number that showed something and were judged.
        flagged_fraction: the share of these beyond the model's threshold, 0 to 1; None where it was not judged.
    """

    model_id: str
    version: str
    name: str
    verdict: str
    reason: str
    channel: str = ""
    slices: int = 0
    flagged_fraction: float | None = None


@dataclass(frozen=True)
class ModelRanking(Record):
    """Models by how well they know an image, the best first.

    Attributes:
        image: its name.
        fits: one of each model.
    """

    image: str
    fits: tuple[ModelFit, ...]

    @property
    def summary(self) -> str:
        """Who knows the image, in a sentence or two."""
        names = {verdict: [fit.model_id for fit in self.fits if fit.verdict == verdict] for verdict in VERDICTS}
        if names[FITS]:
            known, count = names[FITS], len(self.fits)
            text = f"{len(known)} of {count} installed models {'know' if len(known) > 1 else 'knows'} such images: " \
                   f"{', '.join(known)}."
        elif names[DOUBTFUL]:
            text = f"No installed model fits without doubt. To be checked: {', '.join(names[DOUBTFUL])}."
        else:
            text = "None of the installed models knows such images. Do not rely on any of them."
        if names[NOT_JUDGED]:
            text += f" Not judged: {', '.join(names[NOT_JUDGED])}."
        return text


def which_model(
    image: Volume,
    specs: Sequence[ModelSpec],
    make_predictor: Callable[[ModelSpec], Predictor] = Predictor,
    progress: ProgressCallback = lambda stage, fraction: None,
    region: RegionOfInterest | None = None,
) -> ModelRanking:
    """Rank models by how well they know an image. A cheap look, at `SLICES` slices at most; no model is chosen.

    Args:
        image: array (K, J, I), any unit, geometry in mm.
        specs: the models, for example `catalogue.installed_models()`. One that has several channels is given the image
            as the channel that its name says, else as the first that the model's statistics know alone.
        make_predictor: makes a model ready; one after the other, so that two need not fit into memory.
        progress: told the model, and the fraction done of all; `Cancelled` raised by it ends the looking.
        region: what is of interest, in the frame of the image: slices that it does not touch are not looked at. None
            for all.

    Raises:
        UnsupportedImageError: the image is not something to look at, or the region lies outside.
        DeviceError: the device is not there, or has not enough memory.
        Cancelled: raised by `progress`.
    """
    fits = []
    for number, spec in enumerate(specs):
        part = partial(_tell, progress, f"{number + 1} of {len(specs)}, {spec.name}", number, len(specs))
        part("Preparing", 0.0)
        fits.append(_judge(image, spec, make_predictor, part, region))
    progress("Done", 1.0)
    fits.sort(key=lambda fit: (VERDICTS.index(fit.verdict), fit.flagged_fraction or 0.0))
    return ModelRanking(image.name, tuple(fits))


def _tell(progress: ProgressCallback, model: str, number: int, count: int, stage: str, fraction: float) -> None:
    progress(f"{model}: {stage}", (number + fraction) / count)


def _judge(image: Volume, spec: ModelSpec, make_predictor: Callable[[ModelSpec], Predictor],
           progress: ProgressCallback, region: RegionOfInterest | None) -> ModelFit:
    channel = _likely_channel(image, spec)
    given: Images = {channel: image} if channel else image
    volumes, first = order_channels(given, spec)
    fit = partial(ModelFit, spec.id, spec.version, spec.name, channel=channel)
    try:
        whole = prepare_channels(volumes, spec.size, spec.plane, first, region)
    except UnsupportedImageError as error:
        if spec.plane == "auto":
            raise
        return fit(NOT_JUDGED, str(error))  # too thin in the plane of this model
    try:
        check_region(whole)
    except UnsupportedImageError as error:  # other models may see finer things
        return fit(NOT_JUDGED, str(error))
    prepared = _some_slices(whole)
    modality = modality_warnings(prepared, spec)
    if modality:
        return fit(UNFIT, " ".join(modality))
    doubts = [*sequence_warnings(prepared, spec), *input_warnings(prepared, spec)]
    missing, judged = missing_channel_warnings(prepared, spec) if isinstance(prepared, PreparedChannels) else ([], True)
    if spec.ood is None:
        return fit(NOT_JUDGED, " ".join(["It has no statistics of what its training images look like.", *doubts]))
    if not judged:
        return fit(NOT_JUDGED, " ".join([*missing, *doubts]))
    try:
        output, _ = make_predictor(spec).run_network(prepared, progress)
    except (DependencyError, ModelSpecError, WeightsError) as error:
        return fit(NOT_JUDGED, str(error))
    assert output.distances is not None, "the model has statistics"
    fraction = flagged_fraction(output.distances, spec)
    if fraction is None:
        return fit(NOT_JUDGED, "Nothing can be seen on the slices that were looked at.")
    count = int(np.count_nonzero(~np.isnan(output.distances)))
    beyond = (f"{round(fraction * count)} of {count} slices looked at lie further from its training images than 99% "
              "of the images kept for validation.")
    fit = partial(fit, slices=count, flagged_fraction=fraction)
    if fraction > MOST_FLAGGED:
        return fit(UNFIT, " ".join([beyond, *doubts]))
    doubts = [*ood_warnings(output.distances, output.rotated, spec),
              *mistaken_sequence_warnings(prepared, spec, output), *doubts]
    return fit(DOUBTFUL if doubts else FITS, " ".join([*doubts, beyond, *missing]))


def _likely_channel(image: Volume, spec: ModelSpec) -> str:
    """Which of the model's channels an image is: by its name, else the first that the model's statistics know alone;
    "" for a model of one image."""
    if not spec.channels:
        return ""
    named = set(sequences_of(image))
    by_name = [channel.name for channel in spec.channels if named & set(named_sequences([channel.expects]))]
    alone = [channels[0] for channels in (spec.ood.known_channels if spec.ood else ()) if len(channels) == 1]
    return next(iter([*by_name, *alone, spec.channels[0].name]))


def _some_slices(prepared: PreparedVolume) -> PreparedVolume:
    """At most `SLICES` slices, spread over those that show something, in the place of all."""
    pictured = np.flatnonzero(prepared.slices.max(axis=(1, 2)) > prepared.foreground.threshold)
    if not len(pictured):
        pictured = np.arange(len(prepared))
    numbers = pictured[np.unique(np.linspace(0, len(pictured) - 1, SLICES).round().astype(int))]
    if isinstance(prepared, PreparedChannels):
        channels = tuple(channel and replace(channel, slices=channel.slices[numbers]) for channel in prepared.channels)
        prepared = replace(prepared, channels=channels)
    return replace(prepared, slices=prepared.slices[numbers])
