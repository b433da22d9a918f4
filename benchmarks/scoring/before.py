"""Our build beside the last one without machine code, in an environment of its own: everything by turns."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from benchmarks.scoring import tools
from benchmarks.scoring.cache import ROOT, BenchmarkError, made
from benchmarks.scoring.load import Generator, Shape
from benchmarks.scoring.model import Subject
from benchmarks.scoring.processes import ServerError
from benchmarks.scoring.results import Before, Pair
from benchmarks.scoring.servers import BY_KEY, Kind
from benchmarks.scoring.serving import Plan, loaded, started
from benchmarks.scoring.tools import Say
from scoring.kernel.sources import DESCRIPTION, LIBRARY, MODULE
from scoring.model import artifact as artifacts

COMMIT = "858a31f"
REQUIREMENTS = "environments/requirements/scoring.txt"
CONNECTIONS = (4, 32)
SIDE = tools.PEERS / "before" / "side.py"


def code(say: Say) -> Path:
    """A folder with that build's `scoring` and its requirement file. Raises BenchmarkError."""

    def extract(folder: Path) -> None:
        command = ["git", "archive", "--format=tar", COMMIT, "scoring", REQUIREMENTS]
        done = subprocess.run(command, cwd=ROOT, capture_output=True)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise BenchmarkError(f"git has no commit {COMMIT} here ({said}): `git fetch --unshallow`")
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")

    return made(f"before-{COMMIT}", extract, say, f"taking the build {COMMIT} out of git")


def kind(say: Say) -> Kind:
    """That build as a server beside ours."""
    folder = code(say)
    python = tools.environment_from(folder / REQUIREMENTS, "before", say)
    title = f"our service at {COMMIT}, without machine code"
    return replace(BY_KEY["ours"], key="before", title=title, folder=folder, code=folder, python=python)


def ours(say: Say) -> Kind:
    """Our service with what its image installs, as that build is: a checkout has more."""
    python = tools.environment_from(ROOT / REQUIREMENTS, "ours", say)
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    code = find_spec(MODULE)
    if code is None or code.origin is None:
        raise BenchmarkError("there is no machine code here: `make setup` builds it")
    for name in (LIBRARY, DESCRIPTION):
        shutil.copy2(Path(code.origin).with_name(name), packages)
    return replace(BY_KEY["ours"], python=python, folder=ROOT, code=ROOT)


def readable(subject: Subject, say: Say) -> Subject:
    """The same model in the format that this build reads: without ONNX Runtime's answers to the probes."""

    def convert(folder: Path) -> None:
        shutil.copytree(subject.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("model"))
        replace(artifacts.load(subject.artifact), probes=None).save(folder / subject.artifact.name)

    return Subject(made(f"{subject.folder.name}-{COMMIT}", convert, say, f"writing the model for {COMMIT}"))


def in_process(
    subjects: tuple[Subject, Subject], kinds: tuple[Kind, Kind], turns: int, seconds: float
) -> dict[str, Pair]:
    """Microseconds of each call, before and ours, by turns; of what only ours can do, ours alone."""
    sides = [(str(kind.python or sys.executable), str(kind.code)) for kind in kinds]
    found: dict[str, Pair] = {}
    with ExitStack() as stack:
        running: list[subprocess.Popen[str]] = []
        for (python, root), subject in zip(sides, subjects, strict=True):
            process = subprocess.Popen(
                [python, str(SIDE), root, str(subject.folder), str(seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""},
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            running.append(process)
        for _ in range(turns):
            for side, process in enumerate(running):
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write("\n")
                process.stdin.flush()
                line = process.stdout.readline()
                if not line:
                    raise ServerError(f"{' '.join(sides[side])} ended with {process.wait()}")
                for name, taken in json.loads(line).items():
                    pair = found.setdefault(name, Pair([], []))
                    (pair.ours if side else pair.before).append(taken)
    return found


def measure(
    subject: Subject, generator: Generator, plan: Plan, starts: int, seconds: float, say: Say
) -> Before:
    """`plan.rounds` turns; `seconds` of each call in process. Raises BenchmarkError or ServerError."""
    own, other = ours(say), kind(say)
    say(f"{COMMIT} and ours in process, by turns")
    subjects = readable(subject, say), subject
    timings = in_process(
        subjects,
        (other, BY_KEY["ours"]),  # which has what makes Arrow bodies
        plan.rounds,
        seconds,
    )
    ready, rates = Pair([], []), {str(number): Pair([], []) for number in CONNECTIONS}
    with ExitStack() as stack:
        say(f"starting our service and that of {COMMIT}")
        running = [
            stack.enter_context(started(kind, one, plan, say))
            for kind, one in zip((other, own), subjects, strict=True)
        ]
        for one in running:
            loaded(one, generator, Shape(CONNECTIONS[-1], plan.warm_seconds or 0.2))
        for turn in range(plan.rounds):
            say(f"{COMMIT} and ours over HTTP, turn {turn + 1}")
            for number in CONNECTIONS:
                for side in (0, 1) if turn % 2 else (1, 0):
                    load = loaded(running[side], generator, Shape(number, plan.seconds))
                    pair = rates[str(number)]
                    (pair.ours if side else pair.before).append(load.per_second)
        memory = [one.process.memory().resident for one in running]
    for turn in range(starts):
        say(f"{COMMIT} and ours, start {turn + 1}")
        for side in (0, 1) if turn % 2 else (1, 0):
            with started((other, own)[side], subjects[side], plan, say, check=False) as one:
                (ready.ours if side else ready.before).append(one.ready_s)
    return Before(COMMIT, timings, rates, Pair(memory[:1], memory[1:]), ready)
