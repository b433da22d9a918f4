"""Containers listen on loopback: what HOST says, what becomes of "all interfaces", what the kernel sees."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.containers.loopback import on_loopback
from tests.emulator.containerinstance.conftest import container
from tests.listeners import listeners

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a container is told, and what becomes of it


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        (EVERYWHERE, "127.0.0.1"),
        ("--bind=0.0.0.0:8080", "--bind=127.0.0.1:8080"),
        (
            "exec uvicorn app:app --host 0.0.0.0 --port $PORT",
            "exec uvicorn app:app --host 127.0.0.1 --port $PORT",
        ),
        ("tcp://0.0.0.0:80/", "tcp://127.0.0.1:80/"),
        ("[::]:80", "127.0.0.1:80"),
        ("::", "127.0.0.1"),
        ("a::b", "a::b"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("10.0.0.0", "10.0.0.0"),
        ("0.0.0.0.1", "0.0.0.0.1"),
        ("", ""),
    ],
)
def test_all_interfaces_become_loopback(text: str, becomes: str) -> None:
    assert on_loopback(text) == becomes


def test_a_container_listens_on_loopback_whatever_it_is_told(groups: Any) -> None:
    told = [{"name": "HOST", "value": EVERYWHERE}, {"name": "SERVER", "secureValue": EVERYWHERE}]
    groups.put(container(environmentVariables=told, command=["python", "service.py", "bind", EVERYWHERE]))
    groups.until(lambda: groups.state() == "Running")
    answer = json.loads(groups.ask().body)
    assert (answer["HOST"], answer["SERVER"]) == ("127.0.0.1", "127.0.0.1")
    [running] = groups.emulator.processes.running()
    assert {address for address, _ in listeners(running.pid)} == {"127.0.0.1"}
    assert "ListensBeyondLoopback" not in [event["name"] for event in groups.view()["events"]]


def test_one_that_listens_everywhere_all_the_same_is_told_of(groups: Any) -> None:
    groups.put(container(command=["python", "service.py", "bind", "0"]))
    groups.until(lambda: groups.state() == "Running")
    groups.until(lambda: any(one["name"] == "ListensBeyondLoopback" for one in groups.view()["events"]))
    [event] = [one for one in groups.view()["events"] if one["name"] == "ListensBeyondLoopback"]
    assert event["type"] == "Warning"
    assert "the container listens at 0.0.0.0:" in event["message"] and "variable HOST" in event["message"]
