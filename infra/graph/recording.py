"""Runs the Pulumi program without Pulumi's engine, and records what it asked for."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import runpy
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pulumi
import yaml
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import run_pulumi_func

from infra import environments, months
from infra.graph.answers import ANSWERS
from infra.graph.fitting import fitting
from infra.graph.model import PACKAGE, Graph, Resource
from infra.settling import outputs_settled, tracked

PROJECT: Final = "mlops-estate"
MONTH: Final = "2026-11-01T00:00:00Z"  # a graph's bytes are the same whatever the clock says
INFRA: Final = environments.ROOT / "infra"
STACK_TYPE: Final = "pulumi:pulumi:Stack"
Existing = Mapping[str, Mapping[str, Any]]
NOTHING: Final[Existing] = {}
_LOOP = asyncio.new_event_loop()  # one for all runs: the stack outlives a run, with what hangs on its loop


def _left_unsaid(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A run that fails raises its error; the outputs that had waited for it need not tell it once more each.

    Such a future tells it when it is collected, which may be in the middle of anything.
    """
    if "exception was never retrieved" not in context["message"]:
        loop.default_exception_handler(context)


_LOOP.set_exception_handler(_left_unsaid)


class Azure(mocks.Mocks):
    """Answers with a name, an id, and the few computed properties that the program reads (answers.py).

    existing: by resource id, the properties of what the program looks up. Of anything else it knows nothing.
    """

    def __init__(self, existing: Existing = NOTHING) -> None:
        self._existing = existing

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.resource_id:
            if args.resource_id not in self._existing:
                raise AssertionError(f"{args.resource_id} is looked up, and nothing was said of it")
            return args.resource_id, {**self._existing[args.resource_id]}
        outputs = {**args.inputs, "name": physical_name(args.typ, args.inputs)}
        identity = args.inputs.get("identity")
        if identity and "userAssignedIdentities" in identity:  # a list goes in, a map comes out
            given = {id_: {} for id_ in identity["userAssignedIdentities"]}
            outputs["identity"] = {**identity, "userAssignedIdentities": given}
        answer = ANSWERS.get(args.typ.removeprefix(PACKAGE))
        return f"id of {args.name}", outputs | (answer(args.name) if answer else {})

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"{args.token}: the graph may depend on the settings only")


class Recorder(mocks.MockMonitor):
    """Keeps each registration, then lets Pulumi's own mock answer it."""

    def __init__(self, graph: Graph, existing: Existing) -> None:
        super().__init__(Azure(existing))
        self._graph = graph
        self._known: dict[str, Resource] = {}  # by the URN that the mock gave

    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)
        if request.type != STACK_TYPE:
            made = self._resource(request)
            self._graph.resources.append(made)
            self._known[answer.urn] = made
        return answer

    def ReadResource(self, request: Any) -> Any:
        self._graph.existing[request.id] = request.type.removeprefix(PACKAGE)
        return super().ReadResource(request)

    def _resource(self, request: Any) -> Resource:
        parent = self._known.get(request.parent)
        within = _qualified(parent)
        return Resource(
            type=request.type,
            name=request.name,
            parent=parent.name if parent else "",
            inputs=plain(request.object),
            protect=request.protect,
            depends_on=frozenset(urn.rpartition("::")[2] for urn in request.dependencies),
            ignore_changes=tuple(request.ignoreChanges),
            create_timeout=request.customTimeouts.create,
            fixed=tuple(request.replaceOnChanges),
            delete_before_replace=request.deleteBeforeReplace,
            retain_on_delete=request.retainOnDelete,
            within=within,
            aliases=tuple(dict.fromkeys(self._aliases(request, within))),
            error_hooks=tuple(request.hooks.on_error),
            references=self._references(request),
        )

    def _references(self, request: Any) -> dict[str, tuple[str, ...]]:
        """Components stand for their children in Pulumi's own list: only what exists in Azure is kept."""
        found: dict[str, tuple[str, ...]] = {}
        for name, dependencies in sorted(request.propertyDependencies.items()):
            known = (self._known.get(urn) for urn in dependencies.urns)
            found[name] = tuple(sorted({each.key for each in known if each and each.custom}))
        return found

    def _aliases(self, request: Any, within: str) -> list[str]:
        """Each alias as the identity that the resource had; without those of the SDK itself.

        The SDK names each type's other API versions as aliases: some hundred lines that say nothing here.
        """
        found = [_identity(alias.urn) for alias in request.aliases if alias.HasField("urn")]
        found += [_identity(urn) for urn in request.aliasURNs]
        for spec in (alias.spec for alias in request.aliases if alias.HasField("spec")):
            before = within
            if spec.noParent:
                before = ""
            elif spec.parentUrn:
                known = self._known.get(spec.parentUrn)
                before = _qualified(known) if known else _identity(spec.parentUrn).rpartition("::")[0]
            types = [before] if before else []
            types.append(spec.type or request.type)
            found.append(f"{'$'.join(types)}::{spec.name or request.name}")
        own = f"{within}${PACKAGE}" if within else PACKAGE
        return [a for a in found if not (a.startswith(own) and a.endswith(f"::{request.name}"))]


