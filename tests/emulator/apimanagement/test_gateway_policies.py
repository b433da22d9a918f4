"""What each policy does to requests and answers, with values that need no expression."""

from __future__ import annotations

import json
import time

import pytest

from emulator.apimanagement.gateway.compiling import DEFAULT, Scope, plan
from emulator.apimanagement.gateway.steps import STEPS
from emulator.apimanagement.policies.reading import read
from emulator.apimanagement.policies.tree import FRAGMENT
from tests.emulator.apimanagement.world import API, HOST, KEY, SERVICE, World

# the order of scopes


def names(document: str, outer: str = "") -> list[str]:
    """The policies of the inbound section that run, in their order; of an API, in a service's."""
    scopes = [Scope("global", "service", read(f"<policies><inbound>{outer}</inbound></policies>"))]
    scopes.append(Scope("api", "api", read(f"<policies><inbound>{document}</inbound></policies>")))
    fragment = read("<fragment><set-status code='201' /></fragment>", root=FRAGMENT)
    return [f"{one.scope} {one.name}" for one in plan(STEPS, scopes, {"f": fragment}).inbound]


def test_base_puts_the_outer_policies_in_its_place() -> None:
    outer = "<set-method>PUT</set-method>"
    inner = "<set-body>a</set-body>"
    assert names(f"{inner}<base />", outer) == ["api set-body", "global set-method"]
    assert names(f"<base />{inner}", outer) == ["global set-method", "api set-body"]
    assert names(inner, outer) == ["api set-body"]
    assert names("<base /><include-fragment fragment-id='f' />", outer) == [
        "global set-method",
        "api set-status",
    ]


def test_a_service_without_a_policy_forwards() -> None:
    (step,) = plan(STEPS, [Scope("global", "service", DEFAULT)], {}).backend
    assert step.name == "forward-request"


def test_scopes_run_from_the_service_over_the_product_to_the_operation(world: World) -> None:
    def adds(name: str) -> str:
        return (
            '<policies><inbound><base /><set-header name="x-way" exists-action="append">'
            f"<value>{name}</value></set-header></inbound><backend><base /></backend>"
            "<outbound><base /></outbound><on-error><base /></on-error></policies>"
        )

    product = f"{SERVICE}/products/way"
    world.arm.ok("PUT", product, {"properties": {"displayName": "Way", "state": "published"}})
    world.arm.ok("PUT", f"{product}/apis/echo", {"properties": {}})
    key = {"displayName": "w", "scope": "/products/way", "state": "active", "primaryKey": KEY}
    world.arm.ok("PUT", f"{SERVICE}/subscriptions/way", {"properties": key})
    documents = {
        "operation": f"{API}/operations/get-any/policies/policy",
        "product": f"{product}/policies/policy",
        "api": f"{API}/policies/policy",
        "service": f"{SERVICE}/policies/policy",
    }
    try:
        for name, path in documents.items():
            whole = adds(name).replace("<backend><base />", "<backend><forward-request />")
            world.put_policy(path, whole if name == "service" else adds(name))
        with_key = world.got(headers={"Ocp-Apim-Subscription-Key".lower(): KEY})
        assert with_key["headers"]["x-way"] == "service,product,api,operation"
        assert world.got()["headers"]["x-way"] == "service,api,operation"
    finally:
        for path in documents.values():
            world.arm.ok("DELETE", path)
        world.arm.ok("DELETE", f"{SERVICE}/subscriptions/way")
        world.arm.ok("DELETE", product)


# messages


@pytest.mark.parametrize(
    ("action", "given", "wanted"),
    [
        ("override", "old", "new"),
        ("override", None, "new"),
        ("skip", "old", "old"),
        ("skip", None, "new"),
        ("append", "old", "old,new"),
        ("append", None, "new"),
        ("delete", "old", None),
    ],
)
def test_set_header(world: World, action: str, given: str | None, wanted: str | None) -> None:
    values = "" if action == "delete" else "<value>new</value>"
    world.policy(f'<set-header name="X-Seen" exists-action="{action}">{values}</set-header>')
    headers = {} if given is None else {"x-seen": given}
    assert world.got(headers=headers)["headers"].get("x-seen") == wanted


def test_a_value_that_is_two_fields_is_refused(world: World) -> None:
    value = {"properties": {"displayName": "two-lines", "value": "a\r\nx-more: b"}}
    world.arm.ok("PUT", f"{SERVICE}/namedValues/two-lines", value)
    world.policy('<set-header name="x-a"><value>{{two-lines}}</value></set-header>')
    assert world.call().status == 500


def test_query_method_and_body(world: World) -> None:
    world.policy(
        '<set-query-parameter name="a" exists-action="append"><value>2</value></set-query-parameter>'
        '<set-query-parameter name="b" exists-action="delete" /><set-method>PUT</set-method>'
        '<set-body>{"c": 3}</set-body>'
    )
    seen = world.got("/echo/x?a=1&b=1")
    assert (seen["path"], seen["method"], seen["body"]) == ("/base/x?a=1&a=2", "PUT", '{"c": 3}')
    assert seen["headers"]["content-length"] == "8"


