"""A mirror on this machine for the tests of downloads: a real HTTP server whose faults can be chosen; a catalogue."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from builders import spec_data
from loopback import serve

from UnifiedViTLib.spec import ModelSpec, load_spec

#: Bytes of the header of the weights.
_HEADER = 120


@dataclass
class Mirror:
    """What the server does; change it while it runs.

    Attributes:
        files: bytes by path ("/weights.safetensors").
        ranges: honour them (206); else every answer is the whole file (200).
        etags: entity tag by path.
        status: by path, instead of the file.
        redirects: address by path, instead of the file.
        cuts: by path, how many bytes an answer carries before the connection ends; used up one by one.
        slow: seconds between two blocks of 64 KiB.
        drip: by path "header" or "body": send that byte by byte, ten a second.
        hang: by path, stop for good after so many bytes (-1: before the answer begins).
        asked: path, Range and If-Range of all requests, in turn.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etags: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    slow: float = 0.0
    drip: dict[str, str] = field(default_factory=dict)
    hang: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]


@contextmanager
def mirror(certificate: Path | None = None):
    """A `Mirror` that is served on loopback until the block ends; with a certificate (PEM with its key), over TLS."""
    state = Mirror()
    with serve({"GET": lambda handler: _answer(handler, state)}, state.stopping, certificate) as state.url:
        yield state


def _answer(handler: BaseHTTPRequestHandler, state: Mirror) -> None:
    path = handler.path.removeprefix("http://elsewhere.invalid")  # as a proxy is asked
    wanted = handler.headers.get("Range")
    state.asked.append((handler.path, wanted, handler.headers.get("If-Range")))
    if path in state.redirects:
        handler.send_response(308)
        handler.send_header("Location", state.redirects[path])
        handler.end_headers()
        return
    if path in state.status or path not in state.files:
        handler.send_error(state.status.get(path, 404))
        return
    if state.hang.get(path) == -1:
        state.stopping.wait()
        return
    if state.drip.get(path) == "header":
        _drip(handler, state, b"HTTP/1.0 200 OK\r\nX-Patience: " + b"x" * 10_000)
        return
    data, tag = state.files[path], state.etags.get(path)
    start, condition = 0, handler.headers.get("If-Range")
    if wanted and state.ranges and (condition is None or condition == tag):
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
    else:
        handler.send_response(200)
    handler.send_header("Content-Length", str(len(data) - start))
    if tag:
        handler.send_header("ETag", tag)
    handler.end_headers()
    cuts = state.cuts.get(path)
    stop = start + cuts.pop(0) if cuts else len(data)
    if state.drip.get(path) == "body":
        _drip(handler, state, data[start:])
        return
    if path in state.hang:
        stop = min(stop, state.hang[path])
    for position in range(start, min(stop, len(data)), 1 << 16):
        handler.wfile.write(data[position : min(position + (1 << 16), stop)])
        if state.slow:
            state.stopping.wait(state.slow)
    if path in state.hang:
        state.stopping.wait()


def _drip(handler: BaseHTTPRequestHandler, state: Mirror, content: bytes) -> None:
    for byte in content:
        handler.wfile.write(bytes([byte]))
        if state.stopping.wait(0.1):
            return


def self_signed(folder: Path) -> Path:
    """A certificate of this machine that nobody vouches for, and its key, in one file (PEM)."""
    certificate, key = folder / "server.pem", folder / "key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate


def model_folder(folder: Path, *, weights: bytes = b"weights " * 100_000, **changes) -> ModelSpec:
    """A model's folder whose description is valid and whose weights are a header and just bytes; top fields may be
    replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    data = spec_data(**changes)
    weights = weights[8 + _HEADER:] or weights  # so that the file is as long as asked for
    count = len(weights)
    header = json.dumps({"bytes": {"dtype": "U8", "shape": [count], "data_offsets": [0, count]}}).ljust(_HEADER)
    weights = _HEADER.to_bytes(8, "little") + header.encode() + weights
    data["weights"] |= {"sha256": hashlib.sha256(weights).hexdigest()}
    (folder / data["weights"]["file"]).write_bytes(weights)
    (folder / "model.json").write_text(json.dumps(data), encoding="utf-8")
    return load_spec(folder)


def offer(spec: ModelSpec, catalogue: Path, *mirrors: Mirror, **changes) -> Path:
    """Put a model's files on the mirrors and into a catalogue.

    Args:
        catalogue: the file to write.
        changes: fields of the catalogue's entry that differ.

    Returns:
        The catalogue's path.
    """
    files = []
    for name in ("model.json", spec.weights_file):
        content = (spec.folder / name).read_bytes()
        for server in mirrors:
            server.files[f"/{name}"] = content
        files.append({"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
                      "mirrors": [f"{server.url}/{name}" for server in mirrors]})
    model = {"id": spec.id, "version": spec.version, "name": spec.name, "description": spec.description,
             "licence": spec.licence, "files": files} | changes
    catalogue.write_text(json.dumps({"format": 1, "models": [model]}), encoding="utf-8")
    return catalogue