def _qualified(resource: Resource | None) -> str:
    return resource.identity.rpartition("::")[0] if resource else ""


def _identity(urn: str) -> str:
    """The end of a URN: `TYPES::NAME`."""
    return "::".join(urn.split("::")[2:]).removeprefix(f"{STACK_TYPE}$")


def physical_name(type_: str, inputs: Mapping[str, Any]) -> str:
    """The input that names it: `name`, one called after its type (accountName, backendId), `resourceName`."""
    leaf = type_.rpartition(":")[2].lower()
    named = [
        key for key in inputs if key.endswith("Name") and leaf.endswith(key.removesuffix("Name").lower())
    ]
    chosen = inputs.get("name") or (inputs[named[0]] if named else None)
    return chosen or inputs.get("resourceName") or inputs.get(f"{leaf}Id", "")


def plain(message: Any) -> Any:
    """JSON of a protobuf message; whole numbers as int, secrets left in their envelope."""

    def whole(value: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, dict):
            return {key: whole(inner) for key, inner in value.items()}
        return [whole(inner) for inner in value] if isinstance(value, list) else value

    return whole(json_format.MessageToDict(message))


def record(
    stack: str,
    config: Mapping[str, Any] | None = None,
    *,
    program: Path = INFRA,
    existing: Existing | None = None,
) -> Graph:
    """Runs a program's __main__.py as Pulumi would, with the stack file's settings unless told others.

    existing: what lookups find, by resource id; without it, what fits the settings. What is looked up is
    no resource of the graph.
    """
    graph = Graph(stack=stack)
    months.pin(MONTH)
    asyncio.set_event_loop(_LOOP)
    chosen = stack_file(stack) if config is None else config
    if existing is None:
        existing = fitting(stack, chosen) if program == INFRA else NOTHING
    monitor = Recorder(graph, existing)
    mocks.set_mocks(monitor.mocks, project=PROJECT, stack=stack, preview=False, monitor=monitor)
    _forget_what_ran_before()
    set_all_config(as_pulumi_hands_over(chosen))
    collecting = gc.isenabled()
    try:
        with _short_stacks():
            _LOOP.run_until_complete(run_pulumi_func(lambda: _run(program)))
    finally:
        if collecting:
            gc.enable()  # the program's process ends with it, this one goes on
        _end_what_is_left()
    stack_resource: Any = get_root_resource()
    if stack_resource is None:
        raise RuntimeError("the program ran, and made no stack")
    outputs: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(stack_resource.outputs)
    graph.outputs = _LOOP.run_until_complete(outputs.future()) or {}
    return graph


async def _run(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")
    await outputs_settled()  # by itself: those of other programs do not ask for it, as the estate's does


@contextmanager
def _short_stacks() -> Generator[None]:
    """Pulumi sends the whole stack of calls with each resource, a quarter of a run's time; a graph has none.

    One entry is what `traceback` gives meanwhile. What is raised keeps all of its own.
    """
    missing = object()
    before = getattr(sys, "tracebacklimit", missing)
    sys.tracebacklimit = 1
    try:
        yield
    finally:
        if before is missing:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before


def _forget_what_ran_before() -> None:
    """The stack outlives the programs of one process: its outputs, and what one gave to `pulumi.run`."""
    stack: Any = get_root_resource()
    stack.outputs = {}
    stack._async_program, stack._async_program_registration_closed = None, False


def _end_what_is_left() -> None:
    """What a run that failed has left under way ends here: the next run would take its errors for its own."""
    while left := asyncio.all_tasks(_LOOP):
        _LOOP.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    tracked().clear()


def stack_file(stack: str) -> dict[str, Any]:
    """The `config` of a stack file; a copy that a caller may change."""
    return copy.deepcopy(_config(stack))


@cache
def _config(stack: str) -> dict[str, Any]:
    return yaml.safe_load(environments.stack_file(stack).read_text())["config"]


def as_pulumi_hands_over(config: Mapping[str, Any]) -> dict[str, str]:
    """Maps and lists as JSON, booleans and numbers as text."""

    def text(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    return {key: text(value) for key, value in config.items()}
