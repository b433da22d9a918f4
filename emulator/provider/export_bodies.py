"""`python -m emulator.provider.export_bodies STATE.json`: the ARM bodies behind a `pulumi stack export`.

The state keeps inputs in the SDK's words (`networkRuleSet`, a list of identities); Azure's type definitions
speak of what is sent. Prints a JSON list of {"type", "name", "inputs"}, inputs being the body of the PUT.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from emulator.arm import catalog
from emulator.provider import schema_cache
from emulator.provider.body import BodyMapper

_SIGNATURE = "4dabf18193072939515e22adb298388d"


def bodies(export: dict[str, Any]) -> list[dict[str, Any]]:
    """The body of each azure-native resource; encrypted values become a placeholder text."""
    return [
        {"type": item["type"], "name": item["urn"].rsplit("::", 1)[-1], "inputs": _body(item)}
        for item in export["deployment"].get("resources", ())
        if item["type"].startswith("azure-native:") and catalog.find_token(item["type"])
    ]


def _body(item: dict[str, Any]) -> dict[str, Any]:
    row = catalog.find_token(item["type"])
    if row is None:
        raise LookupError(f"{item['type']} has no row in the catalog")
    return BodyMapper(schema_cache.resource(item["type"]), row).to_arm(_readable(item.get("inputs") or {}))


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        if _SIGNATURE in value:
            text = value.get("plaintext")
            return json.loads(text) if isinstance(text, str) else "[secret]"
        return {name: _readable(item) for name, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    json.dump(bodies(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), sys.stdout, indent=1)
