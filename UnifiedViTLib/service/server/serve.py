"""Runs a server until it is told to end."""

from __future__ import annotations

import logging
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ...errors import DependencyError, ServerError
from ...imaging.reading.limits import MOST_BYTES_VARIABLE
from ...spec import ModelSpec
from ..batch.multiprocess import available_cores, graphics_cards, worker_environments
from ..store.catalogue import verify_files
from .devices import Device
from .jobs import LOG, JobQueue
from .keys import Keys
from .limits import Limits
from .spool import Spool
from .tls import check_place, listen

#: Seconds that answers under way are given when the server ends.
_GRACE_S = 2


@dataclass(frozen=True)
class ServerSettings:
    """Of a server.

    Attributes:
        host, port: where it listens; port 0 for any that is free.
        certificate, private_key: PEM files for TLS.
        device: "auto", "cpu", "cuda" or "mps"; each graphics card has a worker of its own.
        keys: the file with the keys.
        limits: how much it takes.
    """

    keys: Path
    host: str = "127.0.0.1"
    port: int = 8765
    certificate: Path | None = None
    private_key: Path | None = None
    device: str = "auto"
    limits: Limits = field(default_factory=Limits)


def serve(specs: Sequence[ModelSpec], settings: ServerSettings) -> None:
    """Serve models until the process is told to end (SIGINT, SIGTERM).

    Args:
        specs: the models, whose files are verified first.
        settings: of the server.

    Raises:
        DependencyError: FastAPI or uvicorn is missing.
        ServerError: it cannot listen there, or there is no key.
        WeightsError: a model's files are not whole.
        OutputError: there is no room for the images.
    """
    for package in ("fastapi", "uvicorn"):
        if find_spec(package) is None:
            raise DependencyError(f"A server needs {package}. Install it (pip install 'unifiedvit[server]').")
    check_place(settings.host, settings.certificate, settings.private_key)
    keys = Keys(settings.keys)
    if not keys.names:
        raise ServerError("Nobody has a key. Make one: unifiedvit serve --new-key NAME.")
    for spec in specs:
        verify_files(spec)
    _log_to_stderr()
    socket = listen(settings.host, settings.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn passes both on when it has ended
    spool = Spool()
    try:
        queue = JobQueue(specs, spool, settings.limits)
        cards = graphics_cards() if settings.device in ("auto", "cuda") else []
        environments = worker_environments(max(1, len(cards)), available_cores(), cards)
        common = spool.environment | {MOST_BYTES_VARIABLE: str(settings.limits.volume_bytes)}
        devices = [Device(queue, settings.device, environment | common) for environment in environments]
        try:
            with suppress(KeyboardInterrupt):
                _run(queue, keys, devices, socket, settings)
        finally:
            queue.close()
            for device in devices:
                device.close()
    finally:
        socket.close()
        spool.close()


def _run(queue: JobQueue, keys: Keys, devices: Sequence[Device], socket, settings: ServerSettings) -> None:
    import uvicorn

    from .app import make_app
    from .patience import make_protocol

    app = make_app(queue, keys, lambda: all(device.alive for device in devices))
    limits = settings.limits
    server = uvicorn.Server(uvicorn.Config(
        app, http=make_protocol(limits.header_s), ws="none", loop="asyncio", lifespan="off", log_config=None,
        access_log=False, proxy_headers=False, server_header=False, limit_concurrency=limits.connections,
        timeout_graceful_shutdown=_GRACE_S, ssl_certfile=settings.certificate, ssl_keyfile=settings.private_key,
    ))
    scheme = "https" if settings.certificate else "http"
    host, port = socket.getsockname()[:2]
    LOG.info("UnifiedViT listens on %s://%s:%d; devices: %d; models: %s", scheme, f"[{host}]" if ":" in host else host,
             port, len(devices), ", ".join(f"{name} {version}" for name, version in queue.models))
    server.run(sockets=[socket])


def _log_to_stderr() -> None:
    """Of the server's own words all, of the libraries' the warnings."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    LOG.setLevel(logging.INFO)
