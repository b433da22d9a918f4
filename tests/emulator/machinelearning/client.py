"""A running emulator for tests of real clients: its command, who writes resources, and waiting."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import httpx

from tests.emulator.machinelearning import estate


def emulator(*arguments: str) -> None:
    """Run the emulator's command, which has to succeed."""
    done = subprocess.run([sys.executable, "-m", "emulator", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def arm_writer() -> estate.Write:
    """What writes resources through Azure Resource Manager, as the environment's credential."""
    from azure.identity import EnvironmentCredential

    token = EnvironmentCredential().get_token("https://management.azure.com/.default").token
    client = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=30)

    def write(resource_id: str, body: estate.Json) -> estate.Json:
        answer = client.put(f"https://management.azure.com{resource_id}?api-version=2025-01-01", json=body)
        answer.raise_for_status()
        return answer.json()

    return write


def until(condition: Any, seconds: float = 30) -> None:
    """Wait for a condition, and fail where it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def wait(ml: Any, name: str, *statuses: str) -> None:
    """Wait until a job has one of some statuses, of its ends by default."""
    wanted = statuses or ("Completed", "Failed", "Canceled")
    until(lambda: ml.jobs.get(name).status in wanted)
