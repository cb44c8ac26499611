"""The index of a model repository: fetched with bounds, checked, and held against the last one that was seen."""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ... import __version__
from ...errors import DependencyError, WeightsError
from .cache import in_megabytes
from .offers import MOST_SERIAL, RemoteModel, parse_json, read_models
from .transfer import PATIENT, MirrorFailed, SafeRedirects, Timeouts, ask, in_words, make_opener, may_be_asked

INDEX_FILE = "index.json"
SIGNATURE = "signature"
#: Bytes of an index: thousands of versions.
LARGEST_INDEX = 4 << 20
#: Seconds until an index, which is small, has to be here.
_TOTAL_S = 60.0
_BLOCK = 1 << 16
_UPDATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def as_place(address: str) -> str | Path:
    """Where a repository is, as it is kept: an address that ends with a slash, or an absolute folder.

    Args:
        address: as a user writes it; the index's own is taken too.

    Raises:
        WeightsError: it is neither; says what is wrong.
    """
    address = address.strip()
    if "://" not in address:
        folder = Path(address).expanduser().absolute()
        folder = folder.parent if folder.name == INDEX_FILE else folder
        if not address or not folder.is_dir():
            raise WeightsError(f"{address or 'Nothing'} is not a folder with models. Give a folder or an address that "
                               "begins with https://.")
        return folder
    place = address.removesuffix(INDEX_FILE)
    place = place if place.endswith("/") else f"{place}/"
    if address.lower().startswith("file:"):
        raise WeightsError(f"{address} is not taken as an address of models. Give the folder itself.")
    if not may_be_asked(place):
        raise WeightsError(f"{address} is not taken as an address of models: it has to begin with https:// (http:// "
                           "for this computer alone), or be a folder.")
    parts = urlsplit(place)
    if parts.username is not None or parts.query or parts.fragment or ".." in parts.path.split("/"):
        raise WeightsError(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}... is not taken as an address of "
                           "models: leave out passwords, '?', '#' and '..'.")
    if not re.fullmatch(r"[!-~]+", place):
        raise WeightsError("The address of models has blanks or letters that addresses do not have. Copy it again.")
    return place


def fetch_index(place: str | Path, waiting: Callable[[], None], timeouts: Timeouts = PATIENT) -> bytes:
    """What the index of a repository holds now.

    Args:
        place: of `as_place`.
        waiting: called now and then; may raise to give up.
        timeouts: seconds to wait for an answer.

    Raises:
        WeightsError: it cannot be read, is too large, or comes from elsewhere.
    """
    if isinstance(place, Path):
        try:
            with open(place / INDEX_FILE, "rb") as file:
                content = file.read(LARGEST_INDEX + 1)
        except OSError as error:
            raise WeightsError(f"{place / INDEX_FILE} cannot be read ({error.strerror or error}). Is the folder that "
                               "of a model repository, and its disk connected?") from error
    else:
        try:
            content = _download(place + INDEX_FILE, waiting, timeouts)
        except MirrorFailed as failed:
            raise WeightsError(
                f"The list of models of {place} could not be fetched: {urlsplit(place).netloc} {failed}. Check the "
                "address and the network, and try again."
            ) from failed
    if len(content) > LARGEST_INDEX:
        raise WeightsError(f"The list of models of {place} is larger than {in_megabytes(LARGEST_INDEX)}: it is not "
                           "taken. Ask its publisher.")
    return content


def _download(url: str, waiting: Callable[[], None], timeouts: Timeouts) -> bytes:
    request = urllib.request.Request(url, headers={
        "User-Agent": f"UnifiedViT/{__version__}", "Accept-Encoding": "identity", "Cache-Control": "no-cache"})
    until = time.monotonic() + _TOTAL_S
    content = bytearray()
    asked = ask(make_opener(timeouts.read, _SameHost), request, 0, timeouts, waiting)
    assert asked is not None, "there is one where all is asked for"
    with asked as response:
        if response.status != 200:
            raise MirrorFailed(f"answered {response.status}")
        length = response.headers.get("Content-Length", "")
        while len(content) <= LARGEST_INDEX:
            waiting()
            if time.monotonic() > until:
                raise MirrorFailed(f"takes too long ({in_megabytes(len(content))} have come)")
            try:
                block = response.read1(_BLOCK)
            except (OSError, http.client.HTTPException) as error:
                raise MirrorFailed(in_words(error)) from error
            if not block:
                break
            content += block
    if length.isdecimal() and len(content) < min(int(length), LARGEST_INDEX):
        raise MirrorFailed("ended the connection early")
    return bytes(content)


class _SameHost(SafeRedirects):
    """An index has no checksum to hold it against: it comes from where the user said, or not at all."""

    def redirect_request(self, request, response, code, message, headers, new_url):
        host = urlsplit(new_url).netloc
        if host != urlsplit(request.full_url).netloc:
            raise MirrorFailed(f"redirects to another computer ({host[:100]}); if that is meant, add that address")
        return super().redirect_request(request, response, code, message, headers, new_url)


