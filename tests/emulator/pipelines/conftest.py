"""One running emulator for each file of shapes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import environment
from emulator.home import Home
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.client import arm_writer, emulator
from tests.emulator.pipelines.lab import Lab


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where environments are kept: one for all, away from the user's own."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("pipelines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMULATOR_HOME", str(root / "home"))
        patch.setenv("XDG_CACHE_HOME", str(cache))
        # steps find what is installed beside this Python, such as mldesigner
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        emulator("up")
        home = Home.default()
        try:
            for key, value in environment.applied(home).items():
                patch.setenv(key, value)
            write = arm_writer()
            estate.build(write)
            yield Lab(_client(), home, root, write)
        finally:
            emulator("down")


def _client() -> object:
    from azure.ai.ml import MLClient
    from azure.identity import EnvironmentCredential

    return MLClient(
        EnvironmentCredential(),
        estate.SUBSCRIPTION,
        estate.GROUP_NAME,
        estate.WORKSPACE_NAME,
        show_progress=False,
    )
