"""Runs one command: brings in environment, code and inputs, follows the log, brings out outputs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from emulator.arm.service import Arm
from emulator.errors import AzureError
from emulator.home import Home, private
from emulator.machinelearning import curated, staging
from emulator.machinelearning.access import Access
from emulator.machinelearning.condaenv import EnvironmentProblem
from emulator.machinelearning.expressions import render_command
from emulator.machinelearning.joblogs import JobLogs
from emulator.machinelearning.literals import FILE_TYPES, as_text
from emulator.machinelearning.names import BLOB_STORE
from emulator.machinelearning.orders import Control, Given, Order, StepFailed, Stopped
from emulator.machinelearning.references import Location, References
from emulator.machinelearning.runs import Runs
from emulator.machinelearning.runtimes import Runtime, Runtimes
from emulator.machinelearning.tracking.tokens import RunTokens
from emulator.machinelearning.variables import job_variables
from emulator.principal import Principal
from emulator.processes import Handle, Processes
from emulator.storage.service import Blobs
from emulator.workplaces import Workplaces

Json = dict[str, Any]
LOG_EVERY_S = 0.3
GRACE_S = 3.0


class Commands:
    """Runs commands."""

    def __init__(
        self,
        home: Home,
        arm: Arm,
        blobs: Blobs,
        processes: Processes,
        workplaces: Workplaces,
        references: References,
        runs: Runs,
        runtimes: Runtimes,
        access: Access,
        logs: JobLogs,
        tokens: RunTokens,
    ) -> None:
        self._home = home
        self._arm = arm
        self._blobs = blobs
        self._processes = processes
        self._workplaces = workplaces
        self._tokens = tokens
        self._references = references
        self._runs = runs
        self._runtimes = runtimes
        self._access = access
        self._logs = logs

    def run(self, order: Order, control: Control) -> Json:
        """Run to the end. Returns the outputs (name -> uri, type); StepFailed or Stopped otherwise."""
        folder, log = self._begun(order)
        try:
            self._runs.advance(order.job_id, "Preparing")
            compute = self._arm.get(order.step.compute)
            self._access.require_way(compute, order.workspace.id, "amlworkspace")
            acting = order.step.identity
            who = order.submitter if acting.kind == "user" else self._access.principal(compute, acting.name)
            runtime = self._runtime(order, control, compute, who, folder)
            places = self._places(order, compute, who)
            values = self._stage_in(order, compute, who, folder)
            control.check()
            local = _local_outputs(order, folder)
            environment = {
                **runtime.environment,
                **job_variables(self._arm, self._workplaces, order.workspace, compute, order, values, local),
                **self._run_token(order, compute),
                **order.step.environment_variables,
            }
            command = render_command(
                order.step.command, values, {name: str(path) for name, path in local.items()}
            )
            self._execute(order, control, runtime.argv(command), environment, folder, log)
            for name, path in local.items():
                if not path.exists():
                    raise StepFailed(
                        f"{order.step.name!r} ended well but did not write its output {name!r} ({path.name})"
                    )
                staging.deliver(self._blobs, path, places[name])
        except (AzureError, EnvironmentProblem) as error:
            text = error.message if isinstance(error, AzureError) else str(error)
            raise StepFailed(f"{order.step.name!r} could not run: {text}") from error
        finally:
            self._workplaces.dismiss(order.workload)
            self._logs.write(order.workspace, order.name, "user_logs/std_log.txt", log)
        for name in ("wd", "inputs", "outputs"):  # all is in blobs; what failed keeps its folders
            shutil.rmtree(folder / name, ignore_errors=True)
        return {
            name: {"uri": _uri(places[name]), "type": target.type} for name, target in order.outputs.items()
        }

    def run_process(
        self, order: Order, control: Control, compute: Json, inputs: Mapping[str, str], argv: list[str],
        variables: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Run a program of the job's code, with literal inputs and no outputs. StepFailed or Stopped."""
        folder, log = self._begun(order)
        try:
            self._runs.advance(order.job_id, "Preparing")
            self._access.require_way(compute, order.workspace.id, "amlworkspace")
            self._stage_code(order, compute, folder)
            environment = {
                **variables,
                **job_variables(self._arm, self._workplaces, order.workspace, compute, order, inputs, {}),
                **self._run_token(order, compute),
            }
            self._execute(order, control, argv, environment, folder, log)
        except AzureError as error:
            raise StepFailed(f"{order.step.name!r} could not run: {error.message}") from error
        finally:
            self._workplaces.dismiss(order.workload)
            self._logs.write(order.workspace, order.name, "user_logs/std_log.txt", log)
        shutil.rmtree(folder / "wd", ignore_errors=True)

    def _begun(self, order: Order) -> tuple[Path, Path]:
        """The job's folder and log."""
        folder = self._home.jobs / order.key
        private(folder)
        log = folder / "std_log.txt"
        if order.restarted and log.exists():
            with log.open("a") as file:
                file.write("--- the emulator was started again: so is this command ---\n")
        else:
            log.write_bytes(b"")
        return folder, log

    def place(self, order: Order, outputs: Json) -> Json:
        """Copy outputs of another job to where the order wants them; where it says nothing they stay."""
        compute = self._arm.get(order.step.compute)
        acting = order.step.identity
        who = order.submitter if acting.kind == "user" else self._access.principal(compute, acting.name)
        wanted = {
            name: target
            for name, target in order.outputs.items()
            if target.uri and "${{name}}" not in target.uri
        }
        try:
            places = self._places(replace(order, outputs=wanted), compute, who)
            for name, place in places.items():
                source = self._references.locate(order.workspace, outputs[name]["uri"])
                staging.copy(self._blobs, source, place)
        except AzureError as error:
            raise StepFailed(f"The outputs of {order.name!r} could not be kept: {error.message}") from error
        return outputs | {
            name: {"uri": _uri(place), "type": order.outputs[name].type} for name, place in places.items()
        }

    def _runtime(
        self, order: Order, control: Control, compute: Json, who: Principal | None, folder: Path
    ) -> Runtime:
        environment = self._references.asset(order.workspace, order.step.environment, "environments")
        registry = self._runtimes.registry_of(environment)
        if registry is not None:
            self._access.require_pull(who, compute, registry)
        log = folder / "environment.txt"
        if said := curated.notice(environment):
            for file in (log, folder / "std_log.txt"):
                with file.open("a") as lines:
                    lines.write(f"--- {said} ---\n")
        try:
            return self._runtimes.prepare(environment, log, control.check)
        finally:
            if log.exists():
                self._logs.write(order.workspace, order.name, "system_logs/environment.txt", log)

    def _run_token(self, order: Order, compute: Json) -> dict[str, str]:
        """With what MLflow proves who it is. The run acts for its submitter; one that nobody submitted, for
        its compute."""
        who = order.submitter or self._access.principal(compute)
        if who is None:
            return {}
        token = self._tokens.issue(who, order.job_id)
        return {"MLFLOW_TRACKING_TOKEN": token, "AZUREML_RUN_TOKEN": token}

    def _places(self, order: Order, compute: Json, who: Principal | None) -> dict[str, Location]:
        places: dict[str, Location] = {}
        for name, target in order.outputs.items():
            uri = target.uri or f"azureml://datastores/{BLOB_STORE}/paths/azureml/{order.name}/{name}/"
            for text, value in (
                ("name", order.name),
                ("output_name", name),
                ("default_datastore", BLOB_STORE),
            ):
                uri = uri.replace(f"${{{{{text}}}}}", value)
            place = self._references.locate(order.workspace, uri)
            if target.type in FILE_TYPES and (place.path.endswith("/") or not Path(place.path).suffix):
                place = place.join(name)
            self._access.require_data(who, compute, order.workspace, place, "write")
            places[name] = place
        return places

    def _stage_in(self, order: Order, compute: Json, who: Principal | None, folder: Path) -> dict[str, str]:
        """Code and inputs into the job's folder; the text of each input that has a value."""
        self._stage_code(order, compute, folder)
        staging.fresh(folder / "inputs")
        values = {
            name: as_text(declaration["default"])
            for name, declaration in order.step.declarations.items()
            if declaration.get("default") is not None
        }
        for name, given in order.inputs.items():
            if given.uri:
                values[name] = str(self._bring(order, compute, who, given, folder / "inputs" / name))
            else:
                values[name] = given.text
        return values

    def _stage_code(self, order: Order, compute: Json, folder: Path) -> None:
        code = staging.fresh(folder / "wd")
        if order.step.code:  # brought by the workspace itself, whatever the job's identity may do
            where = self._references.locate(order.workspace, order.step.code)
            self._access.require_account(compute, where)
            staging.fetch(self._blobs, where, "uri_folder", code)

    def _bring(self, order: Order, compute: Json, who: Principal | None, given: Given, folder: Path) -> Path:
        where = self._references.locate(order.workspace, given.uri)
        self._access.require_data(who, compute, order.workspace, where, "read")
        return staging.fetch(self._blobs, where, given.type, folder)

    def _execute(
        self, order: Order, control: Control, argv: list[str], environment: Mapping[str, str],
        folder: Path, log: Path,
    ) -> None:  # fmt: skip
        if not self._runs.advance(order.job_id, "Running"):
            raise Stopped("cancel")
        order.on_running()
        control.check()
        try:
            handle = self._processes.start(
                f"job {order.name}",
                argv,
                cwd=folder / "wd",
                env=environment,
                log=log,
                on_exit=lambda _: control.wake.set(),
            )
        except RuntimeError as error:
            raise Stopped("shutdown") from error
        try:
            self._follow(order, control, handle, log)
        finally:
            if handle.poll() is None:
                handle.terminate(GRACE_S)
        if control.reason == "timeout":
            raise Stopped(
                "timeout",
                f"{order.step.name!r} ran longer than its limit of {order.step.timeout:g} s: it was ended",
            )
        control.check()
        code = handle.wait(GRACE_S)
        if code:
            how = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
            raise StepFailed(
                f"{order.step.name!r} failed with {how}. The end of its log:\n{staging.tail(log)}"
            )

    def _follow(self, order: Order, control: Control, handle: Handle, log: Path) -> None:
        """Bring the log out until the process ends, its time is over, or the run is stopped."""
        started, written = time.monotonic(), 0
        while handle.poll() is None:
            control.wake.wait(LOG_EVERY_S)
            if order.step.timeout is not None and time.monotonic() - started > order.step.timeout:
                control.stop("timeout")
            if control.reason:
                return
            size = log.stat().st_size
            if size != written and handle.poll() is None:
                written = size
                self._logs.write(order.workspace, order.name, "user_logs/std_log.txt", log)
                self._runs.touch(order.job_id)


def _local_outputs(order: Order, folder: Path) -> dict[str, Path]:
    root = staging.fresh(folder / "outputs")
    local: dict[str, Path] = {}
    for name, target in order.outputs.items():
        (root / name).mkdir()
        local[name] = root / name / name if target.type in FILE_TYPES else root / name
    return local


def _uri(place: Location) -> str:
    if not place.datastore:
        return place.url
    return f"azureml://datastores/{place.datastore}/paths/{place.path}"
