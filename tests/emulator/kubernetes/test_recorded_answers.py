"""The emulator's API server answers as the real one did: tests/emulator/kubernetes/recorded/."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from emulator.app import Emulator
from tests.emulator.kubernetes.behaviours import Answer, Recorded, play, recorded, warnings_of
from tests.emulator.kubernetes.conftest import Api, found


def asked(api: Api, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    answer = api(method, path, body, **headers)
    content = answer.body if answer.stream is None else asyncio.run(joined(answer.stream()))
    try:
        said: Any = json.loads(content)
    except ValueError:
        said = content.decode()
    warnings = [value for name, value in answer.headers.items() if name.lower() == "warning"]
    return Answer(answer.status, said, warnings_of(warnings))


async def joined(lines: AsyncIterator[bytes]) -> bytes:
    return b"".join([line async for line in lines])


@pytest.mark.parametrize("table", recorded("api"), ids=lambda table: table.name)
def test_answers_as_the_real_one(table: Recorded, emulator: Emulator) -> None:
    api = Api(emulator, found(emulator))

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        return asked(api, method, path, headers, body)

    differences = play(table, send)
    assert not list(map(str, differences))
