"""Connections to a PostgreSQL server: TLS that proves the server, and a token in place of a password."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scoring.precomputed.address import SCHEMA, Server

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from psycopg import Connection

# "Use Microsoft Entra ID for authentication with Azure Database for PostgreSQL", read 2026-11
SCOPE: Final = "https://ossrdbms-aad.database.windows.net/.default"
CONNECT_SECONDS: Final = 3
Token = Callable[[], str]


def by_credential(credential: Callable[[], TokenCredential]) -> Token:
    """A function that gives a token which holds now: azure-identity keeps it and renews it in time."""
    return lambda: credential().get_token(SCOPE).token


def roots() -> Path:
    """The certificates of public authorities, among them those that Azure's servers are signed by."""
    import certifi

    return Path(certifi.where())


def connect(
    server: Server, token: Token, settings: Mapping[str, str], authorities: Path | None = None
) -> Connection[Any]:
    """A connection of which each statement is a transaction of its own. Raises psycopg.Error.

    settings: of the session, as PostgreSQL names them. authorities: certificates (PEM) that the server's has
    to lead to; public ones when there are none.
    """
    import psycopg

    # A peer that has gone without a word is noticed on both sides: it holds no lock and no thread for long.
    alive = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
    session = {**alive, "search_path": SCHEMA, "timezone": "UTC", **settings}
    return psycopg.connect(
        host=server.host,
        port=server.port,
        dbname=server.database,
        user=server.user,
        password=token(),
        sslmode="verify-full",
        sslrootcert=str(authorities or roots()),
        gssencmode="disable",
        connect_timeout=CONNECT_SECONDS,
        keepalives_idle=30,
        tcp_user_timeout=10_000,
        application_name="mlops-predictions",
        options=" ".join(f"-c {name}={value}" for name, value in session.items()),
        autocommit=True,
    )
