"""The types of the objects that are served: their fields, how they merge, and reading a body as one."""

from __future__ import annotations

import base64
import binascii
import json
import string
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast

from emulator.kubernetes.errors import bad_request
from emulator.kubernetes.quantity import FORM, parse

PATH: Final = Path(__file__).with_name("schema.json")
META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
# type in the schema -> what Go calls it
GO: Final = {"boolean": "bool", "int32": "int32", "int64": "int64", "integer": "int", "number": "float64"}

BASE64: Final = frozenset(string.ascii_letters + string.digits + "+/=")

Json = dict[str, Any]
Listing = Literal["atomic", "set", "map"]


@dataclass(frozen=True, slots=True)
class Field:
    """type: a scalar's name, ``list``, ``map``, ``any``, or the name of a struct. of: the elements of a list
    or map. keys: by which the items of a list are told apart. strategy, merge: of strategic merge patches.
    default: what stands in for a value that is left out, None for nothing.
    """

    type: str
    struct: bool = False
    of: Field | None = None
    listing: Listing = "atomic"
    keys: tuple[str, ...] = ()
    strategy: str = ""
    merge: str = ""
    atomic: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Struct:
    """A type with named fields. atomic: whoever sets one of them owns all of them."""

    name: str
    fields: dict[str, Field]
    required: tuple[str, ...]
    atomic: bool

    @property
    def label(self) -> str:
        """As Go calls it, such as ``DeploymentSpec``."""
        return self.name.rsplit(".", 1)[-1]


ANY: Final = Field("any")


@cache
def _rows() -> dict[str, Json]:
    return json.loads(PATH.read_bytes())


@cache
def struct(name: str) -> Struct:
    """A type by its name in Kubernetes' OpenAPI."""
    row = _rows()[name]
    fields = {key: _field(one) for key, one in row["fields"].items()}
    return Struct(name, fields, tuple(row.get("required", ())), bool(row.get("atomic")))


def names() -> tuple[str, ...]:
    """All types."""
    return tuple(_rows())


def _field(row: Json) -> Field:
    kind = str(row["type"])
    return Field(
        type=kind.removeprefix("#"),
        struct=kind.startswith("#"),
        of=_field(row["of"]) if "of" in row else None,
        listing=row.get("list", "atomic"),
        keys=tuple(row.get("keys", ())),
        strategy=row.get("strategy", ""),
        merge=row.get("merge", ""),
        atomic=bool(row.get("atomic")),
        default=row.get("default"),
    )


def root(name: str) -> Field:
    """A whole object of a type."""
    return Field(name, struct=True)


def child(field: Field, key: str) -> Field | None:
    """The type of a member of a struct or a map; None where it has none of that name."""
    if field.struct:
        return struct(field.type).fields.get(key)
    return field.of if field.type == "map" else ANY


def is_atomic(field: Field) -> bool:
    """Whether it is owned, and replaced, as a whole."""
    if field.struct:
        return struct(field.type).atomic
    if field.type == "list":
        return field.listing == "atomic"
    return field.type != "map" or field.atomic


class _Reading:
    """One body: what of it no field takes."""

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def value(self, field: Field, value: Any, path: str, owner: str) -> Any:
        if value is None or field.type == "any":
            return value
        if field.struct:
            if not isinstance(value, dict):
                raise _Unfit(value, owner, path, f"v1.{struct(field.type).label}")
            return self.members(struct(field.type), cast(Json, value), path)
        if field.type == "list" and field.of is not None:
            if not isinstance(value, list):
                raise _Unfit(value, owner, path, f"[]{_go(field.of)}")
            items = cast(list[Any], value)
            return [self.value(field.of, one, f"{path}[{at}]", owner) for at, one in enumerate(items)]
        if field.type == "map" and field.of is not None:
            if not isinstance(value, dict):
                raise _Unfit(value, owner, path, f"map[string]{_go(field.of)}")
            pairs = cast(Json, value)
            return {key: self.value(field.of, one, f"{path}.{key}", owner) for key, one in pairs.items()}
        return _scalar(field, value, path, owner)

    def members(self, of: Struct, value: Json, path: str) -> Json:
        made: Json = {}
        for key, one in value.items():
            inner = f"{path}.{key}" if path else key
            field = of.fields.get(key)
            if field is None:
                self.unknown.append(inner)
                continue
            read = self.value(field, one, inner, of.label)
            if read is None or (read in ({}, []) and _left_out(of, key, field)):
                continue  # as good as nothing
            made[key] = read
        return made


def _left_out(of: Struct, key: str, field: Field) -> bool:
    """Whether an empty list or map is not shown."""
    return field.type in ("list", "map") and key not in of.required and field.default is None


class _Unreadable(Exception):
    """A value that is none of its field's type."""


