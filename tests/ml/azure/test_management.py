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
