"""Access tokens: RS256, with a key of this home; issued for known audiences, verified in full."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from emulator import jsonbody
from emulator.errors import AzureError
from emulator.home import Home, write_aside
from emulator.identity.directory import TENANT_ID
from emulator.principal import Principal
from emulator.state import damaged

ISSUER: Final = f"https://sts.windows.net/{TENANT_ID}/"
LIFETIME_S: Final = 3600
LONGEST: Final = 16_384  # characters of a token

# the resources for which this tenant issues tokens
AUDIENCES: Final = frozenset(
    {
        "https://management.azure.com",
        "https://management.core.windows.net",
        "https://ml.azure.com",
        "https://storage.azure.com",
        "https://vault.azure.net",
        "https://monitor.azure.com",
        "https://api.loganalytics.io",
        "https://api.applicationinsights.io",
        "https://containerregistry.azure.net",
        "https://graph.microsoft.com",
        "6dae42f8-4368-4678-94ff-3960e28e3630",  # AKS server application
    }
)


def audience(resource: str) -> str:
    """A resource or scope in the form in which audiences are compared."""
    return resource.strip().removesuffix("/.default").rstrip("/")


@lru_cache(maxsize=1)
def _loaded(pem: bytes) -> PrivateKeyTypes:
    """The key of a file. OpenSSL proves its primes, in 30 ms, so emulators of one process share the proof."""
    return serialization.load_pem_private_key(pem, None)


class Tokens:
    """Issues and verifies."""

    def __init__(self, home: Home) -> None:
        if not home.signing_key.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_aside(home.signing_key, pem)
        remedy = f"Remove it and start again: rm {home.signing_key}. Tokens that are in use end with it."
        try:
            loaded = _loaded(home.signing_key.read_bytes())
        except ValueError as error:
            raise damaged(home.signing_key, "it is no PEM", remedy) from error
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise damaged(home.signing_key, "it is no RSA key", remedy)
        self._key = loaded
        self.public_key = loaded.public_key()
        numbers = self.public_key.public_numbers()
        self._modulus, self._exponent = _number(numbers.n), _number(numbers.e)
        self.key_id = hashlib.sha256(self._modulus.encode()).hexdigest()[:32]
        self._verified: dict[str, dict[str, Any]] = {}
        # What stands for applications of one's own in the tenant: the audiences that services here ask for.
        self.applications: list[Callable[[], Collection[str]]] = []

    def issues_for(self, resource: str) -> bool:
        """Whether tokens are issued for an audience (in the form of `audience`)."""
        return resource in AUDIENCES or any(resource in known() for known in self.applications)

    def jwks(self) -> dict[str, Any]:
        """The public key, as the authority publishes it."""
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id}
        return {"keys": [{**key, "n": self._modulus, "e": self._exponent, "issuer": ISSUER}]}

    def issue(
        self,
        principal: Principal,
        resource: str,
        lifetime_s: int = LIFETIME_S,
        more: Mapping[str, Any] | None = None,
        client_id: str = "",
    ) -> tuple[str, int]:
        """A token for an audience, with ``more`` claims, and its expiry (seconds since the epoch).

        client_id: the application by which a person signed in
        """
        now = int(time.time())
        claims: dict[str, Any] = {
            "aud": audience(resource),
            "iss": ISSUER,
            "iat": now,
            "nbf": now - 300,
            "exp": now + lifetime_s,
            "tid": TENANT_ID,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "appid": client_id or principal.client_id,
            "ver": "1.0",
            "uti": uuid.uuid4().hex,
            **(more or {}),
        }
        if principal.kind != "User":
            claims |= {"app_displayname": principal.name, "idtyp": "app"}
        if principal.resource_id:
            claims["xms_mirid"] = principal.resource_id
        return self.sign(claims), now + lifetime_s

    def id_token(self, user: Principal, client_id: str) -> str:
        """Who signed in, for the application by which they did."""
        now = int(time.time())
        return self.sign(
            {
                "aud": client_id,
                "iss": f"https://login.microsoftonline.com/{TENANT_ID}/v2.0",
                "iat": now,
                "nbf": now - 300,
                "exp": now + LIFETIME_S,
                "tid": TENANT_ID,
                "oid": user.object_id,
                "sub": user.object_id,
                "name": user.name.partition("@")[0],
                "preferred_username": user.name,
                "ver": "2.0",
            }
        )

    def sign(self, claims: dict[str, Any]) -> str:
        """Claims as a signed token."""
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token of this tenant; 401 InvalidAuthenticationToken for any other."""
        held = self._verified.get(token)
        if held is not None and held["exp"] > time.time():
            return held
        check_readable(token)
        try:
            claims = jwt.decode(
                token,
                self.public_key,
                algorithms=["RS256"],
                issuer=ISSUER,
                options={"verify_aud": False, "require": ["exp", "iss", "aud", "oid"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise AzureError(
                401, "ExpiredAuthenticationToken", "The access token has expired. Ask for a new one."
            ) from error
        except (jwt.PyJWTError, TypeError) as error:  # TypeError: a time that is no number
            raise AzureError(
                401, "InvalidAuthenticationToken", f"The access token is invalid: {error}."
            ) from error
        if wrong := [name for name in ("aud", "oid") if not isinstance(claims[name], str)]:
            words = f"its claims {', '.join(wrong)} must be texts"
            raise AzureError(401, "InvalidAuthenticationToken", f"The access token is invalid: {words}.")
        if len(self._verified) > 1000:
            self._verified.clear()
        self._verified[token] = claims
        return claims


def check_readable(token: str) -> None:
    """401 InvalidAuthenticationToken for a token that is too long, or whose parts are no JSON that
    ``jsonbody`` takes: before anything else reads it, signed or not."""
    try:
        if len(token) > LONGEST:
            raise ValueError(f"it has {len(token)} characters, more than {LONGEST}")
        for part in token.split(".")[:2]:
            padded = part.encode() + b"=" * (-len(part) % 4)
            jsonbody.read(base64.urlsafe_b64decode(padded))
    except ValueError as error:
        raise AzureError(
            401, "InvalidAuthenticationToken", f"The access token is invalid: {error}."
        ) from error


def _number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
