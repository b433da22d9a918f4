"""`context` and all that hangs on it."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import re
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qsl

from emulator.apimanagement.policies import context as contexts
from emulator.apimanagement.policies.context import Body, Headers
from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions import clock, json_reading, jwt
from emulator.apimanagement.policies.expressions.conversions import cast, default_of, is_instance, name_of
from emulator.apimanagement.policies.expressions.declare import Member, TypeInfo, declare, method, prop
from emulator.apimanagement.policies.expressions.types.dictionaries import try_get
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.values import (
    CLASSES,
    Array,
    Enumerated,
    Sequence,
    Thrown,
    invalid_cast,
)

CLASSES.extend(
    [
        (contexts.Context, "IProxyRequestContext"),
        (contexts.Request, "IRequest"),
        (contexts.Response, "IResponse"),
        (contexts.Body, "IMessageBody"),
        (contexts.Url, "IUrl"),
        (contexts.Api, "IApi"),
        (contexts.Operation, "IOperation"),
        (contexts.Product, "IProduct"),
        (contexts.Subscription, "ISubscription"),
        (contexts.SubscriptionKeyParameterNames, "ISubscriptionKeyParameterNames"),
        (contexts.PrivateEndpointConnection, "IPrivateEndpointConnection"),
        (contexts.User, "IUser"),
        (contexts.UserIdentity, "IUserIdentity"),
        (contexts.Group, "IGroup"),
        (contexts.Deployment, "IDeployment"),
        (contexts.LastError, "ILastError"),
        (jwt.Jwt, "Jwt"),
        (jwt.Basic, "BasicAuthCredentials"),
        (Headers, "IReadOnlyDictionary"),
        (dict, "IReadOnlyDictionary"),
    ]
)
SPACE: Final = "Microsoft.Azure.ApiManagement.Policies.Expressions"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def _attribute(name: str) -> str:
    return _WORD.sub("_", name).lower()


def _moment(value: Any) -> Any:
    return None if value is None else clock.of(value)


def _simple(name: str, **properties: str) -> None:
    """A type whose properties are attributes of a class of `context`."""

    def one(attribute: str, kind: str) -> Member:
        if kind.startswith("DateTime"):
            return prop(kind, lambda self: _moment(getattr(self, attribute)))
        if kind.startswith("IEnumerable"):
            return prop(kind, lambda self: Sequence(getattr(self, attribute)))
        return prop(kind, lambda self: getattr(self, attribute))

    members = {key: one(_attribute(key), kind) for key, kind in properties.items()}
    declare(TypeInfo(name, f"{SPACE}.{name}", members=members))


HEADERS: Final = "IReadOnlyDictionary<string, string[]>"
TEXTS: Final = "IReadOnlyDictionary<string, string>"


def value_or_default(self: Any, key: Any, *default: Any, types: tuple[syntax.Type, ...] = ()) -> Any:
    """As `GetValueOrDefault`: of headers, parameters and claims with commas between the values."""
    if key is None:
        raise Thrown("System.ArgumentNullException", "Value cannot be null.\r\nParameter name: key")
    if key not in self:
        return default[0] if default else default_of(types[0]) if types else None
    found = self[key]
    if type(found) is list:
        return ",".join(found)
    if types and found is not None and not is_instance(found, types[0]):
        raise invalid_cast(found, name_of(types[0]))
    return found


declare(
    TypeInfo(
        "IReadOnlyDictionary",
        "System.Collections.Generic.IReadOnlyDictionary",
        ("IEnumerable",),
        index="V",
        members={
            "Count": prop("int", len),
            "ContainsKey": method("bool", lambda self, key: key in self),
            "TryGetValue": method("bool", try_get),
            "GetValueOrDefault": method("D", value_or_default, generic=True),
            "Keys": prop("IEnumerable<K>", lambda self: Sequence(self)),
            "Values": prop(
                "IEnumerable<V>",
                lambda self: Sequence(
                    Array(one, "string") if type(one) is list else one for one in self.values()
                ),
            ),
        },
    )
)

_BODIES: Final = ("string", "byte[]", "JObject", "JToken", "JArray")


def _read(self: Body, preserveContent: bool = False, types: tuple[syntax.Type, ...] = ()) -> Any:
    if not types or name_of(types[0]) not in _BODIES:
        wanted = name_of(types[0]) if types else "object"
        raise Thrown("System.NotSupportedException", f"not emulated: a body As<{wanted}>()")
    content = _content(self, preserveContent)
    wanted = name_of(types[0])
    if wanted == "byte[]":
        return bytearray(content)
    text = content.decode("utf-8-sig", "replace")
    if wanted == "string":
        return text
    if not text.strip():
        return None
    return cast(json_reading.read(text), types[0], boxed=True)


def _content(self: Body, keep: bool) -> bytes:
    if self.used:
        raise Thrown(
            "System.InvalidOperationException",
            "The message body has been read and is not there any more; read it with preserveContent: true.",
        )
    self.used = not keep
    return self.content


def _form(self: Body, preserveContent: bool = False) -> Headers:
    text = _content(self, preserveContent).decode(errors="replace")
    return Headers(parse_qsl(text, keep_blank_values=True))


declare(
    TypeInfo(
        "IMessageBody",
        f"{SPACE}.IMessageBody",
        members={
            "As": method("M", _read, generic=True),
            "AsFormUrlEncodedContent": method("IReadOnlyDictionary<string, IList<string>>", _form),
        },
    )
)


def address(self: contexts.Url) -> str:
    """An address as text: the port only where it is not the scheme's own."""
    usual = {"http": 80, "https": 443}.get(self.scheme)
    port = "" if self.port == usual else f":{self.port}"
    return f"{self.scheme}://{self.host}{port}{self.path}{self.query_string}"


