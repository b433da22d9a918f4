"""How `mlops status` asks for the registered models, and what it needs of the answer."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from ml.azure import models
from ml.azure.models import Listed

ESTATE = SimpleNamespace(subscription_id="s-1", resource_group="rg", workspace="mlw")


class Asked:
    """Azure Resource Manager with five versions; how far they were read."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.read = 0

    def __call__(self, azure: Any, base: str) -> "Asked":
        assert base == "https://management.azure.com"
        return self

    def items(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        self.calls.append((path, query))
        for number in range(5, 0, -1):
            self.read += 1
            yield {"name": str(number), "properties": {"tags": {"n": str(number)} if number > 4 else None}}


def test_the_newest_versions_are_asked_for_and_no_more_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    monkeypatch.setattr(models, "Rest", asked)
    azure: Any = SimpleNamespace(estate=ESTATE)
    assert models.newest(azure, "a model", 2) == [
        Listed("a model", "5", {"n": "5"}),
        Listed("a model", "4", {}),
    ]
    ((path, query),) = asked.calls
    assert path == (
        "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/mlw"
        "/models/a%20model/versions"
    )
    assert query == {
        "api-version": models.MODELS_API,
        "listViewType": "ActiveOnly",
        "$orderBy": "createdtime desc",
    }
    assert asked.read == 2
