"""Jobs of files as they are, for a browser, which reads no images: the worker reads them, and writes all that it writes
on its own computer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from ...errors import ServerError
from ...inference.options import Options
from ...outputs.naming import folded, numbered, safe_name
from ...records import Record
from ...spec import ModelSpec
from ..worker.protocol import FileRequest
from .spool import no_room
from .wire import ModelIdentity, check_options, malformed

#: Files of a series that are sent one by one.
MOST_FILES = 4096
_LONGEST_NAME = 1000
#: In a job's folder: what was sent, what a ZIP held, what came of it, and the image for a viewer.
_SENT, _UNPACKED, _RESULTS, SHOWN = "sent", "unpacked", "results", "image.nrrd"


@dataclass(frozen=True)
class FileHeader(Record):
    """A file that follows by itself: its name without folders, and its bytes."""

    name: str
    nbytes: int


@dataclass(frozen=True)
class FileJob(Record):
    """What is asked for.

    Attributes:
        model: which.
        options: how to look.
        channel: which of the model's channels the image is; "" for a model of one image, or for the first.
        name: of the image.
        files: one file, which may be a ZIP; or those of one DICOM series.
    """

    model: ModelIdentity
    options: Options
    channel: str
    name: str
    files: tuple[FileHeader, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Bytes of what is sent, part by part."""
        return tuple(file.nbytes for file in self.files)

    @cached_property
    def paths(self) -> list[Path]:
        """Where the files lie in the job's folder."""
        if len(self.files) == 1:
            return [Path(_SENT, safe_name(self.files[0].name))]
        names: dict[str, str] = {}
        for place, file in enumerate(self.files):
            name, numbers = safe_name(file.name), count(place + 2)
            free = name
            while folded(free) in names:
                free = numbered(name, next(numbers))
            names[folded(free)] = free
        return [Path(_SENT, safe_name(self.name), name) for name in names.values()]

    def make_folders(self, folder: Path) -> None:
        """Make the folders of what is sent and what comes of it.

        Raises:
            OutputError: the disk is full.
        """
        try:
            (folder / self.paths[0]).parent.mkdir(parents=True)
            (folder / _RESULTS).mkdir()
        except OSError as error:
            raise no_room(error) from error

    def sent(self, folder: Path) -> Path:
        """The one file, or the folder of the series.

        Args:
            folder: of the job.
        """
        first = folder / self.paths[0]
        return first if len(self.files) == 1 else first.parent

    def unpacked(self, folder: Path) -> Path:
        """A folder for what a ZIP holds, as `sent` for one of a series."""
        return folder / _UNPACKED / safe_name(self.name)

    def make_request(self, spec: ModelSpec, folder: Path, device: str, path: Path) -> FileRequest:
        """What the worker is asked.

        Args:
            spec: the model.
            folder: of the job.
            device: where to compute.
            path: what to look at.
        """
        return FileRequest(path, folder / _RESULTS, safe_name(self.name), spec, self.options, device,
                           input_channel=self.channel, shown=folder / SHOWN)

    def results(self, folder: Path) -> dict[str, Path]:
        """The files of the result by their endings, and the image for a viewer, where they are there.

        Args:
            folder: of the job.
        """
        name = safe_name(self.name)
        found = {path.name.removeprefix(name): path for path in (folder / _RESULTS).glob("*") if path.is_file()}
        return found | {f".{SHOWN}": folder / SHOWN}


class FileWriter:
    """Takes a file as it comes, never more than was announced.

    Args:
        nbytes: announced.
        write: takes them.
    """

    def __init__(self, nbytes: int, write: Callable[[bytes], object]) -> None:
        self._left, self._write = nbytes, write

    def feed(self, piece: bytes, /) -> None:
        """Take the next bytes.

        Raises:
            ServerError: they are more than was announced.
            OutputError: the disk is full.
        """
        self._left -= len(piece)
        if self._left < 0:
            raise ServerError("More was sent than was announced. Run again.")
        try:
            self._write(piece)
        except OSError as error:
            raise no_room(error) from error

    def finish(self) -> None:
        """See that all has come.

        Raises:
            ServerError: it has not.
        """
        if self._left:
            raise ServerError("Less was sent than was announced: the connection was cut. Run again.")


def parse_file_job(data: Any) -> FileJob:
    """A job from JSON, every value of it checked; options that are not named are as they are without.

    Raises:
        ServerError: it is none; says what is wrong.
        UnsupportedImageError: its region is none.
    """
    try:
        if not isinstance(data, Mapping) or not isinstance(data.get("options"), Mapping):
            raise TypeError("it has no options")
        job = FileJob.from_dict({**data, "options": Options().to_dict() | data["options"]})
    except (TypeError, ValueError, OverflowError) as error:
        raise malformed(str(error)) from error
    check_options(job.options)
    if len(job.files) > MOST_FILES:
        raise ServerError(f"There are {len(job.files):,} files; a series of at most {MOST_FILES:,} is taken. Choose "
                          "the files of one series.")
    if not job.files or any(file.nbytes < 0 for file in job.files):
        raise malformed("there are no files")
    if any(len(name) > _LONGEST_NAME for name in (job.name, *(file.name for file in job.files))):
        raise malformed("a name is too long")
    return job
