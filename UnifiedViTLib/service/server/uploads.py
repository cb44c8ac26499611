"""Jobs of files as they are, for a browser, which reads no images: the worker reads them, and writes all that it writes
on its own computer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ...errors import ServerError, UnsupportedImageError
from ...imaging.reading.dicom.values import is_uid
from ...inference.options import Options
from ...outputs.naming import safe_name, unique_names
from ...records import Record
from ...spec import ModelSpec
from ..worker.protocol import FileRequest
from .spool import no_room
from .wire import ModelIdentity, check_options, malformed

#: Files of a series that are sent one by one.
MOST_FILES = 4096
_LONGEST_NAME = 1000
_MOST_FURTHER = 15
#: In a job's folder: what was sent, what a ZIP held, what came of it, and the image for a viewer.
_SENT, UNPACKED, _RESULTS, SHOWN = "sent", "unpacked", "results", "image.nrrd"


class SeveralSeriesError(UnsupportedImageError):
    """What was sent holds several DICOM series, and nobody said which is meant.

    Args:
        text: the sentence.
        channel: of the image.
        found: of each series its UID and what it is in few words.
    """

    def __init__(self, text: str, channel: str = "", found: Sequence[Sequence[str]] = ()) -> None:
        super().__init__(text)
        self.channel, self.found = channel, tuple((uid, words) for uid, words in found)


@dataclass(frozen=True)
class FileHeader(Record):
    """A file that follows by itself: its name without folders, and its bytes."""

    name: str
    nbytes: int


@dataclass(frozen=True)
class SentImage(Record):
    """An image: which of the model's channels it is, its name, its DICOM series, and its files as those of a
    `FileJob`."""

    channel: str
    name: str
    series: str
    files: tuple[FileHeader, ...]


@dataclass(frozen=True)
class FileJob(Record):
    """What is asked for.

    Attributes:
        model: which.
        options: how to look.
        channel: which of the model's channels the image is; "" for a model of one image, or for the first.
        name: of the image.
        series: UID of the DICOM series that is meant where the files are of several; "" where they are not.
        files: one file, which may be a ZIP; or those of one DICOM series.
        further: further sequences, whose files are sent after these.
    """

    model: ModelIdentity
    options: Options
    channel: str
    name: str
    series: str
    files: tuple[FileHeader, ...]
    further: tuple[SentImage, ...]

    @property
    def images(self) -> tuple[SentImage, ...]:
        """All of them, as they are sent."""
        return SentImage(self.channel, self.name, self.series, self.files), *self.further

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Bytes of what is sent, part by part."""
        return tuple(file.nbytes for image in self.images for file in image.files)

    @cached_property
    def paths(self) -> list[Path]:
        """Where the files lie in the job's folder."""
        return [path for place, image in enumerate(self.images) for path in _paths(Path(_SENT, str(place)), image)]

    def make_folders(self, folder: Path) -> None:
        """Make the folders of what is sent and what comes of it.

        Raises:
            OutputError: the disk is full.
        """
        try:
            for path in self.paths:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / _RESULTS).mkdir()
        except OSError as error:
            raise no_room(error) from error

    def sent(self, folder: Path) -> list[Path]:
        """Of each image the one file, or the folder of the series.

        Args:
            folder: of the job.
        """
        firsts = [folder / _paths(Path(_SENT, str(place)), image)[0] for place, image in enumerate(self.images)]
        return [first if len(image.files) == 1 else first.parent
                for first, image in zip(firsts, self.images, strict=True)]

    def unpacked(self, folder: Path, place: int) -> Path:
        """A folder for what a ZIP holds.

        Args:
            folder: of the job.
            place: of the ZIP among the images.
        """
        return folder / UNPACKED / str(place) / safe_name(self.images[place].name)

    def make_request(self, spec: ModelSpec, folder: Path, device: str, paths: Sequence[Path]) -> FileRequest:
        """What the worker is asked.

        Args:
            spec: the model.
            folder: of the job.
            device: where to compute.
            paths: of the images.
        """
        first, *others = paths
        further = {image.channel: path for image, path in zip(self.further, others, strict=True)}
        return FileRequest(first, folder / _RESULTS, safe_name(self.name), spec, self.options, device,
                           input_channel=self.channel, channels=further, shown=folder / SHOWN)

    def results(self, folder: Path) -> dict[str, Path]:
        """The files of the result by their endings, and the image for a viewer, where they are there.

        Args:
            folder: of the job.
        """
        name = safe_name(self.name)
        found = {path.name.removeprefix(name): path for path in (folder / _RESULTS).glob("*") if path.is_file()}
        return found | {f".{SHOWN}": folder / SHOWN}


def _paths(folder: Path, image: SentImage) -> list[Path]:
    """Where the files of an image lie in a folder of its own."""
    if len(image.files) == 1:
        return [folder / safe_name(image.files[0].name)]
    return [folder / safe_name(image.name) / name for name in unique_names(file.name for file in image.files)]


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
        further = [{"series": "", **image} for image in data.get("further", [])]
        job = FileJob.from_dict({"series": "", **data, "further": further,
                                 "options": Options().to_dict() | data["options"]})
    except (TypeError, ValueError, OverflowError) as error:
        raise malformed(str(error)) from error
    check_options(job.options)
    if len({image.channel for image in job.images}) < len(job.images) or len(job.further) > _MOST_FURTHER:
        raise ServerError("Two images are given for one sequence, or too many. Give each sequence once.")
    for image in job.images:
        if len(image.files) > MOST_FILES:
            raise ServerError(f"There are {len(image.files):,} files; a series of at most {MOST_FILES:,} is taken. "
                              "Choose the files of one series.")
        if not image.files or any(file.nbytes < 0 for file in image.files):
            raise malformed("there are no files")
        if image.series and not is_uid(image.series):
            raise malformed("a series is named by no UID")
        if any(len(name) > _LONGEST_NAME for name in (image.name, *(file.name for file in image.files))):
            raise malformed("a name is too long")
    return job