def _trace(self: contexts.Context, *parts: Any) -> None:
    from emulator.apimanagement.policies.expressions import formats

    self.traces.append(": ".join(formats.text(one) for one in parts))


_CONTEXT: Final = {
    "Api": "IApi",
    "Deployment": "IDeployment",
    "LastError": "ILastError",
    "Operation": "IOperation",
    "Product": "IProduct",
    "Request": "IRequest",
    "RequestId": "Guid",
    "Response": "IResponse",
    "Subscription": "ISubscription",
    "Tracing": "bool",
    "User": "IUser",
    "Variables": "IReadOnlyDictionary<string, object>",
}


def _of_context(attribute: str, kind: str) -> Member:
    return prop(kind, lambda self: getattr(self, attribute))


declare(
    TypeInfo(
        "IProxyRequestContext",
        f"{SPACE}.IProxyRequestContext",
        members={
            **{name: _of_context(_attribute(name), kind) for name, kind in _CONTEXT.items()},
            "Timestamp": prop("DateTime", lambda self: clock.of(self.timestamp)),
            "Elapsed": prop(
                "TimeSpan", lambda self: clock.TimeSpan(int((monotonic() - self.started) * clock.SECOND))
            ),
            "Trace": method("void", _trace),
        },
    )
)
declare(
    TypeInfo(
        "IUrl",
        f"{SPACE}.IUrl",
        members={
            "Host": prop("string", lambda self: self.host),
            "Path": prop("string", lambda self: self.path),
            "Port": prop("int", lambda self: self.port),
            "Scheme": prop("string", lambda self: self.scheme),
            "Query": prop(HEADERS, lambda self: self.query),
            "QueryString": prop("string", lambda self: self.query_string),
            "ToString": method("string", address),
        },
    )
)
_simple(
    "IRequest",
    Body="IMessageBody",
    Headers=HEADERS,
    IpAddress="string",
    MatchedParameters=TEXTS,
    Method="string",
    OriginalUrl="IUrl",
    PrivateEndpointConnection="IPrivateEndpointConnection",
    Url="IUrl",
)
_simple("IResponse", Body="IMessageBody", Headers=HEADERS, StatusCode="int", StatusReason="string")
_simple(
    "IApi",
    Id="string",
    IsCurrentRevision="bool",
    Name="string",
    Path="string",
    Protocols="IEnumerable<string>",
    Revision="string",
    ServiceUrl="IUrl",
    SubscriptionKeyParameterNames="ISubscriptionKeyParameterNames",
    Version="string",
)
_simple(
    "IDeployment",
    GatewayId="string",
    Region="string",
    ServiceName="string",
    Certificates="IReadOnlyDictionary<string, X509Certificate2>",
)
_simple(
    "ILastError",
    Source="string",
    Reason="string",
    Message="string",
    Scope="string",
    Section="string",
    Path="string",
    PolicyId="string",
)
_simple("IOperation", Id="string", Method="string", Name="string", UrlTemplate="string")
_simple("IGroup", Id="string", Name="string")
_simple("IUserIdentity", Id="string", Provider="string")
_simple("ISubscriptionKeyParameterNames", Header="string", Query="string")
_simple("IPrivateEndpointConnection", Name="string", GroupId="string", MemberName="string")
_simple("BasicAuthCredentials", **dict.fromkeys(("UserId", "Password"), "string"))
_simple(
    "ISubscription",
    CreatedDate="DateTime",
    EndDate="DateTime?",
    Id="string",
    Key="string",
    Name="string",
    PrimaryKey="string",
    SecondaryKey="string",
    StartDate="DateTime?",
)
_simple(
    "IUser",
    Email="string",
    FirstName="string",
    Groups="IEnumerable<IGroup>",
    Id="string",
    Identities="IEnumerable<IUserIdentity>",
    LastName="string",
    Note="string",
    RegistrationDate="DateTime",
)
declare(
    TypeInfo(
        "IProduct",
        f"{SPACE}.IProduct",
        members={
            "Apis": prop("IEnumerable<IApi>", lambda self: Sequence(self.apis)),
            "ApprovalRequired": prop("bool", lambda self: self.approval_required),
            "Groups": prop("IEnumerable<IGroup>", lambda self: Sequence(self.groups)),
            "Id": prop("string", lambda self: self.id),
            "Name": prop("string", lambda self: self.name),
            "State": prop(
                "ProductState",
                lambda self: Enumerated("ProductState", self.state, int(self.state == "Published")),
            ),
            "SubscriptionLimit": prop("int?", lambda self: self.subscription_limit),
            "SubscriptionRequired": prop("bool", lambda self: self.subscription_required),
        },
    )
)
declare(
    TypeInfo(
        "Jwt",
        f"{SPACE}.Jwt",
        members={
            "Algorithm": prop("string", lambda self: self.algorithm),
            "Audiences": prop("IEnumerable<string>", lambda self: Array(self.audiences, "string")),
            "Claims": prop(HEADERS, lambda self: self.claims),
            "ExpirationTime": prop("DateTime?", lambda self: self.expiration_time),
            "Id": prop("string", lambda self: self.id),
            "Issuer": prop("string", lambda self: self.issuer),
            "IssuedAt": prop("DateTime?", lambda self: self.issued_at),
            "NotBefore": prop("DateTime?", lambda self: self.not_before),
            "Subject": prop("string", lambda self: self.subject),
            "Type": prop("string", lambda self: self.type),
        },
    )
)

enumeration(
    "ProductState",
    "Microsoft.Azure.ApiManagement.Policies.Expressions.ProductState",
    NotPublished=0,
    Published=1,
)
