"""What the emulator adds to each step of a pipeline: end of one command to begin of the next.

    python -m benchmarks.emulator.steps COUNT          (a client of a running emulator)

A pipeline of COUNT trivial steps, each with the folder that the one before wrote. A step's command tells the
time as its first and as its last act. Between two steps lies all that the emulator does: the end of a process
noticed, outputs delivered, states and logs written, inputs and environment brought in, a shell started.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from benchmarks.emulator.figures import Figure, middle
from benchmarks.emulator.world import BenchmarkError, World
from tests.emulator.machinelearning import estate

GOAL_MS: Final = 50.0
COUNT: Final = 12
CLOCK: Final = "date +%s%N"
WITHIN_S: Final = 120.0
VERSION: Final = "2025-01-01-preview"

Json = dict[str, Any]
Stamps = tuple[int, int]  # nanoseconds: begin and end of a step's command


def stamps(log: str) -> Stamps:
    """What a step's log says. ValueError when it has not two times in it."""
    times = [int(line) for line in log.splitlines() if line.strip().isdigit()]
    if len(times) != 2:
        raise ValueError(f"two times are needed in the log of a step: {log!r}")
    return times[0], times[1]


def between(steps: Sequence[Stamps]) -> list[float]:
    """Milliseconds from the end of each step to the begin of the next one."""
    return [(after[0] - before[1]) / 1e6 for before, after in pairwise(steps)]


def figures(world: World, step: Callable[[], None]) -> list[Figure]:
    """The steps of a pipeline, beside the same commands started one after the other."""
    found: dict[str, list[float]] = world.measure("steps", str(COUNT))
    step()
    worst = Figure("step_worst", "the slowest of them", max(found["steps"]), "ms")
    title = "the emulator's own time for a step"
    peer = "a loop of processes", middle(found["loop"])
    return [Figure("step", title, middle(found["steps"]), "ms", GOAL_MS, *peer), worst]


class Client:
    """Azure, as far as it is needed."""

    def __init__(self) -> None:
        import httpx
        from azure.identity import EnvironmentCredential

        token = EnvironmentCredential().get_token("https://management.azure.com/.default").token
        self._http = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=60)

    def __call__(self, method: str, path: str, body: Json | None = None) -> Json:
        url = f"https://management.azure.com{path}?api-version={VERSION}"
        answer = self._http.request(method, url, json=body)
        if answer.status_code >= 400:
            raise BenchmarkError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def write(self, path: str, body: Json) -> Json:
        return self("PUT", path, body)


def pipeline(count: int) -> Json:
    """A chain: each step reads what the one before wrote."""
    jobs: Json = {}
    for number in range(count):
        inputs: Json = {}
        if number:
            before = f"${{{{parent.jobs.step{number - 1}.outputs.out}}}}"
            inputs = {"before": {"job_input_type": "literal", "value": before}}
        jobs[f"step{number}"] = {
            "type": "command",
            "componentId": f"{estate.WORKSPACE}/components/{'next' if number else 'first'}/versions/1",
            "inputs": inputs,
            "outputs": {"out": {"type": "uri_folder"}},
        }
    return {
        "properties": {
            "jobType": "Pipeline",
            "experimentName": "benchmark",
            "computeId": estate.COMPUTE,
            "jobs": jobs,
        }
    }


def component(first: bool) -> Json:
    """A trivial command between two looks at the clock."""
    work = (
        "echo text > ${{outputs.out}}/text" if first else "cp ${{inputs.before}}/text ${{outputs.out}}/text"
    )
    return {
        "properties": {
            "componentSpec": {
                "type": "command",
                "command": f"{CLOCK}; {work}; {CLOCK}",
                "environment": f"azureml:{estate.ENVIRONMENT}",
                "inputs": {} if first else {"before": {"type": "uri_folder"}},
                "outputs": {"out": {"type": "uri_folder"}},
            }
        }
    }


def run(client: Client, name: str, count: int) -> list[Stamps]:
    """Run a pipeline to its end; the times of its steps in their order."""
    jobs = f"{estate.WORKSPACE}/jobs"
    client.write(f"{jobs}/{name}", pipeline(count))
    deadline = time.monotonic() + WITHIN_S
    while (status := client("GET", f"{jobs}/{name}")["properties"]["status"]) != "Completed":
        if status in ("Failed", "Canceled") or time.monotonic() > deadline:
            raise BenchmarkError(f"the pipeline {name} is {status}: {client('GET', f'{jobs}/{name}')}")
        time.sleep(0.1)
    logs: dict[str, Path] = {}
    for log in (Path(os.environ["EMULATOR_HOME"]) / "jobs").glob("*/std_log.txt"):
        found = client("GET", f"{jobs}/{log.parent.name.rsplit('-', 1)[0]}")["properties"]
        if found.get("parentJobName") == name:
            logs[found["properties"]["azureml.moduleName"]] = log
    return [stamps(logs[f"step{number}"].read_text()) for number in range(count)]


def loop(count: int) -> list[Stamps]:
    """The peer: the same look at the clock, process after process."""
    shell = shutil.which("bash") or "/bin/sh"
    command = [shell, "-c", f"{CLOCK}; {CLOCK}"]
    return [
        stamps(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(count)
    ]


def main(count: int) -> None:
    client = Client()
    estate.build(client.write)
    for name, first in (("first", True), ("next", False)):
        client.write(f"{estate.WORKSPACE}/components/{name}/versions/1", component(first))
    run(client, "warm", 2)  # makes the environment
    print(json.dumps({"steps": between(run(client, "measured", count)), "loop": between(loop(count))}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
