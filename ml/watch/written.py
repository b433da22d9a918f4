"""The data beside the page: the answers, and the facts that they come from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ml.watch.answers import is_right, is_up, what_changed
from ml.watch.facts import Facts


def data(facts: Facts) -> dict[str, Any]:
    """JSON values. `facts` is read back by `Facts.model_validate`."""
    changed = what_changed(facts)
    return {
        "environment": facts.environment,
        "up": asdict(is_up(facts)),
        "right": asdict(is_right(facts)),
        "changed": {
            "changes": [one.model_dump(mode="json") for one in changed.changes],
            "unknown": list(changed.unknown),
        },
        "facts": facts.model_dump(mode="json"),
    }
