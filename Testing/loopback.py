"""An HTTP server on loopback, for what the tests ask over a network."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """Says nothing: clients that hang up are what is tested."""


@contextmanager
def serve(answers: dict[str, Callable[[BaseHTTPRequestHandler], object]], stop: threading.Event,
          certificate: Path | None = None) -> Iterator[str]:
    """Serve until the block ends; gives the address, without a path.

    Args:
        answers: what answers a request, by its method ("GET").
        stop: set at the end, so that answers that wait end.
        certificate: PEM with its key; with it, over TLS.
    """
    silent = {"log_message": lambda self, *arguments: None}
    handler = type("Handler", (BaseHTTPRequestHandler,), silent | {f"do_{m}": answer for m, answer in answers.items()})
    server = _Server(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
