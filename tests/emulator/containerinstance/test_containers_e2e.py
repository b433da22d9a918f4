"""From source to answers through the real servers and the unmodified registry client of the Azure SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.listeners import listeners

CLIENT = Path(__file__).parent / "client.py"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    root = tmp_path_factory.mktemp("e2e")
    env = {**os.environ, "EMULATOR_HOME": str(root / "home"), "XDG_CACHE_HOME": str(root / "cache")}
    emulator(env, "up")
    yield env
    emulator(env, "down")


def emulator(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "emulator", *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.e2e
def test_build_run_restart_delete(environment: dict[str, str]) -> None:
    client = ("run", "--", sys.executable, str(CLIENT))
    said = emulator(environment, *client, "build").split()
    assert said[0] == "Succeeded" and said[1].startswith("sha256:")
    assert "hello from a container" in emulator(environment, *client, "deploy", said[1])
    listening = listeners(json.loads(emulator(environment, "status", "--json"))["pid"])
    assert any("hello.py" in command for _, command in listening)
    assert {address for address, _ in listening} == {"127.0.0.1"}
    emulator(environment, "down")
    emulator(environment, "up")
    assert "hello from a container" in emulator(environment, *client, "ask")
    assert emulator(environment, *client, "delete").strip() == "deleted"
    status = emulator(environment, "status")
    assert "refused hosts: none" in status and "resources: none" in status
