"""References of the networking types: an id must be one of the type that its place expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from emulator.arm.ids import parse
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

# property that holds {"id": …} -> the type that the id must be of
EXPECTED: Final[dict[str, str]] = {
    "networkSecurityGroup": "networkSecurityGroups",
    "routeTable": "routeTables",
    "natGateway": "natGateways",
    "remoteVirtualNetwork": "virtualNetworks",
    "subnet": "virtualNetworks/subnets",
    "publicIPAddress": "publicIPAddresses",
}


def install(arm: Arm) -> None:
    """Check the bodies of all networking types."""

    @arm.before_put("*")
    def check(put: Put) -> None:
        if not put.resource["type"].lower().startswith("microsoft.network/"):
            return
        for path, name, text in _references(put.properties, "Properties"):
            parsed = parse(text)
            if parsed is None or parsed.type.lower() != f"microsoft.network/{EXPECTED[name]}".lower():
                raise AzureError(
                    400,
                    "InvalidRequestFormat",
                    "Cannot parse the request.",
                    [
                        {
                            "code": "InvalidJsonReferenceWrongType",
                            "message": f"Reference Id {text} is referencing resource of a wrong type. The Id "
                            f"is expected to reference resources of type {EXPECTED[name]}. Path {path}.",
                        }
                    ],
                )


def _references(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """(path, property, id) of each reference of a kind that is known, inline children left out."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _references(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            where = f"{path}.{name}"
            if name in EXPECTED and isinstance(item, dict) and isinstance(item.get("id"), str):
                yield where, name, item["id"]
            else:
                yield from _references(item, where)
