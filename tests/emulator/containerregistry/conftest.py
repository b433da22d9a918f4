"""An emulator in this process with one registry, and a layer cache of the test session's own."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.arm.service import Action
from emulator.home import Home
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS
from emulator.images.base import machine_minor

GROUP = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}/resourceGroups/estate"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/estatereg"
Json = dict[str, Any]


@pytest.fixture(scope="session")
def registry_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with pytest.MonkeyPatch.context() as patch:  # no longer: others' caches would look empty
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        made = Emulator(Home(tmp_path_factory.mktemp("registries")))
    yield made
    made.close()


@pytest.fixture
def emulator(registry_world: Emulator) -> Iterator[Emulator]:
    """With one resource group and one registry, which go after the test."""
    arm = registry_world.arm
    arm.put(GROUP, {"location": "westeurope"})
    arm.put(REGISTRY, {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}})
    yield registry_world
    for group in registry_world.store.by_type("Microsoft.Resources/resourceGroups"):
        arm.delete(group["id"])


@pytest.fixture
def act(emulator: Emulator) -> Callable[..., Any]:
    """``act(resource id, action name, body)`` as the signed-in principal."""

    def run(resource_id: str, name: str, body: Json | None = None) -> Any:
        return emulator.arm.act(Action(resource_id, name, body or {}, {}, {}, SIGNED_IN))

    return run


def archive(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def upload(emulator: Emulator, act: Callable[..., Any]) -> Callable[[Mapping[str, str]], str]:
    """Put a source archive where its upload URL points; its relative path."""

    def run(files: Mapping[str, str]) -> str:
        path: str = act(REGISTRY, "listBuildSourceUploadUrl")["relativePath"]
        emulator.blobs.write("acrtasksinternal", "estatereg", path, archive(files))
        return path

    return run


@pytest.fixture
def request_body(upload: Callable[[Mapping[str, str]], str]) -> Callable[..., Json]:
    """A DockerBuildRequest for a Dockerfile; keywords replace its fields."""

    def run(dockerfile: str = f"FROM python:{machine_minor()}-slim\n", **fields: Any) -> Json:
        return {
            "type": "DockerBuildRequest",
            "imageNames": ["app:{{.Run.ID}}"],
            "isPushEnabled": True,
            "dockerFilePath": "Dockerfile",
            "platform": {"os": "Linux", "architecture": "amd64"},
            "sourceLocation": upload({"Dockerfile": dockerfile}),
            **fields,
        }

    return run
