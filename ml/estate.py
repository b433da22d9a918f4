"""What infra/ built, as the stack's typed outputs tell it: the only thing that ml/ knows of infra/."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.errors import MlopsError

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs

TIME_LIMIT_SECONDS = 120


def project_root() -> Path:
    """The directory of Pulumi.yaml: the checkout that this package is in, else the current directory.

    Raises MlopsError when neither has one.
    """
    candidates = (Path(__file__).resolve().parents[1], Path.cwd())
    for candidate in candidates:
        if (candidate / "Pulumi.yaml").is_file():
            return candidate
    raise MlopsError(
        f"Pulumi.yaml is in none of {', '.join(map(str, candidates))}.",
        "Run mlops in the repository's root.",
    )


def parse_outputs(environment: str, outputs: dict[str, Any]) -> "EstateOutputs":
    """Raises MlopsError naming each output that is missing or not of its type."""
    from pydantic import ValidationError

    from infra.outputs import EstateOutputs

    deploy = f"Run `pulumi up -s {environment}` first."
    if not outputs:
        raise MlopsError(f"The stack {environment} has no outputs: it is not deployed.", deploy)
    try:
        estate = EstateOutputs.model_validate(outputs)
    except ValidationError as error:
        details = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise MlopsError(
            f"The outputs of the stack {environment} are not what mlops needs ({len(details)} are wrong).",
            f"The stack is older than this code, or its deployment did not finish. {deploy}",
            details,
        ) from error
    if estate.environment != environment:
        raise MlopsError(
            f"The stack {environment} says that it is the environment {estate.environment!r}.",
            f"Correct `environment` in Pulumi.{environment}.yaml and run `pulumi up -s {environment}`.",
        )
    return estate


def stack_outputs(environment: str, project: Path, without: Iterable[str] = ()) -> dict[str, Any] | None:
    """The outputs of the stack of the project in that directory; None when there is no such stack.

    without: variables of this process that are kept from Pulumi. Raises MlopsError when there is no Pulumi
    CLI, or with its words when it fails.
    """
    if shutil.which("pulumi") is None:
        raise MlopsError(
            "The Pulumi CLI is not on PATH.",
            "Run `make setup`, or install it (https://www.pulumi.com/docs/install).",
        )
    command = [
        "pulumi",
        "stack",
        "output",
        "--json",
        "--show-secrets",
        "--non-interactive",
        "-s",
        environment,
    ]
    kept = {name: value for name, value in os.environ.items() if name not in {*without}}
    try:
        run = subprocess.run(
            command,
            cwd=project,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
            env={**kept, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except subprocess.TimeoutExpired as error:
        raise MlopsError(
            f"`{' '.join(command)}` gave no answer in {TIME_LIMIT_SECONDS} s.",
            "Check that the state backend (PULUMI_BACKEND_URL) is reachable.",
        ) from error
    if run.returncode == 0:
        return json.loads(run.stdout or "{}")
    if "no stack named" in run.stderr:
        return None
    raise MlopsError(
        f"The outputs of the stack {environment} cannot be read (pulumi exited with {run.returncode}).",
        "Correct what its words name; if it asks for a token: set PULUMI_BACKEND_URL, or `pulumi login`.",
        [line for line in run.stderr.splitlines() if line.strip()],
    )


def read_estate(environment: str, root: Path | None = None) -> "EstateOutputs":
    """The outputs of a deployed stack of this repository.

    Raises MlopsError when there is no Pulumi CLI, no such stack, or no deployment.
    """
    outputs = stack_outputs(environment, root or project_root())
    if outputs is None:
        raise MlopsError(
            f"There is no stack {environment} in the state backend.",
            f"Check --env, `pulumi login` and PULUMI_BACKEND_URL, or create it: "
            f"`pulumi stack init {environment}`, then `pulumi up -s {environment}`.",
        )
    return parse_outputs(environment, outputs)
