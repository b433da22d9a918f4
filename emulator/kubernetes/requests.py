"""Requests to an API server: their paths, their options, their bodies, and the form of answers they want."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, cast

import yaml

from emulator import jsonbody
from emulator.http import Request
from emulator.kubernetes import schema
from emulator.kubernetes.errors import NotServed, bad_option, bad_request, unknown_media
from emulator.kubernetes.kinds import BY_RESOURCE, Kind

JSON: Final = "application/json"
YAML: Final = "application/yaml"
PATCHES: Final = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
LONGEST_MANAGER: Final = 128
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
        raise NotServed(f"Kubernetes: {label} of {group + '/' if group else ''}{version}")
    if bool(namespace) and not kind.namespaced:
        return None
    name, sub, *_ = (*more, "", "")
    if sub and sub not in kind.subresources:
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
        what = f'Unsupported value: {json.dumps(given)}: supported values: "All"'
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


def body(request: Request, *, yaml_too: bool = False) -> Any:
    """The body as it is; 400 where it cannot be read."""
    try:
        return jsonbody.read(request.body)
    except ValueError as error:
        if not yaml_too:
            raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error
    try:
        found: Any = yaml.load(request.body, Loader=_Plain)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise bad_request(f"error decoding YAML: {' '.join(str(error).split())}") from error
    return found


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
    given = document(request)
    kind = aim.kind
    # what the body does not say is what the path says
    version, name = given.setdefault("apiVersion", kind.api_version), given.setdefault("kind", kind.kind)
    if version != kind.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({kind.api_version})"
        )
    if name != kind.kind:
        raise bad_request(f'{name} in version "{kind.version}" cannot be handled as a {kind.kind}')
    made, unknown = schema.read(kind.schema, given)
    validation(request, kind, unknown, warnings)
    return made


def validation(request: Request, kind: Kind, unknown: list[str], warnings: list[str]) -> None:
    """Refuse unknown fields, or warn of them, as the request wants it."""
    directive = request.query.get("fieldvalidation") or "Warn"
    if directive not in ("Strict", "Warn", "Ignore"):
        what = f'Unsupported value: {json.dumps(directive)}: supported values: "Ignore", "Strict", "Warn"'
        raise bad_option("CreateOptions", "fieldValidation", "FieldValueNotSupported", what)
    if unknown and directive == "Strict":
        raise bad_request(schema.strict(kind.schema, kind.api_version, unknown))
    if directive == "Warn":
        warnings += [f'unknown field "{path}"' for path in unknown]


def form(request: Request) -> tuple[str, str]:
    """What the client wants to have: "" for the object, Table or PartialObjectMetadata; and its version."""
    for one in request.headers.get("accept", "").split(","):
        kind, *parameters = (part.strip() for part in one.split(";"))
        pairs = dict(part.split("=", 1) for part in parameters if "=" in part)
        if kind in (JSON, "*/*", "application/*", ""):
            if (wanted := pairs.get("as", "")) and pairs.get("g") == "meta.k8s.io":
                if wanted.removesuffix("List") in (TABLE, METADATA):
                    return wanted.removesuffix("List"), pairs.get("v", "v1")
                continue
            return "", ""
    return "", ""
