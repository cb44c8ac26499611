"""One file over HTTP from the first mirror that gives it whole: resumed where it was cut, checked while it comes."""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import os
import queue
import re
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ... import __version__
from ...errors import WeightsError
from .cache import disk_errors, in_megabytes, write_all

_BLOCK = 1 << 18
#: A mirror that cuts the connection is asked again, so often without another hundredth of the file ...
_CUTS = 3
#: ... and after so many seconds.
_PAUSE = 0.3
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class RemoteFile:
    """A file of the catalogue; all mirrors hold the same bytes. `path` is where it lies in a repository that is a
    folder, which has no mirrors."""

    name: str
    bytes: int
    sha256: str
    mirrors: tuple[str, ...]
    path: Path | None = None


@dataclass(frozen=True)
class Timeouts:
    """When a mirror is given up for the next one.

    Attributes:
        connect, read: seconds until there is a connection, and until the next bytes come.
        window, window_rate: less than so many bytes a second over so many seconds is too slow.
        total, total_rate: all of a file is to be here after so many seconds, and one more for each so many bytes.
    """

    connect: float = 15.0
    read: float = 30.0
    window: float = 20.0
    window_rate: float = 2_000.0
    total: float = 300.0
    total_rate: float = 10_000.0


PATIENT = Timeouts()


class MirrorFailed(Exception):
    """This mirror does not give the file; the text says why."""


class _Cut(MirrorFailed):
    """The connection ended before the file did."""


def may_be_asked(url: str) -> bool:
    """Whether files may come from this address: https, or http of this machine itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme != "http":
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def fetch(file: RemoteFile, folder: Path, report: Callable[[int], None], timeouts: Timeouts) -> None:
    """Have `folder / file.name` there, whole and with the right SHA-256.

    What an earlier call left unfinished (`<name>.part`) is continued; what this one leaves, too.

    Args:
        file: what to fetch, and from where.
        folder: to put it into.
        report: called with the bytes that are here so far; what it raises (`Cancelled`) ends the download.
        timeouts: seconds until a mirror is given up.

    Raises:
        WeightsError: no mirror gave the file, each with its reason; or the disk is full or read-only.
    """
    target, part = folder / file.name, _Part(folder, file)
    if part.is_whole(target):
        report(file.bytes)
        return
    opener = make_opener(timeouts.read)
    reasons = []
    for url in file.mirrors:
        try:
            _from_mirror(opener, url, file, part, report, timeouts)
        except MirrorFailed as failed:
            reasons.append(f"{urlsplit(url).netloc.rpartition('@')[2]} {failed}")
            continue
        with disk_errors(folder):
            os.replace(part.path, target)
            part.source.unlink(missing_ok=True)
        return
    raise WeightsError(
        f"{file.name} could not be downloaded: {'; '.join(reasons)}. Check the network (proxies are taken from "
        "HTTPS_PROXY, certificates from SSL_CERT_FILE) and try again: what has come is kept. Or import the model "
        "from a file."
    )


class _Part:
    """An unfinished file, and beside it from where it came."""

    def __init__(self, folder: Path, file: RemoteFile) -> None:
        self.file = file
        self.path = folder / f"{file.name}.part"
        self.source = folder / f"{file.name}.from"

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def drop(self) -> None:
        with disk_errors(self.path.parent):
            self.path.unlink(missing_ok=True)

    def is_whole(self, path: Path) -> bool:
        """Whether this path holds all of the file and nothing else."""
        if not path.is_file() or path.stat().st_size != self.file.bytes:
            return False
        with disk_errors(path.parent):
            return self.digest(path).hexdigest() == self.file.sha256

    @staticmethod
    def digest(path: Path):
        digest = hashlib.sha256()
        if path.exists():
            with open(path, "rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
        return digest

    def tag(self, url: str) -> str | None:
        """The entity tag under which this mirror gave what is here."""
        try:
            source = json.loads(self.source.read_text(encoding="utf-8"))
            return source["etag"] if source["url"] == url else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def came_from(self, url: str, response) -> None:
        tag = response.headers.get("ETag", "")
        tag = tag if tag.startswith('"') else None  # weak tags do not promise the same bytes
        with disk_errors(self.path.parent):
            self.source.write_text(json.dumps({"url": url, "etag": tag}), encoding="utf-8")


def _from_mirror(opener, url: str, file: RemoteFile, part: _Part, report, timeouts: Timeouts) -> None:
    """Fill the part, resuming after cuts; a wrong sum is the mirror's fault only if all bytes came from it at once."""
    cuts = furthest = 0
    restarted = False
    until = time.monotonic() + timeouts.total + file.bytes / timeouts.total_rate
    while True:
        if part.bytes > file.bytes:
            part.drop()
        resumed = part.bytes > 0
        try:
            right = _receive(opener, url, file, part, report, timeouts, until)
        except _Cut:
            if part.bytes >= furthest + file.bytes / 100:
                cuts, furthest = 0, part.bytes
            cuts += 1
            if cuts > _CUTS:
                raise
            report(part.bytes)
            time.sleep(_PAUSE)
            continue
        if right:
            return
        part.drop()
        if not resumed or restarted:
            raise MirrorFailed("sent something else than the file that the catalogue names (its SHA-256 differs)")
        restarted = True


