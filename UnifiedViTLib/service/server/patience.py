"""Connections that ask for nothing do not stay."""

from __future__ import annotations

from typing import Any


def make_protocol(header_s: float) -> type:
    """uvicorn's HTTP/1.1, which closes a connection whose first request is not there after a while.

    Args:
        header_s: seconds.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class PatientProtocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._deadline = self.loop.call_later(header_s, self._close_if_silent)

        def connection_lost(self, exc: Exception | None) -> None:
            self._deadline.cancel()
            super().connection_lost(exc)

        def _close_if_silent(self) -> None:
            if self.cycle is None:
                self.transport.close()

    return PatientProtocol
