"""Import of pulumi_azure_native a resource at a time: a preview then starts a second of CPU sooner.

A module of the SDK (`pulumi_azure_native.network`) is a package that imports the files of all its resources
as soon as one of its names is read. `install` puts a package in its place that imports the file of the name
which is read, and nothing else; of the nested types only those that it names (`narrow_classes.py`). A name
that no file is called after is looked for as the SDK itself does it: by importing everything. So each name
means what it means without this.
"""

import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from infra.narrow_classes import FILES, ClassesLoader, ResourceLoader, make_all

SDK: Final = "pulumi_azure_native"
WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def install() -> None:
    """Let the SDK's modules be imported narrowly. Does nothing to those that were read before."""
    if not any(isinstance(finder, NarrowFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, NarrowFinder())


class NarrowFinder(MetaPathFinder):
    """Finds the SDK's modules (packages directly in it) and their files; leaves other imports to Python."""

    def __init__(self, sdk: str = SDK) -> None:
        self._sdk = sdk

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        sdk, *inside = fullname.split(".")
        if sdk != self._sdk or len(inside) not in (1, 2) or inside[0].startswith("_"):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        if bool(spec.submodule_search_locations) != (len(inside) == 1):
            return None
        if len(inside) == 1:
            spec.loader = NarrowLoader(spec.loader)
        elif inside[1] in FILES:
            spec.loader = ClassesLoader(spec.loader)
        elif not inside[1].startswith("_"):
            spec.loader = ResourceLoader(spec.loader)
        return spec


class NarrowLoader(Loader):
    """Gives a module a `__getattr__` in place of its content. whole: the loader of all of the content."""

    def __init__(self, whole: Loader) -> None:
        self._whole = whole

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._whole.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        def read(name: str) -> Any:
            for file in files_of(name):
                if (Path(module.__path__[0]) / f"{file}.py").is_file():
                    part = import_module(f"{module.__name__}.{file}")
                    if file == name:
                        return part
                    if hasattr(part, name):
                        setattr(module, name, getattr(part, name))
                        return getattr(module, name)
            if name.startswith("__"):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            del module.__dict__["__getattr__"]
            make_all(module.__name__)
            self._whole.exec_module(module)
            return getattr(module, name)

        module.__dict__["__getattr__"] = read


def files_of(name: str) -> tuple[str, ...]:
    """The files in which the SDK may define a name, without their ending, likeliest first."""
    plain = name.removesuffix("_output")
    resource = WORD_START.sub("_", plain.removesuffix("Args")).lower()
    if name.endswith("Args"):
        return (resource, "_inputs")
    return (resource,) if plain[:1].islower() or "_" in plain else (resource, "_enums")
