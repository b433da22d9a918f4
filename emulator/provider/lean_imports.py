"""Reach pulumi.runtime.proto without importing the rest of `pulumi` (0.3 s of CPU at every start)."""

from __future__ import annotations

import importlib.util
import sys
import types


def install() -> None:
    """Put empty packages in place of `pulumi` and `pulumi.runtime`, so that only their files are found.

    For a process that needs nothing else of `pulumi`; does nothing where it has been imported already.
    """
    if "pulumi" in sys.modules:
        return
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("pulumi is not installed in this environment")
    for name, folder in (("pulumi", ""), ("pulumi.runtime", "/runtime")):
        shell = types.ModuleType(name)
        shell.__path__ = [f"{root}{folder}" for root in found.submodule_search_locations]
        sys.modules[name] = shell
