"""Runs the steps one after another, takes away what was made, and writes down what was seen."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tools.smoke.steps import STEPS, Step

How = Literal["well", "failed", "left out"]
TAIL: Final = 12  # lines of a failure that the report repeats


@dataclass(frozen=True, slots=True)
class Done:
    """seconds: of wall time. words: why it failed or was left out."""

    step: Step
    how: How
    seconds: float
    words: str = ""


Run = Callable[[Step, Sequence[str]], tuple[int, str]]
"""Runs a command; its exit code and its standard output."""


def carry_out(env: str, out: Path, run: Run, keep: bool, steps: Sequence[Step] = STEPS) -> list[Done]:
    """All steps. keep: nothing is taken away at the end. Interrupted, it takes away, too."""
    done: list[Done] = []
    interrupted: KeyboardInterrupt | None = None
    values = {"env": env, "out": str(out), "release": ""}
    for step in steps:
        if step.when == "always" and keep:
            done.append(Done(step, "left out", 0.0, "--keep: it stands, and costs money"))
            continue
        if step.when == "well" and interrupted:
            done.append(Done(step, "left out", 0.0, "interrupted"))
            continue
        well = {one.step.key for one in done if one.how == "well"}
        if step.when == "well" and (missing := [need for need in step.needs if need not in well]):
            done.append(Done(step, "left out", 0.0, f"without {', '.join(missing)}"))
            continue
        if step.when == "always" and not any(one.step.key == "up" and one.how != "left out" for one in done):
            done.append(Done(step, "left out", 0.0, "nothing was made"))
            continue
        began = time.monotonic()
        try:
            code, said = run(step, [word.format_map(values) for word in step.argv])
            if not code and step.key == "deploy":
                values["release"] = str(json.loads(said)["release"])
        except KeyboardInterrupt as error:
            interrupted = error
            done.append(Done(step, "failed", time.monotonic() - began, "interrupted"))
            continue
        except Exception as error:  # noqa: BLE001 - whatever it is, what was made has to go
            done.append(Done(step, "failed", time.monotonic() - began, f"{type(error).__name__}: {error}"))
            continue
        seconds = time.monotonic() - began
        if code:
            words = "\n".join(said.strip().splitlines()[-TAIL:])
            done.append(Done(step, "failed", seconds, f"exit code {code}\n{words}"))
            continue
        done.append(Done(step, "well", seconds))
    report(env, out, done)
    if interrupted:
        raise interrupted
    return done


def in_a_process(out: Path, root: Path) -> Run:
    """Runs a step as a person does; what it prints is kept in out/KEY.out and out/KEY.log."""

    def run(step: Step, argv: Sequence[str]) -> tuple[int, str]:
        log = out / f"{step.key}.log"
        answer = out / f"{step.key}.out"
        interrupted: KeyboardInterrupt | None = None
        with log.open("wb") as errors, answer.open("wb") as stdout:
            child = subprocess.Popen(argv, cwd=root, stdin=subprocess.DEVNULL, stdout=stdout, stderr=errors)
            while True:
                try:
                    code = child.wait()
                    break
                except KeyboardInterrupt as error:
                    # The child has it, too. Killed now, Pulumi would leave its lock, and refuse to destroy.
                    interrupted = error
        if interrupted:
            raise interrupted
        said = answer.read_text("utf-8", errors="replace")
        return code, said if not code else log.read_text("utf-8", errors="replace") + said

    return run


def report(env: str, out: Path, done: Sequence[Done]) -> None:
    """report.json and report.md: what ran, how long it took, what it proves."""
    rows = [
        {"step": one.step.key, "ended": one.how, "seconds": round(one.seconds, 1), "words": one.words}
        for one in done
    ]
    (out / "report.json").write_text(
        json.dumps({"environment": env, "steps": rows}, indent=1) + "\n", "utf-8"
    )
    lines = [f"# Smoke test of {env}", "", "| step | ended | seconds | what it shows |", "|---|---|---|---|"]
    lines += [f"| {one.step.key} | {one.how} | {one.seconds:.0f} | {one.step.proves} |" for one in done]
    for one in done:
        if one.how == "failed":
            lines += ["", f"## {one.step.key}", "```", one.words, "```"]
    (out / "report.md").write_text("\n".join(lines) + "\n", "utf-8")
