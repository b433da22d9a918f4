"""validate-jwt and validate-azure-ad-token: signature, times, issuer, audience and claims of a token."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.failures import Failure
from emulator.apimanagement.gateway.keysets import NotFetched
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.run import Run
from emulator.apimanagement.gateway.values import Attributes, Reader, text_of
from emulator.apimanagement.policies.expressions import jwt_of
from emulator.apimanagement.policies.tree import Policy
from emulator.errors import AzureError, NotEmulated
from emulator.identity.tokens import check_readable

LOGIN: Final = "https://login.microsoftonline.com"
ASYMMETRIC: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SYMMETRIC: Final = ("HS256", "HS384", "HS512")
# as System.IdentityModel.Tokens.Jwt words them
MISSING: Final = "JWT not present."
EXPIRED: Final = "IDX10223: Lifetime validation failed. The token is expired."
EARLY: Final = "IDX10222: Lifetime validation failed. The token is not yet valid."
SIGNATURE: Final = "IDX10511: Signature validation failed."
NO_KEY: Final = "IDX10503: Signature validation failed. The token's kid is not among the issuer's keys."


class Invalid(Exception):
    """reason: as `context.LastError` has it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


@dataclass(frozen=True, slots=True)
class Wanted:
    """A claim that a token must have. all: whether with each of the values, or with one of them."""

    name: str
    all: bool
    separator: str
    values: tuple[Reader, ...]


def _texts(policy: Policy, group: str, one: str) -> list[Reader]:
    held = policy.child(group)
    return [text_of(each) for each in held.all(one)] if held is not None else []


def _claims(policy: Policy) -> list[Wanted]:
    held = policy.child("required-claims")
    found: list[Wanted] = []
    for one in held.all("claim") if held is not None else ():
        given = {name: value.text for name, value in one.attributes.items()}
        values = tuple(text_of(each) for each in one.all("value"))
        every = given.get("match", "all").lower() != "any"
        found.append(Wanted(given.get("name", ""), every, given.get("separator", ""), values))
    return found


def validate_azure_ad_token(policy: Policy, compiler: Compiler) -> Action:
    """A token of a tenant of Microsoft Entra ID."""
    if policy.child("decryption-keys") is not None:
        raise NotEmulated("decryption-keys of the policy validate-azure-ad-token")
    attributes = Attributes(policy)
    audiences = _texts(policy, "audiences", "audience")
    clients = _texts(policy, "client-application-ids", "application-id")
    backends = _texts(policy, "backend-application-ids", "application-id")
    claims = _claims(policy)

    def check(run: Run, token: str, header: dict[str, Any]) -> dict[str, Any]:
        context = run.context
        tenant = attributes.text("tenant-id", context)
        authority = attributes.text("authentication-endpoint", context, LOGIN).rstrip("/")
        if "://" not in authority:
            authority = f"https://{authority}"
        address = f"{authority}/{tenant}/v2.0/.well-known/openid-configuration"
        found = _verified(token, header, _keys(run, [address], header), True)
        _times(found, 0.0, True)
        issuer = str(found.get("iss", ""))
        its = str(found.get("tid", ""))
        allowed = (f"https://sts.windows.net/{its}/", f"{LOGIN}/{its}/v2.0")
        one_tenant = tenant.lower() not in ("common", "organizations")
        if issuer not in allowed or (one_tenant and its.lower() != tenant.lower()):
            raise Invalid("TokenIssuerNotAllowed", f"IDX10205: Issuer validation failed. Issuer: '{issuer}'.")
        known = [one(context) for one in clients]
        client = str(found.get("azp") or found.get("appid") or "")
        if known and client not in known:
            raise Invalid("TokenClaimValueNotAllowed", f"Client application '{client}' is not allowed.")
        _audience(found, [one(context) for one in (*audiences, *backends)])
        _required(run, found, claims)
        return found

    return _step(policy, attributes, check)


def validate_jwt(policy: Policy, compiler: Compiler) -> Action:
    """A token of any issuer whose keys are said, or that publishes them."""
    if policy.child("decryption-keys") is not None:
        raise NotEmulated("decryption-keys of the policy validate-jwt")
    attributes = Attributes(policy)
    audiences = _texts(policy, "audiences", "audience")
    issuers = _texts(policy, "issuers", "issuer")
    addresses = [Attributes(one) for one in policy.all("openid-config")]
    own = policy.child("issuer-signing-keys")
    given = own.all("key") if own is not None else ()
    if any(set(one.attributes) - {"id"} for one in given):
        raise NotEmulated("keys of certificates, or in parts (n, e), of the policy validate-jwt")
    secrets = [text_of(one) for one in given]
    claims = _claims(policy)

    def check(run: Run, token: str, header: dict[str, Any]) -> dict[str, Any]:
        context = run.context
        wanted = [one.text("url", context) for one in addresses]
        keys: list[Any] = _keys(run, wanted, header) if wanted else []
        for one in secrets:
            try:
                keys.append(base64.b64decode(one(context), validate=True))
            except binascii.Error as error:
                raise Invalid("JwtInvalid", "A key of issuer-signing-keys is not in base64.") from error
        signed = attributes.flag("require-signed-tokens", context, True)
        found = _verified(token, header, keys, signed)
        skew = attributes.number("clock-skew", context, 0)
        _times(found, skew, attributes.flag("require-expiration-time", context, True))
        _audience(found, [one(context) for one in audiences])
        allowed = [one(context) for one in issuers]
        allowed = allowed or [run.parts.keysets.of(one).issuer for one in wanted]
        issuer = str(found.get("iss", ""))
        if allowed and issuer not in allowed:
            raise Invalid("TokenIssuerNotAllowed", f"IDX10205: Issuer validation failed. Issuer: '{issuer}'.")
        _required(run, found, claims)
        return found

    return _step(policy, attributes, check)


