"""`mlops undeploy`: the service alone, or the workspace with it, for good."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import ResourceNotFoundError

from ml.azure.clients import Azure
from ml.commands import undeploy
from ml.deploy import group
from ml.terminal.console import Report


class Workspaces:
    """Deletes a workspace that is there, as the SDK does."""

    def __init__(self, there: bool) -> None:
        self.there = there
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def begin_delete(self, name: str, **options: Any) -> Any:
        self.asked.append((name, options))
        if not self.there:
            raise ResourceNotFoundError("Unable to find workspace")
        return SimpleNamespace(result=lambda: None)


def azure(workspaces: Workspaces) -> Azure:
    estate = SimpleNamespace(environment="stage", workspace="mlw-stage", gateway=None)
    made = SimpleNamespace(estate=estate, report=Report(True), ml=SimpleNamespace(workspaces=workspaces))
    return cast(Azure, made)


@pytest.fixture(autouse=True)
def no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "down", lambda *_: True)


def test_the_service_alone() -> None:
    workspaces = Workspaces(there=True)
    answer = undeploy.undeploy(azure(workspaces), workspace=False)
    assert answer == {"environment": "stage", "removed": True}
    assert workspaces.asked == []
    assert undeploy.render(answer) == "The service was removed in stage."


@pytest.mark.parametrize(("there", "said"), [(True, "was deleted for good"), (False, "is not there")])
def test_the_workspace_goes_for_good(there: bool, said: str) -> None:
    workspaces = Workspaces(there)
    answer = undeploy.undeploy(azure(workspaces), workspace=True)
    assert answer["workspace"] == {"name": "mlw-stage", "deleted": there}
    options = {"delete_dependent_resources": False, "permanently_delete": True}
    assert workspaces.asked == [("mlw-stage", options)]
    assert f"The workspace mlw-stage {said}" in str(undeploy.render(answer))
