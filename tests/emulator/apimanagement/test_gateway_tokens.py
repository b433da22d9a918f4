"""Policies that ask who calls: credentials that are sent on, and tokens that are looked at."""

from __future__ import annotations

import time

from emulator.identity.directory import SIGNED_IN, TENANT_ID
from tests.emulator.apimanagement.world import SERVICE, World


def test_authentication_basic_and_by_managed_identity(world: World) -> None:
    world.policy('<authentication-basic username="u" password="p" />')
    assert world.got()["headers"]["authorization"] == "Basic dTpw"
    world.policy('<authentication-managed-identity resource="https://management.azure.com" />')
    token = world.got()["headers"]["authorization"].removeprefix("Bearer ")
    claims = world.emulator.identity.tokens.claims(token)
    assert claims["oid"] == world.arm.ok("GET", SERVICE)["identity"]["principalId"]


def bearer(
    world: World, audience: str = "api://scoring", lifetime_s: int = 600, **more: str
) -> dict[str, str]:
    token, _ = world.emulator.identity.tokens.issue(SIGNED_IN, audience, lifetime_s, more)
    return {"authorization": f"Bearer {token}"}


ENTRA = (
    f'<validate-azure-ad-token tenant-id="{TENANT_ID}" failed-validation-error-message="sign in"><audiences>'
    "<audience>api://scoring</audience></audiences>{}</validate-azure-ad-token>"
)


def test_tokens_of_entra(world: World) -> None:
    world.policy(ENTRA.format(""))
    assert world.said(world.call()) == (401, "sign in")
    assert world.call(headers={"authorization": "Bearer no.token.here"}).status == 401
    assert world.call(headers=bearer(world)).status == 200
    assert world.call(headers=bearer(world, "api://other")).status == 401
    assert world.call(headers=bearer(world, lifetime_s=-1)).status == 401
    forged = bearer(world)["authorization"].rpartition(".")[0] + ".AAAA"
    assert world.call(headers={"authorization": forged}).status == 401
    elsewhere = bearer(world, tid="00000000-0000-0000-0000-000000000000")
    assert world.call(headers=elsewhere).status == 401


def test_claims_and_client_applications_of_entra(world: World) -> None:
    claims = '<required-claims><claim name="roles" match="any" separator=","><value>{}</value></claim>'
    world.policy(ENTRA.format(f"{claims.format('scorer')}</required-claims>"))
    assert world.call(headers=bearer(world)).status == 401
    assert world.call(headers=bearer(world, roles="reader")).status == 401
    assert world.call(headers=bearer(world, roles="reader,scorer")).status == 200
    client = f"<application-id>{SIGNED_IN.client_id}</application-id>"
    world.policy(ENTRA.format(f"<client-application-ids>{client}</client-application-ids>"))
    assert world.call(headers=bearer(world)).status == 200
    assert world.call(headers=bearer(world, appid="other")).status == 401


OPENID = f"https://login.microsoftonline.com/{TENANT_ID}/v2.0/.well-known/openid-configuration"


def test_tokens_of_any_issuer(world: World) -> None:
    world.policy(
        '<validate-jwt header-name="Authorization" require-scheme="Bearer" failed-validation-httpcode="403">'
        f'<openid-config url="{OPENID}" /><audiences><audience>api://scoring</audience></audiences>'
        f"<issuers><issuer>https://sts.windows.net/{TENANT_ID}/</issuer></issuers></validate-jwt>"
    )
    assert world.said(world.call()) == (403, "JWT not present.")
    assert world.call(headers=bearer(world)).status == 200
    basic = bearer(world)["authorization"].replace("Bearer", "Basic")
    assert world.call(headers={"authorization": basic}).status == 403
    world.policy(f'<validate-jwt header-name="Authorization"><openid-config url="{OPENID}" /></validate-jwt>')
    status, message = world.said(world.call(headers=bearer(world)))  # its v2.0 issuer is another
    assert status == 401 and "Issuer validation failed" in message


def test_tokens_by_a_shared_key(world: World) -> None:
    import base64

    import jwt

    key = b"k" * 32
    world.policy(
        '<validate-jwt query-parameter-name="token"><issuer-signing-keys>'
        f"<key>{base64.b64encode(key).decode()}</key></issuer-signing-keys></validate-jwt>"
    )
    good = jwt.encode({"exp": time.time() + 60}, key, algorithm="HS256")
    assert world.call(f"/echo/x?token={good}").status == 200
    for claims, signed in (({"exp": time.time() + 60}, b"x" * 32), ({}, key), ({"exp": 1}, key)):
        assert world.call(f"/echo/x?token={jwt.encode(claims, signed, algorithm='HS256')}").status == 401
    unsigned = jwt.encode({"exp": time.time() + 60}, None, algorithm="none")
    assert world.call(f"/echo/x?token={unsigned}").status == 401
