"""What the provider knows about one resource type: its schema, its row, the mapping of its bodies."""

from __future__ import annotations

import re
from typing import Any

from emulator.arm import catalog
from emulator.arm.catalog_types import ResourceType
from emulator.provider import schema_cache
from emulator.provider.body import BodyMapper
from emulator.provider.schema import Resource
from emulator.provider.values import mark_equal, mark_like, secret, secret_texts

Values = dict[str, Any]
_VERSIONED = re.compile(r"azure-native:(\w+)/v(\d{8}\w*):(\w+)")


class Refused(Exception):
    """A request that cannot be done; the text is for the user."""


class Kind:
    """One resource type: its schema, its row, the mapping of its bodies."""

    def __init__(self, token: str) -> None:
        """Refused for a token that the SDK does not have, or that has no row in the catalog."""
        self.token = token
        versioned = _VERSIONED.fullmatch(token)
        if versioned:
            module, version, name = versioned.groups()
            raise Refused(
                f"{token} names the API version {version}: the emulator knows each type in the one version "
                f"that pulumi-azure-native {schema_cache.sdk_version()} has as its default. Use "
                f"azure-native:{module}:{name}, in Python pulumi_azure_native.{module}.{name}"
            )
        row = catalog.find_token(token)
        try:
            self.schema: Resource = schema_cache.resource(token)
        except schema_cache.UnknownResource as error:
            raise Refused(str(error)) from error
        if row is None:
            required = tuple(name for name, item in self.schema.inputs.items() if item.required)
            raise Refused(catalog.missing_row(token, self.schema.api_version, required))
        self.row: ResourceType = row
        self.mapper = BodyMapper(self.schema, row)

    @property
    def api_version(self) -> str:
        return self.schema.api_version

    def marked(self, outputs: Values, *patterns: Values) -> Values:
        """Outputs with everything secret that was secret before: by place, by value, and by the catalog."""
        for pattern in patterns:
            outputs = {name: mark_like(value, pattern.get(name)) for name, value in outputs.items()}
            outputs = mark_equal(outputs, secret_texts(pattern))
        for path in self.mapper.traits.secret:
            _mark(outputs, path.split("."))
        return outputs


def _mark(values: Any, path: list[str]) -> None:
    if isinstance(values, dict) and path[0] in values:
        if path[1:]:
            _mark(values[path[0]], path[1:])
        else:
            values[path[0]] = secret(values[path[0]])
