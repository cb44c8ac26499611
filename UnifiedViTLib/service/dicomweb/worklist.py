"""Which series of a DICOMweb server are to be looked at: those of a study, or of all studies since a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from ...errors import ServerError, UnsupportedImageError
from ...imaging.reading.dicom import values
from ...imaging.reading.dicom.header import MANUFACTURER
from ...outputs.dicom.context import RESEARCH
from .series import RemoteSeries, UnlistedStudy
from .server import Connection, DicomWebServer, value_of

#: Modalities of series that hold no images of a patient.
_NO_IMAGES = {
    "SEG", "SR", "PR", "KO", "DOC", "ANN", "PLAN", "REG", "FID", "RWV", "M3D", "TEXTUREMAP", "STAIN", "RTSTRUCT",
    "RTPLAN", "RTDOSE", "RTRECORD", "RTINTENT", "RTSEGANN", "AU", "ECG", "EEG", "EMG", "EOG", "EPS", "HD", "RESP",
}


@dataclass(frozen=True)
class Filter:
    """Which series are wanted; what is empty or None is not asked for.

    Attributes:
        study, series: identifiers.
        since: studies of this day and later.
        modality: of the series, for example "MR".
        description: pattern for the series' description, for example "*t1*"; upper and lower case are the same.
    """

    study: str = ""
    series: str = ""
    since: date | None = None
    modality: str = ""
    description: str = ""


def find_series(server: DicomWebServer, wanted: Filter) -> list[RemoteSeries]:
    """The series to look at, by study; results of this program and what holds no images are left out.

    A study whose series the server does not tell is an `UnlistedStudy`; the others are not affected.

    Args:
        server: that is asked.
        wanted: with a study, or a day.

    Raises:
        ServerError: the server cannot be asked.
        UnsupportedImageError: it has not the study, or not the series.
        DependencyError: a package is missing.
    """
    with server.connect() as connection:
        if wanted.study:
            return _series_of_study(connection, server, wanted)
        series: list[RemoteSeries] = []
        for study in _studies(connection, wanted):
            try:
                series += list(_matching(connection, server, study, wanted))
            except (ServerError, UnsupportedImageError) as error:
                series.append(UnlistedStudy(server, study, study, error))
        return series


def _series_of_study(connection: Connection, server: DicomWebServer, wanted: Filter) -> list[RemoteSeries]:
    if wanted.series:
        return [RemoteSeries(server, wanted.study, wanted.series)]  # retrieving it tells if it is not there
    if not values.is_uid(wanted.study):
        RemoteSeries(server, wanted.study, wanted.study)  # raises
    series = list(_matching(connection, server, wanted.study, wanted))
    if not series:
        raise UnsupportedImageError(
            f"{server.host} has no study {wanted.study} with series of images that fit, or the account may not see it. "
            "Check the identifier, and what the series are to be like.")
    return series


def _studies(connection: Connection, wanted: Filter) -> Iterator[str]:
    """Identifiers of the studies since a day, by date."""
    asked = {"StudyDate": f"{wanted.since:%Y%m%d}-"} if wanted.since else {}
    if wanted.modality:
        asked["ModalitiesInStudy"] = wanted.modality
    studies = {value_of(study, "StudyInstanceUID"): value_of(study, "StudyDate")
               for study in connection.studies(asked)}
    for uid in sorted(studies, key=lambda uid: (studies[uid], uid)):
        early = wanted.since and studies[uid] and studies[uid] < f"{wanted.since:%Y%m%d}"
        if values.is_uid(uid) and not early:  # some servers do not know all filters
            yield uid


def _matching(connection: Connection, server: DicomWebServer, study: str, wanted: Filter) -> Iterator[RemoteSeries]:
    """The series of a study that are wanted, by number."""
    for answer in sorted(connection.series(study), key=_order):
        modality = value_of(answer, "Modality")
        description = value_of(answer, "SeriesDescription")
        if (
            modality in _NO_IMAGES
            or _is_own(answer)
            or (wanted.modality and modality != wanted.modality)
            or (wanted.description and not fnmatchcase(description.lower(), wanted.description.lower()))
        ):
            continue
        yield RemoteSeries(server, study, value_of(answer, "SeriesInstanceUID"))


def _order(answer: dict[str, Any]) -> tuple[float, str]:
    number = value_of(answer, "SeriesNumber")
    return (float(number) if number.isdigit() else float("inf"), value_of(answer, "SeriesInstanceUID"))


def _is_own(answer: dict[str, Any]) -> bool:
    """Whether a series is a result of this program; of a server that tells neither, retrieving it tells."""
    description = value_of(answer, "SeriesDescription")
    return value_of(answer, "Manufacturer") == MANUFACTURER or (
        description.startswith(f"{MANUFACTURER} ") and description.endswith(f"{RESEARCH})"))  # also of a region
