"""The members of Uri, and the escapes of WebUtility."""

# pyright: reportUnknownLambdaType=false
# A table of lambdas: what they take is said by the types beside them.

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from emulator.apimanagement.policies.expressions.declare import TypeInfo, declare, function, method, prop
from emulator.apimanagement.policies.expressions.types.enumerations import enumeration
from emulator.apimanagement.policies.expressions.types.strings import needed
from emulator.apimanagement.policies.expressions.values import Array, Box, Thrown

enumeration("UriPartial", "System.UriPartial", Scheme=0, Authority=1, Path=2, Query=3)


def _uri(text: Any, kind: Any = None) -> Box[Any]:
    parts = urlsplit(needed(text, "uriString"))
    try:
        valid = bool(parts.scheme and parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise Thrown(
            "System.UriFormatException", "Invalid URI: The format of the URI could not be determined."
        )
    return Box("Uri", parts)


def _port(self: Box[Any]) -> int:
    return self.value.port or {"http": 80, "https": 443, "ftp": 21}.get(self.value.scheme, -1)


def uri_text(self: Box[Any]) -> str:
    """The address; an empty path is written as a slash."""
    parts = self.value
    return parts._replace(path=parts.path or "/").geturl()


def _path_and_query(self: Box[Any]) -> str:
    parts = self.value
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


declare(
    TypeInfo(
        "Uri",
        "System.Uri",
        members={
            "Host": prop("string", lambda self: self.value.hostname),
            "DnsSafeHost": prop("string", lambda self: self.value.hostname),
            "Authority": prop("string", lambda self: self.value.netloc.rpartition("@")[2]),
            "Scheme": prop("string", lambda self: self.value.scheme),
            "Port": prop("int", _port),
            "AbsolutePath": prop("string", lambda self: self.value.path or "/"),
            "LocalPath": prop("string", lambda self: unquote(self.value.path or "/")),
            "PathAndQuery": prop("string", _path_and_query),
            "Query": prop("string", lambda self: f"?{self.value.query}" if self.value.query else ""),
            "Fragment": prop("string", lambda self: f"#{self.value.fragment}" if self.value.fragment else ""),
            "AbsoluteUri": prop("string", uri_text),
            "OriginalString": prop("string", lambda self: self.value.geturl()),
            "Segments": prop(
                "string[]",
                lambda self: Array(re.findall(r"[^/]*/|[^/]+$", self.value.path or "/"), "string"),
            ),
            "ToString": method("string", uri_text),
        },
        statics={
            "EscapeDataString": function("string", lambda text: quote(needed(text), safe="-_.~")),
            "UnescapeDataString": function("string", lambda text: unquote(needed(text))),
            "EscapeUriString": function(
                "string", lambda text: quote(needed(text), safe="-_.~!#$&'()*+,/:;=?@[]")
            ),
        },
        make=function("Uri", _uri),
    )
)


def _html_encoded(text: str | None) -> str | None:
    """As WebUtility does it: of what is beyond ASCII, Latin-1 and what takes two chars become numbers."""
    if text is None:
        return None
    escaped = html.escape(text).replace("&#x27;", "&#39;")
    return re.sub("[\xa0-\xff\U00010000-\U0010ffff]", lambda found: f"&#{ord(found[0])};", escaped)


declare(
    TypeInfo(
        "WebUtility",
        "System.Net.WebUtility",
        statics={
            "UrlEncode": function(
                "string",
                lambda text: None if text is None else quote(text, safe="-_.!*() ").replace(" ", "+"),
            ),
            "UrlDecode": function("string", lambda text: None if text is None else unquote_plus(text)),
            "HtmlEncode": function("string", _html_encoded),
            "HtmlDecode": function("string", lambda text: None if text is None else html.unescape(text)),
        },
    )
)
