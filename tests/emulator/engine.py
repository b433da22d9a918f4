"""The real Pulumi engine on a real emulator, both in a scratch home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.home import REPOSITORY
from emulator.provider.arm_client import Answer, ArmClient, Credentials

SUBSCRIPTION = "0a7c1e5d-0000-4000-8000-00000000000a"
LIMIT_S = 300


class Engine:
    """Pulumi on an emulator in a scratch home."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.programs = programs
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "EMULATOR_HOME": str(folder / "home"), "PATH": path}

    def command(self, *argv: str, check: bool | None = True, **variables: str) -> str:
        """What a command says. check: whether it must succeed, or fail; None for either."""
        done = subprocess.run(
            argv,
            cwd=REPOSITORY,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        said = f"{done.stdout}\n{done.stderr}"
        if check is not None and check != (done.returncode == 0):
            pytest.fail(f"{' '.join(argv)} exited with {done.returncode}\n{said[-4000:]}")
        return said

    def emulator(self, *argv: str) -> str:
        return self.command(sys.executable, "-m", "emulator", *argv)

    def pulumi(self, program: str, *argv: str, check: bool | None = True) -> str:
        project = self.folder / program
        if not project.exists():
            shutil.copytree(self.programs / program, project)
            self.init(program, "test")
        run = (sys.executable, "-m", "emulator", "run", "--", "pulumi", "-C", str(project))
        return self.command(*run, "--non-interactive", "--color", "never", *argv, check=check)

    def init(self, program: str, stack: str, *argv: str) -> None:
        """A new stack, selected unless it is said otherwise."""
        self.pulumi(program, "stack", "init", stack, *argv)
        with (self.folder / program / f"Pulumi.{stack}.yaml").open("a") as settings:
            settings.write(f"config:\n  azure-native:subscriptionId: {SUBSCRIPTION}\n")

    def up(self, *argv: str, program: str = "sample") -> str:
        return self.pulumi(program, "up", "--yes", "--skip-preview", *argv)

    def deployed(self, program: str = "sample", stack: str = "test") -> dict[str, Any]:
        """What `pulumi stack export` would print of a stack, as its file has it."""
        stacks = self.folder / "home" / "pulumi" / "state" / ".pulumi" / "stacks"
        return json.loads((stacks / program / f"{stack}.json").read_bytes())["checkpoint"]["latest"]

    def state(self, program: str = "sample", stack: str = "test") -> dict[str, Any]:
        """Resources of a stack by their name in the program."""
        resources = self.deployed(program, stack)["resources"]
        return {resource["urn"].rsplit("::", 1)[-1]: resource for resource in resources}

    def resources(self) -> dict[str, int]:
        return json.loads(self.emulator("status", "--json"))["resources"]

    def arm(self) -> ArmClient:
        """A client beside Pulumi, as a colleague at the portal would be."""
        text = self.command(
            *(sys.executable, "-m", "emulator", "run", "--", sys.executable, "-c"),
            "import json, os; print(json.dumps(dict(os.environ)))",
        )
        variables = json.loads(text[text.index("{") : text.rindex("}") + 1])

        def through_the_proxy(
            method: str, url: str, *, headers: Any, data: bytes | None, timeout: float
        ) -> Answer:
            import requests

            answer = requests.request(
                method,
                url,
                headers=headers,
                data=data,
                timeout=timeout,
                proxies={"https": variables["HTTPS_PROXY"]},
                verify=variables["REQUESTS_CA_BUNDLE"],
            )
            lower = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status_code, lower, answer.json() if answer.content else {})

        names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
        return ArmClient(SUBSCRIPTION, Credentials(*(variables[name] for name in names)), through_the_proxy)
