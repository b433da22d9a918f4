"""The connection strings of a Cosmos DB account, one for each of its keys."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

# key -> its words in the description, and its kind
KEYS: Final = {
    "primaryMasterKey": ("Primary", "Primary"),
    "secondaryMasterKey": ("Secondary", "Secondary"),
    "primaryReadonlyMasterKey": ("Primary Read-Only", "PrimaryReadonly"),
    "secondaryReadonlyMasterKey": ("Secondary Read-Only", "SecondaryReadonly"),
}


def of(account: dict[str, Any], keys: dict[str, str]) -> list[dict[str, str]]:
    """As Azure lists them, of an account as it is shown; for MongoDB where it is an account of that kind."""
    mongo = account.get("kind") == "MongoDB"
    what, api = ("MongoDB", "MongoDB") if mongo else ("SQL", "Sql")
    return [
        {
            "connectionString": _mongo(account["name"], keys[name])
            if mongo
            else f"AccountEndpoint={account['properties']['documentEndpoint']};AccountKey={keys[name]};",
            "description": f"{words} {what} Connection String",
            "keyKind": kind,
            "type": api,
        }
        for name, (words, kind) in KEYS.items()
    ]


def _mongo(name: str, key: str) -> str:
    return (
        f"mongodb://{name}:{quote(key, safe='')}@{name}.mongo.cosmos.azure.com:10255/?ssl=true"
        f"&replicaSet=globaldb&retrywrites=false&maxIdleTimeMS=120000&appName=@{name}@"
    )
