import asyncio
import hashlib
from collections.abc import Callable

from scoring.http import authentication
from scoring.http.authentication import BearerKey, DigestOfKey
from scoring.settings import KeyDigest


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
