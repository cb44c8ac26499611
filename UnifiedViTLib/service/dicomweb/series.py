"""A series on a DICOMweb server as an input: retrieved for as long as it is looked at, and its results stored there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...errors import ServerError, UnifiedViTError, UnsupportedImageError
from ...imaging.reading.dicom import values
from ...imaging.reading.dicom.header import MANUFACTURER, OwnResult, read_dataset, read_header
from ...inference.progress import ProgressCallback
from ...outputs.inventory import Inventory
from ...outputs.manifest import Manifest, instance_address, is_written
from ...outputs.writing import sha256_of
from ..worker.exchange import make_folder, name_folder, no_room, remove_folder
from .server import Connection, Cut, DicomWebServer

#: Endings of DICOM objects.
_DICOM = ".dcm"


@dataclass(frozen=True)
class RemoteSeries:
    """A series; stands where the path of an input does.

    Attributes:
        server: that has it.
        study_uid, uid: its identifiers.

    Raises:
        UnsupportedImageError: these are no identifiers.
    """

    server: DicomWebServer
    study_uid: str
    uid: str

    def __post_init__(self) -> None:
        for uid in (self.study_uid, self.uid):
            if not values.is_uid(uid):
                raise UnsupportedImageError(f"{uid!r} is no identifier of DICOM, which is digits and points, for "
                                            "example 1.2.840.113619.2.5.1. Copy it from the PACS.")

    @property
    def source(self) -> str:
        """What results say that they are of: the address on the server."""
        return f"{self.server.url}/studies/{self.study_uid}/series/{self.uid}"

    @property
    def name(self) -> str:
        """What results are called: nothing that tells who it is."""
        return self.uid

    def __str__(self) -> str:
        return self.source

    @contextmanager
    def retrieved(self, progress: ProgressCallback = lambda stage, fraction: None) -> Iterator[Path]:
        """A folder with all its images, which only this user can read, and which is removed at the end.

        Args:
            progress: told how many images are here; may raise `Cancelled`.

        Raises:
            ServerError: the server does not give them, or gives others.
            OutputError: there is no room for them.
            OwnResult: it is a result of this program.
            DependencyError: a package is missing.
        """
        place = name_folder()
        make_folder(place)
        try:
            folder = place / self.uid
            make_folder(folder)
            self._retrieve(folder, progress)
            yield folder
        finally:
            remove_folder(place)

    def changed_since(self, manifest: Manifest) -> str:
        """Which image is another one than the one that was looked at; "" for none. Errors as of `retrieved`."""
        known = {file.path: file for file in manifest.inputs}
        with self.server.connect() as connection:
            listed = {instance_address(self.source, uid) for uid in self._listed(connection)}
        if listed != known.keys():
            return min(listed ^ known.keys())
        with self.retrieved() as folder:
            for file in folder.iterdir():
                before = known[instance_address(self.source, file.name)]
                if (file.stat().st_size, sha256_of(file)) != (before.size, before.sha256):
                    return before.path
        return ""

    def store_results(self, folder: Path, name: str, only_missing: bool = False) -> list[str]:
        """Store the DICOM objects of a result in its study on the server.

        Args:
            folder: of the result.
            name: of the result.
            only_missing: leave out those that the server has.

        Returns:
            a sentence for each that it did not take; none where all is there.
        """
        entry = Inventory(folder).entry(name)
        outputs = [file for file in entry.manifest.outputs if file.name.endswith(_DICOM)] if entry else []
        if not outputs:
            return [f"{name} has no results as DICOM that could be stored."]
        failures = []
        with self.server.connect() as connection:
            for output in outputs:
                try:
                    if not is_written(folder, output):
                        raise ServerError("It was changed after it was written. Run this input again.")
                    _store(connection, folder / output.name, self.study_uid, only_missing)
                except UnifiedViTError as error:
                    failures.append(f"{output.name} is not stored. {error}")
        return failures

    def _listed(self, connection: Connection) -> list[str]:
        """Identifiers of its images, some."""
        uids = connection.images(self.study_uid, self.uid)
        if not uids:
            raise ServerError(f"{self.server.host} has no images of the series {self.uid} in the study "
                              f"{self.study_uid}, or the account may not see them. Check both identifiers.")
        if not all(map(values.is_uid, uids)):
            raise ServerError(f"{self.server.host} lists images by what is no identifier of DICOM. Ask its "
                              "administrator to check the series.")
        return uids

    def _retrieve(self, folder: Path, progress: ProgressCallback) -> None:
        """Fill the folder; what was cut is asked for again."""
        with self.server.connect() as connection:
            listed = set(self._listed(connection))
            missing = set(listed)

            def tell() -> None:
                progress(f"Retrieving, {len(listed) - len(missing)} of {len(listed)} images", 0.0)

            tell()
            for _ in range(1 + self.server.limits.repeats):
                try:
                    for data in connection.retrieve(self.study_uid, self.uid):
                        missing.discard(self._keep(data, folder, listed))
                        tell()
                except Cut:
                    pass
                if not missing:
                    return
        raise ServerError(f"{self.server.host} gives {len(listed) - len(missing)} of the {len(listed)} images of the "
                          f"series {self.uid} whole. Run again; if that does not help, ask its administrator to check "
                          "the series.")

    def _keep(self, data: bytes, folder: Path, listed: set[str]) -> str:
        """Write an image to the folder, called by its identifier, which is given back.

        Raises:
            Cut: it is not whole.
            ServerError: it is another one than was asked for.
            OwnResult: it is a result of this program.
            OutputError: there is no room for it.
        """
        part = folder.with_name("part")
        try:
            part.write_bytes(data)
        except OSError as error:
            raise no_room(part, error) from error
        try:
            dataset = read_dataset(part)
        except UnsupportedImageError as error:
            raise Cut from error
        if values.text(dataset, "Manufacturer") == MANUFACTURER:
            raise OwnResult(f"The series {self.uid} is a result of UnifiedViT, not an image to look at. Give the "
                            "series that it is of.")
        uid = values.text(dataset, "SOPInstanceUID")
        if (values.text(dataset, "StudyInstanceUID"), values.text(dataset, "SeriesInstanceUID")) != (
                self.study_uid, self.uid) or uid not in listed:
            raise ServerError(f"{self.server.host} sends images that are not of the series {self.uid} as it lists it. "
                              "If it is being filled at the moment, run again later; else ask its administrator.")
        try:
            whole = read_header(part).complete
        except UnsupportedImageError:  # no image: reading the series tells
            whole = True
        if not whole:
            raise Cut
        os.replace(part, folder / uid)
        return uid


@dataclass(frozen=True)
class UnlistedStudy(RemoteSeries):
    """A study whose series the server did not tell: it has a line in the table, which says why.

    Attributes:
        error: why.
    """

    error: UnifiedViTError

    @property
    def source(self) -> str:
        """The address of the study."""
        return f"{self.server.url}/studies/{self.study_uid}"

    @contextmanager
    def retrieved(self, progress: ProgressCallback = lambda stage, fraction: None) -> Iterator[Path]:
        """Raises the error."""
        raise self.error
        yield


def _store(connection: Connection, file: Path, study: str, only_missing: bool) -> None:
    from pydicom import dcmread

    uid = str(dcmread(file, specific_tags=["SOPInstanceUID"]).SOPInstanceUID) if only_missing else ""
    if not (uid and connection.has(study, uid)):
        connection.store(file, study)
