"""The part of `unifiedvit predict` that has its images from a DICOMweb server."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from .errors import UnsupportedImageError
from .service.dicomweb.series import RemoteSeries
from .service.dicomweb.server import DicomWebServer
from .service.dicomweb.worklist import Filter, find_series

#: What makes no sense without a server, and what is of files alone; by the names of options, what they are where they
#: are not given.
_OF_SERVERS = {"study": "", "series": "", "since": None, "modality": "", "description": "", "store": False}
_OF_FILES = {"inputs": [], "channel": [], "pattern": "", "cluster": None}


def add_dicomweb_options(predict: argparse.ArgumentParser) -> None:
    """Add them to `predict`."""
    group = predict.add_argument_group("images from a PACS", "Credentials are taken from the environment "
                                       "(UNIFIEDVIT_DICOMWEB_USER and ..._PASSWORD, or ..._TOKEN) or a netrc file.")
    group.add_argument("--dicomweb", default="", metavar="URL", help="address of a DICOMweb server, https://HOST/PATH; "
                       "with --study or --since, in place of INPUT")
    group.add_argument("--study", default="", metavar="UID", help="the series of this study")
    group.add_argument("--series", default="", metavar="UID", help="of --study this series alone")
    group.add_argument("--since", type=_day, metavar="DATE", help="the series of all studies of this day and later, "
                       "YYYY-MM-DD; with --skip-existing those that were not looked at yet")
    group.add_argument("--modality", default="", metavar="CODE", help="series of this modality alone, for example MR")
    group.add_argument("--description", default="", metavar="PATTERN", help="series whose description is like this "
                       "alone, for example \"*t1*\"; upper and lower case are the same")
    group.add_argument("--store", action="store_true", help="store the results as DICOM in the study on the server, "
                       "too; implies --dicom")


def check_dicomweb_options(options: argparse.Namespace) -> None:
    """Return if the options go together.

    Raises:
        UnsupportedImageError: they do not.
    """
    if not options.dicomweb:
        needless = _given(options, _OF_SERVERS)
        if needless:
            raise UnsupportedImageError(f"{needless} is of images on a server. Give its address with --dicomweb.")
        if not options.inputs:
            raise UnsupportedImageError("There is nothing to look at. Give files or folders, or a server with "
                                        "--dicomweb.")
        return
    needless = _given(options, _OF_FILES)
    if needless:
        raise UnsupportedImageError(f"{needless} is not possible with --dicomweb. Run them apart.")
    if bool(options.study) == bool(options.since):
        raise UnsupportedImageError("With --dicomweb, give either --study UID or --since DATE.")
    if options.series and not options.study:
        raise UnsupportedImageError("--series is of a study. Give that with --study.")


def series_asked_for(options: argparse.Namespace) -> list[RemoteSeries]:
    """The series on the server to look at; none where no study since the day fits. Errors as of `find_series`."""
    wanted = Filter(options.study, options.series, options.since, options.modality, options.description)
    return find_series(DicomWebServer(options.dicomweb), wanted)


def _given(options: argparse.Namespace, defaults: Mapping[str, Any]) -> str:
    """The first of these options that is given, as it is written; "" for none."""
    given = [name for name, default in defaults.items() if getattr(options, name) != default]
    return "" if not given else "INPUT" if given[0] == "inputs" else f"--{given[0]}"


def _day(text: str) -> date:
    """YYYY-MM-DD."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write the day as YYYY-MM-DD, for example 2026-11-30") from None
