"""A Spark job's plan; every complaint has its field's path.

What the service says of a wrong instance type, mode or configuration is not written down anywhere that is
known here; the words are those of azure-ai-ml 1.35.2, which refuses the same before it sends a job
(entities/_job/spark_helpers.py, spark_resource_configuration.py).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from emulator.machinelearning.expressions import references
from emulator.machinelearning.literals import as_text
from emulator.machinelearning.plan import Complaints, asset, input_source
from emulator.machinelearning.steps import Acting, Json, Source, Step

INSTANCE_TYPES: Final = tuple(f"standard_e{cores}s_v3" for cores in (4, 8, 16, 32, 64))
RUNTIME: Final = "3.5"  # the one that is installed here
KNOWN_RUNTIMES: Final = ("3.2", "3.3", "3.4", "3.5")
MANDATORY: Final = tuple(
    f"spark.{name}"
    for name in ("driver.cores", "driver.memory", "executor.cores", "executor.memory", "executor.instances")
)
DYNAMIC: Final = "spark.dynamicAllocation.enabled"
ONE_OF: Final = "One of either compute or resources must be specified for Spark job"


@dataclass(frozen=True, slots=True)
class Submission:
    """What spark-submit is given. files: lists of paths in the code, by its option."""

    entry: str
    arguments: tuple[str, ...]
    executors: int
    conf: Mapping[str, str]
    files: Mapping[str, tuple[str, ...]]


FILES: Final = {"pyFiles": "--py-files", "jars": "--jars", "files": "--files", "archives": "--archives"}


def parse_spark(name: str, properties: Json) -> tuple[Step, Submission, Complaints]:
    """The plan of a Spark job: what it has in common with a command, and what spark-submit is given."""
    complaints = Complaints()
    inputs: dict[str, Source] = {}
    for key, body in (properties.get("inputs") or {}).items():
        path = f"properties.inputs.{key}"
        if (body or {}).get("jobInputType", "literal") != "literal":
            _refuse_data(key, body, path, complaints)
        elif (source := input_source(body, path, complaints)) is not None:
            inputs[key] = source
    if any(key != "default" for key in properties.get("outputs") or {}):
        complaints.add(
            "properties.outputs",
            "outputs of Spark jobs are not emulated; give the job an address to write to",
        )
    _check_resources(properties, complaints)
    entry = (properties.get("entry") or {}).get("file")
    if not entry:
        complaints.add(
            "properties.entry",
            "a Spark job needs the Python file that is its entry; classes are not emulated",
        )
    step = Step(
        name,
        str(properties.get("displayName") or name),
        str(properties.get("args") or ""),
        asset(properties.get("codeId")),
        asset(properties.get("environmentId")),
        "",
        {key: {"type": "string"} for key in inputs},
        inputs,
        {},
        identity=_identity(properties.get("identity"), complaints),
    )
    for reference in references(step.command):
        if reference.form != "input" or reference.name not in inputs:
            complaints.add("properties.args", f"the job has no {reference.text!r}")
    conf = {key: as_text(value) for key, value in (properties.get("conf") or {}).items()}
    submission = Submission(
        str(entry or ""),
        _arguments(step.command, complaints),
        _executors(conf, complaints),
        conf,
        {option: tuple(properties.get(key) or ()) for key, option in FILES.items()},
    )
    return step, submission, complaints


def _refuse_data(key: str, body: Json, path: str, complaints: Complaints) -> None:
    mode = str(body.get("mode") or "")
    if mode.lower() != "direct":
        complaints.add(
            path, f"Input '{key}' is using '{mode}' mode, only 'direct' is supported for Spark job"
        )
    else:
        complaints.add(path, "data as an input of a Spark job is not emulated; give its address as a literal")


def _check_resources(properties: Json, complaints: Complaints) -> None:
    resources = properties.get("resources")
    if properties.get("computeId"):
        complaints.add(
            "properties.computeId", "attached Spark pools are not emulated; give resources: serverless Spark"
        )
    if not resources:
        complaints.add("properties.resources", ONE_OF)
        return
    size = str(resources.get("instanceType") or "")
    if size.lower() not in INSTANCE_TYPES:
        complaints.add(
            "properties.resources.instanceType",
            f"Instance type must be specified for the list of {','.join(INSTANCE_TYPES)}",
        )
    version = str(resources.get("runtimeVersion") or "")
    short = ".".join(version.split(".")[:2])
    if short != RUNTIME:
        known = "is not emulated" if short in KNOWN_RUNTIMES else "is none of Azure ML's"
        complaints.add("properties.resources.runtimeVersion", f"{version!r} {known}; use {RUNTIME}")


def _executors(conf: Mapping[str, str], complaints: Complaints) -> int:
    path = "properties.conf"
    if conf.get(DYNAMIC, "").lower() == "true":
        complaints.add(path, "dynamic allocation is not emulated; give spark.executor.instances")
        return 1
    if [key for key in MANDATORY if not conf.get(key)]:
        complaints.add(path, f"{', '.join(MANDATORY[:-1])} and {MANDATORY[-1]} are mandatory fields.")
        return 1
    count = conf[MANDATORY[-1]]
    if not count.isdigit() or int(count) < 1:
        complaints.add(path, f"{MANDATORY[-1]} is {count!r}; it must be a whole number, 1 or more")
        return 1
    return int(count)


def _arguments(text: str, complaints: Complaints) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        complaints.add("properties.args", f"they cannot be split: {error}")
        return ()


def _identity(given: Any, complaints: Complaints) -> Acting:
    """Without one a Spark job acts for the user, by a passthrough that is not emulated."""
    kind = str((given or {}).get("identityType") or (given or {}).get("type") or "user")
    if kind.lower().replace("_", "") not in ("managed", "managedidentity"):
        complaints.add(
            "properties.identity",
            f"a Spark job that acts as {kind!r} is not emulated; use managed, the workspace's identity",
        )
    return Acting()
