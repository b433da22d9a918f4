"""One running emulator, as the tests of pipelines have it."""

from tests.emulator.pipelines.conftest import cache, lab

__all__ = ["cache", "lab"]