def test_rewrite_uri_puts_the_templates_parameters_in(world: World) -> None:
    world.operation("echo", "model", "GET", "/models/{name}")
    world.policy('<rewrite-uri template="/m/{name}/score?kind=fast" />')
    assert world.got("/echo/models/a%20b?x=1")["path"] == "/base/m/a%20b/score?x=1&kind=fast"
    world.policy('<rewrite-uri template="/m" copy-unmatched-params="false" />')
    assert world.got("/echo/models/a?x=1")["path"] == "/base/m"


def test_outbound_changes_the_answer(world: World) -> None:
    world.policy(
        outbound='<set-status code="203" reason="Changed" /><find-and-replace from="one" to="two" />'
        '<set-header name="x-out"><value>yes</value></set-header>'
    )
    world.echo.answer = lambda got: (200, {"x-problem": "kept"}, b"one and one")
    response = world.call()
    assert (response.status, response.body) == (203, b"two and two")
    assert (response.headers["x-out"], response.headers["x-problem"]) == ("yes", "kept")


def test_problem_details_of_the_service_are_kept(world: World) -> None:
    problem = b'{"type": "urn:scoring:problem:rows", "status": 422}'
    world.echo.answer = lambda got: (422, {"content-type": "application/problem+json"}, problem)
    response = world.call(method="POST", body=b"{}")
    assert (response.status, response.body) == (422, problem)
    assert response.headers["content-type"] == "application/problem+json"


# flow


def test_choose_takes_the_first_branch_that_holds(world: World) -> None:
    def branch(condition: str, value: str) -> str:
        header = f'<set-header name="x-b"><value>{value}</value></set-header>'
        return f'<when condition="{condition}">{header}</when>'

    last = '<otherwise><set-header name="x-b"><value>c</value></set-header></otherwise>'
    world.policy(f"<choose>{branch('false', 'a')}{branch('True', 'b')}{last}</choose>")
    assert world.got()["headers"]["x-b"] == "b"
    world.policy(f"<choose>{branch('false', 'a')}{last}</choose>")
    assert world.got()["headers"]["x-b"] == "c"


def test_return_response_ends_it(world: World) -> None:
    world.policy(
        '<return-response><set-status code="299" /><set-header name="x-a"><value>b</value></set-header>'
        "<set-body>done</set-body></return-response>",
        outbound='<set-header name="x-late"><value>c</value></set-header>',
    )
    response = world.call()
    assert (response.status, response.body, response.headers["x-a"]) == (299, b"done", "b")
    assert "x-late" not in response.headers and not world.echo.got


def test_retry_repeats_until_the_condition_fails_or_the_count_is_up(world: World) -> None:
    retry = '<retry condition="{}" count="3" interval="0"><forward-request /></retry>'
    world.policy(backend=retry.format("true"))
    world.call()
    assert len(world.echo.got) == 4
    world.echo.got.clear()
    world.policy(backend=retry.format("false"))
    world.call()
    assert len(world.echo.got) == 1


def test_mock_response_answers_with_the_example(world: World) -> None:
    representation = {"contentType": "application/json", "examples": {"default": {"value": '{"a": 1}'}}}
    world.operation(
        "echo", "get-any", "GET", "/*", responses=[{"statusCode": 200, "representations": [representation]}]
    )
    world.policy('<mock-response status-code="200" content-type="application/json" />')
    response = world.call()
    assert (json.loads(response.body), response.headers["content-type"]) == ({"a": 1}, "application/json")
    assert not world.echo.got


def test_the_cache_keeps_values_for_a_time(world: World) -> None:
    world.policy(
        '<cache-lookup-value key="k" variable-name="v" />'
        '<cache-store-value key="k" value="1" duration="60" />'
    )
    assert world.got() and world.emulator.gateway.parts.cache[SERVICE, "k"][1] == "1"
    world.policy('<cache-remove-value key="k" />')
    assert world.got() and (SERVICE, "k") not in world.emulator.gateway.parts.cache


# who may


def test_check_header(world: World) -> None:
    world.policy(
        '<check-header name="X-Code" failed-check-httpcode="403" failed-check-error-message="no" '
        'ignore-case="true"><value>abc</value></check-header>'
    )
    assert world.said(world.call()) == (403, "no")
    assert world.said(world.call(headers={"x-code": "d"})) == (403, "no")
    assert world.call(headers={"x-code": "ABC"}).status == 200


