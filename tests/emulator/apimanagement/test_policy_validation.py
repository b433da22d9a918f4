"""What is refused of a policy when it is put: in Azure's words with line and column, or by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from emulator.apimanagement.gateway.compiling import Scope, plan
from emulator.apimanagement.gateway.steps import RUN as RUNNING
from emulator.apimanagement.gateway.steps import STEPS
from emulator.apimanagement.gateway.steps.messages import CHANGES
from emulator.apimanagement.policies.errors import ExpressionError
from emulator.apimanagement.policies.expressions.allowed import ALLOWED
from emulator.apimanagement.policies.expressions.check import check
from emulator.apimanagement.policies.expressions.check_names import NotKnown
from emulator.apimanagement.policies.expressions.types import TYPES, member_of
from emulator.apimanagement.policies.reading import RAW, XML, read
from emulator.apimanagement.policies.table import POLICIES, RUN
from emulator.apimanagement.policies.tree import SECTIONS
from emulator.apimanagement.policies.validation import Findings, validate
from emulator.errors import NotEmulated
from infra import gateway
from tests.emulator.apimanagement.test_policy_expressions import BLOCKS, VALUES
from tests.emulator.apimanagement.world import SERVICE, World


class Held:
    """A service with one of each."""

    def fragment(self, name: str) -> bool:
        return name == "here"

    def backend(self, name: str) -> bool:
        return name == "here"

    def named_values(self) -> Mapping[str, str | None]:
        return {"plain": "5", "secret": None, "section": "override"}


def validated(text: str, scope: str | None = "api", root: str = "policies", form: str = RAW) -> Findings:
    return validate(read(text, form, root), Held(), scope)


def refused(inbound: str, scope: str | None = "api") -> list[str]:
    """Each refusal's element and message of what stands in the second line of inbound."""
    found = validated(f"<policies><inbound>\n{inbound}\n</inbound></policies>", scope)
    return [str(one).removeprefix("Error in element ") for one in found.errors]


# What stands in inbound -> the element that is named, its column, what is said of it.
ERRORS = {
    "<no-such-policy />": (
        "no-such-policy",
        2,
        (
            "The element 'inbound' has invalid child element 'no-such-policy'. "
            "List of possible elements expected: '"
        ),
    ),
    "  <forward-request />": (
        "forward-request",
        4,
        "Policy is not allowed in the specified section",
    ),
    "<quota calls='1' renewal-period='1' />": (
        "quota",
        2,
        "Policy is not allowed in the specified scope",
    ),
    "<set-variable name='a' />": (
        "set-variable",
        2,
        "The required attribute 'value' is missing.",
    ),
    "<set-variable name='a' value='b' c='d' />": (
        "set-variable",
        2,
        "The 'c' attribute is not declared.",
    ),
    "<set-header name='a' exists-action='maybe'><value>b</value></set-header>": (
        "set-header",
        2,
        (
            "The 'exists-action' attribute is invalid - The value 'maybe' is "
            "invalid according to its datatype 'String' - The Enumeration "
            "constraint failed."
        ),
    ),
    "<set-header name='a'>text</set-header>": (
        "set-header",
        2,
        ("The element 'set-header' cannot contain text. List of possible elements expected: 'value'."),
    ),
    "<set-header name='a' exists-action='override' />": (
        "set-header",
        2,
        ("The element 'set-header' has incomplete content. List of possible elements expected: 'value'."),
    ),
    "<choose><otherwise /></choose>": (
        "choose",
        2,
        ("The element 'choose' has incomplete content. List of possible elements expected: 'when'."),
    ),
    "<choose><when condition='@(true)'/><set-status code='1' /></choose>": (
        "set-status",
        37,
        (
            "The element 'choose' has invalid child element 'set-status'. List of "
            "possible elements expected: 'when, otherwise'."
        ),
    ),
    ("<return-response><set-body>a</set-body><set-body>b</set-body></return-response>"): (
        "set-body",
        41,
        "The element 'return-response' has invalid child element 'set-body'.",
    ),
    "<include-fragment fragment-id='gone' />": (
        "include-fragment",
        2,
        "Policy fragment 'gone' could not be found.",
    ),
    "<set-backend-service backend-id='gone' />": (
        "set-backend-service",
        2,
        "Backend with id 'gone' could not be found.",
    ),
    "<set-backend-service />": (
        "set-backend-service",
        2,
        "Either 'base-url' or 'backend-id' attribute is required.",
    ),
    "<set-variable name='a' value='{{gone}}' />": (
        "set-variable",
        2,
        "Cannot find a property 'gone'",
    ),
    '<choose><when condition="@(1 + 1)" /></choose>': (
        "choose",
        2,
        "Cannot implicitly convert type 'int' to 'bool'",
    ),
    "<choose><when condition=\"@(a == 'bc')\" /></choose>": (
        "choose",
        2,
        "Too many characters in character literal",
    ),
    ("<choose>\n <when condition='@(true)'><set-body>@(x)</set-body></when></choose>"): (
        "choose",
        2,
        "The name 'x' does not exist in the current context",
    ),
    "<set-body>@(context.Request.Foo)</set-body>": (
        "set-body",
        2,
        (
            "'IRequest' does not contain a definition for 'Foo' and no extension "
            "method 'Foo' accepting a first argument of type 'IRequest' could be "
            "found (are you missing a using directive or an assembly reference?)"
        ),
    ),
    '<set-body>@(System.IO.File.ReadAllText("a"))</set-body>': (
        "set-body",
        2,
        "Usage of type 'System.IO.File' is not supported within expressions",
    ),
    "<set-body>@{ return 1 }</set-body>": (
        "set-body",
        2,
        "; expected",
    ),
    "<validate-jwt />": (
        "validate-jwt",
        2,
        ("One of 'header-name', 'query-parameter-name' and 'token-value' is required."),
    ),
}


