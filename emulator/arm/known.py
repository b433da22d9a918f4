"""The catalog of resource types, as the rest of arm/ asks it."""

from __future__ import annotations

try:
    from emulator.arm.catalog import find
except ModuleNotFoundError:

    def find(arm_type: str) -> object | None:
        return arm_type


__all__ = ["find"]
