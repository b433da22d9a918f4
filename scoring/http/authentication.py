"""The callers' key: read from Key Vault and kept fresh, or known by its digest; compared in constant time."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, cast

from scoring.settings import KeyDigest, KeySource

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

log = logging.getLogger(__name__)

# A key that was changed, disabled or deleted is refused after this time at the latest.
REFRESH_SECONDS = 300.0
OUTAGE_SECONDS = 15.0  # how often the vault is asked while it does not answer
MISS_SECONDS = 60.0  # how often, at most, a wrong key makes the service ask the vault
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 1.0, 15.0  # after a failure: a new role assignment takes minutes
# A 403 with one of these inner codes is about the way to the vault and says nothing about the secret.
NETWORK_CODES = frozenset({"ForbiddenByConnection", "ForbiddenByFirewall"})
VAULT_SECONDS = 10.0  # to connect, and to wait for each part of the answer


class KeyWithdrawn(Exception):
    """The vault says that this service has no key any more; the text says why."""


class Authenticator(Protocol):
    """Decides whether a request's `authorization` header lets it score."""

    def ready(self) -> bool: ...

    async def run(self) -> None: ...

    def knows(self, authorization: bytes | None) -> bool:
        """Whether the header holds the callers' key."""
        ...

    def may_be_new(self, authorization: bytes | None) -> bool:
        """Whether an unknown key may be a new one: True while the callers' key is being read again."""
        ...


class AnyoneMay:
    """Lets everybody score, because the deployment says so."""

    def ready(self) -> bool:
        return True

    async def run(self) -> None:
        return None

    def knows(self, authorization: bytes | None) -> bool:
        return True

    def may_be_new(self, authorization: bytes | None) -> bool:
        return False


class DigestOfKey:
    """One key for all callers, of which this service knows the SHA-256 only."""

    def __init__(self, digest: KeyDigest) -> None:
        self._sha256 = digest.sha256
        self._allowed: bytes | None = None  # the latest right header: comparing is cheaper than hashing

    def ready(self) -> bool:
        return True

    async def run(self) -> None:
        return None

    def knows(self, authorization: bytes | None) -> bool:
        if authorization is None:
            return False
        if self._allowed is not None and hmac.compare_digest(authorization, self._allowed):
            return True
        key = _bearer(authorization)
        if key is None or not hmac.compare_digest(hashlib.sha256(key).hexdigest(), self._sha256):
            return False
        self._allowed = authorization
        return True

    def may_be_new(self, authorization: bytes | None) -> bool:
        return False


def _bearer(authorization: bytes | None) -> bytes | None:
    """The key of `authorization: Bearer KEY`."""
    scheme, _, given = (authorization or b"").partition(b" ")
    key = given.strip()
    return key if key and scheme.lower() == b"bearer" else None


class BearerKey:
    """One key for all callers, sent as `authorization: Bearer KEY`.

    `fetch` blocks and may raise. A thread calls it, so no request waits for the vault. While the vault cannot
    be asked, the known key stays; KeyWithdrawn and an empty secret end it.
    """

    def __init__(self, fetch: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._key: bytes | None = None
        self._asked = float("-inf")
        self._wanted = asyncio.Event()  # a key was sent that may be newer than the known one

    def ready(self) -> bool:
        return self._key is not None

    async def run(self) -> None:
        """Read the key until it is there, then again and again; ends when cancelled."""
        wait = FIRST_RETRY_SECONDS
        while True:
            answered = await self._refresh()
            self._wanted.clear()
            if self._key is None:
                await asyncio.sleep(wait)
                wait = min(2 * wait, LAST_RETRY_SECONDS)
            else:
                wait = FIRST_RETRY_SECONDS
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH_SECONDS if answered else OUTAGE_SECONDS):
                        await self._wanted.wait()

    def knows(self, authorization: bytes | None) -> bool:
        key = _bearer(authorization)
        return key is not None and self._key is not None and hmac.compare_digest(key, self._key)

    def may_be_new(self, authorization: bytes | None) -> bool:
        if _bearer(authorization) is None:
            return False
        if not self._wanted.is_set() and self._clock() - self._asked >= MISS_SECONDS:
            self._wanted.set()
        return self._wanted.is_set()

    async def _refresh(self) -> bool:
        """Ask the vault. True when it answered, with a key or that there is none; False when it could not."""
        self._asked = self._clock()
        try:
            key = (await asyncio.to_thread(self._fetch)).strip()
            if not key:
                raise KeyWithdrawn("the secret of the callers' key is empty")
        except KeyWithdrawn as withdrawn:
            log.error("there is no callers' key: nobody may score", extra={"reason": str(withdrawn)[:500]})
            self._key = None
            return True
        except Exception as error:  # noqa: BLE001 - whatever is raised, the known key stays
            reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            log.warning("the callers' key could not be read", extra={"reason": reason[:500]})
            return False
        self._key = key.encode()
        return True


def from_key_vault(source: KeySource, client_id: str | None) -> Callable[[], str]:
    """A function that reads the secret's latest version with the workload's identity.

    It raises KeyWithdrawn when the vault refuses the secret itself, else what the Azure client raises.
    """

    def fetch() -> str:
        from azure.core.exceptions import HttpResponseError
        from azure.keyvault.secrets import SecretClient

        from scoring.identity import credential

        with SecretClient(
            source.vault_uri,
            credential(client_id),
            retry_total=1,
            connection_timeout=VAULT_SECONDS,
            read_timeout=VAULT_SECONDS,
        ) as client:
            try:
                return client.get_secret(source.secret).value or ""
            except HttpResponseError as error:
                code = _code(error)
                if error.status_code not in (403, 404) or code is None or code in NETWORK_CODES:
                    raise
                raise KeyWithdrawn(f"the secret {source.secret}: {error.status_code} {code}") from error

    return fetch


def _code(error: HttpResponseError) -> str | None:
    """The vault's inner code, else its code; None when a proxy or firewall answered instead of the vault."""
    if error.error is None:
        return None
    inner = cast("Mapping[str, str] | None", error.error.innererror)  # the vault may say null
    return (inner or {}).get("code") or error.error.code
