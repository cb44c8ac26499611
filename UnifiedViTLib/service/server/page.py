"""The page of a server, for those without Slicer: fixed files, which need no key and name no other host."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Where the page's files lie; what is not of these kinds is not sent.
FOLDER = Path(__file__).resolve().parent / "static"
_INDEX = "index.html"
#: After the name of a file that is stored packed: a clone of the repository is to stay small.
_PACKED = ".gz"
_MEDIA_TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
                ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
#: The page's scripts are its own files alone, talk to this server alone, and make no element of a text.
CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
    "connect-src 'self' data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'", "trusted-types 'none'",
))
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-cache",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
#: Of a result's files: whoever opens one in a browser runs nothing of it.
FILE_HEADERS = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store"}


def add_page(app: FastAPI) -> None:
    """Answer `GET /` and `GET /page/...`, the files that the page consists of."""
    from fastapi.requests import Request
    from fastapi.responses import JSONResponse, Response

    names = {path.relative_to(FOLDER).as_posix().removesuffix(_PACKED): path for path in FOLDER.rglob("*")}
    files = {name: path for name, path in names.items() if PurePosixPath(name).suffix in _MEDIA_TYPES}

    def send(request: Request) -> Response:
        name = request.path_params.get("name", _INDEX)
        file = files.get(name)
        if file is None:
            return JSONResponse({"class": "ServerError", "text": "The page has no such file."}, 404)
        content, packed, tag = _read(file)
        headers = _HEADERS | {"ETag": tag, "Vary": "Accept-Encoding"}
        if request.headers.get("If-None-Match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            content, headers["Content-Encoding"] = packed, "gzip"
        return Response(content, media_type=_MEDIA_TYPES[PurePosixPath(name).suffix], headers=headers)

    app.add_route("/", send)
    app.add_route("/page/{name:path}", send)


@cache
def _read(file: Path) -> tuple[bytes, bytes, str]:
    """A file, the same packed, and what tells it from an earlier one."""
    stored = file.read_bytes()
    content = gzip.decompress(stored) if file.suffix == _PACKED else stored
    packed = stored if file.suffix == _PACKED else gzip.compress(content, mtime=0)
    return content, packed, f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