def read_index(content: bytes, place: str | Path, key: str = "") -> tuple[dict[str, Any], list[RemoteModel]]:
    """Check an index.

    Args:
        content: of the file.
        place: of the repository.
        key: with which it is to be signed; "" takes any.

    Returns:
        What its JSON holds, and the models.

    Raises:
        WeightsError: it is cut, malformed, or not signed with the key.
        DependencyError: signatures cannot be checked here.
    """
    try:
        data = parse_json(content)
    except (ValueError, RecursionError) as error:
        raise WeightsError(
            f"The list of models of {place} is cut off or no JSON ({str(error)[:100]}). It may just be being copied: "
            "try again; else ask its publisher."
        ) from error
    if key:
        check_signature(data, key, place)
    models = read_models(data, f"The list of models of {place}", place)
    serial, updated = data.get("serial", 0), data.get("updated", "")
    if type(serial) is not int or not 0 <= serial <= MOST_SERIAL or not isinstance(updated, str) or (
            updated and not _UPDATED.fullmatch(updated)):
        raise WeightsError(f"The list of models of {place} is malformed: serial: a whole number is needed, and "
                           "updated: a time such as 2030-01-31T12:00:00Z.")
    return data, models


def check_follows(new: dict[str, Any], models: list[RemoteModel], last: dict[str, Any], known: list[RemoteModel],
                  place: str | Path) -> None:
    """See that an index is not older than the last one that was seen, and changes nothing that was published.

    Args:
        new, models: of `read_index`.
        last, known: of the last one.
        place: of the repository.

    Raises:
        WeightsError: it is, or does; the last one is to stay in use.
    """
    stays = "The list seen last stays in use; ask the publisher."
    serial, before = new.get("serial", 0), last.get("serial", 0)
    if serial < before:
        raise WeightsError(
            f"The list of models of {place} is older ({_dated(new)}) than the one seen last ({_dated(last)}): a backup "
            f"was restored, or somebody wants newer models to be overlooked. {stays}")
    if serial == before and serial and models != known:
        raise WeightsError(f"The list of models of {place} has changed, but says that it is still {_dated(last)}. "
                           f"{stays}")
    sums = {(model.id, model.version): model.sums for model in known}
    for model in models:
        if sums.get((model.id, model.version), model.sums) != model.sums:
            raise WeightsError(f"{model.id} {model.version} of {place} has other files than when it was seen last. A "
                               f"version never changes once it is published. {stays}")


def _dated(data: dict[str, Any]) -> str:
    return f"number {data.get('serial', 0)}" + (f" of {data['updated'][:10]}" if data.get("updated") else "")


def signed_bytes(data: dict[str, Any]) -> bytes:
    """What a signature is made of: all of an index but the signature, in one way of writing it."""
    unsigned = {name: value for name, value in data.items() if name != SIGNATURE}
    return json.dumps(unsigned, sort_keys=True, separators=(",", ":")).encode("ascii")


def public_key_bytes(key: str) -> bytes:
    """The 32 bytes of a public key as people copy it.

    Raises:
        WeightsError: it is none.
    """
    try:
        content = base64.b64decode(key, validate=True)
    except ValueError:
        content = b""
    if len(content) != 32:
        raise WeightsError(f"{key[:60]!r} is not a public key of a repository: 44 letters, digits and signs, as "
                           "`unifiedvit-train publish` says them. Copy it again.")
    return content


def check_signature(data: Any, key: str, place: str | Path) -> None:
    """See that an index is signed (Ed25519) with a key.

    Args:
        data: what its JSON holds.
        key: the public one, 32 bytes as base64.
        place: of the repository, for messages.

    Raises:
        WeightsError: it is not.
        DependencyError: the package that can tell is not here. Nothing is taken unseen.
    """
    content = public_key_bytes(key)
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise DependencyError(
            f"{place} was added with a key, and to check its signature the Python package cryptography is needed: pip "
            "install cryptography; in Slicer's Python console: slicer.util.pip_install('cryptography')."
        ) from error
    signature = data.get(SIGNATURE) if isinstance(data, dict) else None
    if signature is None:
        raise WeightsError(f"The list of models of {place} is not signed, but the repository was added with a key. It "
                           "is not taken; ask its publisher.")
    try:
        Ed25519PublicKey.from_public_bytes(content).verify(base64.b64decode(signature, validate=True),
                                                           signed_bytes(data))
    except (InvalidSignature, ValueError, TypeError, RecursionError) as error:
        raise WeightsError(
            f"The list of models of {place} is not signed with the key that the repository was added with: it was "
            "changed on the way, or the publisher has another key. It is not taken; ask the publisher."
        ) from error
