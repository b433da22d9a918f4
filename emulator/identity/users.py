"""People: how they sign in, with their names and passwords, and what their tokens say of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from emulator.home import Home
from emulator.identity.directory import COMMAND_LINE, USERS
from emulator.principal import Principal

__all__ = ["COMMAND_LINE", "by_name", "claims", "client_info", "password", "realm", "signed_in"]


def by_name(name: str) -> Principal | None:
    """The person of a sign-in name (user principal name), in any case."""
    return next((user for user in USERS if user.name.lower() == name.lower()), None)


def password(home: Home, user: Principal) -> str:
    """A person's password in this home: made from the home's own secret, so that none is kept beside it."""
    secret = home.secret(home.client_secret).encode()
    return hmac.new(secret, f"user {user.object_id}".encode(), hashlib.sha256).hexdigest()


def signed_in(home: Home, name: str, given: str) -> Principal | None:
    """The person whose name and password these are."""
    user = by_name(name)
    if user is None or not hmac.compare_digest(given.encode(), password(home, user).encode()):
        return None
    return user


def realm(name: str) -> dict[str, Any]:
    """What the authority says of a name before a password is sent: who checks it."""
    return {
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": name.rpartition("@")[2],
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }


def claims(user: Principal) -> dict[str, str]:
    """What a token says of a person beside what it says of everyone."""
    return {
        "name": user.name.partition("@")[0],
        "upn": user.name,
        "unique_name": user.name,
        "scp": "user_impersonation",
    }


def client_info(user: Principal, tenant: str) -> str:
    """By which MSAL knows an account again."""
    text = json.dumps({"uid": user.object_id, "utid": tenant})
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
