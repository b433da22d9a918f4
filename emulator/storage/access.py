"""Who asks, and what they may: bearer tokens with roles, shared keys, and the three kinds of SAS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.service import Identity
from emulator.principal import Principal
from emulator.storage import signatures
from emulator.storage.accounts import Account
from emulator.storage.errors import failure, refusal
from emulator.storage.lake.rights import SUPERUSER
from emulator.storage.operations import BLOBS, Operation

SERVICE_DELEGATOR = "00000000-0000-0000-0000-000000000000"  # Azure itself, for the addresses it hands out
TIMES = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.%fZ")
SERVICES = ("blob", "dfs", "queue")
UNSUPPORTED = {
    "si": "stored access policies (si)",
    "sip": "SAS limited to IP addresses (sip)",
    "ses": "encryption scopes (ses)",
    "saoid": "SAS for hierarchical namespaces (saoid)",
    "suoid": "SAS for hierarchical namespaces (suoid)",
    "sduoid": "SAS bound to a delegated user (sduoid)",
    "skdutid": "SAS bound to a delegated user (skdutid)",
    "srh": "SAS bound to request headers (srh)",
    "srq": "SAS bound to query parameters (srq)",
}


class Access:
    """Everything is allowed: the holder of an account key."""

    @property
    def owner(self) -> str:
        """Who owns what it creates in a hierarchical namespace: nobody in particular."""
        return SUPERUSER

    def superuser(self, scope: str) -> bool:
        """Whether permissions of paths do not bind it."""
        return True

    def require(self, operation: Operation, scope: str) -> None:
        """403 unless the operation is allowed on the ARM id ``scope``."""

    def allows(self, operation: Operation, scope: str) -> bool:
        try:
            self.require(operation, scope)
        except AzureError as error:
            if error.status != 403:
                raise
            return False
        return True


@dataclass(slots=True)
class ByRole(Access):
    """The holder of a bearer token, as its role assignments allow."""

    identity: Identity
    principal: Principal

    @property
    def owner(self) -> str:
        return self.principal.object_id

    def superuser(self, scope: str) -> bool:
        return self.identity.allowed(self.principal, f"{BLOBS}/runAsSuperUser/action", scope, data=True)

    def require(self, operation: Operation, scope: str) -> None:
        if any(
            all(self.identity.allowed(self.principal, one, scope, data=operation.data) for one in actions)
            for actions in operation.instead
        ):
            return
        try:
            self.identity.require(self.principal, operation.action, scope, data=operation.data)
        except AzureError as error:
            if error.status != 403:
                raise
            raise failure("AuthorizationPermissionMismatch", f"{operation.name}: {error.message}") from error


@dataclass(slots=True)
class BySignature(Access):
    """The holder of a SAS; ``delegator`` limits it further."""

    letters: str
    resources: str  # of an account SAS, else ""
    delegator: Access | None = None

    def superuser(self, scope: str) -> bool:
        return False

    def require(self, operation: Operation, scope: str) -> None:
        if self.resources:
            if not set(self.resources) & set(operation.resource):
                raise failure(
                    "AuthorizationResourceTypeMismatch",
                    f"{operation.name} needs srt={operation.resource}, the signature has {self.resources}.",
                )
        elif not operation.in_service_sas:
            raise failure(
                "AuthorizationPermissionMismatch",
                f"{operation.name} cannot be given by a service SAS.",
            )
        if not set(self.letters) & set(operation.letters):
            raise failure(
                "AuthorizationPermissionMismatch",
                f"{operation.name} needs one of sp={operation.letters}, it has {self.letters or 'none'}.",
            )
        if self.delegator is not None:
            self.delegator.require(operation, scope)


class Authentication:
    """Finds out by what right a request comes."""

    def __init__(self, identity: Identity, tenant: str) -> None:
        self._identity = identity
        self._challenge = (
            f"Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize "
            "resource_id=https://storage.azure.com"
        )

    def access(self, request: Request, account: Account, container: str, blob: str) -> Access:
        """The rights of a request on ``container`` and ``blob`` ("" for none)."""
        authorization = request.headers.get("authorization", "")
        scheme, _, value = authorization.partition(" ")
        match scheme.lower():
            case "bearer":
                return self._by_token(request, account)
            case "sharedkey":
                return _by_shared_key(request, account, value)
            case "sharedkeylite":
                raise refusal("authorization by SharedKeyLite")
            case "":
                pass
            case _:
                raise failure("InvalidAuthenticationInfo", f"Unknown scheme {scheme!r}.")
        if "sig" in request.query:
            return self._by_signature(request, account, container, blob)
        raise failure("NoAuthenticationInformation", www_authenticate=self._challenge)

    def _by_token(self, request: Request, account: Account) -> Access:
        hosts = {f"https://{account.name}.{service}.core.windows.net" for service in SERVICES}
        audiences = {"https://storage.azure.com", *hosts}
        try:
            principal = self._identity.principal(request, {*audiences, *(f"{name}/" for name in audiences)})
        except AzureError as error:
            raise failure(
                "InvalidAuthenticationInfo", error.message, www_authenticate=self._challenge
            ) from error
        return ByRole(self._identity, principal)

    def _by_signature(self, request: Request, account: Account, container: str, blob: str) -> Access:
        query = request.query
        _check_form(query)
        if "srt" in query:
            return _by_account_sas(request, account)
        if _service(request) == "queue":
            return _by_queue_sas(request, account, container)
        kind = query.get("sr", "")
        if kind not in ("b", "c"):
            raise refusal(f"SAS with sr={kind or '(none)'}: only b (blob) and c (container) are known")
        if not container or (kind == "b" and not blob):
            raise failure(
                "AuthenticationFailed", "The signature is for a resource that the request does not name."
            )
        resource = f"/blob/{account.name}/{container}" + (f"/{blob}" if kind == "b" else "")
        if "skoid" in query:
            return self._by_delegation(request, account, resource)
        _forbid_keys(account)
        text = signatures.service_sas(resource, query)
        _verify(text, query["sig"], account.keys)
        _check_terms(request)
        return BySignature(query.get("sp", ""), "")

    def _by_delegation(self, request: Request, account: Account, resource: str) -> Access:
        query = request.query
        key = signatures.DelegationKey.of(query)
        _verify(signatures.delegation_sas(resource, query), query["sig"], (key.value(account.delegation),))
        _check_terms(request)
        _check_period(key.start, key.expiry, "user delegation key (skt, ske)")
        if key.oid == SERVICE_DELEGATOR:
            return BySignature(query.get("sp", ""), "")
        delegator = self._identity.directory.find(key.oid)
        if delegator is None:
            raise failure("AuthenticationFailed", f"The delegator {key.oid} does not exist any more.")
        return BySignature(query.get("sp", ""), "", ByRole(self._identity, delegator))


def _by_shared_key(request: Request, account: Account, value: str) -> Access:
    _forbid_keys(account)
    name, _, signature = value.partition(":")
    if name != account.name:
        raise failure(
            "AuthenticationFailed", f"The key is said to be of account {name!r}, not {account.name!r}."
        )
    texts = signatures.shared_key(request, account.name)
    if not any(
        signatures.same(signatures.sign(key, text), signature) for key in account.keys for text in texts
    ):
        raise failure("AuthenticationFailed", f"The string to sign is {texts[0]!r}.")
    return Access()


def _by_account_sas(request: Request, account: Account) -> Access:
    _forbid_keys(account)
    query = request.query
    _verify(signatures.account_sas(account.name, query), query["sig"], account.keys)
    _check_terms(request)
    service = "queue" if _service(request) == "queue" else "blob"
    if service[0] not in query.get("ss", ""):
        held = f"ss={query.get('ss', '')} does not hold {service[0]} ({service})."
        raise failure("AuthorizationServiceMismatch", held)
    return BySignature(query.get("sp", ""), query["srt"])


def _by_queue_sas(request: Request, account: Account, queue: str) -> Access:
    query = request.query
    if "skoid" in query:
        raise refusal("user delegation SAS", "Queue service")
    if not queue:
        raise failure(
            "AuthenticationFailed", "The signature is for a queue, and the request does not name one."
        )
    _forbid_keys(account)
    _verify(signatures.queue_sas(f"/queue/{account.name}/{queue}", query), query["sig"], account.keys)
    _check_terms(request)
    return BySignature(query.get("sp", ""), "")


def _service(request: Request) -> str:
    """blob, dfs or queue, by the host that is asked."""
    return request.host.partition(".")[2].partition(".")[0]


def _forbid_keys(account: Account) -> None:
    if not account.shared_key:
        raise failure(
            "KeyBasedAuthenticationNotPermitted",
            f"allowSharedKeyAccess of {account.name} is false: use a token or a user delegation SAS.",
        )


def _check_form(query: Mapping[str, str]) -> None:
    for name, what in UNSUPPORTED.items():
        if query.get(name):
            raise refusal(what)
    version = query.get("sv", "")
    if version < signatures.OLDEST:
        raise refusal(f"SAS of version sv={version or '(none)'}: {signatures.OLDEST} is the oldest known")


def _verify(text: str, signature: str, keys: tuple[str, ...]) -> None:
    if not any(signatures.same(signatures.sign(key, text), signature) for key in keys):
        raise failure("AuthenticationFailed", f"Signature did not match. String to sign used was {text!r}.")


def _check_terms(request: Request) -> None:
    query = request.query
    if not query.get("se"):
        raise failure("AuthenticationFailed", "Signed expiry time (se) is missing.")
    _check_period(query.get("st", ""), query["se"], "signature (st, se)")
    if request.scheme not in query.get("spr", "https,http").split(","):
        raise failure(
            "AuthorizationProtocolMismatch", f"spr={query['spr']}, the request came by {request.scheme}."
        )


def _check_period(start: str, expiry: str, what: str) -> None:
    now = datetime.now(UTC)
    if (start and now < _time(start)) or now >= _time(expiry):
        raise failure(
            "AuthenticationFailed",
            f"The {what} is valid from {start or 'any time'} to {expiry}; it is {now:%Y-%m-%dT%H:%M:%SZ}.",
        )


def _time(text: str) -> datetime:
    for form in TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise failure("AuthenticationFailed", f"{text!r} is no ISO 8601 time in UTC.")
