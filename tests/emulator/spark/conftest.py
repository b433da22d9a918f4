"""One running emulator, as the tests of pipelines have it, whose cache has Spark."""

from pathlib import Path

import pytest

from tests.emulator.pipelines.conftest import cache, lab
from tests.ml.batch.spark.submitted import installed

__all__ = ["cache", "lab"]


@pytest.fixture(scope="session")
def home(cache: Path) -> Path:
    """Spark's. It is installed before the emulator runs, which lets nobody out and has a cache of its own."""
    made = installed()
    there = cache / "mlops-estate" / made.name
    there.parent.mkdir(exist_ok=True)
    there.symlink_to(made)
    return made
