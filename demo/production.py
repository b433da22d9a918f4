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
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any, Final

from rich.text import Text

from demo import report, stacks
from demo.going_back import gone_back
from demo.phases import EMULATOR, PROMOTED_TO, PROVEN_IN, RELEASES
from emulator.home import Home
from ml.settings import OVER

ROOT: Final = Path(__file__).resolve().parents[1]
APPROVER: Final = "approver@mlops.example"
# A release, the file that stands over ml/settings.toml for it, and how its promotion is to end.
STORY: Final = (
    ("the first release takes all requests", "first.toml", 0),
    ("a second one takes over by a canary", "second.toml", 0),
    ("a bad one, which refuses what callers send, goes back by itself", "bad.toml", 1),
)
CLIENTS: Final = 6
WEIGHED: Final = "canary"  # what `mlops promote` says when a revision gets its first requests


class StepError(Exception):
    """A step that did not end as it is to; the text says which, and where its output is."""


class Story:
    """The steps taken so far, in the order of their beginnings, for the report. Safe for threads."""

    def __init__(self, logs: Path) -> None:
        self._logs, self._lock = logs, Lock()
        self.steps: list[dict[str, Any]] = []

    def run(
        self,
        title: str,
        *command: str,
        as_: tuple[str, ...] = (),
        over: str = "",
        ends: int = 0,
        told: Callable[[str], None] = lambda line: None,
    ) -> str:
        """One command; its standard output.

        as_: who runs it and where, as `emulator run` takes it. told: takes each line that it says meanwhile.
        """
        # At once, line end and all: another thread may tell of its own step.
        sys.stdout.write(f"> {title}\n")
        sys.stdout.flush()
        began = time.time()
        shown = " ".join(command)
        step: dict[str, Any] = {"title": title, "command": shown, "began": began, "seconds": 0.0}
        with self._lock:
            self.steps.append(step)
            log = self._logs / f"production-{len(self.steps):02}.log"
        variables = {OVER: str(RELEASES / over)} if over else {}
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [*EMULATOR, "run", *as_, "--", *command],
                cwd=ROOT,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
        ):
            heard = Thread(target=_heard, args=(process.stderr, errors, told))
            heard.start()
            answer = process.stdout.read() if process.stdout else ""
            heard.join()
            code = process.wait()
        with log.open("a") as kept:
            kept.write(answer)
        step["seconds"] = round(time.time() - began, 1)
        if code != ends:
            words = log.read_text().strip().splitlines()[-6:]
            raise StepError(f"`{shown}` ended with {code}, not {ends}: {log}\n" + "\n".join(words))
        return answer


def _heard(lines: IO[str] | None, log: IO[str], told: Callable[[str], None]) -> None:
    """Keep what a command says meanwhile, and pass it on."""
    for line in lines or ():
        log.write(line)
        log.flush()
        told(line)


@contextmanager
def traffic(inside: tuple[str, ...], out: Path) -> Generator[Callable[[str], None]]:
    """A caller that scores through the gateway meanwhile.

    It takes what the promotion says: until the new revision has requests, the caller is in no hurry.
    """
    hurry = out.with_suffix(".hurry")
    hurry.unlink(missing_ok=True)

    def heard(line: str) -> None:
        if Text.from_ansi(line).plain.strip() == WEIGHED:
            hurry.touch()

    command = [*EMULATOR, "run", *inside, "--", sys.executable, "-m", "demo.traffic", "--env", "prod"]
    with (out.with_suffix(".log")).open("w") as errors:
        caller = subprocess.Popen(
            [*command, "--out", str(out), "--clients", str(CLIENTS), "--hurry", str(hurry)],
            cwd=ROOT,
            stderr=errors,
        )
    try:
        yield heard
    finally:
        caller.terminate()
        caller.wait(60)


def deployed(story: Story, number: int) -> str:
    """Deploys a release of the STORY in stage; its id."""
    title, over, _ = STORY[number]
    made = story.run(f"stage: {title}", "mlops", "deploy", "--env", PROVEN_IN, "--json", over=over)
    return str(json.loads(made)["release"])


def proven(story: Story, number: int, release: str) -> str:
    """Proves in stage what is deployed there; its id again."""
    _, over, _ = STORY[number]
    story.run("stage proves it", *("mlops", "release", "test", release, "--env", PROVEN_IN), over=over)
    return release


