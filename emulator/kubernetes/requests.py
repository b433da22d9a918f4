"""Requests to an API server: their paths, their options, their bodies, and the form of answers they want."""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import yaml

from emulator import jsonbody
from emulator.http import Request
from emulator.kubernetes import schema
from emulator.kubernetes.errors import (
    ApiError,
    NotServed,
    bad_option,
    bad_request,
    no_such_resource,
    not_acceptable,
    unknown_media,
)
from emulator.kubernetes.kinds import BY_RESOURCE, Kind

SERVED: Final = Path(__file__).with_name("served.json")
JSON: Final = "application/json"
PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
YAML: Final = "application/yaml"
PATCHES: Final = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
LONGEST_MANAGER: Final = 128
SHOWN: Final = 30  # characters of a body, in an error
TABLE: Final = "Table"
METADATA: Final = "PartialObjectMetadata"
TRUE: Final = ("true", "1")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names. name: "" for a collection. namespace: "" for all, and for kinds that have none."""

    kind: Kind
    namespace: str
    name: str
    subresource: str


@cache
def _served() -> dict[str, list[str]]:
    return json.loads(SERVED.read_bytes())


def _real(group: str, version: str, name: str) -> bool:
    """Whether a real API server has the resource, or subresource."""
    return name in _served().get(f"{group}/{version}" if group else version, ())


def _group(segments: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    """Group, version and the rest of a path."""
    if segments[0] == "api":
        return "", segments[1], segments[2:]
    return segments[1], segments[2], segments[3:]


def target(segments: tuple[str, ...]) -> Target | None:
    """Of ``api/v1/…`` and ``apis/GROUP/VERSION/…``; None for a path of another shape. NotServed for what a
    cluster of Azure may have and this one has not."""
    group, version, rest = _group(segments)
    namespace = ""
    match rest:
        case ("namespaces", where, plural, *more) if plural != "status":
            namespace = where
        case (plural, *more):
            pass
        case _:
            return None
    if len(more) > 2:
        return None
    kind = BY_RESOURCE.get((group, plural))
    label = f"{plural}.{group}" if group else plural
    if kind is None or kind.version != version:
        if not _real(group, version, plural):
            raise no_such_resource()
        raise NotServed(f"Kubernetes: {label} of {group + '/' if group else ''}{version}")
    if bool(namespace) and not kind.namespaced:
        return None
    name, sub, *_ = (*more, "", "")
    if sub and sub not in kind.subresources:
        if not _real(group, version, f"{plural}/{sub}"):
            raise no_such_resource()
        raise NotServed(f"Kubernetes: {label}/{sub}")
    return Target(kind, namespace, name, sub)


def manager(request: Request, *, applying: bool = False) -> str:
    """Who is to own fields: fieldManager=, else the first word of the client's name of itself."""
    given = request.query.get("fieldmanager", "")
    if len(given) > LONGEST_MANAGER or not given.isprintable():
        what = f"Invalid value: {json.dumps(given)}: must be printable, at most 128 bytes"
        raise bad_option("PatchOptions", "fieldManager", "FieldValueInvalid", what)
    if applying and not given:
        what = "Required value: is required for apply patch"
        raise bad_option("PatchOptions", "fieldManager", "FieldValueRequired", what)
    return given or request.headers.get("user-agent", "unknown").partition("/")[0] or "unknown"


def dry_run(request: Request) -> bool:
    """dryRun=All; 422 for any other."""
    given = request.query.get("dryrun", "")
    if given not in ("", "All"):
        what = f'Unsupported value: [{json.dumps(given)}]: supported values: "All"'
        raise bad_option("CreateOptions", "dryRun", "FieldValueNotSupported", what)
    return given == "All"


def flag(request: Request, name: str) -> bool:
    return request.query.get(name, "").lower() in TRUE


def number(request: Request, name: str) -> int | None:
    """A count of the query; 400 where it is none."""
    text = request.query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise bad_request(f"strconv.ParseInt: parsing {json.dumps(text)}: invalid syntax")
    return int(text)


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def document(request: Request) -> Json:
    """The body as an object, of JSON or YAML."""
    kind = media_type(request)
    if kind == "application/vnd.kubernetes.protobuf":
        raise NotServed("Kubernetes: bodies in protobuf; send JSON")
    if kind and kind not in (JSON, YAML, *PATCHES):
        raise unknown_media((JSON, YAML, "application/vnd.kubernetes.protobuf"))
    found = body(request, yaml_too=kind in (YAML, "application/apply-patch+yaml"))
    if not isinstance(found, dict):
        raise bad_request("couldn't get version/kind; json parse error: the body is no object")
    return cast(Json, found)


def body(request: Request, *, yaml_too: bool = False, words: str = "{}") -> Any:
    """The body as it is; 400 where it cannot be read. words: around what is wrong with it."""
    try:
        return jsonbody.read(request.body)
    except ValueError as error:
        if not yaml_too:
            raise bad_request(words.format(unreadable(request.body, error))) from error
    try:
        found: Any = yaml.load(request.body, Loader=_Plain)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise bad_request(f"error decoding YAML: {' '.join(str(error).split())}") from error
    return found


