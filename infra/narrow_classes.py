"""The SDK's files of nested types a class at a time: most of what a preview imported was never looked at.

A module of the SDK keeps the nested types of all its resources in three files, some of which hold a thousand
classes in two megabytes; a resource uses a handful. Here a class is made when its name is asked for, together
with those that its annotations name: Pulumi looks these up in the module's dictionary, which can make nothing
by itself.

The bodies of the classes are parts of the file's bytecode, which Python keeps. Only what stands around them
is read in the file's text: its first lines, and of each class the decorator and the bases.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import pairwise
from pathlib import Path
from types import CodeType, ModuleType, new_class
from typing import Any, Final, cast

INPUTS, ENUMS = "_inputs", "_enums"
FILES: Final = (ENUMS, INPUTS, "outputs")
CLASS: Final = re.compile(r"\w+(?:\((?P<bases>.*)\))?:\n")  # as the SDK writes it: in one line
BETWEEN: Final = "\nclass "
TWIN: Final = "ArgsDict"  # what type checkers know of a dict in the place of a class; Pulumi asks for none


class ClassesLoader(Loader):
    """Loads one of FILES: its first lines at once, each class when it is asked for.

    A file whose classes are not those of its own list (`__all__`) is loaded by `whole`, as without this.
    """

    def __init__(self, whole: SourceFileLoader) -> None:
        self._whole = whole
        self._bodies: dict[str, CodeType] = {}
        self._parts: dict[str, tuple[str, str]] = {}
        self._module: ModuleType | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._whole.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        bodies = bodies_of(_code(self._whole, module))
        parts = self._whole.get_data(self._whole.path).decode().split(BETWEEN)
        head, _ = parted(parts[0])
        there = module.__dict__
        exec(compile(head, self._whole.path, "exec", dont_inherit=True), there)  # noqa: S102 (the SDK's own)
        if set(there.get("__all__", ())) != set(bodies) or not in_order(bodies, parts[1:]):
            package, _, file = module.__name__.rpartition(".")
            if file != ENUMS and (enums := _loader(package, ENUMS)) is not None:
                enums.make_all()
            self._whole.exec_module(module)
            return
        # Without the list, `from … import *` of a resource's file takes what was made, and makes nothing.
        there.pop("__all__", None)
        self._parts = dict(zip(bodies, pairwise(parts), strict=True))
        self._module, self._bodies = module, bodies

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
            if name in there or name not in self._bodies:
                continue
            body = self._bodies[name]
            there[name] = self._made(name, body, there)
            named = set(_named(body))
            wanted += named
            if not self._module.__name__.endswith(ENUMS):
                there.update(_made(self._module.__name__.rpartition(".")[0], ENUMS, named))

    def make_all(self) -> None:
        """Make every class, and give the list of them back."""
        if self._module is not None:
            self.make(self._bodies)
            self._module.__dict__["__all__"] = list(self._bodies)

    def _made(self, name: str, body: CodeType, there: dict[str, Any]) -> Any:
        """As the file's statement makes it."""
        bases, decorator = around(*self._parts[name])
        resolved = eval(_expression(f"({bases})"), there)  # noqa: S307 (the SDK's own text)
        made = new_class(name, resolved, {}, lambda inside: exec(body, there, inside))  # noqa: S102 (its code)
        return eval(_expression(decorator), there)(made) if decorator else made  # noqa: S307 (as above)


class ResourceLoader(Loader):
    """Loads a resource's file: what its annotations name is made before, so that `import *` finds it."""

    def __init__(self, whole: SourceFileLoader) -> None:
        self._whole = whole

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._whole.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        package = module.__name__.rpartition(".")[0]
        code = _code(self._whole, module)
        named = set(_named(code))
        for file in (ENUMS, INPUTS):
            if (loader := _loader(package, file)) is not None:
                loader.make(named)
        exec(code, module.__dict__)  # noqa: S102 (as its import does)


def make_all(package: str) -> None:
    """Make every class of a module of the SDK."""
    for file in FILES:
        if (loader := _loader(package, file)) is not None:
            loader.make_all()


def bodies_of(code: CodeType) -> dict[str, CodeType]:
    """The body of each class of a file, and whatever else is code in it, by name."""
    return {part.co_name: part for part in code.co_consts if isinstance(part, CodeType)}


def in_order(bodies: Iterable[str], texts: Sequence[str]) -> bool:
    """Whether these are the texts of these classes: bytecode has its constants in the order of the text."""
    names = list(bodies)
    return len(names) == len(texts) and all(map(str.startswith, texts, names))


def around(before: str, text: str) -> tuple[str, str]:
    """The bases and the decorator of a class as expressions, "" for none.

    before: the text up to the class, whose last line its decorator may be. text: the class, from its name on.
    """
    found = CLASS.match(text)
    above, decorator = parted(before)
    if found is None or parted(above)[1]:
        raise ImportError(f"this class is not written as the SDK's others: {text.splitlines()[0]}")
    return f"{found['bases']}," if found["bases"] else "", decorator


def parted(text: str) -> tuple[str, str]:
    """A text without its last line where that is a decorator, and the decorator's expression."""
    before, _, last = text.rpartition("\n")
    return (before, last.removeprefix("@")) if last.startswith("@") else (text, "")


@cache
def _expression(text: str) -> CodeType:
    return compile(text, "<a decorator or bases>", "eval", dont_inherit=True)


def _code(loader: SourceFileLoader, module: ModuleType) -> CodeType:
    """A file's bytecode: what Python keeps of it, or else compiled now and kept."""
    code = loader.get_code(module.__name__)
    if code is None:
        raise ImportError(f"{loader.path} has no code", name=module.__name__, path=loader.path)
    return code


def _named(part: CodeType | tuple[object, ...]) -> Iterator[str]:
    """What may be the name of a class in an annotation: it stands in quotes there, and so is a constant."""
    for constant in part.co_consts if isinstance(part, CodeType) else part:
        if isinstance(constant, str):
            if constant.isidentifier() and not constant.endswith(TWIN):
                yield constant
        elif isinstance(constant, CodeType | tuple):
            yield from _named(cast("CodeType | tuple[object, ...]", constant))


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
