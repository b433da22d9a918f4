"""The SDK's files of nested types a class at a time: most of what a preview imported was never looked at.

A module of the SDK keeps the nested types of all its resources in three files, some of which hold a thousand
classes in two megabytes; a resource uses a handful. Here such a file is cut at its classes, and a class is
compiled when its name is asked for, together with those that its annotations name: Pulumi looks these up in
the module's dictionary, which can make nothing by itself.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

INPUTS, ENUMS = "_inputs", "_enums"
FILES: Final = (ENUMS, INPUTS, "outputs")
QUOTED: Final = re.compile(r"'(\w+)'")
NAME: Final = re.compile(r"\w+(?=[:(])")
TWIN: Final = "ArgsDict"  # what type checkers know of a dict in the place of a class; Pulumi asks for none


class ClassesLoader(Loader):
    """Loads one of FILES: its first lines at once, each class when it is asked for.

    A file whose classes are not those of its own list (`__all__`) is loaded by `whole`, as without this.
    """

    def __init__(self, whole: Loader) -> None:
        self._whole = whole
        self._classes: dict[str, str] = {}
        self._module: ModuleType | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._whole.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        head, classes = cut(Path(str(module.__file__)).read_text(encoding="utf-8"))
        there = module.__dict__
        _run(head, str(module.__file__), there)
        if set(there.get("__all__", ())) != set(classes):
            package, _, file = module.__name__.rpartition(".")
            if file != ENUMS and (enums := _loader(package, ENUMS)) is not None:
                enums.make_all()
            self._whole.exec_module(module)
            return
        # Without the list, `from … import *` of a resource's file takes what was made, and makes nothing.
        there.pop("__all__", None)
        self._module, self._classes = module, classes

        def read(name: str) -> Any:
            self.make([name])
            if name not in there:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return there[name]

        there["__getattr__"] = read

    def make(self, names: Iterable[str]) -> None:
        """Make those of these names that are classes of the file, and what they name."""
        if self._module is None:
            return
        there = self._module.__dict__
        wanted = list(names)
        while wanted:
            name = wanted.pop()
            if name in there or name not in self._classes:
                continue
            text = self._classes[name]
            # Lines are counted from the class: a number of the file's would cost more than the class.
            _run(text, f"{self._module.__file__}, {name}", there)
            named = set(_named(text))
            wanted += named
            if not self._module.__name__.endswith(ENUMS):
                there.update(_made(self._module.__name__.rpartition(".")[0], ENUMS, named))

    def make_all(self) -> None:
        """Make every class, and give the list of them back."""
        if self._module is not None:
            self.make(self._classes)
            self._module.__dict__["__all__"] = list(self._classes)


class ResourceLoader(Loader):
    """Loads a resource's file: what its annotations name is made before, so that `import *` finds it."""

    def __init__(self, whole: Loader) -> None:
        self._whole = whole

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._whole.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        package = module.__name__.rpartition(".")[0]
        named = set(_named(Path(str(module.__file__)).read_text(encoding="utf-8")))
        for file in (ENUMS, INPUTS):
            if (loader := _loader(package, file)) is not None:
                loader.make(named)
        self._whole.exec_module(module)


def make_all(package: str) -> None:
    """Make every class of a module of the SDK."""
    for file in FILES:
        if (loader := _loader(package, file)) is not None:
            loader.make_all()


def cut(source: str) -> tuple[str, dict[str, str]]:
    """What stands before the first class of a file, and the text of each class with its decorator."""
    head, *rest = source.split("\nclass ")
    head, decorator = _parted(head)
    classes: dict[str, str] = {}
    for part in rest:
        text, following = _parted(part)
        name = NAME.match(text)
        classes[name[0] if name else ""] = f"{decorator}class {text}\n"
        decorator = following
    return head + "\n", classes


def _run(text: str, file: str, there: dict[str, Any]) -> None:
    """Run a part of a file as its import does. there: the dictionary of its module."""
    exec(compile(text, file, "exec", dont_inherit=True), there)  # noqa: S102 (the SDK's own text)


def _parted(text: str) -> tuple[str, str]:
    """A text without its last line where that is a decorator, and the decorator."""
    before, _, last = text.rpartition("\n")
    return (before, f"{last}\n") if last.startswith("@") else (text, "")


def _named(text: str) -> Iterator[str]:
    return (name for name in QUOTED.findall(text) if not name.endswith(TWIN))


def _loader(package: str, file: str) -> ClassesLoader | None:
    """The loader of a file, which is imported; None where the module has no such file, or it is whole."""
    name = f"{package}.{file}"
    if name not in sys.modules:
        folder = Path(import_module(package).__path__[0])
        if not (folder / f"{file}.py").is_file():
            return None
        import_module(name)
    spec = sys.modules[name].__spec__
    return spec.loader if spec and isinstance(spec.loader, ClassesLoader) else None


def _made(package: str, file: str, names: set[str]) -> dict[str, Any]:
    """Those of these names that a file has, made."""
    loader = _loader(package, file)
    if loader is None:
        return {}
    loader.make(names)
    there = import_module(f"{package}.{file}").__dict__
    return {name: there[name] for name in names if name in there}
