"""PostgreSQL servers: people and programs sign in by identity, over TLS, from inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.graph.model import Resource
from policies.model import Row, Rule, at_least, equals, secure

SERVER: Final = "dbforpostgresql:Server"
PARAMETER: Final = "dbforpostgresql:Configuration"


def _encrypted(resource: Resource) -> Iterator[str]:
    name, value = resource.inputs.get("configurationName"), str(resource.inputs.get("value"))
    if name == "require_secure_transport" and value.upper() != "ON":
        yield f"require_secure_transport is {value}"
    if name == "ssl_min_protocol_version" and value not in ("TLSv1.2", "TLSv1.3"):
        yield f"ssl_min_protocol_version is {value}"


RULES: Final = (
    Rule(
        "postgres-encrypted",
        (PARAMETER,),
        "what goes to the server and back is read by nobody",
        ("CKV_AZURE_29",),
        _encrypted,
    ),
    *secure(
        SERVER,
        Row(
            "postgres-no-passwords",
            "authConfig.passwordAuth",
            equals("Disabled"),
            (),
            "a password is known to whoever has ever seen it",
        ),
        Row(
            "postgres-by-identity",
            "authConfig.activeDirectoryAuth",
            equals("Enabled"),
            (),
            "Microsoft Entra ID says who asks",
        ),
        Row(
            "postgres-public-network",
            "network.publicNetworkAccess",
            equals("Disabled"),
            ("CKV_AZURE_68",),
            "a private endpoint leads in, nothing else",
        ),
        Row(
            "postgres-backups",
            "backup.backupRetentionDays",
            at_least(7),
            (),
            "a week is what it takes to notice that rows are wrong",
        ),
    ),
)
