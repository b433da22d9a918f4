"""``python -m tools.body_types``: write emulator/arm/body_types.json anew, from the installed Pulumi SDK.

The SDK says of which type each member is, and the provider knows where each stands in the bodies that Azure
speaks: together they give the types of the bodies' members, for every emulated type that the SDK has.
"""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

from emulator.arm.catalog import ROWS
from emulator.arm.catalog_types import ResourceType
from emulator.provider import schema_cache
from emulator.provider.body import BodyMapper
from emulator.provider.schema import Properties, Resource, Type
from emulator.provider.wire import PART_ENVELOPE, is_flattened, renames, stem
from tools.bootstrap.cache import say

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "emulator" / "arm" / "body_types.json"
SCALARS = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
NOT_IN_BODIES = {"azureApiVersion", "urn"}
BY_ID = "userAssignedIdentities"  # a list in the SDK's inputs, an object in bodies

Shape = Any
"""As `emulator.arm.bodies` reads it; None for what may be of any type."""


class Reader:
    """Gathers the shapes of all types; those of a module that have one name are one."""

    def __init__(self) -> None:
        self.types: dict[str, Shape] = {}
        self.parts: dict[str, dict[str, Shape]] = {}
        self._read: set[tuple[str, str]] = set()

    def add(self, schema: Resource, row: ResourceType) -> None:
        """Read one resource: what clients send, and what they get and may send back."""
        mapper = BodyMapper(schema, row)
        body: dict[str, Shape] = {}
        properties: dict[str, Shape] = {}
        for declared in (schema.inputs, schema.outputs):
            for name, item in declared.items():
                given = declared is schema.outputs
                if name in NOT_IN_BODIES or name in mapper.traits.query:
                    continue
                if mapper.is_parameter(name) and name not in mapper.traits.top:
                    continue
                shape = self._shape(schema, item.type, name)
                generated = given and name in ("id", "name", "type", "systemData")
                if name == "properties" and mapper.is_top(name):
                    merge(properties, self._members(shape))
                elif mapper.is_top(name) or generated:
                    merge(body, {name: shape})
                else:
                    merge(properties, {mapper.traits.wire.get(name, name): shape})
        merge(body, {"properties": properties})
        merge(self.types.setdefault(row.arm_type.lower(), {}), body)

    def _members(self, shape: Shape) -> dict[str, Shape]:
        members: dict[str, Shape] = {}
        for part in _parts(shape) if is_part(shape) else ():
            merge(members, self.parts[part])
        return members

    def _shape(self, schema: Resource, of: Type, name: str = "") -> Shape:
        if name == BY_ID:
            return {}
        match of.kind:
            case "list" if of.item is not None:
                return [self._shape(schema, of.item)]
            case "map" if of.item is not None:
                return {"*": self._shape(schema, of.item)}
            case "object":
                return self._part(schema, of)
            case "enum":
                numbers = {type(value) for value in of.values} - {str}
                return "text" if not numbers else "number" if str not in map(type, of.values) else None
            case "union":
                return self._union(schema, of)
            case kind:
                return SCALARS.get(kind)

    def _union(self, schema: Resource, of: Type) -> Shape:
        """The one shape of its options; of several objects, one that has the members of all."""
        shapes = {str(number): self._shape(schema, option) for number, option in enumerate(of.options)}
        one: dict[str, Shape] = {}
        for shape in shapes.values():
            merge(one, {"": shape})
        return one.get("")

    def join(self) -> None:
        """Make the parts that have the members of several, `A|B`; they may name further ones."""
        while missing := _joint(self.parts, self.types) - self.parts.keys():
            for name in sorted(missing):
                self.parts[name] = {}
                for part in name.split("|"):
                    merge(self.parts[name], self.parts[part])

    def _part(self, schema: Resource, of: Type) -> Shape:
        module = schema.token.split(":")[1]
        name = f"{module}.{stem(of.name)}"
        if (schema.token, of.name) not in self._read:
            self._read.add((schema.token, of.name))
            self.parts.setdefault(name, {})  # a type may have itself as a part
            merge(self.parts[name], self._part_members(schema, module, of, schema.properties(of)))
        return f"#{name}"

    def _part_members(
        self, schema: Resource, module: str, of: Type, declared: Properties
    ) -> dict[str, Shape]:
        members: dict[str, Shape] = {}
        names = renames(module, of.name)
        flattened = is_flattened(module, of.name)
        for name, item in declared.items():
            target = members
            if flattened and name not in PART_ENVELOPE:
                target = target.setdefault("properties", {})
            *outer, key = names.get(name, name).split("/")
            for step in outer:
                target = target.setdefault(step, {})
            merge(target, {key: self._shape(schema, item.type, name)})
        return members


