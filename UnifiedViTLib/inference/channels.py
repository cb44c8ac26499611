"""Which of the given volumes is which of a model's channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..errors import UnsupportedImageError
from ..imaging.channels import PreparedChannels, check_one_patient
from ..imaging.preparation import PreparedVolume
from ..imaging.volume import Volume, check
from ..spec import ModelSpec

#: What a predictor looks at: a volume (the first channel), or for several channels volumes by name or in the model's
#: order; what is None or not named is missing.
Images = Volume | Mapping[str, Volume | None] | Sequence[Volume | None]


def order_channels(given: Images, spec: ModelSpec) -> tuple[list[Volume | None], Volume]:
    """Checked volumes, one a channel of the model, in its order, None for a missing one; and that which was given
    first, on whose grid the result is to be.

    Raises:
        UnsupportedImageError: a channel that the model does not have, none at all, or a volume that is not something
            to look at.
    """
    if isinstance(given, Volume):
        given = [given]
    names = [channel.name for channel in spec.channels] or [""]
    first = next((one for one in (given.values() if isinstance(given, Mapping) else given) if one is not None), None)
    if isinstance(given, Mapping):
        check_channel_names(given, spec)
        given = [given.get(name) for name in names]
    elif len(given) > len(names):
        raise UnsupportedImageError(
            f"{len(given)} images are given, but {spec.name} looks at {_sequences(spec)}. Give one for each at most."
        )
    if first is None:
        raise UnsupportedImageError(f"There is nothing to look at: {spec.name} needs at least one sequence.")
    volumes = [None if volume is None else check(volume) for volume in given]
    leading = next(checked for checked, volume in zip(volumes, given, strict=True) if checked and volume is first)
    volumes = [volume if volume is None or volume is leading else _told_of_study(volume, leading) for volume in volumes]
    return volumes + [None] * (len(names) - len(volumes)), leading


def _told_of_study(volume: Volume, first: Volume) -> Volume:
    """`volume`, with a note where DICOM says that it is of another study, maybe of another year, than the first; of
    another frame of reference `prepare_channels` tells."""
    (study, other), (frame, elsewhere) = ([one.metadata.get(key) for one in (first, volume)]
                                          for key in ("StudyInstanceUID", "FrameOfReferenceUID"))
    note = f"is of another study than {first.name}: check that both are of one examination."
    told_by_frame = frame and elsewhere and frame != elsewhere and not volume.planar
    if not (study and other) or study == other or told_by_frame or note in volume.notes:
        return volume
    return replace(volume, notes=(*volume.notes, note))


def given_channels(prepared: PreparedVolume, spec: ModelSpec) -> list[str]:
    """Names of the channels that are there, in the model's order; [] for a model of one image.

    Args:
        prepared: the input.
        spec: the model.
    """
    if not isinstance(prepared, PreparedChannels):
        return []
    return [channel.name for channel, image in zip(spec.channels, prepared.channels, strict=True) if image is not None]


def combine_channels(
    volume: Volume, extra_channels: Mapping[str, Volume], spec: ModelSpec, channel: str = ""
) -> Images:
    """What to give a predictor for a volume, on whose grid the result is to be, and further channels by name.

    Args:
        volume: on whose grid the result is to be.
        extra_channels: further channels.
        spec: the model.
        channel: which of the model's channels `volume` is; "": the first, or the only one.

    Raises:
        UnsupportedImageError: a channel that the model does not have, one twice, or images of several patients.
    """
    check_channel_names([name for name in (channel, *extra_channels) if name], spec)
    if not spec.channels:
        return volume
    name = channel or spec.channels[0].name
    if name in extra_channels:
        raise UnsupportedImageError(f"Two images are given for {name}. Give each sequence once.")
    check_one_patient([volume, *extra_channels.values()])  # here, as a server that looks at them has no files of theirs
    return {name: volume, **{key: _told_of_study(one, volume) for key, one in extra_channels.items()}}


def check_channel_names(names: Iterable[str], spec: ModelSpec) -> None:
    """Raise an `UnsupportedImageError` for names that are none of the model's channels."""
    known = {channel.name for channel in spec.channels}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnsupportedImageError(
            f"{spec.name} knows no sequence called {', '.join(unknown)}; it looks at {_sequences(spec)}."
        )


def _sequences(spec: ModelSpec) -> str:
    return ", ".join(channel.name for channel in spec.channels) or "one image, which has no name"
