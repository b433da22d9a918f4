"""Production pushes to stage by a private endpoint, which stage's owner approves by hand.

Stage's data lake lets in no subnet of production: the endpoint is the only way, and leads nowhere until it is
approved. What drift detection says of production is run in each state (docs/loop.md).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest

from ml.published.reason import Reason
from tests.e2e import homes
from tests.e2e.inside import running_inside
from tests.e2e.loop import OVER, PROGRAMS, Loop
from tests.e2e.production import RUNNERS, UP, settings_of
from tests.e2e.pushing import ROWS, labelled, outputs

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PUSH: Final = ("mlops", "schedule", "run", "push", "--env", "prod", "--json")
DRIFT: Final = ("--refresh", "--expect-no-changes", "--diff")  # as .github/workflows/drift.yml asks


@pytest.fixture(scope="module")
def pushing() -> dict[str, tuple[str, ...]]:
    """Settings of production, as each `pulumi` command has to be given them."""
    return {}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, pushing: dict[str, tuple[str, ...]]) -> Iterator[Loop]:
    """Both estates are up, and the connection waits for its approval."""
    folder = tmp_path_factory.mktemp("private")
    home = homes.clone(homes.started(tmp_path_factory) / homes.HOME, folder / "home")
    with running_inside(home) as world:
        retraining = "mlops-estate:retraining"
        pushing["prod"] = (
            "--config-path",
            *("--config", f"{retraining}.pushTo={outputs(world, 'stage')['data_lake_id']}"),
            *("--config", f"{retraining}.pushEndpoint=manual"),
        )
        world.pulumi("up", "prod", *UP, *pushing["prod"], "--config", "mlops-estate:openGateway=true")
        world.pulumi("up", "prod", *UP, *pushing["prod"])
        prod = outputs(world, "prod")
        pushed_by = {"principalId": prod["training_identity_principal_id"], "privateEndpoint": True}
        taking = settings_of("stage", "retraining", pushedBy=pushed_by, debounceMinutes=0)
        world.pulumi("up", "stage", *UP, *taking)
        labelled(world, prod)
        yield Loop(world, folder, outputs(world, "stage"))


def connection(case: Loop) -> dict[str, Any]:
    """That of production's endpoint, as stage's data lake shows it."""
    held = case.world.inner.arm.get(case.outputs["data_lake_id"])["properties"]["privateEndpointConnections"]
    (found,) = [one for one in held if "rg-mlops-prod" in one["properties"]["privateEndpoint"]["id"]]
    return found


def state(case: Loop) -> str:
    return connection(case)["properties"]["privateLinkServiceConnectionState"]["status"]


def test_rows_come_through_once_the_owner_has_approved_and_stage_trains_on_them(
    case: Loop, pushing: dict[str, tuple[str, ...]]
) -> None:
    world = case.world
    assert state(case) == "Pending"
    world.pulumi("preview", "prod", *DRIFT, *pushing["prod"])
    refused = world.emulator("run", *RUNNERS, "--", *PUSH, check=False, MLOPS_SETTINGS=str(OVER))
    assert refused.returncode == 1, refused.stdout
    lake = case.outputs["data_lake"]
    assert re.search(rf"of snet-training does not name \S+/{lake}\b", refused.stdout), refused.stdout

    asked = connection(case)
    world.run(sys.executable, str(PROGRAMS / "approve.py"), asked["id"])
    assert state(case) == "Approved"
    told = world.pulumi("preview", "prod", *DRIFT, *pushing["prod"], check=False)
    assert told.returncode != 0
    assert "no changes were expected for preview but changes were proposed" in told.stderr
    assert "~ 1 to update" in told.stdout and "- privateLinkServiceConnectionState" in told.stdout
    world.pulumi("up", "prod", "--refresh", "--yes", *pushing["prod"])
    assert state(case) == "Approved"
    world.pulumi("preview", "prod", *DRIFT, *pushing["prod"])

    case.mlops("publish")
    case.mlops("trigger", "deploy")
    pushed = case.mlops("schedule", "run", "push", env="prod", who=RUNNERS)
    assert (pushed["status"], pushed["state"], pushed["rows"]) == ("Completed", "sent", ROWS)
    run = case.ended(0)
    assert run["properties"]["status"] == "Completed", run
    reason = Reason.of(run["properties"]["tags"])
    assert reason is not None
    assert (reason.started_by, reason.words) == ("data", f"{pushed['name']} landed")
    assert world.status()["refused_hosts"] == []