def merge(into: dict[str, Shape], more: dict[str, Shape]) -> None:
    """Add members; one that is told of two types may be of any."""
    for name, shape in more.items():
        held = into.get(name)
        if name not in into:
            into[name] = deepcopy(shape)
        elif isinstance(held, dict) and isinstance(shape, dict):
            merge(cast(dict[str, Shape], held), cast(dict[str, Shape], shape))
        elif isinstance(held, list) and isinstance(shape, list):
            each = {"": held[0] if held else None}
            merge(each, {"": shape[0] if shape else None})
            into[name] = [each[""]]
        elif held != shape:
            both = _parts(held) | _parts(shape) if is_part(held, shape) else None
            into[name] = f"#{'|'.join(sorted(both))}" if both else None


def is_part(*shapes: Shape) -> bool:
    """Whether all of them are names of parts."""
    return all(isinstance(shape, str) and shape.startswith("#") for shape in shapes)


def _parts(name: Shape) -> set[str]:
    return set(str(name).removeprefix("#").split("|"))


def _joint(*shapes: Shape) -> set[str]:
    """The names of several parts in one, wherever they stand in the shapes."""
    if len(shapes) == 1 and isinstance(shapes[0], str):
        return {shapes[0][1:]} if "|" in shapes[0] else set()
    inner: list[Shape] = []
    for shape in shapes:
        inner += shape.values() if isinstance(shape, dict) else shape if isinstance(shape, list) else ()
    return {name for shape in inner for name in _joint(shape)}


def text() -> str:
    """The whole file: a line a type."""
    schema_cache.warm()
    reader = Reader()
    for row in ROWS:
        for token in row.tokens if row.plane == "arm" else ():
            try:
                reader.add(schema_cache.resource(f"azure-native:{token}"), row)
            except schema_cache.UnknownResource:
                continue  # a row for a later SDK
    reader.join()
    head = {
        "made by": "python -m tools.body_types",
        "source": f"pulumi-azure-native {schema_cache.sdk_version()}",
    }
    tables = (("parts", reader.parts), ("types", reader.types))
    return (
        json.dumps(head, indent=1)[:-2]
        + "".join(f',\n "{name}": {{\n{_lines(table)}\n }}' for name, table in tables)
        + "\n}\n"
    )


def _lines(table: dict[str, Shape]) -> str:
    rows = ((name, json.dumps(_known(shape), sort_keys=True)) for name, shape in sorted(table.items()))
    return ",\n".join(f'  "{name}": {row}' for name, row in rows)


def _known(shape: Shape) -> Shape:
    """Without what may be of any type."""
    if isinstance(shape, dict):
        return {name: _known(inner) for name, inner in shape.items() if inner is not None}
    if isinstance(shape, list):
        return [_known(inner) for inner in shape if inner is not None]
    return shape


def main() -> None:
    content = text()
    TABLE.write_text(content, encoding="utf-8")
    say(f"wrote {TABLE.relative_to(ROOT)}: {len(json.loads(content)['types'])} types")


if __name__ == "__main__":
    main()
