"""Between the SDK's flattened properties and the bodies that Azure's API speaks."""

from __future__ import annotations

from typing import Any

from emulator.arm.catalog_types import ResourceType
from emulator.provider import traits_table
from emulator.provider.references import written
from emulator.provider.schema import Properties, Resource, Type
from emulator.provider.variants import resolve
from emulator.provider.wire import ENVELOPE, PART_ENVELOPE, fold, is_flattened, renames

Json = dict[str, Any]
_IDENTITIES = "userAssignedIdentities"


class BodyMapper:
    """The mapping of one resource type. All values are plain: no marks, no unknowns."""

    def __init__(self, schema: Resource, row: ResourceType) -> None:
        self.schema = schema
        self.row = row
        self.traits = traits_table.of(row)
        self.module = schema.token.split(":")[1]
        self._parameters = {name.lower() for name in row.parameters}

    def is_parameter(self, name: str) -> bool:
        """Whether the input is a part of the id, not of the body."""
        return name.lower() in self._parameters

    def is_top(self, name: str) -> bool:
        """Whether the input stands beside the body's `properties` (or is it)."""
        return name not in self.traits.nested and (
            name in ENVELOPE or name in self.traits.top or name == "properties"
        )

    # SDK -> Azure

    def to_arm(self, inputs: Json) -> Json:
        """The request body of a PUT. Inputs that are path or query parameters stay out."""
        body: Json = {}
        properties: Json = {}
        for name, value in inputs.items():
            if value is None or name.startswith("__") or name in self.traits.query:
                continue
            if self.is_parameter(name) and name not in self.traits.top:
                continue
            declared = self.schema.inputs.get(name)
            sent = self._send(declared.type if declared else Type("any"), value, name)
            if name == "properties" and self.is_top(name):
                properties.update(sent)
            elif self.is_top(name):
                body[name] = sent
            else:
                properties[self.traits.wire.get(name, name)] = sent
        return {**body, "properties": properties} if properties else body

    def _send(self, of: Type, value: Any, name: str = "") -> Any:
        of = resolve(self.schema, of, value)
        if name == _IDENTITIES and isinstance(value, list):
            return {identity: {} for identity in value}
        if of.item is not None and isinstance(value, list):
            return [self._send(of.item, item) for item in value]
        if of.item is not None and isinstance(value, dict):
            return {key: self._send(of.item, item) for key, item in value.items()}
        if of.kind == "object" and isinstance(value, dict):
            return self._send_object(of, value)
        return value

    def _send_object(self, of: Type, value: Json) -> Json:
        declared = self.schema.properties(of)
        names = renames(self.module, of.name)
        flattened = is_flattened(self.module, of.name)
        sent: Json = {}
        for name, item in written(declared, value).items():
            if item is None:
                continue
            target = sent
            if flattened and name not in PART_ENVELOPE:
                target = sent.setdefault("properties", {})
            *outer, key = names.get(name, name).split("/")
            for step in outer:
                target = target.setdefault(step, {})
            target[key] = self._send(declared[name].type if name in declared else Type("any"), item, name)
        return sent

    # Azure -> SDK

    def outputs(self, body: Json) -> Json:
        """Every output that the SDK declares and the body has."""
        found = self._receive_top(body, self.schema.outputs)
        if "azureApiVersion" in self.schema.outputs:
            found["azureApiVersion"] = self.schema.api_version
        return found

    def inputs(self, body: Json, parameters: Json) -> Json:
        """Inputs that would make this body: what an import writes down.

        parameters: values of the path parameters, by their names in the template
        """
        declared = {name: item for name, item in self.schema.inputs.items() if self._importable(name)}
        found = {
            name: item
            for name, item in self._receive_top(self._without_envelope(body), declared).items()
            if item not in ([], {}, "")
        }
        by_name = {name.lower(): value for name, value in parameters.items()}
        own = {name: by_name[name.lower()] for name in self.schema.inputs if name.lower() in by_name}
        return {**found, **own}

    def _without_envelope(self, body: Json) -> Json:
        """The body without the keys that every answer has; inputs of those names stand in `properties`."""
        return {
            key: item
            for key, item in body.items()
            if key not in ("id", "name", "type") or key in self.traits.top
        }

    def _importable(self, name: str) -> bool:
        generated = {"id", "type", "etag", "name"} & self.traits.top
        return not (
            self.is_parameter(name) or name in generated or name in {*self.row.inline, *self.traits.computed}
        )

    def _receive_top(self, body: Json, declared: Properties) -> Json:
        properties = body.get("properties")
        nested: Json = properties if isinstance(properties, dict) else {}
        found: Json = {}
        for name, item in declared.items():
            value = self._locate(name, body, nested)
            if value is not None:
                found[name] = self._receive(item.type, value, name)
        return found

    def _locate(self, name: str, body: Json, properties: Json) -> Any:
        if name in ("systemData", "type") or (name == "name" and "name" not in self.traits.nested):
            return body.get(name, properties.get(name))
        if name == "id" or self.is_top(name):
            return body.get(name)
        wire = self.traits.wire.get(name, name)
        if wire in properties:
            return properties[wire]
        close = next((key for key in properties if fold(key) == fold(wire)), None)
        return properties[close] if close is not None else body.get(name)

    def _receive(self, of: Type, value: Any, name: str = "") -> Any:
        of = resolve(self.schema, of, value)
        if name == _IDENTITIES and of.kind == "list" and isinstance(value, dict):
            return list(value)
        if of.item is not None and isinstance(value, list):
            return [self._receive(of.item, item) for item in value]
        if of.item is not None and isinstance(value, dict):
            return {key: self._receive(of.item, item) for key, item in value.items()}
        if of.kind == "object" and isinstance(value, dict):
            return self._receive_object(of, value)
        return value

    def _receive_object(self, of: Type, value: Json) -> Json:
        declared = self.schema.properties(of)
        lifted = value
        if "properties" not in declared and isinstance(value.get("properties"), dict):
            lifted = {
                **value["properties"],
                **{key: item for key, item in value.items() if key != "properties"},
            }
        names = renames(self.module, of.name)
        by_fold = {fold(key): key for key in lifted}
        found: Json = {}
        for name, item in declared.items():
            wire = names.get(name, name)
            outer, _, inner = wire.partition("/")
            if inner:
                content = (lifted.get(outer) or {}).get(inner)
            else:
                content = lifted.get(wire if wire in lifted else by_fold.get(fold(wire), wire))
            if content is not None:
                found[name] = self._receive(item.type, content, name)
        return found
