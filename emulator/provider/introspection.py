"""Read the schema of resources out of the installed pulumi_azure_native, in a process of its own.

    python -m emulator.provider.introspection DIRECTORY TOKEN...

writes DIRECTORY/MODULE.NAME.json for each `azure-native:MODULE:NAME`. Importing the SDK takes seconds; the
provider itself never does it, it reads these files. Only the files of the resources asked for are imported,
not their whole modules.
"""

from __future__ import annotations

import collections.abc
import enum
import importlib
import importlib.util
import inspect
import json
import re
import sys
import types
import typing
from pathlib import Path
from typing import Any

import pulumi

from emulator.provider.schema import Properties, Property, Resource, Type
from emulator.provider.schema_cache import file_of, write

SDK = "pulumi_azure_native"
_API_VERSION = re.compile(r"Uses Azure REST API version (\d{4}-\d{2}-\d{2}[-a-z0-9]*)")
_CONSTANT = re.compile(r"Expected value is '([^']+)'")
_PRIMITIVES: dict[Any, Type] = {
    str: Type("string"),
    bool: Type("boolean"),
    int: Type("integer"),
    float: Type("number"),
    Any: Type("any"),
    object: Type("any"),
}
# Enums of the SDK that are not those of Azure Resource Manager, by module and name: what Azure takes.
WRONG_ENUMS: typing.Final[dict[tuple[str, str], tuple[str, ...]]] = {
    # Scheduled query rules: pulumi-azure-native 3.29.0, Microsoft.Insights 2025-01-01-preview (read 2026-11).
    ("monitor", "ConditionOperator"): (
        "Equals",
        "GreaterThan",
        "GreaterThanOrEqual",
        "LessThan",
        "LessThanOrEqual",
        "GreaterOrLessThan",
    ),
}
_NOT_OUTPUTS = {"urn", "id", "pulumi_resource_name", "pulumi_resource_type"}


class NotInSdk(LookupError):
    """The installed SDK has no such module or resource."""


def package_directory(module: str) -> Path:
    """The directory of one SDK module, such as `network`. NotInSdk if it has no such module."""
    found = importlib.util.find_spec(SDK)
    for root in found.submodule_search_locations or () if found else ():
        directory = Path(root) / module
        if directory.is_dir():
            return directory
    raise NotInSdk(f"{SDK} has no module {module!r}")


def resource_file(module: str, name: str) -> str:
    """The submodule that defines the resource class. NotInSdk if there is none."""
    heading = f"class {name}(pulumi.CustomResource):"
    for path in sorted(package_directory(module).glob("[!_]*.py")):
        if heading in path.read_text(encoding="utf-8"):
            return path.stem
    raise NotInSdk(f"{SDK}.{module} has no resource {name!r}")


def load_class(module: str, name: str) -> tuple[type, type | None]:
    """The resource class and the class of its arguments, importing that submodule alone."""
    package = f"{SDK}.{module}"
    if package not in sys.modules:
        shell = types.ModuleType(package)  # instead of __init__, which imports every resource of the module
        shell.__path__ = [str(package_directory(module))]
        sys.modules[package] = shell
    loaded = importlib.import_module(f"{package}.{resource_file(module, name)}")
    arguments = getattr(loaded, f"{name}InitArgs", None) or getattr(loaded, f"{name}Args", None)
    return getattr(loaded, name), arguments


