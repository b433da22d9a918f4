"""Both sides of the push: production adds labelled rows to stage's landing, and stage trains on them.

Both estates are made by `pulumi up` with the settings that docs/loop.md names, and each step is done by who
does it in Azure: the push by production's training identity in its own network, the training by stage's
function.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml.published.reason import Reason
from tests.e2e import homes
from tests.e2e.inside import running_inside
from tests.e2e.loop import Loop
from tests.e2e.production import RUNNERS, UP, settings_of
from tests.e2e.pushing import ROWS, labelled, outputs

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Production pushes to stage, which takes it; production has answers and their labels."""
    folder = tmp_path_factory.mktemp("push")
    home = homes.clone(homes.started(tmp_path_factory) / homes.HOME, folder / "home")
    with running_inside(home) as world:
        stage = outputs(world, "stage")
        pushing = ("--config-path", "--config", f"mlops-estate:retraining.pushTo={stage['data_lake_id']}")
        world.pulumi("up", "prod", *UP, *pushing, "--config", "mlops-estate:openGateway=true")
        prod = outputs(world, "prod")
        pushed_by = {
            "principalId": prod["training_identity_principal_id"],
            "subnetId": prod["training_subnet_id"],
        }
        taking = settings_of("stage", "retraining", pushedBy=pushed_by, debounceMinutes=0)
        world.pulumi("up", "stage", *UP, *taking)
        made = Loop(world, folder, outputs(world, "stage"))
        made.mlops("publish")
        made.mlops("trigger", "deploy")
        labelled(world, prod)
        yield made


def test_productions_job_pushes_and_stage_trains_on_it_and_says_why(case: Loop) -> None:
    pushed = case.mlops("schedule", "run", "push", env="prod", who=RUNNERS)
    assert (pushed["status"], pushed["state"], pushed["rows"]) == ("Completed", "sent", ROWS)
    assert pushed["to"] == case.outputs["data_lake"]
    run = case.ended(0)
    assert run["properties"]["status"] == "Completed", run
    reason = Reason.of(run["properties"]["tags"])
    assert reason is not None
    assert (reason.started_by, reason.words) == ("data", f"{pushed['name']} landed")
    assert reason.data.endswith(f"/datastores/lake_landing/paths/{pushed['name']}")
    assert case.world.status()["refused_hosts"] == []


def test_the_same_day_is_pushed_once_and_starts_nothing_more(case: Loop) -> None:
    again = case.mlops("schedule", "run", "push", env="prod", who=RUNNERS)
    assert again["reused"] is False
    assert (again["state"], again["rows"]) == ("sent before", ROWS), again
    assert len(case.started()) == 1
