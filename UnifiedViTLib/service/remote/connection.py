"""Requests to a server of `unifiedvit serve`: over TLS that is verified, with the key in a header, never sent on
elsewhere; asked again where the server is busy or the connection ends; answers are bounded."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError

from ... import __version__
from ...errors import Cancelled, ServerError, ServerGoneError, UnifiedViTError, WorkerError
from ...texts import printable
from ..server.wire import read_json
from ..store.transfer import MirrorFailed, SafeRedirects, in_words, make_opener
from ..worker.protocol import error_from_json
from .address import ServerAddress

#: Bytes of an answer that is JSON; the rest of an answer is arrays, each bounded by what was asked for.
_JSON_BYTES = 64 << 20
_ERROR_BYTES = 1 << 16
#: What proxies, and servers that are started, answer.
_BUSY = (502, 503, 504)
#: A server that asks for more patience is asked again after so many seconds.
_LONGEST_PAUSE_S = 30.0
_TICK_S = 0.1


@dataclass(frozen=True)
class Patience:
    """With a server.

    Attributes:
        connect_s, read_s: until there is a connection, and until the next bytes come or go.
        repeats: of a request that a proxy answers in the server's place, or whose connection ends.
        pause_s: before the first repeat; then twice that, and so on.
    """

    connect_s: float = 15.0
    read_s: float = 30.0
    repeats: int = 4
    pause_s: float = 0.5


class _NoRedirects(SafeRedirects):
    """The key is for one server."""

    def redirect_request(self, request, response, code, message, headers, new_url):
        raise MirrorFailed("sends on to another address, which is not followed, as the key would go there; give the "
                           "server's own address")


class Connection:
    """A server that can be asked.

    Args:
        address: of it.
        waiting: told, while nothing else can be done, what is waited for; may raise to give up.
        patience: with it.
    """

    def __init__(self, address: ServerAddress, waiting: Callable[[str], None] = lambda stage: None,
                 patience: Patience | None = None) -> None:
        self.address, self._waiting = address, waiting
        self.patience = patience or Patience()
        self._opener = make_opener(self.patience.read_s, _NoRedirects, proxies=not address.local)

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """JSON for JSON; None for an empty answer.

        Args:
            method: of HTTP.
            path: below the server's address.
            content: JSON; None for none.

        Raises:
            ServerGoneError: the server cannot be reached, does not take the key, or is none.
            ServerError: it refuses, or answers what it must not.
            UnifiedViTError: it says that the run cannot be.
        """
        body = None if content is None else json.dumps(content).encode("ascii")

        def read(response: http.client.HTTPResponse) -> Any:
            text = response.read(_JSON_BYTES + 1)
            if len(text) > _JSON_BYTES:
                raise ServerError(f"{self.address.host} sends an answer of more than {_JSON_BYTES >> 20} MB, which is "
                                  "not taken. Check the address.")
            try:
                return read_json(text) if text else None
            except ValueError as error:
                raise self._foreign() from error

        return self.again(method, path, read, lambda: body, {"Content-Type": "application/json"} if body else {})

    def again(self, method: str, path: str, read: Callable[[http.client.HTTPResponse], Any],
              body: Callable[[], bytes | Iterable[bytes] | None] = lambda: None,
              headers: dict[str, str] | None = None) -> Any:
        """What `read` makes of the answer; asked again where something in between fails.

        Args:
            method, path: as of `ask`.
            read: an answer, while it comes.
            body: gives what is sent, each time anew.
            headers: further ones.

        Raises:
            UnifiedViTError: as of `ask`.
        """
        failures = 0
        while True:
            try:
                with self._open(method, path, body(), headers or {}) as response:
                    return read(response)
            except _Later as later:
                self._pause(later.seconds, later.sentence)
            except MirrorFailed as failed:
                failures += 1
                if failures > self.patience.repeats:
                    raise ServerGoneError(f"{self.address.host} {failed}. Check the address and the network, or run "
                                          "on this computer.") from failed
                self._pause(self.patience.pause_s * 2 ** (failures - 1), f"{self.address.host} {failed}; asking again")

    @contextmanager
    def _open(self, method: str, path: str, body: Any, headers: dict[str, str]
              ) -> Iterator[http.client.HTTPResponse]:
        """Raises `_Later` or `MirrorFailed` where it is worth to ask again."""
        sent = {"Authorization": f"Bearer {self.address.key}", "User-Agent": f"UnifiedViT/{__version__}",
                "Accept-Encoding": "identity", **headers}
        request = urllib.request.Request(f"{self.address.url}{path}", body, sent, method=method)
        try:
            with self._opener.open(request, timeout=self.patience.connect_s) as response:
                yield response
        except HTTPError as error:
            with error:
                raise self._refused(error) from error
        except URLError as error:
            raise self._failed(error.reason) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._failed(error) from error

    def _failed(self, reason: BaseException | str) -> Exception:
        """What cannot become better by asking again is told at once."""
        words = in_words(reason)
        if isinstance(reason, ssl.SSLError):
            return ServerGoneError(f"{self.address.host} {words}. Ask its administrator for a valid certificate; "
                                   "nothing was sent.")
        return MirrorFailed(words)

    def _refused(self, error: HTTPError) -> Exception:
        host, status = self.address.host, error.code
        if status == 429:
            data = self._error_in(error)
            return _Later(_seconds(error.headers.get("Retry-After")), str(data or f"{host} is busy"))
        if status in _BUSY:
            return MirrorFailed(f"answers {status}: a proxy in front of it does not get through, or it is being "
                                "started")
        if status in (401, 403):
            return ServerGoneError(f"{host} does not take the key (status {status}). Check that it is whole and this "
                                   "server's; its administrator makes another with unifiedvit serve --new-key NAME.")
        if told := self._error_in(error):
            return told
        if status == 413:
            return ServerError(f"{host} takes no image of this size (status 413): the limit of a proxy in front of "
                               "it. Ask its administrator, or run on this computer.")
        return self._foreign(status)

    def _error_in(self, error: HTTPError) -> UnifiedViTError | None:
        """The error that a server of ours tells in an answer."""
        try:
            return told_error(read_json(error.read(_ERROR_BYTES)))
        except (ValueError, OSError, http.client.HTTPException):
            return None

    def _foreign(self, status: int = 200) -> ServerGoneError:
        return ServerGoneError(f"{self.address.host} does not answer as unifiedvit serve does (status {status}). Check "
                               "the address.")

    def _pause(self, seconds: float, stage: str) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._waiting(stage)
            time.sleep(_TICK_S)


class _Later(Exception):
    """The server asks to come back after so many seconds; `sentence` says why."""

    def __init__(self, seconds: float, sentence: str) -> None:
        super().__init__(sentence)
        self.seconds, self.sentence = seconds, sentence


def told_error(data: Any) -> UnifiedViTError | None:
    """An error as a server tells it; None where it is none. What concerns the server's process concerns no worker
    here, and nobody here has cancelled.

    Args:
        data: JSON.
    """
    if not (isinstance(data, dict) and isinstance(data.get("class"), str) and isinstance(data.get("text"), str)):
        return None
    error = error_from_json({"class": data["class"], "text": printable(data["text"][:2000])})
    return ServerError(f"On the server: {error}") if isinstance(error, (Cancelled, WorkerError)) else error


def _seconds(header: str | None) -> float:
    """Of a Retry-After, at most so long as is waited for anybody."""
    try:
        return min(_LONGEST_PAUSE_S, max(0.0, float(header or 1)))
    except ValueError:  # a date
        return _LONGEST_PAUSE_S
