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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml.errors import MlopsError
from ml.recovery.adopted import adopt
from ml.recovery.plan import Create, Plan
from ml.recovery.uninterrupted import uninterrupted

QUIET: Final = ("--non-interactive", "--color", "never")
TAIL: Final = 20  # lines of Pulumi's own words in an error
LOCKED: Final = "currently locked"
NO_STACK: Final = "no stack named"
NO_BACKEND: Final = "PULUMI_ACCESS_TOKEN"  # Pulumi asks for it where no backend is named
CONFIG_FILE: Final = "PULUMI_OPTION_CONFIG_FILE"  # Pulumi's own variable for --config-file
STREAMED: Final = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"  # one document for each event, not one of all
KEPT: Final = ("protect", "retainOnDelete")  # Pulumi's options that keep a resource from being deleted
DEFAULT_PROVIDER: Final = re.compile(r"::default_(?P<version>\d+_\d+_\d+\w*)(?:::|$)")
STACK: Final = "pulumi:pulumi:Stack"
SUBSCRIPTION: Final = "azure-native:subscriptionId"


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that was begun and whose end the state never learnt. operation: as `creating`."""

    operation: str
    urn: str


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
        self._environment = {**os.environ, CONFIG_FILE: str(config_file), STREAMED: "false"}
        self._scratch = scratch

    def state(self) -> State:
        """Raises MlopsError with Pulumi's words."""
        deployment: dict[str, Any] = self._told("stack", "export")["deployment"] or {}
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
        told = self._told("preview", "--json")
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
        with uninterrupted():
            try:
                self._run(
                    "import", "--file", str(file), "--generate-code=false", "--protect=false", "--yes",
                    "--skip-preview", apart=True,
                )  # fmt: skip
            finally:
                # Also after one that failed: what it took is in the state, and is not looked for again.
                self._adopt({one.urn: one for one in plan.creates if one.urn in found})

    def _adopt(self, creates: Mapping[str, Create]) -> None:
        """Let the state have these as the program means them."""
        whole = self._told("stack", "export", apart=True)
        imported = [one for one in whole["deployment"].get("resources") or () if one["urn"] in creates]
        if not imported:
            return
        for one in imported:
            adopt(one, creates[one["urn"]])
        # Not by a file: secrets stand in it in clear until Pulumi encrypts them.
        self._run("stack", "import", given=json.dumps(whole), apart=True)

    def settle(self, state: State) -> None:
        """Let the state forget what was pending; what was being changed is read from Azure first."""
        changed = [one.urn for one in state.pending if one.operation != "creating" and one.urn in state.urns]
        # Without a target Pulumi would read the whole estate, and nothing but this is asked of it.
        targets = [word for urn in (state.root, *changed) if urn for word in ("--target", urn)]
        self._run("refresh", "--yes", "--skip-preview", "--clear-pending-creates", *targets)

    def _told(self, *arguments: str, apart: bool = False) -> dict[str, Any]:
        """The JSON object that Pulumi answers; there may be words before and after it. Raises MlopsError."""
        said = self._run(*arguments, apart=apart)
        try:
            return json.JSONDecoder().raw_decode(f"\n{said}", f"\n{said}".index("\n{") + 1)[0]
        except ValueError as error:
            raise MlopsError(
                f"`pulumi {arguments[0]}` of the stack {self.name} answered no JSON.",
                "Look whether a wrapper of `pulumi` or a setting of its environment changes what it prints.",
                said.splitlines()[:TAIL],
            ) from error

    def _run(self, *arguments: str, given: str = "", apart: bool = False) -> str:
        """What Pulumi answers. Raises MlopsError.

        given: on its standard input; without it a question, as for a passphrase, has no answer and fails.
        apart: a Ctrl-C of the terminal does not reach it.
        """
        command = ("pulumi", *arguments, *QUIET, "--stack", self.name)
        try:
            done = subprocess.run(
                command,
                cwd=self.project,
                env=self._environment,
                input=given,
                capture_output=True,
                text=True,
                check=False,
                start_new_session=apart,
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
        [name for name in KEPT if new.get(name)],
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
