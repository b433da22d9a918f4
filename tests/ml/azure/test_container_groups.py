"""Whether Azure has a container group: what it does not have is not declared anew, of nothing."""

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from ml.azure import arm
from ml.azure.arm import ContainerGroups


def groups(status: int, monkeypatch: pytest.MonkeyPatch) -> ContainerGroups:
    """Those of an estate in which Azure answers with this status."""

    def get(path: str, **query: str) -> dict[str, Any]:
        assert path.endswith("/resourceGroups/rg/providers/Microsoft.ContainerInstance/containerGroups/one")
        if status != 200:
            error = HttpResponseError("refused")
            error.status_code = status
            raise error
        return {}

    monkeypatch.setattr(arm, "Rest", lambda azure, base: SimpleNamespace(get=get))
    estate: Any = SimpleNamespace(subscription_id="s", resource_group="rg")
    azure: Any = SimpleNamespace(estate=estate)
    return ContainerGroups(azure)


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, False)])
def test_azure_says_whether_there_is_one(status: int, there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert groups(status, monkeypatch).exists("one") is there


@pytest.mark.parametrize("status", [403, 500])
def test_another_refusal_says_nothing_of_it(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HttpResponseError):
        groups(status, monkeypatch).exists("one")
