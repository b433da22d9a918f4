"""The schema of a resource as the provider uses it, and its form on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast

Kind = Literal[
    "string", "integer", "number", "boolean", "any", "asset", "list", "map", "object", "enum", "union"
]


@dataclass(frozen=True, slots=True)
class Type:
    """A property's type.

    item: of a list or map; name: of an object's type or an enum; values, open: of an enum (an open one takes
    other strings too); options: of a union.
    """

    kind: Kind
    item: Type | None = None
    name: str = ""
    values: tuple[str | int | float, ...] = ()
    open: bool = False
    options: tuple[Type, ...] = ()

    def dump(self) -> Any:
        match self.kind:
            case "list" | "map":
                assert self.item is not None  # noqa: S101  by construction
                return {self.kind: self.item.dump()}
            case "object":
                return {"object": self.name}
            case "enum":
                return {"enum": list(self.values), "name": self.name, "open": self.open}
            case "union":
                return {"union": [option.dump() for option in self.options]}
            case _:
                return self.kind

    @classmethod
    def load(cls, data: Any) -> Self:
        if isinstance(data, str):
            return cls(cast(Kind, data))
        if "enum" in data:
            return cls("enum", name=data["name"], values=tuple(data["enum"]), open=data["open"])
        if "union" in data:
            return cls("union", options=tuple(cls.load(option) for option in data["union"]))
        if "object" in data:
            return cls("object", name=data["object"])
        ((kind, item),) = data.items()
        return cls(kind, item=cls.load(item))


@dataclass(frozen=True, slots=True)
class Property:
    """required: of an input, that it has to be given; of an output, that the SDK says it is always there.

    constant: the one value that a discriminator takes in its type.
    """

    type: Type
    required: bool = False
    constant: str | None = None

    def dump(self) -> Any:
        if not self.required and self.constant is None:
            return self.type.dump()
        return {"type": self.type.dump(), "required": self.required, "constant": self.constant}

    @classmethod
    def load(cls, data: Any) -> Self:
        if isinstance(data, dict) and "type" in data:
            return cls(Type.load(data["type"]), data["required"], data["constant"])
        return cls(Type.load(data))


Properties = dict[str, Property]


@dataclass(frozen=True, slots=True)
class Resource:
    """What the SDK tells about one resource; property names as on the wire (camelCase)."""

    token: str
    api_version: str
    inputs: Properties
    outputs: Properties
    types: dict[str, Properties] = field(default_factory=dict)

    def properties(self, of: Type) -> Properties:
        """The properties of an object type; none for any other."""
        return self.types.get(of.name, {}) if of.kind == "object" else {}

    def dump(self) -> dict[str, Any]:
        return {
            "token": self.token,
            "apiVersion": self.api_version,
            "inputs": _dump(self.inputs),
            "outputs": _dump(self.outputs),
            "types": {name: _dump(properties) for name, properties in self.types.items()},
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        return cls(
            data["token"],
            data["apiVersion"],
            _load(data["inputs"]),
            _load(data["outputs"]),
            {name: _load(properties) for name, properties in data["types"].items()},
        )


def _dump(properties: Properties) -> dict[str, Any]:
    return {name: item.dump() for name, item in properties.items()}


def _load(data: dict[str, Any]) -> Properties:
    return {name: Property.load(item) for name, item in data.items()}
