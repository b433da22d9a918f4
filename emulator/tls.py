"""The local certificate authority, and a certificate for each emulated host when it is first asked for."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

from emulator.home import Home, write_aside
from emulator.state import damaged

YEARS = 10
LOOPBACK = ("localhost", "127.0.0.1")


class Certificates:
    """Issues server certificates; the CA is kept in the home, its key readable by its owner alone."""

    def __init__(self, home: Home) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._key = home.tls / "key.pem"
        remedy = (
            f"Nothing was started. To make a new authority: rm {home.ca} {self._key}. Shells and programs "
            "that trust the old one need `python -m emulator env` again."
        )
        if home.ca.exists() and not self._key.exists():
            raise damaged(self._key, "it is missing, but its certificate is there", remedy)
        if not home.ca.exists():
            ca = trustme.CA(organization_name="Azure on loopback, for this machine only")
            write_aside(self._key, ca.private_key_pem.bytes())
            write_aside(home.ca, ca.cert_pem.bytes(), mode=0o644)
        try:
            self._ca = trustme.CA.from_pem(home.ca.read_bytes(), self._key.read_bytes())
        except ValueError as error:
            raise damaged(self._key, "it or its certificate is no PEM", remedy) from error

    @property
    def authority(self) -> bytes:
        """The authority's certificate, as PEM."""
        return self._ca.cert_pem.bytes()

    def context(self) -> ssl.SSLContext:
        """A server context that picks, or makes, the certificate of the host that the client names."""
        base = self._context(*LOOPBACK)

        def pick(connection: ssl.SSLObject, host: str | None, _context: ssl.SSLContext) -> None:
            if host:
                connection.context = self._for(host.lower())

        base.sni_callback = pick  # type: ignore[assignment]
        return base

    def _for(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._context(host)
            return self._contexts[host]

    def _context(self, *hosts: str) -> ssl.SSLContext:
        not_after = datetime.now(UTC) + timedelta(days=365 * YEARS)
        issued = self._ca.issue_cert(*hosts, not_after=not_after)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        chain = issued.private_key_pem.bytes() + b"".join(pem.bytes() for pem in issued.cert_chain_pems)
        with _readable(chain, self._key.parent) as path:
            context.load_cert_chain(path)
        return context


@contextmanager
def _readable(content: bytes, folder: Path) -> Generator[Path]:
    """A file to read it from: in memory where the system has such, so that a full disk ends no handshake."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("chain"), "wb", buffering=0) as file:
            file.write(content)
            yield Path(f"/proc/self/fd/{file.fileno()}")
    else:
        with TemporaryDirectory(dir=folder) as scratch:
            path = Path(scratch) / "chain.pem"
            path.write_bytes(content)
            yield path
