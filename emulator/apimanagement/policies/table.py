"""The policies that Azure has: where they stand, what they take, what is inside, which the gateway runs.

One table for the check at deployment and for the documentation. From the policy reference at
https://learn.microsoft.com/azure/api-management/api-management-policies, written down 2026-11; of policies
that the gateway does not run only the name and the sections are here, since they are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Section = Literal["inbound", "backend", "outbound", "on-error"]
Scope = Literal["global", "product", "api", "operation"]
Text = Literal["none", "may", "must"]

ALL: Final = "inbound backend outbound on-error"
IN: Final = "inbound"
OUT: Final = "outbound"
SCOPES: Final[tuple[Scope, ...]] = ("global", "product", "api", "operation")
# How many there may be: exactly one, at most one, any number, at least one.
Count = Literal["1", "?", "*", "+"]


@dataclass(frozen=True)
class Element:
    """A policy, or an element inside one.

    required, optional: attributes. inside: elements by name with their count. policies: whether the policies
    of the section stand in it. text: whether it has one. choices: attributes that take certain words only.
    runs: whether the gateway runs it. refused: attributes that it does not run, or only with other words.
    """

    name: str
    sections: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    inside: Mapping[str, tuple[Element, Count]] = field(default_factory=dict[str, "tuple[Element, Count]"])
    policies: bool = False
    text: Text = "none"
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    scopes: tuple[str, ...] = SCOPES
    runs: bool = True
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def attributes(self) -> tuple[str, ...]:
        """All that it takes."""
        return (*self.required, *self.optional)


def _element(
    name: str,
    sections: str = "",
    required: str = "",
    optional: str = "",
    *inside: tuple[Element, Count],
    policies: bool = False,
    text: Text = "none",
    choices: Mapping[str, str] | None = None,
    scopes: str = "",
    runs: bool = True,
    refused: Mapping[str, str] | None = None,
) -> Element:
    return Element(
        name,
        tuple(sections.split()),
        tuple(required.split()),
        # Every policy may have an id, by which `context.LastError` names it.
        (*optional.split(), "id") if sections else tuple(optional.split()),
        {one.name: (one, count) for one, count in inside},
        policies,
        text,
        {key: tuple(words.split()) for key, words in (choices or {}).items()},
        tuple(scopes.split()) or SCOPES,
        runs,
        {key: tuple(words.split()) for key, words in (refused or {}).items()},
    )


def _text(name: str, optional: str = "", required: str = "") -> Element:
    """An element that holds a text."""
    return _element(name, "", required, optional, text="must")


def _list(name: str, item: Element, count: Count = "+", required: str = "", optional: str = "") -> Element:
    return _element(name, "", required, optional, (item, count))


_EXISTS: Final = {"exists-action": "override skip append delete"}
_BOOL: Final = "true false"
_VALUE: Final = _element("value", text="may")
_MESSAGE: Final = _element("message", "", "", "", text="must")
_HEADER: Final = _element("set-header", ALL, "name", "exists-action", (_VALUE, "*"), choices=_EXISTS)
_BODY: Final = _element(
    "set-body",
    ALL,
    "",
    "template xsi-nil parse-date",
    text="may",
    choices={"template": "liquid"},
    refused={"template": ""},
)
_STATUS: Final = _element("set-status", ALL, "code", "reason")
_METHOD: Final = _element("set-method", f"{IN} on-error", text="must")
_QUERY: Final = _element(
    "set-query-parameter", f"{IN} backend", "name", "exists-action", (_VALUE, "*"), choices=_EXISTS
)
_IDENTITY: Final = _element(
    "authentication-managed-identity", IN, "resource", "client-id output-token-variable-name ignore-error"
)
_CERTIFICATE: Final = _element(
    "authentication-certificate", IN, "", "thumbprint certificate-id body password", runs=False
)
_PROXY: Final = _element("proxy", ALL, "url", "username password", runs=False)
_SENT: Final[tuple[tuple[Element, Count], ...]] = (
    (_text("set-url"), "?"),
    (_METHOD, "?"),
    (_HEADER, "*"),
    (_BODY, "?"),
    (_IDENTITY, "?"),
    (_CERTIFICATE, "?"),
    (_element("authentication-basic", runs=False), "?"),
    (_PROXY, "?"),
)
_CLAIM: Final = _element("claim", "", "name", "match separator", (_VALUE, "*"), choices={"match": "all any"})
_KEY: Final = _element(
    "key", "", "", "id certificate-id n e", text="may", refused={"certificate-id": "", "n": "", "e": ""}
)
_DECRYPTION: Final = _element("decryption-keys", runs=False)
_OF_API: Final = _element("api", runs=False)
_AUDIENCES: Final = _list("audiences", _text("audience"))
_CLAIMS: Final = _list("required-claims", _CLAIM)
_SHARED: Final = (
    "header-name query-parameter-name token-value failed-validation-httpcode failed-validation-error-message "
    "output-token-variable-name"
)
_LIMIT: Final = (
    "increment-condition increment-count retry-after-header-name retry-after-variable-name "
    "remaining-calls-header-name remaining-calls-variable-name total-calls-header-name"
)
_PLAIN_LIMIT: Final = (
    "retry-after-header-name retry-after-variable-name remaining-calls-header-name "
    "remaining-calls-variable-name total-calls-header-name"
)

_ROWS: Final[tuple[Element, ...]] = (
    # Flow
    _element("base", ALL),
    _element("include-fragment", ALL, "fragment-id"),
    _element(
        "choose",
        ALL,
        "",
        "",
        (_element("when", "", "condition", "", policies=True), "+"),
        (_element("otherwise", policies=True), "?"),
    ),
    _element("retry", ALL, "condition count interval", "max-interval delta first-fast-retry", policies=True),
    _element("limit-concurrency", ALL, "key max-count", "", policies=True),
    _element(
        "wait", "inbound backend outbound", "", "for", policies=True, choices={"for": "all any"}, runs=False
    ),
    _element(
        "return-response", ALL, "", "response-variable-name", (_STATUS, "?"), (_HEADER, "*"), (_BODY, "?")
    ),
    _element("mock-response", "inbound outbound on-error", "", "status-code content-type index"),
    # The message
    _HEADER,
    _BODY,
    _STATUS,
    _METHOD,
    _QUERY,
    _element("set-variable", ALL, "name value"),
    _element("rewrite-uri", IN, "template", "copy-unmatched-params"),
    _element("find-and-replace", ALL, "from to"),
    _element("redirect-content-urls", "inbound outbound", runs=False),
    _element("json-to-xml", "inbound outbound on-error", "apply", "", runs=False),
    _element("xml-to-json", "inbound outbound on-error", "kind apply", "", runs=False),
    _element("xsl-transform", "inbound outbound", runs=False),
    # Backends
    _element(
        "forward-request",
        "backend",
        "",
        "timeout timeout-ms continue-timeout http-version follow-redirects buffer-request-body "
        "buffer-response fail-on-error-status-code",
        choices={"http-version": "1 2 2or1"},
    ),
    _element("set-backend-service", "inbound backend", "", "base-url backend-id"),
    _element(
        "send-request",
        ALL,
        "response-variable-name",
        "mode timeout ignore-error",
        *_SENT,
        choices={"mode": "new copy"},
    ),
    _element("send-one-way-request", ALL, "", "mode timeout", *_SENT, choices={"mode": "new copy"}),
    # Who may call
    _element(
        "check-header",
        IN,
        "name failed-check-httpcode failed-check-error-message",
        "ignore-case",
        (_VALUE, "*"),
    ),
    _element(
        "ip-filter",
        IN,
        "action",
        "",
        (_text("address"), "*"),
        (_element("address-range", "", "from to"), "*"),
        choices={"action": "allow forbid"},
    ),
    _element("authentication-basic", IN, "username password"),
    _IDENTITY,
    _CERTIFICATE,
    _element(
        "validate-azure-ad-token",
        IN,
        "",
        f"tenant-id authentication-endpoint {_SHARED}",
        (_list("backend-application-ids", _text("application-id")), "?"),
        (_list("client-application-ids", _text("application-id")), "?"),
        (_AUDIENCES, "?"),
        (_CLAIMS, "?"),
        (_DECRYPTION, "?"),
    ),
    _element(
        "validate-jwt",
        IN,
        "",
        f"{_SHARED} require-expiration-time require-scheme require-signed-tokens clock-skew",
        (_element("openid-config", "", "url"), "*"),
        (_list("issuer-signing-keys", _KEY), "?"),
        (_DECRYPTION, "?"),
        (_AUDIENCES, "?"),
        (_list("issuers", _text("issuer")), "?"),
        (_CLAIMS, "?"),
    ),
    _element(
        "cors",
        IN,
        "",
        "allow-credentials terminate-unmatched-request",
        (_list("allowed-origins", _text("origin")), "?"),
        (_list("allowed-methods", _text("method"), optional="preflight-result-max-age"), "?"),
        (_list("allowed-headers", _text("header")), "?"),
        (_list("expose-headers", _text("header")), "?"),
    ),
    # How often, how much
    _element(
        "rate-limit", IN, "calls renewal-period", _PLAIN_LIMIT, (_OF_API, "*"), scopes="product api operation"
    ),
    _element("rate-limit-by-key", IN, "calls renewal-period counter-key", _LIMIT),
    _element("quota", IN, "renewal-period", "calls bandwidth", (_OF_API, "*"), scopes="product"),
    _element(
        "quota-by-key",
        IN,
        "counter-key renewal-period",
        "calls bandwidth increment-condition increment-count first-period-start",
    ),
    _element(
        "validate-content",
        "inbound outbound on-error",
        "unspecified-content-type-action max-size size-exceeded-action",
        "errors-variable-name",
        (
            _element(
                "content",
                "",
                "validate-as action",
                "type schema-id schema-ref allow-additional-properties case-insensitive-property-names",
                choices={"validate-as": "json xml soap", "action": "prevent detect ignore"},
                refused={"validate-as": "xml soap", "schema-id": "", "schema-ref": ""},
            ),
            "*",
        ),
        (_element("content-type-map", runs=False), "?"),
        choices={
            "unspecified-content-type-action": "prevent detect ignore",
            "size-exceeded-action": "prevent detect ignore",
        },
    ),
    # The cache
    _element("cache-lookup-value", ALL, "key variable-name", "default-value caching-type"),
    _element("cache-store-value", ALL, "key value duration", "caching-type"),
    _element("cache-remove-value", ALL, "key", "caching-type"),
    # What is told
    _element(
        "trace",
        ALL,
        "source",
        "severity",
        (_MESSAGE, "?"),
        (_element("metadata", "", "name value"), "*"),
        # Its message stood in it as text, in versions of the documentation up to 2020.
        text="may",
        choices={"severity": "verbose information error"},
    ),
    _element(
        "emit-metric", ALL, "name", "namespace value", (_element("dimension", "", "name", "value"), "+")
    ),
    # Azure has them, the gateway does not run them.
    *(
        _element(name, sections, runs=False)
        for name, sections in (
            ("azure-openai-emit-token-metric", IN),
            ("azure-openai-semantic-cache-lookup", IN),
            ("azure-openai-semantic-cache-store", OUT),
            ("azure-openai-token-limit", IN),
            ("cache-lookup", IN),
            ("cache-store", OUT),
            ("cosmosdb-data-source", "backend"),
            ("cross-domain", IN),
            ("get-authorization-context", IN),
            ("http-data-source", "backend"),
            ("invoke-dapr-binding", "inbound outbound on-error"),
            ("jsonp", OUT),
            ("llm-content-safety", IN),
            ("llm-emit-token-metric", IN),
            ("llm-semantic-cache-lookup", IN),
            ("llm-semantic-cache-store", OUT),
            ("llm-token-limit", IN),
            ("log-to-eventhub", ALL),
            ("publish-event", "inbound outbound"),
            ("publish-to-dapr", ALL),
            ("sql-data-source", "backend"),
            ("validate-client-certificate", IN),
            ("validate-graphql-request", IN),
            ("validate-headers", "outbound on-error"),
            ("validate-odata-request", IN),
            ("validate-parameters", IN),
            ("validate-status-code", "outbound on-error"),
        )
    ),
    _PROXY,
)
POLICIES: Final[Mapping[str, Element]] = {one.name: one for one in _ROWS}
RUN: Final = frozenset(one.name for one in _ROWS if one.runs)
