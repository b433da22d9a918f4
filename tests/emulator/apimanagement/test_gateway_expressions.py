"""Policies whose values are expressions over the request, the answer and what went wrong."""

from __future__ import annotations

import json

from emulator.identity.directory import SIGNED_IN, TENANT_ID
from tests.emulator.apimanagement.world import SERVICE, World


def test_variables_keep_their_types(world: World) -> None:
    world.policy(
        '<set-variable name="n" value="@(context.Request.Url.Query.Count + 1)" />'
        '<set-header name="x-n"><value>@((int)context.Variables[&quot;n&quot;] * 2)</value></set-header>'
    )
    world.call("/echo/x?a=1&b=2")
    assert world.echo.got[-1]["headers"]["x-n"] == "6"


def test_conditions_look_at_the_answer(world: World) -> None:
    world.policy(
        backend='<retry condition="@(context.Response.StatusCode == 503)" count="2" interval="0">'
        "<forward-request /></retry>",
        outbound='<choose><when condition="@(context.Response.StatusCode &gt;= 500)">'
        '<set-status code="502" /></when></choose>',
    )
    world.echo.answer = lambda got: (503, {}, b"") if len(world.echo.got) < 3 else None
    assert world.call().status == 200 and len(world.echo.got) == 3
    world.echo.got.clear()
    world.echo.answer = lambda got: (503, {}, b"")
    assert world.call().status == 502 and len(world.echo.got) == 3


def test_only_what_the_condition_says_is_counted(world: World) -> None:
    world.policy(
        '<rate-limit-by-key calls="1" renewal-period="60" counter-key="@(context.Request.IpAddress + '
        '&quot;-conditional&quot;)" increment-condition="@(context.Response.StatusCode == 500)" />'
    )
    assert [world.call().status for _ in range(3)] == [200, 200, 200]
    world.echo.answer = lambda got: (500, {}, b"")
    assert [world.call().status for _ in range(2)] == [500, 429]


def test_an_expression_that_fails_is_an_error_with_its_place(world: World) -> None:
    told = '<set-body>@(context.LastError.Reason + "|" + context.LastError.Source + "|" + {})</set-body>'
    world.policy(
        '<set-variable name="x" value="@((string)context.Variables[&quot;absent&quot;])" />',
        on_error=told.format('context.LastError.Section + "|" + context.LastError.Scope'),
    )
    response = world.call()
    assert response.status == 500
    assert response.body == b"ExpressionValueEvaluationFailure|set-variable|inbound|api"


def test_errors_before_any_policy_come_to_the_services_on_error(world: World) -> None:
    path = f"{SERVICE}/policies/policy"
    said = "<set-body>@(context.LastError.Reason)</set-body>"
    world.put_policy(
        path,
        "<policies><inbound /><backend><forward-request /></backend><outbound />"
        f"<on-error>{said}</on-error></policies>",
    )
    try:
        response = world.call("/absent")
        assert (response.status, response.body) == (404, b"OperationNotFound")
    finally:
        world.arm.ok("DELETE", path)


def test_a_token_that_was_validated_is_read(world: World) -> None:
    world.policy(
        f'<validate-azure-ad-token tenant-id="{TENANT_ID}" output-token-variable-name="token"><audiences>'
        '<audience>api://scoring</audience></audiences></validate-azure-ad-token><set-header name="x-who">'
        "<value>@(((Jwt)context.Variables[&quot;token&quot;]).Subject)</value></set-header>"
    )
    token, _ = world.emulator.identity.tokens.issue(SIGNED_IN, "api://scoring")
    world.call(headers={"authorization": f"Bearer {token}"})
    assert world.echo.got[-1]["headers"]["x-who"] == SIGNED_IN.object_id


def test_a_body_is_changed_and_goes_on(world: World) -> None:
    world.policy(
        "<set-body>@{ var body = context.Request.Body.As&lt;JObject&gt;(preserveContent: true); "
        'body["added"] = context.Operation.Id; return body.ToString(); }</set-body>'
    )
    world.call(method="POST", body=b'{"a": 1}')
    assert json.loads(world.echo.got[-1]["body"]) == {"a": 1, "added": "post-any"}


def test_a_body_that_an_expression_used_up_is_gone(world: World) -> None:
    world.policy('<set-variable name="b" value="@(context.Request.Body.As&lt;string&gt;())" />')
    world.call(method="POST", body=b"all")
    assert world.echo.got[-1]["body"] == ""


def test_a_backend_is_chosen_by_an_expression(world: World) -> None:
    for name in ("left", "right"):
        world.backend(name)
    world.policy(
        '<set-backend-service backend-id="@(context.Request.Headers.GetValueOrDefault(&quot;x-way&quot;, '
        '&quot;left&quot;))" />'
    )
    for headers, name in (({}, "left"), ({"x-way": "right"}, "right")):
        assert json.loads(world.call(headers=headers).body)["path"] == f"/{name}/x"
    assert world.call(headers={"x-way": "nowhere"}).status == 500


def test_the_answer_of_a_request_of_its_own_is_read(world: World) -> None:
    world.policy(
        '<send-request mode="new" response-variable-name="other"><set-url>http://10.0.4.9:8080/side</set-url>'
        '</send-request><set-header name="x-status"><value>'
        "@(((IResponse)context.Variables[&quot;other&quot;]).StatusCode.ToString())</value></set-header>"
    )
    world.call()
    assert world.echo.got[-1]["headers"]["x-status"] == "200"
