"""Which API and operation a request is for: by path, version, method and template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote

PARAMETER: Final = re.compile(r"\{(\*?)([^{}]+)\}")
Scheme = Literal["Segment", "Header", "Query"]


@dataclass(frozen=True, slots=True)
class Template:
    """A URL template such as `/models/{name}/versions?kind={kind}`, or `/*`.

    path: matches the path after the API's. names: of the parameters in their order; parameters: of the query,
    name -> the literal that it must have, "" for any. literal: characters that are no parameter: of two
    templates that match, the one with more of them is meant.
    """

    text: str
    path: re.Pattern[str]
    names: tuple[str, ...]
    parameters: Mapping[str, str]
    literal: int

    @staticmethod
    def of(text: str) -> Template:
        """The template that a text tells."""
        path, _, query = text.partition("?")
        names: list[str] = []
        pattern, at = "", 0
        path = "/" + path.strip("/")
        for match in PARAMETER.finditer(path):
            pattern += _literal(path[at : match.start()])
            pattern += "(.*)" if match[1] else "([^/]+)"
            names.append(match[2])
            at = match.end()
        pattern += _literal(path[at:])
        wanted: dict[str, str] = {}
        for pair in query.split("&") if query else ():
            name, _, value = pair.partition("=")
            wanted[unquote(name)] = "" if PARAMETER.fullmatch(value) else unquote(value)
        literal = len(PARAMETER.sub("", path).replace("*", ""))
        compiled = re.compile(pattern, re.IGNORECASE)
        return Template(text, compiled, tuple(names), wanted, literal + len(wanted))

    def match(self, path: str, query: Mapping[str, Sequence[str]]) -> dict[str, str] | None:
        """The values of the parameters where a path (with its leading slash) and query fit."""
        found = self.path.fullmatch("/" + path.strip("/"))
        if found is None:
            return None
        for name, value in self.parameters.items():
            if name not in query or (value and value not in query[name]):
                return None
        values = {
            name: unquote(value) for name, value in zip(self.names, found.groups(), strict=True) if value
        }
        return values | {name: query[name][0] for name in self.parameters}


def _literal(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split("*"))


@dataclass(frozen=True, slots=True)
class Operation:
    """id: of the resource; name: its last part; display: as people read it."""

    id: str
    name: str
    display: str
    method: str
    template: Template


@dataclass(frozen=True, slots=True)
class Version:
    """How callers say which version of an API they mean. value: "" for the one that has none."""

    scheme: Scheme
    value: str
    parameter: str = ""  # name of the header or of the query's parameter


@dataclass(frozen=True, slots=True)
class Api:
    """path: without slashes at its ends, "" for an API at the root. key_header, key_parameter: where the
    subscription key stands. service_url: of the backend, unless a policy says another."""

    id: str
    name: str
    display: str
    path: str
    protocols: tuple[str, ...]
    subscription_required: bool
    key_header: str = "Ocp-Apim-Subscription-Key"
    key_parameter: str = "subscription-key"
    service_url: str = ""
    revision: str = "1"
    current: bool = True
    version: Version | None = None
    operations: tuple[Operation, ...] = field(default=())

    def rest(self, path: str) -> str | None:
        """What of a path (with its leading slash) comes after the API's own, None where that is another's.

        A revision that is not current is called by `;rev=N` after the API's path.
        """
        at = self.path.lower()
        if self.version is not None and self.version.scheme == "Segment" and self.version.value:
            at = f"{at}/{self.version.value.lower()}".strip("/")
        if not self.current:
            at += f";rev={self.revision}"
        lower = path.strip("/").lower()
        if not at:
            return "/" + path.strip("/")
        if lower == at or lower.startswith(f"{at}/"):
            return "/" + path.strip("/")[len(at) :].strip("/")
        return None

    def is_version(self, headers: Mapping[str, str], query: Mapping[str, Sequence[str]]) -> bool:
        """Whether the request asks for this version, where it says so beside the path."""
        if self.version is None or self.version.scheme == "Segment":
            return True
        if self.version.scheme == "Header":
            asked = headers.get(self.version.parameter.lower(), "")
        else:
            asked = (query.get(self.version.parameter) or [""])[0]
        return asked.lower() == self.version.value.lower()


@dataclass(frozen=True, slots=True)
class Route:
    """What a request is for. matched: values of the template's parameters. rest: path after the API's."""

    api: Api
    operation: Operation
    matched: Mapping[str, str]
    rest: str


def find(
    apis: Sequence[Api],
    method: str,
    path: str,
    headers: Mapping[str, str],
    query: Mapping[str, Sequence[str]],
    scheme: str = "https",
) -> Route | None:
    """The route of a request; None where no API or no operation of it fits.

    The API with the longest path is meant, even where only another one has a fitting operation.
    path: percent-encoded, with its leading slash. headers: names in lower case.
    """
    reached: list[tuple[int, Api, str]] = []
    for api in apis:
        rest = api.rest(path)
        if rest is not None and scheme in api.protocols and api.is_version(headers, query):
            reached.append((len(path.strip("/")) - len(rest.strip("/")), api, rest))
    if not reached:
        return None
    _, api, rest = max(reached, key=lambda one: one[0])
    fitting = [
        (one.template.literal, one, matched)
        for one in api.operations
        if one.method.upper() in (method.upper(), "*")
        and (matched := one.template.match(rest, query)) is not None
    ]
    if not fitting:
        return None
    _, operation, matched = max(fitting, key=lambda one: one[0])
    return Route(api, operation, matched, rest)
