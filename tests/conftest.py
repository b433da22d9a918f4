"""Settings of all tests."""

import gc
import os

import pytest
from hypothesis import settings

from tests import order

# a busy machine is not a wrong answer: examples have no time limit
settings.register_profile("estate", deadline=None)
settings.load_profile("estate")
os.environ.setdefault("OMP_NUM_THREADS", "1")
gc.disable()  # until everything is imported: of that, nothing is garbage


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end, hundreds of MB: no garbage collection looks through them again.

    What is frozen does not count as living, so that Python would look through all the rest a dozen times a
    second: a sixteenth of what the tests of the emulator take. It looks less often here, and not never.
    """
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Among several workers the long files come first; without, the order is that of the command line."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: order.place(item.nodeid))