@pytest.mark.parametrize("text", ERRORS)
def test_a_policy_is_refused_with_its_element_line_and_column(text: str) -> None:
    element, column, message = ERRORS[text]
    found = refused(text)
    assert len(found) == 1
    assert found[0].startswith(f"'{element}' on line 2, column {column}: {message}")


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = validated(
        "<policies><inbound><a /><set-variable /></inbound><cors /><on-error>\n<cors /></on-error></policies>"
    )
    assert [one.element for one in found.errors] == ["a", "set-variable", "set-variable", "cors", "cors"]
    assert found.errors[3].message == "Policy section is not allowed in the specified scope"
    assert found.errors[4].message == "Policy is not allowed in the specified section"


def test_fragments_hold_policies_of_any_section_but_no_base_and_no_fragment() -> None:
    text = "<fragment><forward-request /><cors /><base /><include-fragment fragment-id='here' /></fragment>"
    found = validated(text, None, "fragment")
    assert [one.element for one in found.errors] == ["base", "include-fragment"]


def test_named_values_are_put_in_before_anything_is_checked() -> None:
    assert (
        refused("<set-header name='a' exists-action='{{section}}'><value>{{secret}}</value></set-header>")
        == []
    )
    assert refused("<choose><when condition='@({{plain}} > 4)' /></choose>") == []
    assert refused("<choose><when condition='@({{plain}})' /></choose>") != []
    assert refused("<choose><when condition='@({{secret}})' /></choose>") == []
    assert refused("<set-backend-service backend-id='{{secret}}' />") == []


