"""Which server is asked, and with which key; neither is ever guessed, and the key is never shown."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ...errors import ServerError
from ...records import Record
from ..store.transfer import may_be_asked

#: Environment variable with the key.
KEY_VARIABLE = "UNIFIEDVIT_SERVER_KEY"
#: What a key looks like: `keys.new_key` makes it.
KEY = re.compile(r"[A-Za-z0-9_-]{20,200}")
#: A file with a key is no larger.
_KEY_FILE_BYTES = 4096


@dataclass(frozen=True)
class ServerAddress(Record):
    """A server and the key for it.

    Attributes:
        url: https, or http of this computer; without a slash at its end.
        key: the secret.

    Raises:
        ServerError: it cannot be asked, or not safely; the key is none.
    """

    url: str
    key: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", self.url.rstrip("/"))
        if not may_be_asked(self.url):
            raise ServerError(f"{self.url} cannot be the address of a server for images of patients. Give "
                              "https://HOST:PORT (http only of this computer itself, as http://127.0.0.1:8765).")
        parts = urlsplit(self.url)
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ServerError("The address of a server has no user, question mark or # in it. Give the key in "
                              f"{KEY_VARIABLE} or with --server-key-file.")
        if not KEY.fullmatch(self.key):
            raise ServerError(f"The key for {self.host} is none that unifiedvit serve makes: 20 to 200 letters, "
                              "digits, - and _. Copy it again, whole.")

    @property
    def host(self) -> str:
        """For sentences."""
        return urlsplit(self.url).netloc

    @property
    def local(self) -> bool:
        """Whether the way to it leaves this computer not at all: proxies have no part in it."""
        return urlsplit(self.url).scheme == "http"


def read_key(file: Path | None = None) -> str:
    """The key from a file, or else from the environment.

    Raises:
        ServerError: it cannot be read, or there is none.
    """
    if file is None:
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not key:
            raise ServerError(f"A server needs a key. Put it into the environment variable {KEY_VARIABLE}, or into a "
                              "file that --server-key-file names; the server's administrator makes one with unifiedvit "
                              "serve --new-key NAME.")
        return key
    try:
        with open(file, "rb") as stream:
            return stream.read(_KEY_FILE_BYTES).decode("ascii").strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it holds no key"
        raise ServerError(f"The key file {file} cannot be read ({reason}). Give another.") from error
