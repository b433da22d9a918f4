"""The emulator's API server answers as the real one did: tests/emulator/kubernetes/recorded/."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from emulator.app import Emulator
from tests.emulator.kubernetes.behaviours import (
    Answer,
    Difference,
    Recorded,
    Send,
    play,
    recorded,
    warnings_of,
)
from tests.emulator.kubernetes.conftest import Api, found
from tests.emulator.kubernetes.differing import DIFFERING, known

TABLES = recorded("api")


async def _joined(lines: AsyncGenerator[bytes]) -> bytes:
    return b"".join([line async for line in lines])


def sender(api: Api) -> Send:
    """Requests to the emulator's cluster."""

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        answer = api(method, path, body, **headers)
        content = answer.body if answer.stream is None else asyncio.run(_joined(answer.stream()))
        try:
            said: Any = json.loads(content)
        except ValueError:
            said = content.decode()
        warnings = [value for name, value in answer.headers.items() if name.lower() == "warning"]
        return Answer(answer.status, said, warnings_of(warnings))

    return send


@pytest.fixture(scope="module")
def differences(emulator: Emulator) -> dict[str, list[Difference]]:
    """By scenario. Each has a namespace of its own, so they can be played but once."""
    send = sender(Api(emulator, found(emulator)))
    return {table.name: play(table, send) for table in TABLES}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_answers_as_the_real_one(table: Recorded, differences: dict[str, list[Difference]]) -> None:
    new = [one for one in differences[table.name] if one.step not in known(table.name)]
    assert not list(map(str, new))


@pytest.mark.slow
def test_no_difference_is_listed_that_is_none(differences: dict[str, list[Difference]]) -> None:
    there = {name: {one.step for one in found} for name, found in differences.items()}
    gone = {name: known(name) - there[name] for name in DIFFERING if name in there}
    assert not {name: steps for name, steps in gone.items() if steps}


def test_a_row_names_steps_that_there_are() -> None:
    steps = {table.name: {step.name for step, _ in table.steps} for table in recorded()}
    for name in DIFFERING:
        assert known(name) <= steps[name]