UNKNOWN = {
    "<json-to-xml apply='always' />": "json-to-xml",
    "<choose><when condition='@(true)'><wait /></when></choose>": "the policy wait",
    "<send-request response-variable-name='a'><proxy url='c' /></send-request>": "proxy in send-request",
    "<set-body template='liquid'>{{a.b}}</set-body>": "template of set-body in the policy set-body",
    "<validate-jwt header-name='a'><decryption-keys /></validate-jwt>": "decryption-keys in validate-jwt",
    "<rate-limit calls='1' renewal-period='1'><api name='a' /></rate-limit>": "api in rate-limit",
    "<validate-content unspecified-content-type-action='ignore' max-size='1' size-exceeded-action='ignore'>"
    "<content validate-as='xml' action='ignore' /></validate-content>": 'validate-as="xml" of content',
    '<set-body>@(XDocument.Parse("a").Root.Value)</set-body>': "System.Xml.Linq.XDocument",
    "<set-body>@(context.Request.Certificate.Thumbprint)</set-body>": "the member Certificate of ",
    '<set-body>@("a".Normalize())</set-body>': "the member Normalize of System.String",
    '<set-body>@(context.Variables["a"].Frobnicate())</set-body>': "the member Frobnicate",
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_emulated_is_refused_by_name(text: str) -> None:
    found = validated(f"<policies><inbound>{text}</inbound></policies>")
    assert not found.errors and any(UNKNOWN[text] in one for one in found.unknown)


@pytest.mark.parametrize("name", [path.name for path in sorted(gateway.FOLDER.glob("*.xml"))])
def test_the_estates_own_policies_pass(name: str) -> None:
    class Estate(Held):
        def fragment(self, name: str) -> bool:
            return name in gateway.fragments((), private=True, tokens=True)

        def backend(self, name: str) -> bool:
            return name == "scoring"

        def named_values(self) -> Mapping[str, str | None]:
            return {"calls-per-minute": "5", "audience": "a", "tenant-id": "b", "backend-key": None}

    text = gateway.text(name)
    root = "fragment" if "<fragment>" in text else "policies"
    scope = {"service.xml": "global", "api.xml": "api"}.get(name)
    found = validate(read(text, XML, root), Estate(), scope)
    assert found == Findings()


@pytest.mark.parametrize(
    "text", [text for text in UNKNOWN if "set-body>@" not in text and "<proxy" not in text]
)
def test_the_gateway_refuses_the_same(text: str) -> None:
    document = read(f"<policies><inbound>{text}</inbound></policies>", RAW)
    with pytest.raises(NotEmulated):
        plan(STEPS, [Scope("api", "place", document)], {})


def test_the_table_says_what_the_gateway_runs() -> None:
    assert set(RUN) == set(RUNNING) | set(CHANGES)
    for name, row in POLICIES.items():
        assert row.name == name and row.sections and set(row.sections) <= set(SECTIONS)
        assert not set(row.required) & set(row.optional)
        assert set(row.choices) <= set(row.attributes)


@pytest.mark.parametrize("code", [*(f"@({code})" for code in VALUES), *(f"@{{{code}}}" for code in BLOCKS)])
def test_what_runs_passes_the_check_or_is_what_azure_does_not_allow(code: str) -> None:
    check(code)


CHECKED = {
    '@(context.Request.Headers.GetValueOrDefault("a").Length)': "int",
    '@(context.Request.Headers["a"][0])': "string",
    '@(context.Variables.GetValueOrDefault<bool>("a"))': "bool",
    "@(new[] { 1 }.Select(x => x.ToString()).First())": "string",
    "@(context.Request.Body.As<JArray>().Where(t => (int)t > 1).Count())": "int",
    "@(context.Request.Url.Query.Select(p => p.Key).ToArray()[0])": "string",
    '@{ foreach (var h in context.Request.Headers) { return h.Value[0]; } return ""; }': "string",
    "@(context.Subscription?.Id)": "string",
    "@(1 + 2L)": "long",
    '@(context.Variables["a"])': None,
}


@pytest.mark.parametrize("code", CHECKED)
def test_types_are_followed(code: str) -> None:
    found = check(code)
    assert (found.name if found else None) == CHECKED[code]


REFUSED = {
    "@(HttpClient.Get())": "Usage of type 'System.Net.Http.HttpClient' is not supported within expressions",
    "@(new System.Threading.Thread(null))": "Usage of type 'System.Threading.Thread' is not supported",
    "@(DateTime.Now.ToUniversalTime())": "Usage of member 'ToUniversalTime' of type 'System.DateTime'",
    '@(Regex.Escape("a"))': "Usage of member 'Escape' of type 'System.Text.RegularExpressions.Regex'",
    '@((Frobnicator)context.Variables["a"])': "The type or namespace name 'Frobnicator' could not be found",
    "@(context.Request.Headers.Select(h => h.Foo))": "the member Foo of System.Collections.Generic.KeyV",
    '@("a".Substring())': "No overload for method 'Substring' takes 0 arguments",
    "@(context.Request.Body.As<string>(preserve: true))": "does not have a parameter named 'preserve'",
    '@(context.Request.MatchedParameters("a"))': "Non-invocable member 'MatchedParameters'",
    "@(context.Request.Method[0][0])": "Cannot apply indexing with \\[\\] to an expression of type 'char'",
    "@(Convert)": "'Convert' is a type, which is not valid in the given context",
    '@("a" && true)': "Operator '&&' cannot be applied to operands of type 'string' and 'bool'",
    "@{ if (true) { return 1; } }": "Not all code paths return a value",
    "@{ 1 + 1; return 2; }": "Only assignment, call, increment",
    "@{ dynamic a = 1; return a; }": "Dynamic member invocation is not supported",
    "@{ int F() { } return F(); }": "'F': not all code paths return a value",
}


@pytest.mark.parametrize("code", REFUSED)
def test_the_check_says_what_the_compiler_says(code: str) -> None:
    with pytest.raises(ExpressionError, match=REFUSED[code]):
        check(code)


def test_every_type_of_the_table_is_allowed_by_the_documentation_or_of_azures_own() -> None:
    own = ("Microsoft.Azure.ApiManagement.", "System.Object", "System.Enum", "System.Linq.IGrouping")
    helpers = {"System.Linq.IOrderedEnumerable", "System.DayOfWeek", "System.Byte[]"}
    for info in TYPES.values():
        listed = info.full in ALLOWED or info.full in helpers or info.full.startswith(own)
        assert listed or info.full.startswith(
            ("System.Collections.Generic.", "System.Text.RegularExpressions.")
        )
    assert member_of("string", "Length") is not None and member_of("string", "Foo") is None


def test_types_that_are_allowed_and_not_there_are_named() -> None:
    for name in ("XElement", "IPAddress", "TimeZoneInfo", "X509Certificate2"):
        with pytest.raises(NotKnown, match=f"not emulated: the type System.*{name}"):
            check(f'@({name}.Parse("a"))')


@pytest.fixture
def put(standing: World) -> Callable[..., tuple[int, Any]]:
    def send(path: str, value: str, form: str = RAW) -> tuple[int, Any]:
        body = {"properties": {"value": value, "format": form}}
        answer = standing.arm("PUT", f"{SERVICE}/{path}", body)
        return answer.status, json.loads(answer.body)

    return send


def test_arm_answers_with_all_errors_and_keeps_nothing(put: Any, standing: World) -> None:
    text = "<policies>\n  <inbound>\n    <cors foo='1' /><a />\n  </inbound>\n</policies>"
    status, body = put("policyFragments/broken", text.replace("policies", "fragment"))
    assert status == 400 and body["error"]["code"] == "ValidationError"
    status, body = put("policies/policy", text)
    assert status == 400
    assert body["error"]["message"] == "One or more fields contain incorrect values:"
    assert [(one["code"], one["target"]) for one in body["error"]["details"]] == [
        ("ValidationError", "cors"),
        ("ValidationError", "a"),
    ]
    assert body["error"]["details"][0]["message"] == (
        "Error in element 'cors' on line 3, column 6: The 'foo' attribute is not declared."
    )
    status, body = put("policies/policy", "<policies><inbound><jsonp /></inbound></policies>")
    assert status == 400  # jsonp stands in outbound
    status, body = put("policies/policy", "<policies><outbound><jsonp /></outbound></policies>")
    assert status == 501 and "the policy jsonp" in body["error"]["message"]
    status, body = put("policies/policy", "<policies/>", "xml-link")
    assert status == 501 and "xml-link" in body["error"]["message"]
