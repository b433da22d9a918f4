"""What Resource Manager is asked to make, and when that is done."""

from typing import Any

import pytest

from ml.azure.assets import Assets
from ml.azure.management import Management
from ml.errors import MlopsError
from tests.ml.production.azures import Answering, azure


def is_now(state: str) -> Any:
    return 200, {"properties": {"provisioningState": state}}, {}


def test_a_resource_that_azure_still_makes_is_waited_for_without_an_operations_address() -> None:
    answering = Answering(is_now("Creating"), is_now("Creating"), is_now("Succeeded"))
    made = Management(azure(), "v", answering).made("/x", {}, "make it")
    assert made == {"properties": {"provisioningState": "Succeeded"}}
    assert [request.method for request in answering.requests] == ["PUT", "GET", "GET"]


def test_a_resource_that_azure_gave_up_is_no_success() -> None:
    answering = Answering(is_now("Creating"), is_now("Failed"))
    with pytest.raises(MlopsError, match="Azure did not make it: x ended as Failed"):
        Management(azure(), "v", answering).made("/x", {}, "make it")


def test_a_resource_that_says_no_state_is_made() -> None:
    assert Management(azure(), "v", Answering((201, {"name": "x"}, {}))).made("/x", {}, "make it") == {
        "name": "x"
    }


def test_what_somebody_else_makes_is_looked_at_until_it_has_ended() -> None:
    gone = 404, {}, {}
    answering = Answering(is_now("Creating"), is_now("Failed"), gone, is_now("Deleting"), gone)
    asked = azure(subscription_id="s", resource_group="g", workspace="w")
    assets = Assets(asked)
    assets.__dict__["_management"] = Management(asked, "v", answering)
    assert [assets.settled("x", "read it") for _ in range(3)] == ["Failed", "", ""]


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_an_operation_that_fails_is_no_success(status: str) -> None:
    begun = 202, {}, {"Azure-AsyncOperation": "https://management.azure.com/operations/1"}
    under_way = 200, {"status": "InProgress"}, {"Retry-After": "0"}
    ended = 200, {"status": status, "error": {"message": "no such image"}}, {}
    answering = Answering(begun, under_way, ended)
    with pytest.raises(
        MlopsError, match=f"Azure did not import it: the operation ended as {status}"
    ) as raised:
        Management(azure(), "v", answering).act("/x/importImage", {}, "import it")
    assert raised.value.details == ["no such image"]


def test_a_result_is_waited_for_where_azure_says_that_it_will_be() -> None:
    begun = 202, {}, {"Location": "https://management.azure.com/results/1", "Retry-After": "0"}
    moved = 202, {}, {"Location": "https://management.azure.com/results/2", "Retry-After": "0"}
    answering = Answering(begun, moved, (200, {}, {}))
    Management(azure(), "v", answering).act("/x/importImage", {}, "import it")
    asked = [f"{request.method} {request.url.partition('?')[0]}" for request in answering.requests]
    assert asked[1:] == [f"GET https://management.azure.com/results/{number}" for number in (1, 2)]
