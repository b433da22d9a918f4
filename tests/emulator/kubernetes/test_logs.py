"""What a container has said: its end, all of it, and what it goes on to say."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from emulator.kubernetes.clusters import Cluster
from tests.emulator.kubernetes.conftest import Api
from tests.emulator.kubernetes.test_refusals import PODS, pod

LOG = f"{PODS}/p/log"
Json = dict[str, Any]


class Written:
    """A source of logs: one file, of the container ``app``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def log(
        self, cluster: Cluster, namespace: str, pod: str, container: str, *, previous: bool
    ) -> Path | None:
        return None if previous or (namespace, pod, container) != ("scoring", "p", "app") else self.path


@pytest.fixture
def said(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file into which the one container of the pod ``p`` writes."""
    monkeypatch.setattr(api.emulator.kubernetes.logs, "source", Written(tmp_path / "app.log"))
    api.ok("POST", PODS, pod())
    return tmp_path / "app.log"


def state(api: Api, **states: Json) -> None:
    held = api.ok("GET", f"{PODS}/p")
    status = {"name": "app", "image": "", "imageID": "", "ready": True, "restartCount": 0, "state": states}
    held["status"] = {"phase": "Running", "containerStatuses": [status]}
    api.ok("PUT", f"{PODS}/p/status", held)


def test_the_end_of_a_log(api: Api, said: Path) -> None:
    said.write_bytes(b"one\ntwo\nthree\n")
    assert api("GET", LOG).body == b"one\ntwo\nthree\n"
    assert api("GET", f"{LOG}?tailLines=2").body == b"two\nthree\n"
    assert api("GET", f"{LOG}?tailLines=2&limitBytes=5").body == b"two\nt"
    assert api("GET", f"{LOG}?container=app&tailLines=0").body == b""


def test_words_of_a_log_that_is_not_there(api: Api, said: Path) -> None:
    state(api, waiting={"reason": "ImagePullBackOff"})
    assert api.refused("GET", LOG)["message"] == (
        'container "app" in pod "p" is waiting to start: ImagePullBackOff'
    )
    refused = api.refused("GET", f"{LOG}?previous=true")
    assert refused["message"] == 'previous terminated container "app" in pod "p" not found'
    refused = api.refused("GET", f"{LOG}?container=other")
    assert (refused["code"], refused["message"]) == (400, "container other is not valid for pod p")
    assert "logs with sinceSeconds" in api.refused("GET", f"{LOG}?sinceSeconds=5")["message"]
    assert not said.exists()


def test_a_log_is_followed_until_its_container_has_ended(api: Api, said: Path) -> None:
    said.write_bytes(b"one\ntwo\n")
    state(api, running={})
    answer = api("GET", f"{LOG}?follow=true&tailLines=1")
    assert answer.stream is not None
    parts = answer.stream()

    async def followed() -> list[bytes]:
        found = [await anext(parts)]
        with said.open("ab") as file:
            file.write(b"three\n")
        found.append(await anext(parts))
        state(api, terminated={"exitCode": 0})
        return [*found, *[part async for part in parts]]

    assert asyncio.run(followed()) == [b"two\n", b"three\n"]
