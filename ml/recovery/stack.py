"""One stack as Pulumi's command line tells it: what is pending, what an `up` would create, and imports."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ml.errors import MlopsError

QUIET: Final = ("--non-interactive", "--color", "never")
TAIL: Final = 20  # lines of Pulumi's own words in an error
LOCKED: Final = "currently locked"
NO_STACK: Final = "no stack named"
NO_BACKEND: Final = "PULUMI_ACCESS_TOKEN"  # Pulumi asks for it where no backend is named
CONFIG_FILE: Final = "PULUMI_OPTION_CONFIG_FILE"  # Pulumi's own variable for --config-file
DEFAULT_PROVIDER: Final = re.compile(r"::default_(?P<version>\d+_\d+_\d+\w*)(?:::|$)")
STACK: Final = "pulumi:pulumi:Stack"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"  # Pulumi's key of a value that is encrypted
SUBSCRIPTION: Final = "azure-native:subscriptionId"


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that was begun and whose end the state never learnt. operation: as `creating`."""

    operation: str
    urn: str


@dataclass(frozen=True, slots=True)
class Create:
    """A resource or component that the program has and the state does not.

    inputs: as far as they are known. provider: its URN without id, "" of components.
    """

    urn: str
    type: str
    parent: str
    provider: str
    custom: bool
    inputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the program calls it."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `pulumi up` would create, parents first, and the configuration that it would do it with.

    replaced: URNs of what it would make anew.
    """

    creates: Sequence[Create]
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    replaced: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class State:
    """urns: of all resources that the state knows. subscriptions: of its providers, by URN."""

    pending: Sequence[Pending]
    urns: Sequence[str]
    subscriptions: Mapping[str, str]

    @property
    def root(self) -> str:
        """The URN of the stack itself; "" while it has nothing."""
        return next((urn for urn in self.urns if f"::{STACK}::" in urn), "")


class PulumiStack:
    """A stack of the Pulumi program in a folder. Get one from `opened`."""

    def __init__(self, project: Path, name: str, config_file: Path, scratch: Path) -> None:
        self.project, self.name = project, name
        self._environment = {**os.environ, CONFIG_FILE: str(config_file)}
        self._scratch = scratch

    def state(self) -> State:
        """Raises MlopsError with Pulumi's words."""
        deployment: dict[str, Any] = json.loads(self._run("stack", "export"))["deployment"]
        resources: list[dict[str, Any]] = deployment.get("resources") or []
        operations: list[dict[str, Any]] = deployment.get("pending_operations") or []
        return State(
            [Pending(one["type"], one["resource"]["urn"]) for one in operations],
            [one["urn"] for one in resources],
            {
                one["urn"]: str((one.get("inputs") or {}).get("subscriptionId") or "")
                for one in resources
                if one["type"] == "pulumi:providers:azure-native"
            },
        )

    def plan(self) -> Plan:
        """What `pulumi up` would do now; changes nothing. Raises MlopsError with Pulumi's words."""
        told = json.loads(self._run("preview", "--json", *QUIET))
        steps: list[dict[str, Any]] = told.get("steps") or []
        return Plan(
            [_create(one) for one in steps if one["op"] == "create"],
            told.get("config") or {},
            [one["urn"] for one in steps if one["op"] == "replace"],
        )

    def take(self, found: Mapping[str, str], plan: Plan, state: State) -> None:
        """Take resources into the state as Azure has them; changes nothing in Azure.

        found: their ids, by URN. Raises MlopsError with Pulumi's words.
        """
        file = self._scratch / "import.json"
        file.write_text(json.dumps(import_file(found, plan, state)), encoding="utf-8")
        self._run(
            "import", "--file", str(file), "--generate-code=false", "--protect=false", "--yes",
            "--skip-preview", *QUIET,
        )  # fmt: skip
        self._leave_out_defaults({one.urn: one.inputs for one in plan.creates if one.urn in found})

    def _leave_out_defaults(self, inputs: Mapping[str, Mapping[str, Any]]) -> None:
        """Let the state's inputs of these be what the program sets, as Azure has it.

        An import takes all that Azure answers for an input, its own defaults too: the program, which does not
        set them, would remove them, and some cannot change but by a replacement.
        """
        whole: dict[str, Any] = json.loads(self._run("stack", "export"))
        for one in whole["deployment"]["resources"]:
            if one["urn"] in inputs:
                one["inputs"] = within(one.get("inputs") or {}, inputs[one["urn"]])
        file = self._scratch / "state.json"
        file.write_text(json.dumps(whole), encoding="utf-8")
        self._run("stack", "import", "--file", str(file))

    def settle(self, state: State) -> None:
        """Let the state forget what was pending; what was being changed is read from Azure first."""
        changed = [one.urn for one in state.pending if one.operation != "creating" and one.urn in state.urns]
        # Without a target Pulumi would read the whole estate, and nothing but this is asked of it.
        targets = [word for urn in (state.root, *changed) if urn for word in ("--target", urn)]
        self._run("refresh", "--yes", "--skip-preview", "--clear-pending-creates", *targets, *QUIET)

    def _run(self, *arguments: str) -> str:
        command = ("pulumi", *arguments, "--stack", self.name)
        try:
            done = subprocess.run(
                command, cwd=self.project, env=self._environment, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise MlopsError(
                "`pulumi` is not on PATH.", "Run `make setup` and have .venv/bin first on PATH."
            ) from error
        if done.returncode == 0:
            return done.stdout
        words = [line for line in (*done.stderr.splitlines(), *_said(done.stdout)) if line.strip()]
        if any(LOCKED in line for line in words):
            raise MlopsError(
                f"The stack {self.name} is locked by another update.",
                f"Wait for it. If nobody runs one any more: `pulumi cancel -C {self.project} -s {self.name}`"
                ", then this again.",
                words[-TAIL:],
            )
        raise MlopsError(
            f"`pulumi {arguments[0]}` of the stack {self.name} failed with exit code {done.returncode}.",
            self._remedy(words),
            words[-TAIL:],
        )

    def _remedy(self, words: Sequence[str]) -> str:
        if any(NO_BACKEND in line for line in words):
            return "Set PULUMI_BACKEND_URL to where the state is, or `pulumi login`."
        if any(NO_STACK in line for line in words):
            return (
                f"Check --env and PULUMI_BACKEND_URL. If its state is lost: `pulumi stack init {self.name}`, "
                "as in docs/azure.md, then this again."
            )
        return "Correct what its words name, then run the command again."


@contextmanager
def opened(project: Path, name: str) -> Generator[PulumiStack, None, None]:
    """A stack that works with a copy of its configuration: Pulumi writes into that file.

    Raises MlopsError where there is none.
    """
    file = Path(os.environ.get(CONFIG_FILE) or project / f"Pulumi.{name}.yaml")
    with tempfile.TemporaryDirectory(prefix="mlops-") as folder:
        copy = Path(folder) / f"Pulumi.{name}.yaml"
        try:
            shutil.copyfile(file, copy)
        except OSError as error:
            raise MlopsError(
                f"--env {name!r}: {file} cannot be read: {error.strerror}.",
                "Name a stack that has a stack file beside the program's Pulumi.yaml.",
            ) from error
        yield PulumiStack(project, name, copy, Path(folder))


def within(there: Any, asked: Any) -> Any:
    """Of what Azure has, the part that the program sets, at any depth. Lists of other lengths stay whole."""
    if isinstance(there, dict) and isinstance(asked, dict) and SIGNATURE not in there:
        had: dict[str, Any] = there
        wanted: dict[str, Any] = asked
        return {name: within(value, wanted[name]) for name, value in had.items() if name in wanted}
    if isinstance(there, list) and isinstance(asked, list):
        items: list[Any] = there
        others: list[Any] = asked
        if len(items) == len(others):
            return [within(one, other) for one, other in zip(items, others, strict=True)]
    return there


def import_file(found: Mapping[str, str], plan: Plan, state: State) -> dict[str, Any]:
    """What `pulumi import --file` reads: the resources, and the components that they stand in.

    found: ids by URN.
    """
    # Pulumi makes the stack itself: it is no part of what is imported.
    creates = {one.urn: one for one in plan.creates if one.type != STACK}
    wanted = set(found)
    for urn in found:
        parent = creates[urn].parent
        while parent in creates:
            wanted.add(parent)
            parent = creates[parent].parent
    chosen = [one for one in creates.values() if one.urn in wanted]
    keys = {one.urn: f"new-{number}" for number, one in enumerate(chosen)}
    known = {urn: f"known-{number}" for number, urn in enumerate(state.urns)}
    table: dict[str, str] = {}
    entries: list[dict[str, Any]] = []
    for one in chosen:
        entry: dict[str, Any] = {"type": one.type, "name": keys[one.urn], "logicalName": one.name}
        if one.parent in keys:
            entry["parent"] = keys[one.parent]
        elif one.parent in known and one.parent != state.root:
            entry["parent"] = known[one.parent]
            table[known[one.parent]] = one.parent
        if not one.custom:
            entry["component"] = True
        else:
            entry["id"] = found[one.urn]
            if default := DEFAULT_PROVIDER.search(one.provider):
                entry["version"] = default["version"].replace("_", ".")
            else:
                entry["provider"] = known[one.provider]
                table[known[one.provider]] = one.provider
        entries.append(entry)
    return {"nameTable": table, "resources": entries}


def _create(step: dict[str, Any]) -> Create:
    new: dict[str, Any] = step["newState"]
    return Create(
        new["urn"],
        new["type"],
        new.get("parent") or "",
        str(new.get("provider") or "").rpartition("::")[0],
        bool(new.get("custom")),
        new.get("inputs") or {},
    )


def _said(output: str) -> Iterable[str]:
    """The words in an answer: of one in JSON the diagnostics."""
    try:
        told = json.loads(output)
    except ValueError:
        return output.splitlines()
    if not isinstance(told, dict):
        return ()
    found: Any = told.get("diagnostics") or ()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return [line for one in found for line in str(one.get("message", "")).splitlines()]