def approved(story: Story, release: str) -> str:
    """Has a person approve a release; its id again."""
    story.run(
        "a person approves it",
        *("mlops", "approve", release, "--env", PROMOTED_TO, "--reason", "the evidence is green"),
        as_=("--as", APPROVER),
    )
    return release


def tell(story: Story, logs: Path, first: str) -> dict[str, Any]:
    """All of it. Returns what the report shows. first: the release that is deployed and proven. Raises
    StepError.

    Stage works on the next release while production takes one. But none is proven beside the callers: its
    load test would tell of a machine that is busy.
    """
    inside = ("--from", stacks.runners(PROMOTED_TO))
    ci = (*inside, "--workflow", "id-mlops-boot-weu-promote-prod")
    seen = logs / "traffic.jsonl"
    answered = seen.exists()  # by what an earlier story released
    seen.unlink(missing_ok=True)
    with ThreadPoolExecutor(1) as stage:
        try:
            two = stage.submit(lambda: proven(story, 1, deployed(story, 1)))
            three = stage.submit(deployed, story, 2)
            release = approved(story, first)
            if answered:  # then somebody calls already, and the next one is proven before
                two.result()
            with traffic(inside, seen) if answered else nullcontext(_silent) as told:
                releases = [promoted(story, 0, release, ci, told)]
            release = approved(story, two.result())
            with traffic(inside, seen) as told:
                releases.append(promoted(story, 1, release, ci, told))
            release = approved(story, proven(story, 2, three.result()))
            with traffic(inside, seen) as told:
                releases.append(promoted(story, 2, release, ci, told))
        finally:
            stage.shutdown(wait=False, cancel_futures=True)
    rollback = gone_back(story.run, story.steps, as_=ci)
    status = json.loads(story.run("who answers", "mlops", "status", "--env", PROMOTED_TO, "--json", as_=ci))
    lines = [json.loads(line) for line in seen.read_text().splitlines()]
    return {
        "phases": report.kept_phases(logs),
        "steps": story.steps,
        "releases": releases,
        "traffic": lines,
        "status": status,
        "rollback": rollback,
    }


def _silent(_line: str) -> None:
    """Nobody calls who would take what a promotion says."""


def promoted(
    story: Story, number: int, release: str, ci: tuple[str, ...], told: Callable[[str], None]
) -> dict[str, Any]:
    """Production takes a release, or refuses it, as the STORY says; what the report shows of that.

    told: takes what the command says meanwhile.
    """
    title, over, ends = STORY[number]
    promote = ("mlops", "promote", release, "--env", PROMOTED_TO, "--json")
    began = time.time()
    said = story.run("production takes it", *promote, as_=ci, over=over, ends=ends, told=told)
    return {
        "release": release,
        "title": title,
        "began": began,
        "ended": time.time(),
        "said": json.loads(said),
    }


def judged(found: dict[str, Any]) -> list[str]:
    """What must hold of the story and does not."""
    problems: list[str] = []
    for number, release in enumerate(found["releases"][1:], 1):
        lines = [one for one in found["traffic"] if release["began"] <= one["at"] <= release["ended"]]
        failed, sent = sum(one["failed"] for one in lines), sum(one["requests"] for one in lines)
        release |= {"requests": sent, "failed": failed}
        if not sent:
            problems.append(f"{release['release']}: no request was sent while it was promoted")
        # One request in twenty has more rows than the bad release takes, and half of them at most reach it.
        elif failed > (0 if number == 1 else 0.1 * sent):
            problems.append(f"{release['release']}: {failed} of {sent} requests failed")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.production", description=__doc__)
    parser.add_argument(
        "--release", required=True, help="what is deployed and proven in stage: the first release"
    )
    first: str = parser.parse_args().release
    logs = Home.default().prepare().logs / "demo"
    logs.mkdir(parents=True, exist_ok=True)
    story = Story(logs)
    try:
        found = tell(story, logs, first)
    except StepError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    problems = judged(found)
    page = report.write(found, logs / "report.html")
    for release in found["releases"]:
        sent = f"{release.get('failed', 0)} of {release.get('requests', 0)} requests failed meanwhile"
        print(f"{release['release']}  {release['title']}: {sent}")
    seconds = found["rollback"]["seconds"]
    print(f"{found['rollback']['revision']}  has all requests again, {seconds:.1f} s after `mlops rollback`")
    print(f"report: {page}")
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