def _step(policy: Policy, attributes: Attributes, check: Any) -> Action:
    def act(run: Run) -> None:
        context = run.context
        try:
            token = _token(run, attributes)
            try:
                check_readable(token)
                header = jwt.get_unverified_header(token)
            except (AzureError, jwt.PyJWTError) as error:
                raise Invalid("JwtInvalid", "IDX12741: JWT must have three segments.") from error
            claims = check(run, token, header)
        except Invalid as invalid:
            status = int(attributes.number("failed-validation-httpcode", context, 401))
            shown = attributes.text("failed-validation-error-message", context) or invalid.message
            raise Failure(status, policy.name, invalid.reason, invalid.message, shown=shown) from invalid
        if name := attributes.text("output-token-variable-name", context):
            context.variables[name] = jwt_of(header, claims)

    return act


def _token(run: Run, attributes: Attributes) -> str:
    context = run.context
    if "token-value" in attributes:
        text = attributes.text("token-value", context)
    elif "query-parameter-name" in attributes:
        text = context.request.url.query.first(attributes.text("query-parameter-name", context))
    else:
        text = context.request.headers.first(attributes.text("header-name", context, "Authorization"))
    text = text.strip()
    scheme, _, rest = text.partition(" ")
    needed = attributes.text("require-scheme", context)
    if rest:
        if needed and scheme.lower() != needed.lower():
            raise Invalid("TokenNotPresent", MISSING)
        text = rest.strip()
    elif needed and text:
        raise Invalid("TokenNotPresent", MISSING)
    if not text:
        raise Invalid("TokenNotPresent", MISSING)
    return text


def _keys(run: Run, addresses: Sequence[str], header: dict[str, Any]) -> list[Any]:
    key_id = str(header.get("kid", ""))
    found: list[Any] = []
    for address in addresses:
        try:
            keyset = run.parts.keysets.of(address, key_id)
        except NotFetched as error:
            raise Invalid("OpenIdConfigurationNotLoaded", str(error)) from error
        found += [key for name, key in keyset.keys.items() if not key_id or name == key_id]
    if not found:
        raise Invalid("TokenSignatureKeyNotFound", NO_KEY)
    return found


def _verified(token: str, header: dict[str, Any], keys: Sequence[Any], signed: bool) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed; times, issuer and audience are for later."""
    options: Any = {
        f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti", "signature")
    }
    algorithm = str(header.get("alg", ""))
    try:
        if algorithm == "none" and not signed:
            return jwt.decode(token, options=options)
        options["verify_signature"] = True
        for key in keys:
            algorithms = SYMMETRIC if isinstance(key, bytes) else ASYMMETRIC
            if algorithm not in algorithms:
                continue
            try:
                return jwt.decode(token, key, algorithms=[algorithm], options=options)
            except jwt.InvalidSignatureError:
                continue
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise Invalid("JwtInvalid", f"The token is invalid: {error}.") from error
    raise Invalid("TokenSignatureInvalid", SIGNATURE)


def _times(claims: dict[str, Any], skew_s: float, required: bool) -> None:
    now = time.time()
    for name in ("exp", "nbf"):
        value = claims.get(name)
        if value is None:
            if name == "exp" and required:
                raise Invalid(
                    "TokenExpired", "IDX10225: Lifetime validation failed. The token has no expiry."
                )
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Invalid("JwtInvalid", f"The claim {name} of the token is no number.")
        if name == "exp" and value + skew_s <= now:
            raise Invalid("TokenExpired", EXPIRED)
        if name == "nbf" and value - skew_s > now:
            raise Invalid("TokenNotYetValid", EARLY)


def _audience(claims: dict[str, Any], allowed: Sequence[str]) -> None:
    given = claims.get("aud")
    held: list[str] = [str(one) for one in given] if isinstance(given, list) else [str(given or "")]
    if allowed and not set(held) & set(allowed):
        shown = ", ".join(held)
        raise Invalid(
            "TokenAudienceNotAllowed", f"IDX10214: Audience validation failed. Audiences: '{shown}'."
        )


def _required(run: Run, claims: dict[str, Any], wanted: Sequence[Wanted]) -> None:
    missing = [one.name for one in wanted if one.name not in claims]
    if missing:
        words = f"JWT token is missing the following claims: {', '.join(missing)}. Access denied."
        raise Invalid("TokenClaimNotFound", words)
    for one in wanted:
        value = claims[one.name]
        held = [str(each) for each in value] if isinstance(value, list) else [str(value)]
        if one.separator:
            held = [part for text in held for part in text.split(one.separator)]
        allowed = [read(run.context) for read in one.values]
        fits = [each in held for each in allowed]
        if allowed and not (all(fits) if one.all else any(fits)):
            shown = ", ".join(held)
            words = f"Claim {one.name} value of {shown} is not allowed. Access denied."
            raise Invalid("TokenClaimValueNotAllowed", words)