@pytest.mark.parametrize(
    ("inner", "status"),
    [
        ("<address>203.0.113.10</address>", 200),
        ('<address-range from="203.0.113.0" to="203.0.113.255" />', 200),
        ("<address>203.0.113.11</address>", 403),
    ],
)
def test_ip_filter(world: World, inner: str, status: int) -> None:
    world.policy(f'<ip-filter action="allow">{inner}</ip-filter>')
    assert world.call().status == status
    world.policy(f'<ip-filter action="forbid">{inner}</ip-filter>')
    assert world.call().status == (403 if status == 200 else 200)


ORIGIN = {"origin": "https://app.example"}
CORS = (
    '<cors allow-credentials="true"><allowed-origins><origin>https://app.example</origin></allowed-origins>'
    '<allowed-methods preflight-result-max-age="300"><method>GET</method></allowed-methods>'
    "<allowed-headers><header>x-a</header></allowed-headers>"
    "<expose-headers><header>x-b</header></expose-headers></cors>"
)


def test_cors(world: World) -> None:
    world.policy(CORS)
    ask = {"access-control-request-method": "GET", "access-control-request-headers": "x-a"}
    response = world.call(method="OPTIONS", headers={**ORIGIN, **ask})
    assert (response.status, response.body) == (200, b"") and not world.echo.got
    assert response.headers["access-control-allow-origin"] == "https://app.example"
    assert response.headers["access-control-max-age"] == "300"
    response = world.call(headers=ORIGIN)
    assert response.headers["access-control-expose-headers"] == "x-b" and len(world.echo.got) == 1
    other = world.call(method="OPTIONS", headers={**ask, "origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    asked = {**ORIGIN, **ask, "access-control-request-headers": "x-c"}
    assert "access-control-allow-origin" not in world.call(method="OPTIONS", headers=asked).headers


CONTENT = (
    '<validate-content unspecified-content-type-action="{}" max-size="10" size-exceeded-action="prevent">'
    '<content type="application/json" validate-as="json" action="{}" /></validate-content>'
)


@pytest.mark.parametrize(
    ("rules", "kind", "body", "status"),
    [
        (("prevent", "prevent"), "application/json; charset=utf-8", b'{"a": 1}', 200),
        (("prevent", "prevent"), "application/json", b"12345678901", 400),
        (("prevent", "prevent"), "text/plain", b"a", 400),
        (("ignore", "prevent"), "text/plain", b"a", 200),
        (("prevent", "prevent"), "application/json", b"{", 400),
        (("prevent", "detect"), "application/json", b"{", 200),
    ],
)
def test_validate_content(world: World, rules: tuple[str, str], kind: str, body: bytes, status: int) -> None:
    world.policy(CONTENT.format(*rules))
    response = world.call(method="POST", body=body, headers={"content-type": kind})
    assert response.status == status


# calls


def test_a_backend_that_is_too_slow(world: World) -> None:
    world.policy(backend='<forward-request timeout-ms="50" />')
    world.echo.answer = lambda got: time.sleep(0.3)
    assert world.said(world.call()) == (504, "The request timed out")


def test_a_backend_that_is_not_there(world: World) -> None:
    for url in (
        "http://10.0.4.10:8080",
        "http://absent.invalid",
        "https://10.0.4.9:8080",
        "http://10.9.9.9",
        "http://127.0.0.1/status",
        "http://169.254.169.254/metadata/instance",
        f"https://{HOST}/echo",
    ):
        world.policy(f'<set-backend-service base-url="{url}" />')
        body = json.loads(world.call().body)
        assert (body["statusCode"], body["message"]) == (500, "Internal server error") and body["activityId"]


def test_on_error_says_it_otherwise(world: World) -> None:
    world.policy(
        '<set-backend-service base-url="http://absent.invalid" />',
        on_error='<set-status code="503" /><set-header name="Retry-After"><value>10</value></set-header>'
        "<set-body>later</set-body>",
    )
    response = world.call()
    assert (response.status, response.body, response.headers["retry-after"]) == (503, b"later", "10")


def test_a_request_of_its_own_and_its_answer(world: World) -> None:
    world.policy(
        '<send-request mode="new" response-variable-name="other" timeout="5"><set-url>http://10.0.4.9:8080/side'
        "</set-url><set-method>POST</set-method><set-body>s</set-body></send-request><return-response "
        'response-variable-name="other" />'
    )
    response = world.call()
    assert json.loads(response.body)["path"] == "/side" and world.echo.got[-1]["body"] == "s"
    world.policy(
        '<send-one-way-request mode="copy"><set-url>http://absent.invalid</set-url></send-one-way-request>'
    )
    assert world.call().status == 200


def test_a_policy_that_does_not_run_is_refused_by_name_when_it_is_put(world: World) -> None:
    assert "json-to-xml" not in STEPS
    value = "<policies><outbound><json-to-xml apply='always' /></outbound></policies>"
    response = world.arm("PUT", f"{API}/policies/policy", {"properties": {"format": "xml", "value": value}})
    assert response.status == 501 and b"json-to-xml" in response.body
    assert world.call().status == 200
