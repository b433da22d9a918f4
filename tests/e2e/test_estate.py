"""The whole line through the real command-line tools, in order: each test goes on from the one before it.

The first commands of the line, `pulumi up` of stage and `mlops train`, are those of homes.py: other files go
on from there too.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from demo.checks import KEPT
from demo.stacks import has_a_private_gateway
from infra.environments import environments, stack_file
from tests.e2e import homes
from tests.e2e.conftest import World, model_world
from tests.listeners import listeners

pytestmark = pytest.mark.e2e
STACKS = environments()
UP = "stage"  # in the home that these tests begin with
STARTED_S = 30.0  # how long a container may take to answer again
world = model_world


def stack_files() -> dict[str, str]:
    return {stack: hashlib.sha256(stack_file(stack).read_bytes()).hexdigest() for stack in STACKS}


BEFORE = stack_files()


@pytest.mark.parametrize("stack", STACKS)
def test_an_estate_goes_up(world: World, stack: str) -> None:
    if has_a_private_gateway(stack):  # Azure makes none that is shut, and the second `up` shuts it
        refused = world.pulumi("up", stack, "--yes", "--skip-preview", check=False)
        assert "is not enabled during service activation" in refused.stdout + refused.stderr
        world.pulumi("up", stack, "--yes", "--skip-preview", "--config", "mlops-estate:openGateway=true")
    if stack != UP:
        world.pulumi("up", stack, "--yes", "--skip-preview")
    outputs = json.loads(world.pulumi("stack output", stack, "--json").stdout)
    assert outputs["environment"] == stack
    assert outputs["workspace"]


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_up_changes_nothing(world: World, stack: str) -> None:
    """For one of them, a preview says so before."""
    preview = () if stack == UP else ("--skip-preview",)
    world.pulumi("up", stack, "--yes", "--expect-no-changes", *preview)


@pytest.mark.parametrize("stack", STACKS)
def test_refresh_finds_no_drift(world: World, stack: str) -> None:
    world.pulumi("refresh", stack, "--yes", "--expect-no-changes")


def test_a_model_is_trained_and_registered(tmp_path_factory: pytest.TempPathFactory) -> None:
    answer = json.loads((homes.trained(tmp_path_factory) / homes.ANSWER).read_text())
    assert answer["registered"] is True
    assert answer["metrics"]["roc_auc"] > 0.75


def test_the_registered_model_has_its_card(world: World, tmp_path: Path) -> None:
    page = tmp_path / "card.html"
    shown = world.run("mlops", "card", "--env", "stage", "--output", str(page), "--json").stdout
    card = json.loads(shown)["card"]
    assert card["bounds"] and all(bound["holds"] for bound in card["bounds"])
    assert "<h2>Fairness</h2>" in page.read_text()


def test_training_again_finds_its_own_job(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    first = json.loads((homes.trained(tmp_path_factory) / homes.ANSWER).read_text())
    before = world.status()["resources"]
    again = json.loads(world.run("mlops", "train", "--env", "stage", "--json").stdout)
    assert again == {**first, "reused": True}
    assert world.status()["resources"] == before


def test_a_sweep_names_the_best_of_its_trials(world: World) -> None:
    answer = json.loads(world.run("mlops", "sweep", "--env", "stage", "--trials", "2", "--json").stdout)
    values = [trial["value"] for trial in answer["trials"]]
    assert len(values) == 2 and values == sorted(values)
    assert answer["best"]["value"] == values[0] < 0.5
    again = json.loads(world.run("mlops", "sweep", "--env", "stage", "--trials", "2", "--json").stdout)
    assert again == {**answer, "reused": True}


def test_the_model_is_deployed(world: World) -> None:
    answer = json.loads(world.run("mlops", "deploy", "--env", "stage", "--json").stdout)
    assert answer["digest"].startswith("sha256:")
    assert answer["address"].startswith("https://apim-mlops-stage-")


def test_nothing_listens_beyond_loopback(world: World) -> None:
    listening = listeners(world.status()["pid"])
    assert any("-m scoring" in command for _, command in listening)
    assert {address for address, _ in listening} == {"127.0.0.1"}


def test_deploying_again_builds_nothing(world: World) -> None:
    before = world.status()["resources"]
    again = json.loads(world.run("mlops", "deploy", "--env", "stage", "--json").stdout)
    assert again["built"] is False
    assert world.status()["resources"] == before


def test_the_release_is_tested_and_a_person_approves_it(world: World, tmp_path: Path) -> None:
    """Whoever recorded it is no person, and an engineer is not in the group: both are refused."""
    release = deployed(world)["release"]
    over = tmp_path / "settings.toml"
    over.write_text("[release]\nload_p95_ms = 5000.0\n")  # the speed of a busy machine is not the subject
    test = ("mlops", "release", "test", release, "--env", "stage", "--load-seconds", "2", "--json")
    tested = json.loads(world.emulator("run", "--", *test, MLOPS_SETTINGS=str(over)).stdout)
    assert tested["green"], tested["evidence"]
    approve = ("mlops", "approve", release, "--env", "prod", "--reason", "fine", "--json")

    def refused(*who: str) -> str:
        done = world.emulator("run", *who, "--", *approve, check=False)
        assert done.returncode == 1
        return json.loads(done.stdout)["error"]["problem"]

    assert "only a person can" in refused()
    assert "may not sign" in refused("--as", "engineer@mlops.example")
    given = json.loads(world.emulator("run", "--as", "approver@mlops.example", "--", *approve).stdout)
    assert given["approver"] == "approver@mlops.example"
    assert given["digests"]["evidence"] == tested["digest"]
    show = ("mlops", "release", "lineage", release, "--env", "stage", "--json")
    seen = json.loads(world.emulator("run", "--as", "second-approver@mlops.example", "--", *show).stdout)
    assert [one["holds"] for one in seen["approvals"]] == [""]
    assert seen["chain"][0]["what"] == "data" and seen["chain"][-1]["detail"] == ""


def test_real_rows_are_scored_and_their_telemetry_arrives(world: World) -> None:
    answer = json.loads(world.run("mlops", "score", "--env", "stage", "--rows", "300", "--json").stdout)
    assert len(answer["predictions"]) == 300
    deadline = time.monotonic() + 60
    counts: dict[str, int] = {}
    while time.monotonic() < deadline:
        counts = json.loads(world.emulator("telemetry", "--json").stdout)["counts"]
        if all(counts.get(table) for table in ("AppRequests", "AppMetrics", "AppEvents", "AppTraces")):
            return
        time.sleep(0.2)
    pytest.fail(f"telemetry did not arrive within 60 s: {counts}")


def test_on_call_sees_all_of_it_on_one_page(world: World, tmp_path: Path) -> None:
    page = tmp_path / "monitor.html"
    answer = json.loads(world.run("mlops", "monitor", "--env", "stage", "--to", str(page), "--json").stdout)
    facts = answer["facts"]
    assert not {name: part for name, part in facts.items() if isinstance(part, dict) and "why" in part}
    # The estate had no service for a while, and the alert of that may not be resolved yet.
    assert answer["up"]["said"] in ("yes", "look"), answer["up"]
    rules = {one["rule"] for one in facts["alerts"]["alerts"]}
    assert "gateway-failures" not in rules, "deploying woke somebody"
    assert facts["service"]["ready"] and facts["traffic"]["newest"]
    assert facts["alerts"]["told_by"] == "Azure Monitor"
    assert "person" in {one["started_by"] for one in facts["trainings"]["trainings"]}
    assert facts["cost"]["month"] > 0
    assert "Is it up?" in page.read_text()
    assert json.loads(page.with_suffix(".json").read_text())["facts"] == facts


def test_rows_in_the_lake_are_scored_by_a_job_on_the_cluster(world: World, tmp_path: Path) -> None:
    """Under the training identity, in the training image; the same command finds the job of its content."""
    lake = json.loads(world.pulumi("stack output", "stage", "--json").stdout)["data_lake"]
    program = tmp_path / "upload.py"
    program.write_text(UPLOAD)
    world.run(sys.executable, str(program), lake)
    data = f"abfss://tables@{lake}.dfs.core.windows.net/batch/2026-11-30"
    batch = ("mlops", "batch", "--env", "stage", "--data", data, "--key", "id", "--json")
    answer = json.loads(world.run(*batch).stdout)
    assert (answer["rows"], answer["rejected"], answer["here"]) == (300, 0, False)
    assert answer["engine"] == "machine" and "batch.machine_up_to_gb" in answer["why"]
    assert answer["evaluator"]["name"] == "machine code", answer["evaluator"]
    assert (
        answer["evaluated_by"]
        == f"machine code {answer['evaluator']['level']} {answer['evaluator']['digest']}"
    )
    again = json.loads(world.run(*batch).stdout)
    assert again == {**answer, "reused": True}


UPLOAD = """
import io, sys
import pandas
from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient
rows = pandas.read_parquet("data/credit_default.parquet").head(300).drop(columns="default")
content = io.BytesIO()
rows.to_parquet(content, index=False)
tables = ContainerClient(
    f"https://{sys.argv[1]}.blob.core.windows.net", "tables", credential=DefaultAzureCredential()
)
tables.upload_blob("batch/2026-11-30/rows.parquet", content.getvalue())
"""


def deployed(world: World) -> dict[str, Any]:
    """What `mlops status` says of the service."""
    return json.loads(world.run("mlops", "status", "--env", "stage", "--json").stdout)["deployed"]


def test_state_survives_a_restart(world: World) -> None:
    before = world.status()["resources"]
    world.emulator("down")
    world.emulator("up")
    assert world.status()["resources"] == before
    deadline = time.monotonic() + STARTED_S  # the container starts again as well, and takes its time
    while deployed(world)["state"] != "ready":
        assert time.monotonic() < deadline
    world.run("mlops", "score", "--env", "stage", "--rows", "5")


def test_nothing_outside_was_called(world: World) -> None:
    assert world.status()["refused_hosts"] == []


def test_the_stack_files_are_as_they_were() -> None:
    assert stack_files() == BEFORE


@pytest.mark.skipif("ARM_BODY_CHECKER" not in os.environ, reason="needs Azure's type definitions")
@pytest.mark.parametrize("stack", STACKS)
def test_azure_would_take_each_body(world: World, stack: str, tmp_path: Path) -> None:
    """The bodies as they are sent: the SDK renames some of Azure's names, and the state holds the SDK's."""
    state, bodies = tmp_path / "state.json", tmp_path / "bodies.json"
    world.pulumi("stack export", stack, "--file", str(state))
    sent = world.command(sys.executable, "-m", "emulator.provider.export_bodies", str(state))
    checker = Path(os.environ["ARM_BODY_CHECKER"])
    bodies.write_text(json.dumps(_as_far_as_defined(json.loads(sent.stdout), checker)))
    world.command(sys.executable, str(checker), str(bodies))


DESCRIBED = ("azure-native:apimanagement:", "azure-native:monitor:")


def _as_far_as_defined(resources: list[dict[str, Any]], checker: Path) -> list[dict[str, Any]]:
    """The bodies without their descriptions, when the checker's definitions have lost them.

    A copy of Azure's definitions from which all descriptions were taken out lacks the properties of that
    name, too. Azure has this one, with 140 characters at most, and the SDK says the same.
    """
    definitions = checker.resolve().parents[1].glob("arm-types/*.json")
    if any('"description"' in file.read_text(encoding="utf-8") for file in definitions):
        return resources
    for resource in resources:
        properties = resource["inputs"].get("properties")
        if isinstance(properties, dict) and resource["type"].startswith(DESCRIBED):
            assert properties.pop("description", "as it is not set")
        for rule in resource["inputs"].get("properties", {}).get("securityRules", ()):
            assert 0 < len(rule["properties"].pop("description")) <= 140
    return resources


def shared(factory: pytest.TempPathFactory) -> int:
    """How many resources are no environment's own."""
    return int((homes.started(factory) / homes.SHARED).read_text())


def test_destroy_leaves_what_all_environments_share(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Stage is to come back, so its workspace goes for good before."""
    answer = json.loads(world.run("mlops", "undeploy", "--env", "stage", "--workspace", "--json").stdout)
    assert answer["removed"] and answer["workspace"]["deleted"]
    for stack in STACKS:
        world.pulumi("destroy", stack, "--yes", "--skip-preview")
    assert world.resources() == shared(tmp_path_factory)


def test_the_estate_comes_back_after_destroy(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its vaults and gateway are kept, as Azure does: the error says so, and a setting each brings them."""
    begin = "up", "stage", "--yes", "--skip-preview"
    refused = world.pulumi(*begin, "--config", f"mlops-estate:{KEPT['gateway']}=true", check=False)
    assert refused.returncode != 0
    assert "already exists in deleted state" in refused.stdout + refused.stderr
    kept = [word for name in KEPT.values() for word in ("--config", f"mlops-estate:{name}=true")]
    world.pulumi("up", "stage", "--yes", "--skip-preview", *kept)
    world.pulumi("up", "stage", "--yes", "--skip-preview", "--expect-no-changes")
    world.pulumi("destroy", "stage", "--yes")
    assert world.resources() == shared(tmp_path_factory)