class Reader:
    """Converts the classes of one resource; `types` collects the object types met on the way."""

    def __init__(self) -> None:
        self.types: dict[str, Properties] = {}

    def resource(self, token: str) -> Resource:
        _, module, name = token.split(":")
        cls, arguments = load_class(module, name)
        documentation = cls.__init__.__doc__ or "\n".join(
            overload.__doc__ or "" for overload in typing.get_overloads(cls.__init__)
        )
        version = _API_VERSION.search(documentation or inspect.getdoc(cls) or "")
        inputs = self.properties(arguments) if arguments else {}
        outputs = self._sharpened(self.properties(cls), inputs, cls.__module__.rsplit(".", 1)[0])
        return Resource(token, version[1] if version else "", inputs, outputs, self.types)

    def properties(self, cls: type) -> Properties:
        """Wire name -> property, of an arguments class, an output type or a resource class."""
        is_resource = issubclass(cls, pulumi.Resource)
        parameters = {} if is_resource else inspect.signature(cls.__init__).parameters
        found: Properties = {}
        for python_name, getter in _getters(cls):
            if is_resource and python_name in _NOT_OUTPUTS:
                continue
            parameter = parameters.get(python_name)
            constant = _CONSTANT.search(inspect.getdoc(getter) or "")
            annotation, namespace = (
                getter.__annotations__.get("return", Any),
                vars(sys.modules[cls.__module__]),
            )
            found[getattr(getter, "_pulumi_name", python_name)] = Property(
                self.convert(annotation, namespace),
                not _is_optional(annotation, namespace)
                if is_resource
                else parameter is not None and parameter.default is inspect.Parameter.empty,
                constant[1] if constant else None,
            )
        return found

    def convert(self, annotation: Any, namespace: dict[str, Any]) -> Type:
        """The type behind an annotation: Input, Output, Awaitable and Optional stripped, unions merged."""
        options: list[Type] = []
        for alternative in _alternatives(annotation, namespace):
            option = self._single(alternative, namespace)
            if option is not None and option not in options:
                options.append(option)
        for absorbing in ("asset", "any"):
            if any(option.kind == absorbing for option in options):
                return Type(absorbing)
        enums = [option for option in options if option.kind == "enum"]
        if len(enums) == 1 and {option.kind for option in options} == {"enum", "string"}:
            return Type("enum", name=enums[0].name, values=enums[0].values, open=True)
        match options:
            case []:
                return Type("any")
            case [single]:
                return single
            case _:
                return Type("union", options=tuple(options))

    def _single(self, annotation: Any, namespace: dict[str, Any]) -> Type | None:
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (collections.abc.Sequence, list):
            return Type("list", item=self.convert(arguments[0], namespace))
        if origin in (collections.abc.Mapping, dict):
            return Type("map", item=self.convert(arguments[1], namespace))
        if annotation in _PRIMITIVES:
            return _PRIMITIVES[annotation]
        if not isinstance(annotation, type):
            raise TypeError(f"the SDK uses an annotation that is not understood: {annotation!r}")
        if issubclass(annotation, enum.Enum):
            name = annotation.__name__
            values = WRONG_ENUMS.get((annotation.__module__.split(".")[1], name))
            return Type("enum", name=name, values=values or tuple(member.value for member in annotation))
        if issubclass(annotation, pulumi.Asset | pulumi.Archive):
            return Type("asset")
        if annotation.__name__.endswith("ArgsDict"):
            return None  # the TypedDict twin of an Args class
        return self._object(annotation)

    def _object(self, cls: type) -> Type:
        name = cls.__name__
        if name not in self.types:
            self.types[name] = {}  # entered before its properties: types refer to themselves
            found = self.properties(cls)
            package, _, file = cls.__module__.rpartition(".")
            if file == "outputs":
                twin = _twin(f"{package}._inputs", f"{name.removesuffix('Response')}Args")
                found = self._sharpened(found, self.properties(twin) if twin else {}, package)
            self.types[name] = found
        return Type("object", name=name)

    def _sharpened(self, outputs: Properties, inputs: Properties, package: str) -> Properties:
        """Outputs with the types that the SDK hides: polymorphic ones are `Any`, but their inputs are not."""
        return {
            name: Property(self._answering(inputs[name].type, package), item.required, item.constant)
            if item.type.kind == "any" and name in inputs
            else item
            for name, item in outputs.items()
        }

    def _answering(self, of: Type, package: str) -> Type:
        """The output type that answers an input type: `AKSResponse` for `AKSArgs`."""
        if of.item is not None:
            return Type(of.kind, item=self._answering(of.item, package))
        if of.kind == "union":
            return Type("union", options=tuple(self._answering(option, package) for option in of.options))
        if of.kind == "object":
            twin = _twin(f"{package}.outputs", f"{of.name.removesuffix('Args')}Response")
            return self._object(twin) if twin else Type("any")
        return of


def _twin(module: str, name: str) -> type | None:
    return getattr(sys.modules.get(module), name, None)


def _getters(cls: type) -> list[tuple[str, Any]]:
    return [
        (name, member.fget)
        for base in reversed(cls.__mro__)
        for name, member in vars(base).items()
        if isinstance(member, property) and member.fget is not None
    ]


def _alternatives(annotation: Any, namespace: dict[str, Any]) -> list[Any]:
    """The types that an annotation stands for, without None."""
    return [item for item in _members(annotation, namespace) if item is not type(None)]


def _is_optional(annotation: Any, namespace: dict[str, Any]) -> bool:
    """Whether the SDK says of an output that it may be None."""
    return type(None) in _members(annotation, namespace)


def _members(annotation: Any, namespace: dict[str, Any]) -> list[Any]:
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        if annotation.startswith("Output["):
            return []  # the other half of pulumi.Input
        scope = {**vars(typing), "pulumi": pulumi, **namespace}
        # the SDK's own annotations, in the SDK's own namespace
        evaluated = namespace.get(annotation) or eval(annotation, scope)  # noqa: S307
        return _members(evaluated, namespace)
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return [item for argument in typing.get_args(annotation) for item in _members(argument, namespace)]
    if origin is pulumi.Output:
        return _members(typing.get_args(annotation)[0], namespace)
    if isinstance(origin, type) and issubclass(origin, collections.abc.Awaitable):
        return []
    return [annotation]


def main(directory: Path, tokens: list[str]) -> None:
    """Write the schemas; a token that the SDK lacks gets a file that says so."""
    for token in tokens:
        try:
            content = Reader().resource(token).dump()
        except NotInSdk as error:
            content = {"missing": str(error)}
        write(file_of(directory, token), json.dumps(content, separators=(",", ":")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
