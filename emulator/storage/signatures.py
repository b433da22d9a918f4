"""Texts to sign, and signing: shared key, account SAS, service SAS, user delegation SAS.

Source: the Blob service's REST reference on authorization; the forms since version 2020-12-06.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass

from emulator.http import Request

OLDEST = "2020-12-06"
DELEGATED_USER = "2025-07-05"  # since then a user delegation SAS can name its user
REQUEST_FIELDS = "2026-04-06"  # since then it can name request headers and query parameters
SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
OVERRIDES = {
    "rscc": "cache-control",
    "rscd": "content-disposition",
    "rsce": "content-encoding",
    "rscl": "content-language",
    "rsct": "content-type",
}


@dataclass(frozen=True, slots=True)
class DelegationKey:
    """What a user delegation key says of itself; its value follows from it and the account's secret."""

    oid: str
    tid: str
    start: str
    expiry: str
    service: str
    version: str

    def value(self, secret: str) -> str:
        """The key itself, base64."""
        return sign(secret, "\n".join(astuple(self)))

    @staticmethod
    def of(query: Mapping[str, str]) -> DelegationKey:
        """As a SAS carries it."""
        return DelegationKey(*(query.get(key, "") for key in ("skoid", "sktid", "skt", "ske", "sks", "skv")))

    def query(self) -> dict[str, str]:
        return dict(zip(("skoid", "sktid", "skt", "ske", "sks", "skv"), astuple(self), strict=True))


def sign(key: str, text: str) -> str:
    """HMAC-SHA256 of ``text`` under a base64 key, base64."""
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def same(left: str, right: str) -> bool:
    """Equality that takes the same time wherever the two differ."""
    return hmac.compare_digest(left.encode(), right.encode())


def _lines(query: Mapping[str, str], *names: str) -> list[str]:
    return [query.get(name, "") for name in names]


def account_sas(account: str, query: Mapping[str, str]) -> str:
    """Text to sign of an account SAS; it ends with a newline."""
    fields = _lines(query, "sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses")
    return "\n".join([account, *fields, ""])


def service_sas(resource: str, query: Mapping[str, str]) -> str:
    """Text to sign of a service SAS on ``/blob/ACCOUNT/CONTAINER[/BLOB]``."""
    return "\n".join(
        [
            *_lines(query, "sp", "st", "se"),
            resource,
            *_lines(query, "si", "sip", "spr", "sv", "sr", "snapshot", "ses", *OVERRIDES),
        ]
    )


def queue_sas(resource: str, query: Mapping[str, str]) -> str:
    """Text to sign of a service SAS on ``/queue/ACCOUNT/QUEUE``."""
    return "\n".join([*_lines(query, "sp", "st", "se"), resource, *_lines(query, "si", "sip", "spr", "sv")])


def delegation_sas(resource: str, query: Mapping[str, str]) -> str:
    """Text to sign of a user delegation SAS."""
    version = query.get("sv", "")
    fields = [*_lines(query, "sp", "st", "se"), resource]
    fields += _lines(query, "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid")
    if version >= DELEGATED_USER:
        fields += _lines(query, "skdutid", "sduoid")
    fields += _lines(query, "sip", "spr", "sv", "sr", "snapshot", "ses")
    if version >= REQUEST_FIELDS:
        fields += _lines(query, "srh", "srq")
    return "\n".join([*fields, *_lines(query, *OVERRIDES)])


def shared_key(request: Request, account: str) -> tuple[str, str]:
    """Texts to sign of a request: two, as clients differ in how hyphens count in the order of headers."""
    headers = dict(request.headers)
    if headers.get("content-length") == "0":
        headers["content-length"] = ""
    plain = "\n".join([request.method, *(headers.get(name, "") for name in SIGNED_HEADERS), ""])
    own = [(name, " ".join(value.split())) for name, value in headers.items() if name.startswith("x-ms-")]
    resource = f"/{account}{request.raw_path}"
    for name in sorted(request.query):
        resource += f"\n{name}:{request.query[name]}"
    orders: tuple[Callable[[tuple[str, str]], str], ...] = (
        lambda pair: pair[0],
        lambda pair: pair[0].replace("-", ""),
    )
    first, second = (
        plain + "".join(f"{name}:{value}\n" for name, value in sorted(own, key=order)) + resource
        for order in orders
    )
    return first, second
