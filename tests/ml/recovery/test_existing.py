"""What Azure's answers say of a resource: there, not there, or not to be taken in now."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from ml.errors import MlopsError
from ml.recovery.existing import exists

SUBNET = "azure-native:network:Subnet"


class Azure:
    """Answers each GET and HEAD with a body, or refuses it with a status."""

    def __init__(self, body: dict[str, Any] | None = None, status: int = 0) -> None:
        self.body, self.status, self.asked = body or {}, status, list[str]()

    def get(self, path: str, **query: str) -> dict[str, Any]:
        self.head(path, **query)
        self.asked[-1] = "GET"
        return self.body

    def head(self, path: str, **query: str) -> None:
        assert path == "/id" and query["api-version"]
        self.asked.append("HEAD")
        if self.status:
            error = HttpResponseError("refused by name")
            error.status_code = self.status
            raise error


def told(azure: Azure, type_: str = SUBNET) -> tuple[bool, list[str]]:
    warnings: list[str] = []
    return exists(azure, type_, "/id", warnings.append), warnings  # pyright: ignore[reportArgumentType]


def in_state(state: str) -> Azure:
    return Azure({"properties": {"provisioningState": state}})


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there(status: int) -> None:
    assert told(Azure(status=status)) == (False, [])


@pytest.mark.parametrize("azure", [Azure(), in_state("Succeeded"), Azure({"properties": None})])
def test_what_is_there(azure: Azure) -> None:
    assert told(azure) == (True, [])


def test_of_what_has_no_get_only_the_head_is_asked() -> None:
    azure = Azure()
    assert told(azure, "azure-native:apimanagement:ProductApi") == (True, [])
    assert azure.asked == ["HEAD"]


@pytest.mark.parametrize(("status", "remedy"), [(403, "the role Reader"), (500, "again")])
def test_where_azure_does_not_say_the_resource_is_named(status: int, remedy: str) -> None:
    with pytest.raises(MlopsError, match=f"whether it has /id: {status}") as raised:
        told(Azure(status=status))
    assert remedy in raised.value.remedy and raised.value.details == ["refused by name"]


@pytest.mark.parametrize("state", ["Creating", "InProgress", "Deleting"])
def test_what_azure_is_at_work_on_is_waited_for(state: str) -> None:
    """Its outputs are not there yet, and a state that took it now would never have them."""
    with pytest.raises(MlopsError, match=f"at work on /id: {state}"):
        told(in_state(state))


def test_what_failed_is_taken_with_a_warning() -> None:
    there, [warning] = told(in_state("Failed"))
    assert there and "/id is Failed" in warning
