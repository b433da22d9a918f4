"""The pool at API Management: what is sent, with which ETag, and what is read of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ml.azure.management import Management
from ml.errors import Overtaken
from ml.gateway.pool import Pool
from tests.ml.production.azures import Answering, azure

SERVICE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/apim"
BODY = {
    "properties": {
        "type": "Pool",
        "pool": {
            "services": [
                {"id": f"{SERVICE}/backends/rev-a", "weight": 90, "priority": 1},
                {"id": f"{SERVICE}/backends/rev-b", "weight": 10, "priority": 1},
            ]
        },
    }
}


def pool(answering: Answering) -> Pool:
    return Pool(Management(azure(), "2024-05-01", answering), SERVICE, "scoring")


def test_members_are_the_weights_by_name() -> None:
    answering = Answering((200, BODY, {"ETag": '"1"'}))
    assert pool(answering).members() == {"rev-a": 90, "rev-b": 10}
    assert answering.requests[0].url.startswith(f"https://management.azure.com{SERVICE}/backends/scoring?")


def test_a_single_member_without_a_weight_has_all() -> None:
    one = {"properties": {"pool": {"services": [{"id": f"{SERVICE}/backends/unreleased"}]}}}
    assert pool(Answering((200, one, {}))).members() == {"unreleased": 100}


def test_weights_are_one_request_with_the_etag_of_what_was_read() -> None:
    answering = Answering((200, BODY, {"ETag": '"1"'}), (200, BODY, {"ETag": '"2"'}), (200, BODY, {}))
    made = pool(answering)
    made.members()
    made.put({"rev-b": 50, "rev-a": 50})
    made.put({"rev-b": 100})
    assert [request.method for request in answering.requests] == ["GET", "PUT", "PUT"]
    assert [request.headers.get("If-Match") for request in answering.requests] == [None, '"1"', '"2"']
    sent = json.loads(answering.requests[1].body)["properties"]
    assert sent["pool"]["services"] == [
        {"id": f"{SERVICE}/backends/rev-a", "weight": 50, "priority": 1},
        {"id": f"{SERVICE}/backends/rev-b", "weight": 50, "priority": 1},
    ]


def test_a_pool_that_somebody_changed_is_not_overwritten_but_by_force() -> None:
    answering = Answering((200, BODY, {"ETag": '"1"'}), (412, {}, {}), (200, BODY, {}))
    made = pool(answering)
    made.members()
    with pytest.raises(Overtaken, match="scoring"):
        made.put({"rev-b": 100})
    made.force({"rev-a": 100})
    assert answering.requests[-1].headers["If-Match"] == "*"


@pytest.mark.parametrize("members", [{"a": 50}, {"a": 100, "b": 0}, {"a": 120, "b": -20}])
def test_weights_that_are_not_all_requests_are_never_sent(members: dict[str, int]) -> None:
    answering = Answering()
    with pytest.raises(ValueError, match="100 together"):
        pool(answering).force(members)
    assert answering.requests == []


def test_a_backend_has_its_address_and_its_breaker() -> None:
    answering = Answering((201, {}, {}))
    pool(answering).add("rev-b", "10.30.8.7", 120)
    request = answering.requests[0]
    properties = json.loads(request.body)["properties"]
    assert request.url.startswith(f"https://management.azure.com{SERVICE}/backends/rev-b?")
    assert properties["url"] == "http://10.30.8.7"
    (rule,) = properties["circuitBreaker"]["rules"]
    assert rule["failureCondition"]["count"] == 120


@pytest.mark.parametrize("status", [200, 204, 404])
def test_a_backend_that_is_gone_is_no_error(status: int) -> None:
    answering = Answering((status, {}, {}))
    pool(answering).remove("rev-b")
    assert answering.requests[0].headers["If-Match"] == "*"


def test_what_goes_on_after_the_answer_is_waited_for() -> None:
    later = {"Location": "https://management.azure.com/later", "Retry-After": "0"}
    answering = Answering((202, {}, later), (202, {}, later), (200, {}, {}))
    Management(azure(), "v", answering).act("/x", {}, "import the image")
    assert [request.method for request in answering.requests] == ["POST", "GET", "GET"]


def test_refusals_reach_the_caller_in_azures_words() -> None:
    from azure.core.exceptions import HttpResponseError

    refusal = {"error": {"code": "ValidationError", "message": "no such member"}}
    call: Callable[[], Any] = lambda: pool(Answering((400, refusal, {}))).force({"rev-a": 100})  # noqa: E731
    with pytest.raises(HttpResponseError, match="no such member"):
        call()