def _receive(opener, url: str, file: RemoteFile, part: _Part, report, timeouts: Timeouts, until: float) -> bool:
    """One request: append to the part what comes, `until` (of the monotonic clock) at the longest.

    Returns:
        Whether the whole file has the right SHA-256.
    """
    start = part.bytes
    if start == file.bytes:
        return part.is_whole(part.path)
    headers = {"User-Agent": f"UnifiedViT/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if tag := part.tag(url):
            headers["If-Range"] = tag
    response = ask(opener, urllib.request.Request(url, headers=headers), start, timeouts, lambda: report(start))
    if response is None:
        return False
    with response:
        start = _begin(response, file, start)
        part.came_from(url, response)
        with disk_errors(part.path.parent):
            output = open(part.path, "ab" if start else "wb", buffering=0)  # noqa: SIM115 - closed below
        with output:
            digest = part.digest(part.path)
            have = start
            report(have)
            window_end, window_start = time.monotonic() + timeouts.window, have
            while have < file.bytes:
                now = time.monotonic()
                if now > until:
                    raise MirrorFailed(f"takes too long ({in_megabytes(have)} of {in_megabytes(file.bytes)} have come)")
                if now > window_end:
                    if have - window_start < timeouts.window_rate * timeouts.window:
                        raise MirrorFailed(f"is too slow ({have - window_start} bytes in {timeouts.window:.0f} s)")
                    window_end, window_start = now + timeouts.window, have
                try:
                    block = response.read1(_BLOCK)
                except (OSError, http.client.HTTPException) as error:
                    block, reason = b"", in_words(error)
                else:
                    reason = "ended the connection early"
                if not block:
                    raise _Cut(f"{reason} after {in_megabytes(have)}") if have > start else MirrorFailed(reason)
                if have + len(block) > file.bytes:
                    raise MirrorFailed(f"sends more than the {in_megabytes(file.bytes)} that the catalogue names")
                write_all(output, block)
                digest.update(block)
                have += len(block)
                report(have)
    return digest.hexdigest() == file.sha256


def ask(opener, request: urllib.request.Request, start: int, timeouts: Timeouts, waiting: Callable[[], None]):
    """The response; None if the mirror says that there is nothing after `start`.

    It is waited for in a thread: a mirror that sends its header byte by byte never runs into a time-out of the
    connection.

    Args:
        opener: of `make_opener`.
        request: what to ask for.
        start: from which byte of the file on.
        timeouts: seconds until the mirror is given up.
        waiting: called ten times a second; may raise to give up.

    Raises:
        MirrorFailed: there is no response; says why.
    """
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def open_address() -> None:
        try:
            answers.put(opener.open(request, timeout=timeouts.connect))
        except BaseException as error:  # raised again in the thread that waits
            answers.put(error)

    threading.Thread(target=open_address, name="asking a mirror", daemon=True).start()
    until = time.monotonic() + timeouts.connect + timeouts.read
    while True:
        try:
            answer = answers.get(timeout=0.1)
            break
        except queue.Empty:
            waiting()
            if time.monotonic() > until:
                raise MirrorFailed(in_words(TimeoutError())) from None
    if not isinstance(answer, BaseException):
        return answer
    try:
        raise answer
    except HTTPError as error:
        error.close()
        if error.code == 416 and start:
            return None
        raise MirrorFailed(f"answered {error.code} {' '.join(str(error.reason).split())}") from error
    except URLError as error:
        raise MirrorFailed(in_words(error.reason)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a redirect to no address at all
        raise MirrorFailed(in_words(error)) from error


def _begin(response, file: RemoteFile, start: int) -> int:
    """Where in the file the response begins: at `start` if the range was honoured, else at 0."""
    if response.status == 206:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if not start or not found or int(found[1]) != start:
            raise MirrorFailed("sent another part of the file than it was asked for")
        offered = found[3]
    elif response.status == 200:
        start, offered = 0, response.headers.get("Content-Length", "*")
    else:
        raise MirrorFailed(f"answered {response.status}")
    if offered != "*" and offered != str(file.bytes):
        raise MirrorFailed(f"offers a file of {offered} bytes; the catalogue names one of {file.bytes}")
    return start


def in_words(error: BaseException | str) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer (time-out)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"has a certificate that is not trusted ({error.verify_message}); behind a firewall that inspects traffic, "
            "set SSL_CERT_FILE to its certificate"
        )
    if isinstance(error, http.client.IncompleteRead):
        return "ended the connection early"
    return f"cannot be reached ({error})"


def make_opener(read_timeout: float, redirects: type[SafeRedirects] | None = None, proxies: bool = True
                ) -> urllib.request.OpenerDirector:
    """urllib with certificates from the environment, and redirects that stay safe.

    Args:
        read_timeout: seconds until the next bytes come.
        redirects: other than `SafeRedirects`.
        proxies: whether those of the environment are used.
    """

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            self.sock.settimeout(read_timeout)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            self.sock.settimeout(read_timeout)

    context = cache(_certificates)  # which takes a tenth of a second, for https alone

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, request):
            return self.do_open(Plain, request)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, request):
            return self.do_open(Secure, request, context=context())

    direct = [] if proxies else [urllib.request.ProxyHandler({})]
    return urllib.request.build_opener(PlainHandler, SecureHandler, redirects or SafeRedirects, *direct)


class SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Never from https to http."""

    def redirect_request(self, request, response, code, message, headers, new_url):
        """As urllib calls it.

        Args:
            request, response, code, message, headers: what was asked, and what was answered.
            new_url: where the answer leads.

        Raises:
            MirrorFailed: that address is not to be asked.
        """
        if not may_be_asked(new_url) or (request.type == "https" and urlsplit(new_url).scheme != "https"):
            raise MirrorFailed("redirects to an address that is not encrypted (https)")
        # urllib of Python 3.10 does not know 308, which is 307 for ever.
        return super().redirect_request(request, response, 307 if code == 308 else code, message, headers, new_url)

    http_error_308 = urllib.request.HTTPRedirectHandler.http_error_302


def _certificates() -> ssl.SSLContext:
    context = ssl.create_default_context()  # SSL_CERT_FILE and SSL_CERT_DIR are OpenSSL's own business
    if bundle := os.environ.get("REQUESTS_CA_BUNDLE"):
        try:
            context.load_verify_locations(**{"capath" if os.path.isdir(bundle) else "cafile": bundle})
        except (OSError, ssl.SSLError) as error:
            raise WeightsError(
                f"REQUESTS_CA_BUNDLE names {bundle}, which cannot be read as certificates ({error}). Correct it or "
                "unset it."
            ) from error
    return context