# what Python's reader says -> what Go's says of the character at which it stops
STOPS: Final = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Extra data": "after top-level value",
}


def unreadable(data: bytes, error: ValueError) -> str:
    """Why a text is no JSON, as Go's reader says it."""
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    if error.pos >= len(error.doc.rstrip()):
        return "unexpected end of JSON input"
    return f"invalid character {quoted(error.doc[error.pos])} {STOPS.get(error.msg, error.msg)}"


def quoted(character: str) -> str:
    """A character as Go quotes it."""
    if character in "'\\":
        return f"'\\{character}'"
    plain = character in string.printable and character not in string.whitespace
    return f"'{character}'" if plain or character == " " else f"'\\u{ord(character):04x}'"


def _summary(data: bytes) -> str:
    """The beginning of a body, as an error shows it."""
    if not data:
        return "<empty>"
    text = data[:SHOWN].decode(errors="replace") if data.startswith(b"{") else data[:SHOWN].hex()
    return f"{text} ..." if len(data) > SHOWN else text


class _Twice(dict[str, Any]):
    """An object of a body with the names that it has more than once."""

    twice: tuple[str, ...] = ()


def _pairs(found: list[tuple[str, Any]]) -> _Twice:
    made = _Twice(found)
    names = [name for name, _ in found]
    made.twice = tuple(name for name in made if names.count(name) > 1)
    return made


def duplicates(data: bytes) -> list[str]:
    """The fields that a JSON text has more than once, by their paths."""
    found: list[str] = []
    try:
        value: Any = json.loads(data, object_pairs_hook=_pairs)
    except ValueError:
        return found
    _find_twice(value, "", found)
    return found


def _find_twice(value: Any, path: str, found: list[str]) -> None:
    if isinstance(value, _Twice):
        for name, one in value.items():
            inner = f"{path}.{name}" if path else name
            if name in value.twice:
                found.append(inner)
            _find_twice(one, inner, found)
    elif isinstance(value, list):
        for at, one in enumerate(cast(list[Any], value)):
            _find_twice(one, f"{path}[{at}]", found)


class _Plain(yaml.SafeLoader):
    """YAML of JSON's types: times stay texts; no aliases, which could name more than anybody has room for."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def object_of(request: Request, aim: Target, warnings: list[str]) -> Json:
    """The body as an object of the kind, without unknown fields: they are refused where fieldValidation is
    Strict, and warned of where it is Warn or left out."""
    kind = aim.kind
    try:
        given = document(request)
    except ApiError as error:
        if error.status != 400 or media_type(request) == YAML:
            raise
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind.kind}): couldn't get version/kind; "
            f"json parse error: {error.message} ({_summary(request.body)})"
        ) from error
    # what the body does not say is what the path says
    version, name = given.setdefault("apiVersion", kind.api_version), given.setdefault("kind", kind.kind)
    if name != kind.kind:
        version = str(version).rpartition("/")[2]
        inner = kind.group.partition(".")[0] or "core"
        raise bad_request(
            f'{name} in version "{version}" cannot be handled as a {kind.kind}: converting '
            f"({version}.{name}) to ({inner}.{kind.kind}): unknown conversion"
        )
    if version != kind.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({kind.api_version})"
        )
    made, unknown = schema.read(kind.schema, given)
    validation(request, kind, unknown, warnings, duplicates(request.body))
    return made


def validation(
    request: Request, kind: Kind, unknown: list[str], warnings: list[str], twice: Sequence[str] = ()
) -> None:
    """Refuse unknown fields, and those that are there twice, or warn of them, as the request wants it."""
    faults = [f'unknown field "{path}"' for path in unknown]
    faults += [f'duplicate field "{path}"' for path in twice]
    directive = request.query.get("fieldvalidation") or "Warn"
    if directive not in ("Strict", "Warn", "Ignore"):
        what = f'Unsupported value: {json.dumps(directive)}: supported values: "Ignore", "Strict", "Warn"'
        raise bad_option("CreateOptions", "fieldValidation", "FieldValueNotSupported", what)
    if faults and directive == "Strict":
        raise bad_request(schema.strict(kind.schema, kind.api_version, faults))
    if directive == "Warn":
        warnings += faults


def form(request: Request) -> tuple[str, str]:
    """What the client wants to have: "" for the object, Table or PartialObjectMetadata; and its version."""
    other = ""
    for one in request.headers.get("accept", "").split(","):
        kind, *parameters = (part.strip() for part in one.split(";"))
        pairs = dict(part.split("=", 1) for part in parameters if "=" in part)
        if kind in (JSON, "*/*", "application/*", ""):
            if (wanted := pairs.get("as", "")) and pairs.get("g") == "meta.k8s.io":
                if wanted.removesuffix("List") in (TABLE, METADATA):
                    return wanted.removesuffix("List"), pairs.get("v", "v1")
                continue
            return "", ""
        if kind in (YAML, PROTOBUF):
            other = kind  # a client that takes JSON too gets that
    if other:
        raise NotServed(f"Kubernetes: answers in {other}; ask for JSON")
    if request.headers.get("accept"):
        raise not_acceptable()
    return "", ""
