"""Runs the Pulumi program without Pulumi's engine, and records what it asked for."""

from __future__ import annotations

import asyncio
import copy
import json
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import run_pulumi_func

from infra import environments

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "mlops-estate"
SECRET = "4dabf18193072939515e22adb298388d"  # Pulumi's signature key of a secret
PACKAGE = "azure-native:"
_LOOP = asyncio.new_event_loop()  # one for all runs: the stack outlives a run, with what hangs on its loop


@dataclass(frozen=True)
class Registration:
    """One resource as the program registered it; `inputs` by wire name."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    protect: bool
    depends_on: frozenset[str]
    ignore_changes: tuple[str, ...]
    create_timeout: str
    fixed: tuple[str, ...]
    delete_before_replace: bool
    aliases: frozenset[str]  # types that a state may know it by

    @property
    def custom(self) -> bool:
        return self.type.startswith(PACKAGE)

    @property
    def token(self) -> str:
        return self.type.removeprefix(PACKAGE)


@dataclass
class Graph:
    """What one run registered, in the order of registration, and the stack's outputs."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def one(self, token: str, name: str | None = None) -> Registration:
        found = self.all(token, name)
        assert len(found) == 1, f"{len(found)} of {token} {name or ''}"
        return found[0]

    def all(self, token: str, name: str | None = None) -> list[Registration]:
        return [r for r in self.resources if r.token == token and name in (None, r.name)]

    @property
    def custom(self) -> list[Registration]:
        return [r for r in self.resources if r.custom]


class Azure(mocks.Mocks):
    """Answers with a name, an id, and the few computed properties that the program reads."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        outputs = {**args.inputs, "name": physical_name(args.typ, args.inputs)}
        if identity := args.inputs.get("identity"):  # a list goes in, a map comes out
            given = {id_: {} for id_ in identity["userAssignedIdentities"]}
            outputs["identity"] = {**identity, "userAssignedIdentities": given}
        match args.typ.removeprefix(PACKAGE):
            case "managedidentity:UserAssignedIdentity":
                outputs |= {"principalId": f"principal of {args.name}", "clientId": f"client of {args.name}"}
            case "applicationinsights:Component":
                outputs |= {"connectionString": "InstrumentationKey=00000000"}
            case "network:PublicIPAddress":
                outputs |= {"ipAddress": "20.1.2.3"}
            case _:
                pass
        return f"id of {args.name}", outputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"{args.token}: the graph may depend on the settings only")


class Recorder(mocks.MockMonitor):
    """Keeps each registration, then lets Pulumi's own mock answer it."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(Azure())
        self._graph = graph

    def RegisterResource(self, request: Any) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            self._graph.resources.append(
                Registration(
                    type=request.type,
                    name=request.name,
                    parent=""
                    if "::pulumi:pulumi:Stack::" in request.parent
                    else request.parent.rpartition("::")[2],
                    inputs=plain(request.object),
                    protect=request.protect,
                    depends_on=frozenset(urn.rpartition("::")[2] for urn in request.dependencies),
                    ignore_changes=tuple(request.ignoreChanges),
                    create_timeout=request.customTimeouts.create,
                    fixed=tuple(request.replaceOnChanges),
                    delete_before_replace=request.deleteBeforeReplace,
                    aliases=frozenset(alias.spec.type for alias in request.aliases),
                )
            )
        return super().RegisterResource(request)


def physical_name(type_: str, inputs: Mapping[str, Any]) -> str:
    """The input that names the resource: `name`, else the one called after its type (accountName)."""
    leaf = type_.rpartition(":")[2].lower()
    named = [
        key for key in inputs if key.endswith("Name") and leaf.endswith(key.removesuffix("Name").lower())
    ]
    return inputs.get("name") or (inputs[named[0]] if named else "")


def plain(message: Any) -> Any:
    """JSON of a protobuf message; whole numbers as int, secrets left in their envelope."""

    def whole(value: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, dict):
            return {key: whole(inner) for key, inner in value.items()}
        return [whole(inner) for inner in value] if isinstance(value, list) else value

    return whole(json_format.MessageToDict(message))


def record(stack: str, config: Mapping[str, Any] | None = None) -> Graph:
    """Runs infra/__main__.py as Pulumi would, with the stack file's settings unless told others."""
    graph = Graph()
    asyncio.set_event_loop(_LOOP)
    mocks.set_mocks(Azure(), project=PROJECT, stack=stack, preview=False, monitor=Recorder(graph))
    left: Any = get_root_resource()
    if left is not None:
        left.outputs = {}  # those of a program that ran in this process before
    set_all_config(as_pulumi_hands_over(stack_file(stack) if config is None else config))
    _LOOP.run_until_complete(run_pulumi_func(_program))
    stack_resource: Any = get_root_resource()
    assert stack_resource is not None
    outputs: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(stack_resource.outputs)
    graph.outputs = _LOOP.run_until_complete(outputs.future()) or {}
    return graph


def _program() -> None:
    runpy.run_path(str(ROOT / "infra"), run_name="__main__")


def stack_file(stack: str) -> dict[str, Any]:
    """The `config` of a stack file; a copy that a test may change."""
    return copy.deepcopy(_config(stack))


@cache
def _config(stack: str) -> dict[str, Any]:
    return yaml.safe_load(environments.stack_file(stack).read_text())["config"]


def as_pulumi_hands_over(config: Mapping[str, Any]) -> dict[str, str]:
    """Maps and lists as JSON, booleans and numbers as text."""

    def text(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    return {key: text(value) for key, value in config.items()}
