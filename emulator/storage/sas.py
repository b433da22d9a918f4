"""`listAccountSas` and `listServiceSas`: signatures that Azure Resource Manager makes with an account's key.

They are made whether or not the account takes keys: what is signed with one is refused where it is used, with
KeyBasedAuthenticationNotPermitted ("Prevent Shared Key authorization for an Azure Storage account", 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from emulator.arm.service import Action, Arm
from emulator.errors import AzureError, NotEmulated
from emulator.storage import signatures
from emulator.storage.accounts import ACCOUNT, Account, Accounts

VERSION: Final = "2022-11-02"  # of the form of the text that is signed
LETTERS: Final = frozenset("rwdlacupxytmeopifk")
# member of the body -> key of the signature
TERMS: Final = {
    "signedPermission": "sp",
    "signedStart": "st",
    "signedExpiry": "se",
    "signedProtocol": "spr",
}
OF_ACCOUNT: Final = {"signedServices": ("ss", "bqtf"), "signedResourceTypes": ("srt", "sco")}
NOT_EMULATED: Final = {
    "signedIp": "signatures limited to addresses (signedIp)",
    "signedIdentifier": "stored access policies (signedIdentifier)",
    **dict.fromkeys(("startPk", "endPk", "startRk", "endRk"), "signatures for tables"),
}
PROTOCOLS: Final = ("https", "https,http")


def install(arm: Arm, accounts: Accounts) -> None:
    """Register both actions."""

    @arm.action(ACCOUNT, "listAccountSas")
    def account_sas(action: Action) -> dict[str, str]:
        account = _account(arm, accounts, action)
        query = _terms(action.body)
        for member, (key, letters) in OF_ACCOUNT.items():
            query[key] = _letters(action.body, member, frozenset(letters))
        return {
            "accountSasToken": _signed(
                account, action.body, query, signatures.account_sas(account.name, query)
            )
        }

    @arm.action(ACCOUNT, "listServiceSas")
    def service_sas(action: Action) -> dict[str, str]:
        account, body = _account(arm, accounts, action), action.body
        query = _terms(body)
        kind = body.get("signedResource") or "c"
        if kind not in ("b", "c"):
            raise NotEmulated(f"signatures with signedResource {kind!r}: of storage only blobs are emulated")
        resource = str(body.get("canonicalizedResource") or "")
        parts = resource.split("/")
        if parts[:3] != ["", "blob", account.name] or len(parts) < (5 if kind == "b" else 4) or not parts[-1]:
            raise _invalid("canonicalizedResource")
        query["sr"] = kind
        query |= {key: str(body[key]) for key in signatures.OVERRIDES if body.get(key)}
        return {"serviceSasToken": _signed(account, body, query, signatures.service_sas(resource, query))}


def _account(arm: Arm, accounts: Accounts, action: Action) -> Account:
    resource = arm.get(action.id)
    account = accounts.find(resource["name"])
    if account is None:
        raise AzureError(404, "ResourceNotFound", f"The storage account {action.id} has no keys.")
    for member, what in NOT_EMULATED.items():
        if action.body.get(member):
            raise NotEmulated(what)
    return account


def _terms(body: Mapping[str, Any]) -> dict[str, str]:
    """What both kinds of signatures say: rights, times, protocol."""
    query = {"sv": VERSION}
    for member, key in TERMS.items():
        if body.get(member):
            query[key] = str(body[member])
    query["sp"] = _letters(body, "signedPermission", LETTERS)
    for member in ("signedStart", "signedExpiry"):
        if member == "signedExpiry" or body.get(member):
            query[TERMS[member]] = _time(body, member)
    if query.setdefault("spr", "https") not in PROTOCOLS:
        raise _invalid("signedProtocol")
    return query


def _letters(body: Mapping[str, Any], member: str, known: frozenset[str]) -> str:
    given = str(body.get(member) or "")
    if not given or not set(given) <= known:
        raise _invalid(member)
    return given


def _time(body: Mapping[str, Any], member: str) -> str:
    try:
        given = datetime.fromisoformat(str(body.get(member) or ""))
    except ValueError as error:
        raise _invalid(member) from error
    shift = given.utcoffset()
    return f"{(given - shift if shift else given).replace(tzinfo=None):%Y-%m-%dT%H:%M:%SZ}"


def _signed(account: Account, body: Mapping[str, Any], query: dict[str, str], text: str) -> str:
    name = str(body.get("keyToSign") or "key1")
    if name not in ("key1", "key2"):
        raise _invalid("keyToSign")
    key = account.keys[0 if name == "key1" else 1]
    return urlencode({**query, "sig": signatures.sign(key, text)})


def _invalid(member: str) -> AzureError:
    return AzureError(
        400, "InvalidValuesForRequestParameters", f"Values for request parameters are invalid: {member}."
    )
