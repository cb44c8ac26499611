"""A DICOMweb server: its address, and what it is asked, with every answer bounded and every failure in a sentence.

Requests are made by `dicomweb_client`; how they are sent is `session`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import DependencyError, ServerError
from ...texts import error_reason
from ..store.transfer import may_be_asked
from .session import Bounds, Limits, open_session, status_error

if TYPE_CHECKING:
    from pydicom import Dataset

#: Answers to a search are asked for in pages of so many.
_PAGE = 200
#: Bytes of an answer that are taken at a time; what is stored is sent in one piece, as not every server takes several.
_CHUNK, _WHOLE = 1 << 20, 1 << 40
#: Why a server did not take an object (DICOM PS3.18, I.2.2), in words.
_REASONS = {0x0110: "it could not process it", 0x0117: "its identifier is not valid",
            0x0122: "it takes no objects of this kind", 0x0124: "the account may not store", 0xA700: "it has no room",
            0xA900: "the object does not fit its kind", 0xC122: "it takes no pixels stored this way"}


class Cut(Exception):
    """An answer ended before its end."""


@dataclass(frozen=True)
class DicomWebServer:
    """Where a PACS is asked.

    Attributes:
        url: of the service (that of its "studies", without "/studies"): https, or http of this machine itself; no
            credentials in it.
        limits: of what it may send.

    Raises:
        ServerError: it is no such address.
    """

    url: str
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Check the address, and bring it into one form, by which results are found again."""
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as error:
            raise ServerError("The address of the DICOMweb server cannot be read. Write it as "
                              "https://HOST/PATH.") from error
        if "@" in parts.netloc:
            raise ServerError("The address of the DICOMweb server holds a user or password, which would be seen by "
                              "others. Put them into environment variables or a netrc file (docs/dicom.md).")
        if not may_be_asked(self.url) or parts.query or parts.fragment:
            raise ServerError("The address of a DICOMweb server is https://HOST/PATH (http only for this machine "
                              "itself: images of patients go nowhere unencrypted), without ? and #.")
        host = (parts.hostname or "").lower()
        place = f"[{host}]" if ":" in host else host
        usual = {"https": 443, "http": 80}[parts.scheme]
        numbered = f"{place}:{port}" if port and port != usual else place
        object.__setattr__(self, "url", f"{parts.scheme}://{numbered}{parts.path.rstrip('/')}")

    @property
    def host(self) -> str:
        """For sentences."""
        return urlsplit(self.url).netloc

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Ask it several things over one connection; for one thread.

        Raises:
            DependencyError: a package is missing.
        """
        try:
            import requests
            from dicomweb_client.api import DICOMwebClient
        except ImportError as error:
            raise DependencyError("DICOMweb needs the package dicomweb-client. Install it (pip install "
                                  "'unifiedvit[dicom]').") from error
        quiet = logging.getLogger("dicomweb_client")  # it repeats what servers say
        quiet.propagate = False
        if not quiet.handlers:
            quiet.addHandler(logging.NullHandler())
        bounds = Bounds(self.host, self.limits)
        with open_session(self.url, self.limits, bounds) as session:
            client = DICOMwebClient(self.url, session=session, chunk_size=_CHUNK, timeout=self.limits.timeouts_s)
            client.set_http_retry_params(retry=False)  # the session does
            yield Connection(self, client, bounds, requests.exceptions)


class Connection:
    """As of `DicomWebServer.connect`. All methods raise `ServerError` with a sentence.

    Args:
        server: that is asked.
        client: of `dicomweb_client`.
        bounds: of its session.
        errors: the module `requests.exceptions`.
    """

    def __init__(self, server: DicomWebServer, client: Any, bounds: Bounds, errors: Any) -> None:
        self._server, self._client, self._bounds, self._errors = server, client, bounds, errors

    def studies(self, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        """Studies that fit (QIDO-RS), as DICOM's JSON; `value_of` reads it.

        Args:
            filters: values by keyword.
        """
        return self._pages(self._client.search_for_studies, "StudyInstanceUID", search_filters=dict(filters),
                           fields=["StudyDate"])

    def series(self, study: str) -> list[dict[str, Any]]:
        """All series of a study; none where there is no such study."""
        return self._pages(self._client.search_for_series, "SeriesInstanceUID", study_instance_uid=study,
                           fields=["SeriesDescription", "SeriesNumber", "Manufacturer"])

    def images(self, study: str, series: str) -> list[str]:
        """Identifiers of all instances of a series; none where there is no such series."""
        answers = self._pages(self._client.search_for_instances, "SOPInstanceUID", study_instance_uid=study,
                              series_instance_uid=series)
        return [value_of(answer, "SOPInstanceUID") for answer in answers]

    def has(self, study: str, instance: str) -> bool:
        """Whether it has an instance of a study."""
        with self._in_words():
            answers = self._client.search_for_instances(study_instance_uid=study,
                                                        search_filters={"SOPInstanceUID": instance})
            return any(value_of(answer, "SOPInstanceUID") == instance for answer in answers)  # not all know filters

    def retrieve(self, study: str, series: str) -> Iterator[bytes]:
        """Each instance of a series (WADO-RS), as it comes.

        Raises:
            Cut: there may be more; asking again may help.
        """
        # As bytes: `iter_series` would unpack what it gets without a bound.
        address = f"{self._server.url}/studies/{study}/series/{series}"
        self._bounds.begin()
        with self._in_words(may_be_cut=True):
            parts = self._client.iter_bulkdata(address)
        while True:
            with self._in_words(may_be_cut=True):
                part = next(parts, None)
            if part is None:
                return
            self._bounds.next_instance()
            yield bytes(part)

    def store(self, file: Path, study: str) -> None:
        """Store a DICOM file (STOW-RS).

        Args:
            file: whole, and of this program.
            study: that it belongs to.

        Raises:
            ServerError: it did not take it; why, in words.
        """
        from pydicom import dcmread

        dataset = dcmread(file)
        self._client.set_chunk_size(_WHOLE)
        try:
            with self._in_words():
                answer = self._client.store_instances([dataset], study_instance_uid=study)
        except ServerError as error:
            refused = self._refusal(error.__cause__)
            if not refused:
                raise
            raise ServerError(f"{self._server.host} did not take it: {refused}.") from error
        finally:
            self._client.set_chunk_size(_CHUNK)
        with self._in_words():
            failed = answer.get("FailedSOPSequence") or []  # always there; its length tells
            taken = [str(item.ReferencedSOPInstanceUID) for item in answer.get("ReferencedSOPSequence") or []]
        if len(failed):
            raise ServerError(f"{self._server.host} did not take it: {_reason(failed)}.")
        if dataset.SOPInstanceUID not in taken and not self.has(study, dataset.SOPInstanceUID):
            raise ServerError(f"{self._server.host} did not say that it took it, and does not have it.")

    def _refusal(self, error: BaseException | None) -> str:
        """What the body of a refusal says of the object; "" where it says nothing."""
        from pydicom import Dataset

        response: Any = getattr(error, "response", None)
        try:
            return _reason(Dataset.from_json(response.json()).get("FailedSOPSequence") or [])
        except Exception:  # no such body
            return ""

    def _pages(self, search: Any, key: str, **asked: Any) -> list[dict[str, Any]]:
        """All answers to a search, each once: of a server that gives some at a time, until it has no others."""
        answers: dict[str, dict[str, Any]] = {}
        while True:
            with self._in_words():
                page = search(limit=_PAGE, offset=len(answers), **asked)
                fresh = {value_of(answer, key): answer for answer in page}
            fresh = {uid: answer for uid, answer in fresh.items() if uid and uid not in answers}
            answers |= fresh
            if not fresh:
                return list(answers.values())
            if len(answers) > self._server.limits.answers:
                raise ServerError(f"{self._server.host} lists more than {self._server.limits.answers:,} studies, "
                                  "series or images at once. Ask for fewer: a later date, one study or one series.")

    @contextmanager
    def _in_words(self, may_be_cut: bool = False) -> Iterator[None]:
        """What goes wrong in the library, as a `ServerError`, or as a `Cut` where the answer ended early."""
        host, errors = self._server.host, self._errors
        try:
            yield
        except ServerError:
            raise
        except errors.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                raise ServerError(f"{host} does not answer over TLS ({error_reason(error)}). Check the address, and "
                                  "its port.") from error
            raise ServerError(
                f"The certificate of {host} cannot be verified. If your hospital has a certificate authority of its "
                "own, name its file in the environment variable SSL_CERT_FILE."
            ) from error
        except errors.TooManyRedirects as error:
            raise ServerError(f"{host} sends on to another address, which is not followed: images and passwords would "
                              "go there. Give the address that it names, if you trust it.") from error
        except errors.HTTPError as error:
            raise status_error(host, error.response.status_code) from error
        except (errors.ChunkedEncodingError, errors.ContentDecodingError) as error:
            raise (Cut() if may_be_cut else self._unreachable(error)) from error
        except (errors.ConnectionError, errors.Timeout) as error:
            if may_be_cut and not isinstance(error, errors.ConnectTimeout) and self._bounds.receiving:
                raise Cut from error
            raise self._unreachable(error) from error
        except Exception as error:  # of an answer that is none of DICOMweb, the library raises of many kinds
            raise ServerError(f"{host} gives no DICOMweb answer ({type(error).__name__}). Check the address, which is "
                              "that of the DICOMweb service itself.") from error

    def _unreachable(self, error: Exception) -> ServerError:
        text = str(error)
        reason = next((words for sign, words in _NETWORK if sign in text), error_reason(error))
        return ServerError(f"{self._server.host} cannot be reached ({reason}). Check the address and the network, and "
                           "run again.")


#: What the system's error numbers and the library's words mean.
_NETWORK = (("Name or service not known", "its name is not known"), ("NameResolution", "its name is not known"),
            ("refused", "nothing answers there"), ("timed out", "it does not answer"))


def value_of(answer: Mapping[str, Any], keyword: str) -> str:
    """The first value of an element in DICOM's JSON, as text; "" where there is none."""
    from pydicom.datadict import tag_for_keyword

    element = answer.get(f"{tag_for_keyword(keyword):08X}")
    values: Sequence[Any] = element.get("Value") or [] if isinstance(element, dict) else []
    return str(values[0]).strip() if values and isinstance(values[0], (str, int, float)) else ""


def _reason(failed: Sequence[Dataset]) -> str:
    """Why the first object failed; "" where there is none."""
    if not failed:
        return ""
    code = int(failed[0].get("FailureReason") or 0)
    return f"{_REASONS.get(code, 'it gives a reason that is not known here')} (reason {code:04X})"
