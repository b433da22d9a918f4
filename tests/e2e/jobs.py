"""Jobs of the workflows on the emulator: their own commands, read from the YAML, as the job's identity."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from emulator.home import Home
from tests.e2e.world import COMMAND_LIMIT_S, ROOT, World

PROGRAM: Final = Path(__file__).parent / "programs" / "job.py"
EXPRESSION: Final = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
BOOTSTRAP: Final = "id-mlops-boot-weu"  # how the identities of CI begin
PLACES: Final = {  # where a runner with that label stands
    "estate-stage": "vnet-mlops-stage-weu/snet-ci-runners",
    "estate-prod": "vnet-mlops-prod-weu/snet-ci-runners",
}


@dataclass(frozen=True)
class Ran:
    """How a job ended. steps: what each ran, its exit code and what it said. outputs: of the job, by name."""

    failed: bool
    steps: list[dict[str, Any]]
    outputs: dict[str, str]
    summary: str

    def said(self) -> str:
        return "\n".join(f"{one['code']}: {one['said']}" for one in self.steps)


@dataclass(frozen=True)
class Job:
    """workflow, name: where it stands. identity: of the bootstrap, which it signs in as ("": none)."""

    workflow: str
    name: str
    identity: str = ""

    @property
    def content(self) -> dict[str, Any]:
        text = (ROOT / ".github" / "workflows" / f"{self.workflow}.yml").read_text()
        return yaml.safe_load(text)["jobs"][self.name]

    @property
    def commands(self) -> list[str]:
        """What it runs, a step each."""
        return [str(step["run"]) for step in self.content["steps"] if "run" in step]

    def asked(self, checkout: Path, given: Mapping[str, str], over: Path | None = None) -> dict[str, Any]:
        """What programs/job.py goes by; see `run`. KeyError for an expression that nothing is given for."""
        content = self.content
        return {
            "folder": str(checkout),
            "env": {name: _value(text, given) for name, text in content.get("env", {}).items()},
            "over": {"MLOPS_SETTINGS": str(over)} if over else {},
            "steps": [
                {"run": step["run"], "id": step.get("id", ""), "always": step.get("if") == "always()"}
                for step in content["steps"]
                if "run" in step
            ],
        }

    def outputs(self, made: Mapping[str, str]) -> dict[str, str]:
        """Of the job, of those of its steps."""
        named = self.content.get("outputs", {})
        return {name: made.get(_inner(text), "") for name, text in named.items()}

    def run(self, world: World, checkout: Path, given: Mapping[str, str], over: Path | None = None) -> Ran:
        """given: the value of each expression but `vars.…`, which the repository's variables stand for.

        checkout: a folder to run in, as `checked_out` makes it. over: what stands over ml/settings.toml.
        """
        job, runner = self.asked(checkout, given, over), self.content["runs-on"]
        inside = ("--from", PLACES[runner[1]]) if isinstance(runner, list) else ()
        who = ("--workflow", f"{BOOTSTRAP}-{self.identity}") if self.identity else ()
        done = subprocess.run(
            [sys.executable, "-m", "emulator", "run", *inside, *who, "--", sys.executable, str(PROGRAM)],
            cwd=ROOT,
            env=world.environment,
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.workflow}, {self.name}: {done.stderr[-4000:]}")
        ran = json.loads(done.stdout)
        return Ran(ran["failed"], ran["steps"], self.outputs(ran["outputs"]), ran["summary"])


def _inner(text: str) -> str:
    found = EXPRESSION.fullmatch(str(text).strip())
    return found[1] if found else ""


def _value(text: object, given: Mapping[str, str]) -> str | dict[str, str]:
    inner = _inner(str(text))
    if inner.startswith("vars."):
        return {"vars": inner.removeprefix("vars.")}
    return EXPRESSION.sub(lambda found: given[found[1]], str(text))


def checked_out(folder: Path, world: World) -> Path:
    """A checkout to run a job in: what it writes does not get into this one. The folder.

    Its stack files are those that the emulator made of this checkout's, with the salts of its own stacks.
    """
    folder.mkdir()
    for one in ROOT.iterdir():
        if one.name not in (".git", ".emulator", ".build"):
            (folder / one.name).symlink_to(one)
    for one in Home(world.home).pulumi_config.glob("Pulumi.*.yaml"):
        if (place := folder / one.name).is_symlink():
            place.unlink()
            shutil.copyfile(one, place)
    return folder
