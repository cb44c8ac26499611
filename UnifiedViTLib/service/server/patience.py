"""Connections that ask for nothing do not stay."""

from __future__ import annotations

from typing import Any


def make_protocol(header_s: float) -> type:
    """uvicorn's HTTP/1.1, which closes a connection whose next request is not there after a while, were it half.

    Args:
        header_s: seconds.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class PatientProtocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._deadline = self.loop.call_later(header_s, self._close_if_silent, None)

        def connection_lost(self, exc: Exception | None) -> None:
            self._deadline.cancel()
            super().connection_lost(exc)

        def on_response_complete(self) -> None:
            last = self.cycle  # what follows may begin the next one
            super().on_response_complete()
            self._deadline.cancel()
            self._deadline = self.loop.call_later(header_s, self._close_if_silent, last)

        def _close_if_silent(self, last: Any) -> None:
            if self.cycle is last:
                self.transport.close()

    return PatientProtocol
