"""Checks a component before it is stored: a version never changes, so neither would what is wrong in it."""

from __future__ import annotations

from typing import Final

from emulator.errors import AzureError
from emulator.machinelearning.condaenv import EnvironmentProblem
from emulator.machinelearning.literals import LITERAL_TYPES
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.notemulated import STEPS
from emulator.machinelearning.plan import Complaints, Json, asset, check_command, refuse_extras
from emulator.machinelearning.plan_pipeline import RUN, declared, own_outputs
from emulator.machinelearning.references import References
from emulator.machinelearning.runtimes import Runtimes
from emulator.machinelearning.steps import Source, Step

PATH: Final = "componentSpec."
BINDING: Final = "${{"
VALUE: Final = (
    "outputs of type {!r}, as Python functions that return a value have, are not emulated; write the value "
    "to an output of type uri_file, and let the next step read that"
)


class Components:
    """Refuses components with faults that no job can mend, so that all their jobs would be refused."""

    def __init__(self, references: References, runtimes: Runtimes) -> None:
        self._references = references
        self._runtimes = runtimes

    def check(self, workspace: Workspace, title: str, spec: Json) -> None:
        """400 with every field that is wrong. ``title``: of the component, for the message."""
        complaints = Complaints()
        for name, target in own_outputs(spec).items():
            if target.type in LITERAL_TYPES:
                complaints.add(f"{PATH}outputs.{name}", VALUE.format(target.type))
        if str(spec.get("type") or "command") == "command":
            self._command(workspace, spec, complaints)
        else:
            self._pipeline(workspace, spec, complaints)
        if complaints.found:
            lines = "; ".join(f"{path}: {message}" for path, message in complaints.found)
            details = [
                {"code": "ValidationError", "target": path, "message": text}
                for path, text in complaints.found
            ]
            raise AzureError(400, "UserError", f"Component {title} is not valid. {lines}.", details)

    def _command(self, workspace: Workspace, spec: Json, complaints: Complaints) -> None:
        self._place(workspace, spec, PATH, complaints)
        refuse_extras(spec, PATH, complaints)
        declarations = declared(spec.get("inputs"))
        step = Step(
            "", "", str(spec.get("command") or ""), "", "", "", declarations,
            dict.fromkeys(declarations, Source("literal")), own_outputs(spec),
        )  # fmt: skip
        check_command(step, f"{PATH}command", complaints)

    def _pipeline(self, workspace: Workspace, spec: Json, complaints: Complaints) -> None:
        """Steps that are components were checked when those were stored."""
        for name, node in (spec.get("jobs") or {}).items():
            path = f"{PATH}jobs.{name}."
            kind = str(node.get("type") or "command")
            if kind not in RUN:
                advice = STEPS.get(kind, f"use {' or '.join(RUN)}")
                complaints.add(f"{path}type", f"steps of type {kind!r} are not emulated; {advice}")
            else:
                self._place(workspace, node, path, complaints, whole=False)

    def _place(
        self, workspace: Workspace, body: Json, path: str, complaints: Complaints, *, whole: bool = True
    ) -> None:
        """Environment and code exist, and the environment can run. ``whole``: it must name one."""
        environment, code = asset(body.get("environment")), asset(body.get("code"))
        try:
            if not environment and whole:
                complaints.add(f"{path}environment", "there is no environment")
            elif environment and BINDING not in environment:
                found = self._references.asset(workspace, environment, "environments")
                self._runtimes.check(found, now=False)
        except AzureError as error:
            complaints.add(f"{path}environment", error.message)
        except EnvironmentProblem as error:
            complaints.add(f"{path}environment", str(error))
        try:
            if code and BINDING not in code:
                self._references.locate(workspace, code)
        except AzureError as error:
            complaints.add(f"{path}code", error.message)
