"""What `AsJwt()` and `AsBasic()` read, without a look at any signature: `validate-jwt` is for that."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.apimanagement.policies.context import Headers
from emulator.apimanagement.policies.expressions.clock import SECOND, UNIX, DateTime

# Claims that are members, and stand among the claims too.
LARGEST: Final = 64 * 1024


@dataclass(frozen=True)
class Jwt:
    """A token's header and claims."""

    algorithm: str | None = None
    type: str | None = None
    id: str | None = None
    issuer: str | None = None
    subject: str | None = None
    audiences: tuple[str, ...] = ()
    issued_at: DateTime | None = None
    not_before: DateTime | None = None
    expiration_time: DateTime | None = None
    claims: Headers = field(default_factory=Headers)


@dataclass(frozen=True)
class Basic:
    """The credentials of an Authorization header."""

    user_id: str
    password: str = field(repr=False)


def jwt_of(header: Mapping[str, Any], claims: Mapping[str, Any]) -> Jwt:
    """The `Jwt` of a header and claims that were read, and perhaps verified, before."""
    held = Headers()
    for name, value in claims.items():
        held[name] = [_claim(one) for one in (value if isinstance(value, list) else [value])]
    return Jwt(
        algorithm=_text(header.get("alg")),
        type=_text(header.get("typ")),
        id=_text(claims.get("jti")),
        issuer=_text(claims.get("iss")),
        subject=_text(claims.get("sub")),
        audiences=tuple(held.get("aud", ())),
        issued_at=_time(claims.get("iat")),
        not_before=_time(claims.get("nbf")),
        expiration_time=_time(claims.get("exp")),
        claims=held,
    )


def as_jwt(text: str | None) -> Jwt | None:
    """The token of a text, with or without `Bearer` in front; None of what is none."""
    token = (text or "").strip()
    if token[:7].lower() == "bearer ":
        token = token[7:].strip()
    parts = token.split(".")
    if len(parts) != 3 or len(token) > LARGEST:
        return None
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    return jwt_of(header, claims)


def as_basic(text: str | None) -> Basic | None:
    """The credentials of a header's value; None of what is none."""
    scheme, _, encoded = (text or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, colon, password = decoded.partition(":")
    return Basic(user, password) if colon else None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _claim(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _time(value: Any) -> DateTime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 253402300800:
        return None
    return DateTime(UNIX + int(value * SECOND), True)
