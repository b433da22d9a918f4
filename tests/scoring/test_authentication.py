import asyncio
import hashlib
import json
from collections.abc import Callable

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from scoring.http import authentication
from scoring.http.authentication import BearerKey, DigestOfKey, KeyWithdrawn
from scoring.settings import KeyDigest, KeySource


class Vault:
    """A secret whose reads are counted, and may fail."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers, self.reads = list(answers), 0

    def __call__(self) -> str:
        self.reads += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def started(keys: BearerKey) -> asyncio.Task[None]:
    task = asyncio.create_task(keys.run())
    for _ in range(200):
        if keys.ready():
            break
        await asyncio.sleep(0.01)
    return task


def test_only_the_key_is_let_in() -> None:
    async def scenario() -> None:
        keys = BearerKey(Vault("s3cret\n"), Clock())
        assert not keys.ready()
        task = await started(keys)
        assert keys.ready()
        assert keys.knows(b"Bearer s3cret")
        assert keys.knows(b"bearer s3cret")
        for wrong in (
            None,
            b"",
            b"s3cret",
            b"Basic s3cret",
            b"Bearer",
            b"Bearer ",
            b"Bearer s3cre",
            b"Bearer s3crett",
        ):
            assert not keys.knows(wrong)
        task.cancel()

    asyncio.run(scenario())


def test_vault_is_asked_until_it_answers(monkeypatch) -> None:
    monkeypatch.setattr(authentication, "FIRST_RETRY_SECONDS", 0.01)

    async def scenario() -> None:
        vault = Vault(PermissionError("Forbidden"), OSError("no identity"), "", "key")
        keys = BearerKey(vault)
        task = await started(keys)
        assert vault.reads == 4
        assert keys.knows(b"Bearer key")
        task.cancel()

    asyncio.run(scenario())


async def until(wanted: Callable[[], bool]) -> None:
    for _ in range(200):
        if wanted():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


def test_a_new_key_is_read_on_a_miss_at_most_once_a_minute() -> None:
    async def scenario() -> None:
        vault, clock = Vault("old", "new"), Clock()
        keys = BearerKey(vault, clock)
        task = await started(keys)
        assert not keys.knows(b"Bearer new")
        assert not keys.may_be_new(b"Bearer new")  # asked a moment ago
        assert vault.reads == 1
        clock.now += 61
        assert keys.may_be_new(b"Bearer new")
        await until(lambda: keys.knows(b"Bearer new"))
        assert not keys.knows(b"Bearer old")
        for _ in range(50):
            assert not keys.knows(b"Bearer guess")
            assert not keys.may_be_new(b"Bearer guess")
            await asyncio.sleep(0)
        assert vault.reads == 2
        task.cancel()

    asyncio.run(scenario())


def test_a_failed_refresh_keeps_the_known_key() -> None:
    async def scenario() -> None:
        vault, clock = Vault("key", ConnectionError("vault is away")), Clock()
        keys = BearerKey(vault, clock)
        task = await started(keys)
        clock.now += 61
        assert not keys.may_be_new(b"Basic other")
        assert keys.may_be_new(b"Bearer other")
        await until(lambda: vault.reads == 2)
        await until(lambda: not keys.may_be_new(b"Bearer other"))
        assert not keys.knows(b"Bearer other")
        assert keys.knows(b"Bearer key")
        task.cancel()

    asyncio.run(scenario())


def test_a_key_known_by_its_digest_only() -> None:
    async def scenario() -> None:
        keys = DigestOfKey(KeyDigest(hashlib.sha256(b"s3cret").hexdigest()))
        assert keys.ready()
        assert keys.knows(b"Bearer s3cret")
        for wrong in (
            None,
            b"",
            b"s3cret",
            b"Bearer ",
            b"Basic s3cret",
            b"Bearer s3cre",
            f"Bearer {keys._sha256}".encode(),
        ):
            assert not keys.knows(wrong), wrong

    asyncio.run(scenario())


def test_a_withdrawn_key_is_dropped_and_a_new_one_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "REFRESH_SECONDS", 0.01)
    monkeypatch.setattr(authentication, "OUTAGE_SECONDS", 0.01)
    monkeypatch.setattr(authentication, "FIRST_RETRY_SECONDS", 0.01)

    async def scenario() -> None:
        vault = Vault("key", ConnectionError("vault is away"), KeyWithdrawn("SecretDisabled"))
        keys = BearerKey(vault)
        task = await started(keys)
        await until(lambda: vault.reads == 2)
        assert keys.ready() and keys.knows(b"Bearer key")  # an outage keeps it
        await until(lambda: not keys.ready())
        assert not keys.knows(b"Bearer key")
        vault.answers = ["other"]
        await until(keys.ready)
        assert keys.knows(b"Bearer other") and not keys.knows(b"Bearer key")
        vault.answers = [" "]  # an empty one is none
        await until(lambda: not keys.ready())
        assert not keys.knows(b"Bearer other") and not keys.knows(b"Bearer ")
        task.cancel()

    asyncio.run(scenario())


def test_after_an_outage_the_vault_is_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "OUTAGE_SECONDS", 0.01)

    async def scenario() -> None:
        vault, clock = Vault("key", OSError("away"), OSError("away"), KeyWithdrawn("deleted")), Clock()
        keys = BearerKey(vault, clock)
        task = await started(keys)
        clock.now += 61
        assert keys.may_be_new(b"Bearer other")  # from here on without waiting for the next refresh
        await until(lambda: not keys.ready())
        task.cancel()

    asyncio.run(scenario())


class Response:
    """What an Azure client keeps of an answer."""

    def __init__(self, status: int, body: str) -> None:
        self.status_code, self.reason, self._body = status, "reason", body

    def text(self, encoding: str | None = None) -> str:
        return self._body


def vault_says(status: int, code: str, inner: str | None = None) -> Response:
    more = {} if inner is None else {"innererror": {"code": inner}}
    return Response(status, json.dumps({"error": {"code": code, "message": "words", **more}}))


@pytest.mark.parametrize(
    ("response", "withdrawn"),
    [
        (vault_says(404, "SecretNotFound"), True),
        (vault_says(403, "Forbidden", "SecretDisabled"), True),
        (vault_says(403, "Forbidden", "ForbiddenByRbac"), True),
        (vault_says(403, "Forbidden", "ForbiddenByPolicy"), True),
        (vault_says(403, "Forbidden"), True),
        (Response(404, '{"error": {"code": "SecretNotFound", "innererror": null}}'), True),
        (vault_says(403, "Forbidden", "ForbiddenByConnection"), False),
        (vault_says(403, "Forbidden", "ForbiddenByFirewall"), False),
        (vault_says(401, "Unauthorized"), False),
        (vault_says(429, "Throttled"), False),
        (vault_says(500, "InternalServerError"), False),
        (Response(403, "<html>a proxy</html>"), False),
        (Response(404, ""), False),
        (Response(403, '{"blocked": true}'), False),
        (Response(403, "[]"), False),
    ],
    ids=lambda item: f"{item.status_code} {item.text()[:70]}" if isinstance(item, Response) else "",
)
def test_only_the_vaults_own_word_on_the_secret_withdraws_the_key(
    monkeypatch: pytest.MonkeyPatch, response: Response, withdrawn: bool
) -> None:
    kind = ResourceNotFoundError if response.status_code == 404 else HttpResponseError

    class Client:
        def __init__(self, *given: object, **options: float) -> None:
            assert options["read_timeout"] <= 30  # one that never answers would keep a key for ever

        def __enter__(self) -> "Client":
            return self

        def __exit__(self, *error: object) -> None: ...

        def get_secret(self, name: str) -> None:
            raise kind(response=response)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr("azure.keyvault.secrets.SecretClient", Client)
    fetch = authentication.from_key_vault(KeySource("https://x.vault.azure.net", "api-key"), None)
    with pytest.raises(KeyWithdrawn if withdrawn else HttpResponseError) as caught:
        fetch()
    if withdrawn:
        assert "api-key" in str(caught.value) and str(response.status_code) in str(caught.value)
