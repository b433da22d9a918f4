"""Production on the emulator, made by CI's own jobs: estates that know who promotes, and a first release."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.e2e.jobs import PLACES, Job, Ran, checked_out
from tests.e2e.world import ROOT, World

SETTINGS: Final = Path(__file__).parent / "releases"
APPROVER: Final = "approver@mlops.example"
RUNNERS: Final = ("--from", "vnet-mlops-prod-weu/snet-ci-runners")
CI: Final = (*RUNNERS, "--workflow", "id-mlops-boot-weu-promote-prod")
UP: Final = ("--yes", "--skip-preview")
ENGINEERS: Final = yaml.safe_load((ROOT / "Pulumi.stage.yaml").read_text())["config"][
    "mlops-estate:engineersGroupId"
]
BUILD: Final = Job("release", "build", "deploy-stage")
PROMOTE: Final = Job("release", "promote", "promote-prod")


def estates(world: World) -> None:
    """Production goes up beside stage; both know who promotes, and production's gateway the service's key.

    CI's identity that deploys stage is made an engineer, and stage's runners may reach records of releases
    (docs/azure.md).
    """
    promoter = promoters(world)["prod"]
    join = str(Path(__file__).parent / "programs" / "join.py")
    world.run(sys.executable, join, "id-mlops-boot-weu-deploy-stage", ENGINEERS)
    world.pulumi("up", "stage", *UP, *settings_of("stage", "releases", promoterId=promoter))
    world.run("pulumi", "-C", "infra/bootstrap", "up", "-s", "shared", "--non-interactive", *UP, *admitted())
    # Azure makes no gateway that is shut.
    opened = ("--config", "mlops-estate:openGateway=true")
    world.pulumi("up", "prod", *UP, *settings_of("prod", "releases", promoterId=promoter), *opened)
    world.emulator("run", *RUNNERS, "--", "mlops", "key", "--env", "prod")
    world.pulumi("up", "prod", *UP, *settings(promoter))


def admitted() -> tuple[str, ...]:
    """What the bootstrap has to be told of the subnet of stage's runners, which was not there before."""
    file = ROOT / "infra" / "bootstrap" / "Pulumi.shared.yaml"
    environments = yaml.safe_load(file.read_text())["config"]["mlops-bootstrap:environments"]
    stage = environments["stage"]
    network, _, subnet = PLACES["estate-stage"].partition("/")
    group = f"/subscriptions/{stage['subscriptionId']}/resourceGroups/rg-mlops-stage-weu"
    stage["runnersSubnetId"] = (
        f"{group}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{subnet}"
    )
    return (
        "--config-path",
        *(
            word
            for environment, values in environments.items()
            for name, value in values.items()
            for word in ("--config", f"mlops-bootstrap:environments.{environment}.{name}={_text(value)}")
        ),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def promoters(world: World) -> dict[str, str]:
    """The object id of the identity that promotes into each environment."""
    said = world.run("pulumi", "-C", "infra/bootstrap", "stack", "output", "-s", "shared", "--json").stdout
    return json.loads(said)["promoters"]


def settings_of(stack: str, section: str, **more: Any) -> tuple[str, ...]:
    """A section of a stack file with more in it: one setting alone would take the place of the whole."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    values = {**config[f"mlops-estate:{section}"], **more}
    return ("--config-path", *_settings(f"mlops-estate:{section}", values))


def _settings(path: str, values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _settings(f"{path}.{name}", value)
        else:
            yield from ("--config", f"{path}.{name}={_text(value)}")


def settings(promoter: str, **gateway: str) -> tuple[str, ...]:
    """What stands over production's stack file in these tests: each `pulumi` command has to be given it."""
    return (
        *settings_of("prod", "releases", promoterId=promoter),
        *(settings_of("prod", "gateway", **gateway) if gateway else ()),
    )


def set_in(stack_file: Path, promoter: str, **gateway: str) -> None:
    """The same in a copy of the stack file."""
    content = yaml.safe_load(stack_file.read_text())
    content["config"]["mlops-estate:releases"] |= {"promoterId": promoter}
    content["config"]["mlops-estate:gateway"] |= gateway
    stack_file.write_text(yaml.safe_dump(content))


def approve(world: World, release: str) -> None:
    reason = ("--reason", "the evidence is green")
    world.emulator("run", "--as", APPROVER, "--", "mlops", "approve", release, "--env", "prod", *reason)


def first_release(world: World, folder: Path) -> dict[str, Any]:
    """By the jobs of the workflow `release`, and a person between them: what both said."""
    over = SETTINGS / "first.toml"
    given = {"inputs.release": "", "inputs.model": ""}
    built = BUILD.run(world, checked_out(folder / "build", world), given, over)
    check(built)
    release = built.outputs["release"]
    approve(world, release)
    given = {"needs.build.outputs.release": release}
    promoted = PROMOTE.run(world, checked_out(folder / "promote", world), given, over)
    check(promoted)
    return {"release": release, "summary": built.summary, "said": [built.said(), promoted.said()]}


def check(ran: Ran) -> None:
    if ran.failed:
        raise RuntimeError(ran.said()[-6000:])


def recorded(world: World, over: str, *who: str) -> str:
    """The release with the settings of a file, recorded by somebody, with no evidence yet."""
    said = world.emulator(
        "run", *who, "--", "mlops", "release", "create", "--env", "stage", "--json",
        MLOPS_SETTINGS=str(SETTINGS / over),
    ).stdout  # fmt: skip
    return json.loads(said)["release"]
