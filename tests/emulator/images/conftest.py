"""Images built for real, in a cache and a home of the test session's own; no network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.home import Home
from emulator.images.builder import BuildRequest, Built
from emulator.images.layers import LayerCache
from emulator.images.store import Images
from emulator.processes import Processes


class MemoryDocuments:
    """The documents of a store, in memory."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], Any] = {}

    def document(self, kind: str, key: str) -> Any | None:
        return self.held.get((kind, key))

    def put_document(self, kind: str, key: str, value: Any, secret: bool = False) -> None:
        self.held[kind, key] = value

    def delete_document(self, kind: str, key: str) -> None:
        self.held.pop((kind, key), None)

    def documents(self, kind: str, prefix: str = "") -> dict[str, Any]:
        return {k: v for (one, k), v in sorted(self.held.items()) if one == kind and k.startswith(prefix)}


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    started = Processes()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> LayerCache:
    return LayerCache(tmp_path_factory.mktemp("layers"))


@pytest.fixture
def images(tmp_path: Path, cache: LayerCache, processes: Processes) -> Images:
    return Images(Home(tmp_path / "home").prepare(), MemoryDocuments(), processes, cache)


@pytest.fixture
def another_machine(tmp_path: Path, processes: Processes) -> Images:
    """Images with a home and a cache elsewhere."""
    home = Home(tmp_path / "other" / "home").prepare()
    return Images(home, MemoryDocuments(), processes, LayerCache(tmp_path / "other" / "deeper" / "cache"))


def context(root: Path, dockerfile: str, files: Mapping[str, str]) -> Path:
    for name, text in {"Dockerfile": dockerfile, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def build(images: Images, tmp_path: Path) -> Callable[..., Built]:
    """``build(dockerfile, files, **request)``; the log is ``build.log`` of the test's folder."""

    def run(dockerfile: str, files: Mapping[str, str] | None = None, **request: Any) -> Built:
        root = context(tmp_path / os.urandom(4).hex(), dockerfile, files or {})
        request["dockerfile"] = request.pop("dockerfile_path", "Dockerfile")
        return images.build(
            BuildRequest(context=root, log=tmp_path / "build.log", outside=dict(os.environ), **request)
        )

    return run
