"""The functions that the installed SDK has in the modules of the kept types, as far as their text tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulator.arm import catalog
from emulator.arm.catalog_types import ResourceType
from emulator.provider.introspection import package_directory

TOKEN = re.compile(r"'azure-native:(\w+:\w+)'")
ARGUMENT = re.compile(r"__args__\['(\w+)'\]")
GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n    def (\w+)\(self\) -> (.+):\n')


@dataclass(frozen=True, slots=True)
class Function:
    """token: `storage:listStorageAccountKeys`; always: what its result has without exception."""

    token: str
    arguments: tuple[str, ...]
    always: frozenset[str]

    @property
    def acts_on(self) -> ResourceType | None:
        """The kept type whose id its arguments make; None where there is none."""
        module, given = self.token.split(":")[0], {name.lower() for name in self.arguments}
        fitting = [
            row
            for row in catalog.ROWS
            if any(token.split(":")[0] == module for token in row.tokens)
            and row.parameters not in ((), ("resourceGroupName",))
            and {name.lower() for name in row.parameters} <= given
        ]
        return max(fitting, key=lambda row: len(row.parameters), default=None)


def modules() -> list[str]:
    """Those that have a kept type."""
    return sorted({token.split(":")[0] for row in catalog.ROWS for token in row.tokens})


def resources() -> set[str]:
    """Tokens of the functions that read a resource of the SDK's: `storage:getStorageAccount`."""
    return {
        TOKEN.search(path.read_text())[1]  # type: ignore[index]
        for module in modules()
        for path in package_directory(module).glob("get_*.py")
        if path.with_name(path.name.removeprefix("get_")).exists()
    }


@cache
def functions() -> tuple[Function, ...]:
    """All that are no reading of a resource."""
    found: list[Function] = []
    for module in modules():
        folder = package_directory(module)
        for path in sorted([*folder.glob("get_*.py"), *folder.glob("list_*.py")]):
            if path.name.startswith("get_") and path.with_name(path.name.removeprefix("get_")).exists():
                continue
            found.append(_read(path))
    return tuple(found)


def _read(path: Path) -> Function:
    text = path.read_text(encoding="utf-8")
    token = TOKEN.search(text)
    assert token is not None, path
    getters = GETTER.findall(text)
    always = {wire or name for wire, name, of in getters if not of.startswith("Optional[")}
    return Function(token[1], tuple(dict.fromkeys(ARGUMENT.findall(text))), frozenset(always))
