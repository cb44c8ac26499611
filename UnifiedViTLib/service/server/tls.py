"""Where a server may listen: on this computer, or over TLS; images of patients never cross a network in plain."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from pathlib import Path

from ...errors import ServerError


def check_place(host: str, certificate: Path | None, private_key: Path | None) -> None:
    """Return if a server may listen there.

    Args:
        host: name or address to listen on.
        certificate: PEM, of the server and those that signed it; None for none.
        private_key: PEM; None where it lies in the certificate's file.

    Raises:
        ServerError: it would be heard outside without TLS, or the certificate cannot be used.
    """
    if certificate is None:
        if private_key is not None:
            raise ServerError("A private key belongs to a certificate. Give that with --certificate.")
        if not _is_this_computer(host):
            raise ServerError(
                f"On {host} other computers would send images of patients in plain. Give --certificate and "
                "--private-key, or listen on 127.0.0.1 behind a reverse proxy that speaks TLS (docs/server.md)."
            )
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError) as error:
        raise ServerError(f"The certificate {certificate} cannot be used ({error.strerror or error}). Give a PEM file "
                          "with the certificate, and its private key in it or with --private-key.") from error


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one.

    Raises:
        ServerError: the port is taken, or the host is none of this computer.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        raise ServerError(f"Nothing can be listened to on {host}, port {port} "
                          f"({getattr(error, 'strerror', None) or error}). Choose another --host or --port.") from error


def _is_this_computer(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
