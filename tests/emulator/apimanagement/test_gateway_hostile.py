"""Whatever callers send, and whatever a backend answers, the gateway answers in its own words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.identity.directory import TENANT_ID
from tests.emulator.apimanagement.world import World

FAILED = b"The emulator failed"
TEXT = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\x00"), max_size=20)
PARTS = ["/", "echo", "x", "..", "%2e", "%", "%zz", "%ff", "*", ";rev=1", "{a}", "//"]
VALUES = TEXT | st.sampled_from(["Bearer a.b.c", "7", "application/json"])
NAMES = ("authorization", "origin", "content-type", "traceparent", "accept-encoding", "x-number", "cookie")
POLICY = (
    "<cors><allowed-origins><origin>*</origin></allowed-origins><allowed-headers><header>*</header>"
    '</allowed-headers></cors><choose><when condition="@(context.Request.Headers.ContainsKey(&quot;x-number'
    '&quot;))"><set-variable name="n" value="@(int.Parse(context.Request.Headers.GetValueOrDefault(&quot;'
    'x-number&quot;, &quot;0&quot;)))" /></when><when condition="@(context.Request.Headers.ContainsKey(&quot;'
    f'authorization&quot;))"><validate-jwt header-name="Authorization"><openid-config url="https://login.'
    f'microsoftonline.com/{TENANT_ID}/v2.0/.well-known/openid-configuration" /></validate-jwt></when>'
    "</choose>"
    '<validate-content unspecified-content-type-action="ignore" max-size="50" size-exceeded-action="prevent">'
    '<content type="application/json" validate-as="json" action="prevent" /></validate-content>'
    '<set-header name="x-path"><value>@(context.Request.Url.Path + context.Request.Url.QueryString)</value>'
    "</set-header>"
)


@pytest.fixture(scope="module")
def policed(standing: World) -> World:
    standing.echo.answer = lambda got: None
    standing.policy(POLICY)
    return standing


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["GET", "POST", "OPTIONS", "HEAD", "PUT"]),
    st.lists(st.sampled_from(PARTS)),
    st.sampled_from(["", "a=b", "a&&=", "%zz=%", "subscription-key=1", "a=" + "b" * 60]),
    st.dictionaries(
        st.sampled_from(NAMES), TEXT | st.sampled_from(["Bearer a.b.c", "7", "application/json"])
    ),
    st.binary(max_size=60) | st.sampled_from([b"{}", b'{"a":', b"[" * 60]),
)
def test_requests(
    policed: World, method: str, path: list[str], query: str, headers: dict[str, str], body: bytes
) -> None:
    target = "/echo/" + "".join(path) + (f"?{query}" if query else "")
    response = policed.call(target, method, body, headers)
    assert FAILED not in response.body, response.body
    assert 200 <= response.status < 600


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([200, 204, 301, 304, 404, 429, 500, 599]),
    st.dictionaries(st.sampled_from(["retry-after", "content-type", "location", "set-cookie"]), TEXT),
    st.binary(max_size=40),
)
def test_answers(standing: World, status: int, headers: dict[str, str], body: bytes) -> None:
    given_: dict[str, Any] = {"Retry-After".lower(): "soon", **headers}
    empty = status in (204, 304)
    standing.echo.answer = lambda got: (status, given_, b"" if empty else body)
    response = standing.call()
    assert FAILED not in response.body and response.status in (status, 500)


@pytest.mark.parametrize("name", ["x-arrow", "x y", "x:y"])
def test_headers_that_cannot_be_sent(world: World, name: str) -> None:
    world.policy(f'<set-header name="{name}"><value>\u2192</value></set-header>')
    assert world.said(world.call()) == (500, "Internal server error")
