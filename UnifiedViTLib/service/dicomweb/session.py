"""How requests to a DICOMweb server are sent: over TLS that is verified, with credentials that are never shown, asked
again where the server is busy, never sent on elsewhere, and with answers that are bounded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import ServerError

if TYPE_CHECKING:
    import requests

#: Environment variables with the credentials; else a netrc file has them.
USER, PASSWORD, TOKEN = "UNIFIEDVIT_DICOMWEB_USER", "UNIFIEDVIT_DICOMWEB_PASSWORD", "UNIFIEDVIT_DICOMWEB_TOKEN"
#: Answers of a server that is busy or being started.
_BUSY = (429, 502, 503, 504)
#: A server that asks for more patience is asked again after so many seconds.
_LONGEST_PAUSE_S = 30.0
_ANY_PART, _DICOM_PART = 'multipart/related; type="*/*"', 'multipart/related; type="application/dicom"'


@dataclass(frozen=True)
class Limits:
    """Of what a server may send, and how long it may take.

    Attributes:
        answer_bytes: of an answer to a search.
        instance_bytes: of one image, which is held in memory.
        series_bytes: of all images of a series.
        answers: studies, series or images that are listed at once.
        timeouts_s: until there is a connection, and until the next bytes come.
        repeats: of a request that fails because the server is busy or the connection ends, or of a series that was cut.
        pause_s: before the first repeat; then twice that, and so on.
    """

    answer_bytes: int = 64 << 20
    instance_bytes: int = 2 << 30
    series_bytes: int = 8 << 30
    answers: int = 20_000
    timeouts_s: tuple[float, float] = (15.0, 60.0)
    repeats: int = 4
    pause_s: float = 0.5


class Bounds:
    """Counts what comes, and ends it where that is too much.

    Args:
        host: of the server, for sentences.
        limits: of what it may send.

    Attributes:
        receiving: whether the answer with the images has begun.
    """

    def __init__(self, host: str, limits: Limits) -> None:
        self._host, self._limits = host, limits
        self._series = self._instance = 0
        self.receiving = False

    def begin(self) -> None:
        """A series is asked for."""
        self._series = self._instance = 0
        self.receiving = False

    def next_instance(self) -> None:
        """An image is here."""
        self._instance = 0

    def watch(self, response: requests.Response, *_args: Any, stream: bool = False, **_named: Any) -> None:
        """A hook of requests: what is read of the response is counted from now on.

        Raises:
            ServerError: by the hook for an answer that is packed although that was not asked for, and by the reading
                for too much.
        """
        if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
            raise ServerError(f"{self._host} packs its answers without being asked to, and they might unpack to any "
                              "size. Switch this off there.")
        # The client knows types of content without parameters.
        kind, _, parameters = response.headers.get("Content-Type", "").partition(";")
        if parameters and not kind.lower().startswith("multipart/"):
            response.headers["Content-Type"] = kind.strip().lower()
        self.receiving = stream
        setattr(response, "iter_content", partial(self._counted, response.iter_content, stream))  # noqa: B010

    def _counted(self, read: Callable[..., Iterator[bytes]], stream: bool, *arguments: Any, **named: Any
                 ) -> Iterator[bytes]:
        answer = 0
        for chunk in read(*arguments, **named):
            if stream:
                self._series += len(chunk)
                self._instance += len(chunk)
                self._check(self._series, self._limits.series_bytes, "a series")
                self._check(self._instance, self._limits.instance_bytes, "an image")
            else:
                answer += len(chunk)
                self._check(answer, self._limits.answer_bytes, "an answer")
            yield chunk

    def _check(self, count: int, limit: int, of: str) -> None:
        if count > limit:
            raise ServerError(f"{self._host} sends {of} of more than {limit / 1e6:,.0f} MB, which is not taken. Export "
                              "the images to a folder and give that.")


def open_session(url: str, limits: Limits, bounds: Bounds) -> requests.Session:
    """A session of requests for a server.

    Args:
        url: of the server, checked.
        limits: how long it may take.
        bounds: of its answers.
    """
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    class PatientRetry(Retry):
        """Never waits as long as a server may ask."""

        def get_retry_after(self, response: Any) -> float | None:
            asked = super().get_retry_after(response)
            return asked and min(asked, _LONGEST_PAUSE_S)

    session = requests.Session()
    session.headers.update({"Accept": "application/dicom+json", "Accept-Encoding": "identity"})
    # What is stored twice under the same identifier is there once: storing may be repeated, too.
    retry = PatientRetry(limits.repeats, connect=1, other=0, redirect=False, status_forcelist=_BUSY,
                         allowed_methods=("GET", "POST"), backoff_factor=limits.pause_s, raise_on_status=False)
    session.mount(url, HTTPAdapter(max_retries=retry))
    session.max_redirects = 0
    session.verify = _certificates() or True
    session.trust_env = urlsplit(url).scheme == "https"  # this machine itself is asked without a proxy
    session.auth = partial(_finish, _credentials(url))
    session.hooks["response"].append(bounds.watch)
    return session


def _certificates() -> str:
    """The file with certificates that the environment names, as for downloads; "" for the usual ones.

    Raises:
        ServerError: it is not there.
    """
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        if bundle := os.environ.get(name):
            if not os.path.exists(bundle):
                raise ServerError(f"{name} names {bundle}, which is not there. Correct it or unset it.")
            return bundle
    return ""


def _credentials(url: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """What adds the credentials for a server to a request; from the environment, or the netrc file."""
    from requests.auth import HTTPBasicAuth
    from requests.utils import get_netrc_auth

    token, user, password = (os.environ.get(name, "") for name in (TOKEN, USER, PASSWORD))
    if not token and user:
        return HTTPBasicAuth(user.encode(), password.encode())
    netrc = None if token else get_netrc_auth(url)
    if netrc:
        return HTTPBasicAuth(*(part.encode() for part in netrc))

    def add_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return add_token


def _finish(add_credentials: Callable[[requests.PreparedRequest], requests.PreparedRequest],
            request: requests.PreparedRequest) -> requests.PreparedRequest:
    """The last word on a request that the client made."""
    request.headers.pop("Host", None)  # it leaves the port out; without it, the right one is sent
    if request.headers.get("Accept") == _ANY_PART:  # not every server gives images for that
        request.headers["Accept"] = _DICOM_PART
    return add_credentials(request)


def status_error(host: str, status: int) -> ServerError:
    """For an answer with an error status."""
    if status in (401, 403):
        return ServerError(
            f"{host} does not let you in (status {status}). Set {USER} and {PASSWORD}, or {TOKEN}, in the environment, "
            "or a line for the server in your netrc file, to an account that may do this."
        )
    if status == 404:
        return ServerError(f"{host} does not have it (status 404). Check the address, and the identifiers of study and "
                           "series.")
    if status in _BUSY or status >= 500:
        return ServerError(f"{host} is busy or has an error (status {status}). Run again later; ask its administrator "
                           "if that does not help.")
    return ServerError(f"{host} refuses the request (status {status}). Check the address, which is that of the "
                       "DICOMweb service itself.")