class _Unfit(_Unreadable):
    """A value of another type than its field has."""

    def __init__(self, value: Any, owner: str, path: str, wanted: str) -> None:
        bare = "".join(part.partition("[")[0] + "." for part in path.split(".")).removesuffix(".")
        super().__init__(
            f"json: cannot unmarshal {_json_name(value)} into Go struct field {owner}.{bare} of type {wanted}"
        )


def _json_name(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number" if isinstance(value, int) else f"number {value}"
    return {str: "string", list: "array", dict: "object"}.get(type(value), "null")


def _go(field: Field) -> str:
    if field.struct:
        return f"v1.{struct(field.type).label}"
    return {"quantity": "resource.Quantity", "bytes": "[]uint8"}.get(field.type, GO.get(field.type, "string"))


def _scalar(field: Field, value: Any, path: str, owner: str) -> Any:
    kind = field.type
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in ("int32", "int64", "integer"):
        if not isinstance(value, int) or isinstance(value, bool):
            raise _Unfit(value, owner, path, GO[kind])
        if kind == "int32" and not -(2**31) <= value < 2**31:
            raise _Unfit(float(value), owner, path, "int32")
    elif kind == "boolean" and not isinstance(value, bool):
        raise _Unfit(value, owner, path, "bool")
    elif kind == "number" and not number:
        raise _Unfit(value, owner, path, "float64")
    elif kind in ("quantity", "int-or-string"):
        if not number and not isinstance(value, str):
            raise _Unfit(value, owner, path, "string")
        if kind == "quantity":
            if parse(str(value)) is None:
                raise _Unreadable(f"quantities must match the regular expression '{FORM}'")
            return str(value)
    elif kind == "bytes" and isinstance(value, str):
        _check_base64(value)
    elif kind in ("string", "bytes", "time") and not isinstance(value, str):
        raise _Unfit(value, owner, path, {"bytes": "[]uint8", "time": "v1.Time"}.get(kind, "string"))
    return value


def _check_base64(text: str) -> None:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        at = next((at for at, one in enumerate(text) if one not in BASE64), len(text))
        raise _Unreadable(f"illegal base64 data at input byte {at}") from error


def read(type_name: str, value: Json) -> tuple[Json, list[str]]:
    """An object of a type, without what the type has no field for; and the paths of that.

    400 for a value of another type than its field has, as the API server's decoder words it.
    """
    reading = _Reading()
    found = struct(type_name)
    try:
        made = reading.members(found, value, "")
    except _Unreadable as error:
        version = str(value.get("apiVersion", "v1")).rpartition("/")[2]
        raise bad_request(
            f'{found.label} in version "{version}" cannot be handled as a {found.label}: {error}'
        ) from error
    return made, reading.unknown


def typed(of: Field, value: Any, path: str = "") -> list[str]:
    """What of an object does not fit its type, as server-side apply words it."""
    if value is None or of.type in ("any", "int-or-string", "quantity"):
        return []
    if of.struct or of.type == "map":
        if not isinstance(value, dict):
            return [f"{path}: expected map, got {_plain(value)}"]
        found: list[str] = []
        for key, one in cast(Json, value).items():
            inner = child(of, key)
            if inner is None:
                found.append(f"{path}.{key}: field not declared in schema")
            else:
                found += typed(inner, one, f"{path}.{key}")
        return found
    if of.type == "list" and of.of is not None:
        if not isinstance(value, list):
            return [f"{path}: expected list, got {_plain(value)}"]
        items = cast(list[Any], value)
        return [
            text for at, one in enumerate(items) for text in typed(of.of, one, path + _index(of, at, one))
        ]
    if of.type in ("int32", "int64", "integer", "number"):
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return [] if fits else [f"{path}: expected numeric (int or float), got {_json_name(value)}"]
    if of.type == "boolean":
        return [] if isinstance(value, bool) else [f"{path}: expected boolean, got {_plain(value)}"]
    return [] if isinstance(value, str) else [f"{path}: expected string, got {_plain(value)}"]


def _index(of: Field, at: int, item: Any) -> str:
    """An item of a list in a path: by its keys where it has such, else by its place."""
    if of.listing == "map" and isinstance(item, dict):
        held = cast(Json, item)
        pairs = [f"{key}={json.dumps(held[key])}" for key in sorted(of.keys) if key in held]
        return f"[{','.join(pairs)}]"
    return f"[{at}]"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def strict(type_name: str, api_version: str, faults: list[str]) -> str:
    """The words with which unknown fields, and others that cannot be, are refused."""
    label, version = type_name.rsplit(".", 1)[-1], api_version.rpartition("/")[2]
    told = ", ".join(faults)
    return f'{label} in version "{version}" cannot be handled as a {label}: strict decoding error: {told}'
