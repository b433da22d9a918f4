"""One program through its whole life."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.programs import settings, verdict

ROOT = Path(__file__).resolve().parents[2]
OURS = re.compile(r"pulumi([-_]azure[-_]native)?\s*([<>=!~].*)?", re.IGNORECASE)
STEPS = (
    ("up", ("up", "--yes", "--skip-preview")),
    ("up again", ("up", "--yes", "--skip-preview", "--expect-no-changes")),
    ("refresh", ("refresh", "--yes", "--skip-preview", "--expect-no-changes")),
    ("destroy", ("destroy", "--yes", "--skip-preview")),
)


@dataclass(frozen=True, slots=True)
class Result:
    """step: where it ended, "" when it passed."""

    program: str
    verdict: str
    step: str = ""
    reason: str = ""


class StepError(Exception):
    """A step that did not go through."""

    def __init__(self, step: str, said: str) -> None:
        super().__init__(step)
        self.step, self.said = step, said


def live(program: Path, scratch: Path, limit_s: float) -> tuple[Result, str]:
    """The result of one program, and all that was printed on the way."""
    copy = scratch / program.name
    shutil.copytree(program, copy)
    life = Life(copy, scratch / "home", limit_s)
    try:
        life.prepare()
        life.emulator("up")
        life.run()
        result = Result(program.name, verdict.PASSED)
    except StepError as error:
        result = Result(program.name, *_ordered(error))
    finally:
        life.emulator("down")
    return result, "".join(life.said)


def _ordered(error: StepError) -> tuple[str, str, str]:
    judged, reason = verdict.judge(error.said)
    return judged, error.step, reason


class Life:
    def __init__(self, project: Path, home: Path, limit_s: float) -> None:
        self._project, self._limit_s = project, limit_s
        self._environment = {**os.environ, "EMULATOR_HOME": str(home)}
        self.said: list[str] = []

    def prepare(self) -> None:
        """Make the Python environment that the project names, or one that is first on PATH."""
        content: Any = yaml.safe_load((self._project / "Pulumi.yaml").read_text())
        runtime = content["runtime"]
        chosen: dict[str, Any] = (runtime.get("options") or {}) if isinstance(runtime, dict) else {}
        folder = self._project / str(chosen.get("virtualenv") or ".venv")
        self._command("environment", "uv", "venv", "--quiet", "--python", sys.executable, str(folder))
        python = folder / "bin" / "python"
        packages = next(folder.glob("lib/python*/site-packages"))
        ours = next(Path(sys.executable).parent.parent.glob("lib/python*/site-packages"))
        (packages / "ours.pth").write_text(f"{ours}\n")
        if others := list(_others(self._project / "requirements.txt")):
            install = ("uv", "pip", "install", "--quiet", "--python", str(python))
            self._command("environment", *install, *others)
        if not chosen.get("virtualenv"):
            path = f"{folder / 'bin'}{os.pathsep}{self._environment['PATH']}"
            self._environment["PATH"] = path

    def emulator(self, *argv: str) -> str:
        return self._command("emulator", sys.executable, "-m", "emulator", *argv)

    def run(self) -> None:
        """All steps. StepError."""
        before = self._resources()
        self._pulumi("stack init", "stack", "init", "test")
        for name, value in settings.at_first(self._project):
            self._pulumi("settings", "config", "set", name, value)
        for step, arguments in STEPS:
            self._step(step, arguments)
        if left := self._resources() != before:
            raise StepError("destroy", f"error: resources are left: {left}")

    def _step(self, step: str, arguments: tuple[str, ...]) -> None:
        """One step, again with the settings that it found missing."""
        known: set[str] = set()
        while True:
            try:
                self._pulumi(step, *arguments)
                return
            except StepError as error:
                missing = set(settings.asked(error.said)) - known
                if not missing:
                    raise
                for name in missing:
                    kind = "--secret" if settings.SECRET.search(name) else "--plaintext"
                    self._pulumi("settings", "config", "set", kind, name, settings.value_of(name))
                known |= missing

    def _pulumi(self, step: str, *argv: str) -> str:
        run = (sys.executable, "-m", "emulator", "run", "--", "pulumi", "-C", str(self._project))
        return self._command(step, *run, "--non-interactive", "--color", "never", *argv)

    def _resources(self) -> dict[str, int]:
        return json.loads(self.emulator("status", "--json"))["resources"]

    def _command(self, step: str, *argv: str) -> str:
        try:
            done = subprocess.run(
                argv,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=self._limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StepError(step, f"error: no end after {self._limit_s:g} s") from error
        self.said.append(f"--- {step}\n{done.stdout}{done.stderr}")
        if done.returncode:
            raise StepError(step, f"{done.stdout}\n{done.stderr}")
        return done.stdout


def _others(requirements: Path) -> Iterator[str]:
    """What is required beside Pulumi and its provider for Azure, which are this checkout's."""
    if not requirements.exists():
        return
    for line in requirements.read_text().splitlines():
        wanted = line.partition("#")[0].strip()
        if wanted and not OURS.fullmatch(wanted):
            yield wanted
