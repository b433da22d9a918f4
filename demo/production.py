"""`python -m demo.production`: production takes a first release, a second by a canary, and refuses a bad one.

Only the commands that people and CI call, each as whoever may: engineers prove in stage, a person of the
approvers' group approves, CI's identity promotes from the runners' subnet. A caller scores all the while;
what it saw is in traffic.jsonl beside the logs, and report.html shows it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from demo import report
from demo.phases import EMULATOR, QUIET
from emulator.home import Home
from infra.environments import stack_file

ROOT: Final = Path(__file__).resolve().parents[1]
OVER: Final = Path(__file__).parent / "releases"
APPROVER: Final = "approver@mlops.example"
# A release, the file that stands over ml/settings.toml for it, and how its promotion is to end.
STORY: Final = (
    ("the first release takes all requests", "first.toml", 0),
    ("a second one takes over by a canary", "second.toml", 0),
    ("a bad one, which refuses what callers send, goes back by itself", "bad.toml", 1),
)
CLIENTS: Final = 4


class StepError(Exception):
    """A step that did not end as it is to; the text says which, and where its output is."""


class Story:
    """The steps taken so far, for the report."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self.steps: list[dict[str, Any]] = []

    def run(self, title: str, *command: str, as_: tuple[str, ...] = (), over: str = "", ends: int = 0) -> str:
        """One command; its standard output. as_: who runs it and where, as `emulator run` takes it."""
        print(f"> {title}", flush=True)
        log = self._logs / f"production-{len(self.steps) + 1:02}.log"
        began = time.time()
        variables = {"MLOPS_SETTINGS": str(OVER / over)} if over else {}
        with log.open("w") as errors:
            done = subprocess.run(
                [*EMULATOR, "run", *as_, "--", *command],
                cwd=ROOT,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        with log.open("a") as kept:
            kept.write(done.stdout)
        shown = " ".join(command)
        self.steps.append(
            {"title": title, "command": shown, "began": began, "seconds": round(time.time() - began, 1)}
        )
        if done.returncode != ends:
            words = log.read_text().strip().splitlines()[-6:]
            raise StepError(f"`{shown}` ended with {done.returncode}, not {ends}: {log}\n" + "\n".join(words))
        return done.stdout


def settings_of(stack: str, section: str, **more: str) -> tuple[str, ...]:
    """A section of a stack file with more in it, as settings of one `pulumi up`."""
    config: dict[str, Any] = yaml.safe_load(stack_file(stack).read_text())["config"]
    values = {**config[f"mlops-estate:{section}"], **more}
    pairs = (f"mlops-estate:{section}.{name}={value}" for name, value in values.items())
    return ("--config-path", *(word for pair in pairs for word in ("--config", pair)))


@contextmanager
def traffic(inside: tuple[str, ...], out: Path) -> Generator[None]:
    """A caller that scores through the gateway meanwhile."""
    command = [*EMULATOR, "run", *inside, "--", sys.executable, "-m", "demo.traffic", "--env", "prod"]
    with (out.with_suffix(".log")).open("w") as errors:
        caller = subprocess.Popen(
            [*command, "--out", str(out), "--clients", str(CLIENTS)], cwd=ROOT, stderr=errors
        )
    try:
        yield
    finally:
        caller.terminate()
        caller.wait(60)


def tell(story: Story, logs: Path) -> dict[str, Any]:
    """All of it. Returns what the report shows. Raises StepError."""
    shared = story.run(
        "who promotes",
        *("pulumi", "-C", "infra/bootstrap", "stack", "output", "-s", "shared", "--json"),
    )
    promoter = json.loads(shared)["promoters"]["prod"]
    outputs = json.loads(
        story.run("where production is", "pulumi", "stack", "output", "-s", "prod", "--json")
    )
    network = f"vnet-mlops-prod-{outputs['workspace'].rpartition('-')[2]}"
    inside = ("--from", f"{network}/snet-ci-runners")
    ci = (*inside, "--workflow", "id-mlops-boot-weu-promote-prod")
    story.run("production's callers' key is made", "mlops", "key", "--env", "prod", as_=inside)
    for stack in ("stage", "prod"):
        named = settings_of(stack, "releases", promoterId=promoter)
        keyed = settings_of(stack, "gateway", backendKeySecret="scoring-api-key")
        story.run(
            f"the estate {stack} knows who promotes" + (", its gateway the key" if stack == "prod" else ""),
            *("pulumi", "up", "-s", stack, *QUIET, *named, *(keyed if stack == "prod" else ())),
        )
    releases: list[dict[str, Any]] = []
    seen = logs / "traffic.jsonl"
    seen.unlink(missing_ok=True)
    for number, (title, over, ends) in enumerate(STORY):
        made = json.loads(
            story.run(f"stage: {title}", "mlops", "deploy", "--env", "stage", "--json", over=over)
        )
        release = str(made["release"])
        story.run("stage proves it", *("mlops", "release", "test", release, "--env", "stage"), over=over)
        story.run(
            "a person approves it",
            *("mlops", "approve", release, "--env", "prod", "--reason", "the evidence is green"),
            as_=("--as", APPROVER),
        )
        began = time.time()
        promote = ("mlops", "promote", release, "--env", "prod", "--json")
        if number == 0:  # nothing answers before
            said = story.run("production takes it", *promote, as_=ci, over=over, ends=ends)
        else:
            with traffic(inside, seen):
                said = story.run("production takes it", *promote, as_=ci, over=over, ends=ends)
        releases.append(
            {
                "release": release,
                "title": title,
                "began": began,
                "ended": time.time(),
                "said": json.loads(said),
            }
        )
    status = json.loads(story.run("who answers", "mlops", "status", "--env", "prod", "--json", as_=ci))
    lines = [json.loads(line) for line in seen.read_text().splitlines()]
    return {"steps": story.steps, "releases": releases, "traffic": lines, "status": status}


def judged(found: dict[str, Any]) -> list[str]:
    """What must hold of the story and does not."""
    problems: list[str] = []
    for number, release in enumerate(found["releases"][1:], 1):
        lines = [one for one in found["traffic"] if release["began"] <= one["at"] <= release["ended"]]
        failed, sent = sum(one["failed"] for one in lines), sum(one["requests"] for one in lines)
        release |= {"requests": sent, "failed": failed}
        if not sent:
            problems.append(f"{release['release']}: no request was sent while it was promoted")
        # One request in twenty has more rows than the bad release takes, and one in ten reaches it.
        elif failed > (0 if number == 1 else 0.1 * sent):
            problems.append(f"{release['release']}: {failed} of {sent} requests failed")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.production", description=__doc__)
    parser.parse_args()
    logs = Home.default().prepare().logs / "demo"
    logs.mkdir(parents=True, exist_ok=True)
    story = Story(logs)
    try:
        found = tell(story, logs)
    except StepError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    problems = judged(found)
    page = report.write(found, logs / "report.html")
    for release in found["releases"]:
        sent = f"{release.get('failed', 0)} of {release.get('requests', 0)} requests failed meanwhile"
        print(f"{release['release']}  {release['title']}: {sent}")
    print(f"report: {page}")
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
