"""Jobs that really run: order, parallelism, values, failure, cancellation, limits, restart."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from emulator.environment import outside
from emulator.errors import AzureError
from emulator.home import Home
from emulator.images.references import parse
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab
from tests.emulator.machinelearning.test_refusals import FOLDER, literal, step

Json = dict[str, Any]
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"


def test_values_reach_the_command(lab: Lab) -> None:
    """Literals, defaults, parent inputs inside text, absent optional inputs, environment variables."""
    show = lab.component(
        "show",
        "echo ${{inputs.a}} ${{inputs.b}} $[[--c ${{inputs.c}}]] ${{inputs.d}} $FLAVOUR > ${{outputs.o}}/f",
        {
            "a": {"type": "integer"},
            "b": {"type": "number", "default": "0.5"},
            "c": {"type": "string", "optional": True},
            "d": {"type": "string"},
        },
        {"o": FOLDER},
    )
    inputs = {"a": literal("${{parent.inputs.n}}"), "d": literal("x-${{parent.inputs.n}}")}
    steps = {"only": {**step(show, **inputs), "environment_variables": {"FLAVOUR": "mint"}}}
    lab.pipeline("values", steps, inputs={"n": {"jobInputType": "literal", "value": "7"}})
    assert lab.until("values") == "Completed"
    output = lab.record(lab.child("values", "only"))["outputs"]["o"]
    assert lab.output(f"{output['uri']}f") == "7 0.5 x-7 mint\n"


def test_files_and_folders_come_in_and_go_out(lab: Lab) -> None:
    code = lab.code({"main.sh": "cat $1 > $2; ls $3 >> $2", "lib/part.txt": ""})
    place = lab.emulator.arm.get(estate.WORKSPACE)["properties"]["workspaceId"]
    container = f"azureml-blobstore-{place}"
    lab.emulator.blobs.write(estate.ACCOUNT_NAME, container, "in/raw.csv", b"rows\n")
    lab.write(
        f"{estate.WORKSPACE}/data/raw/versions/1",
        {
            "properties": {
                "dataType": "uri_file",
                "dataUri": "azureml://datastores/workspaceblobstore/paths/in/raw.csv",
            }
        },
    )
    lab.command(
        "files",
        "bash main.sh ${{inputs.file}} ${{outputs.one}} ${{inputs.folder}}; cp -r lib ${{outputs.all}}",
        codeId=code,
        inputs={
            "file": {"jobInputType": "uri_file", "uri": f"{estate.WORKSPACE}/data/raw/versions/1"},
            "folder": {
                "jobInputType": "uri_folder",
                "uri": "azureml://datastores/workspaceblobstore/paths/in/",
            },
        },
        outputs={
            "one": {"jobOutputType": "uri_file"},
            "all": {"jobOutputType": "uri_folder", "mode": "Upload"},
        },
    )
    assert lab.until("files") == "Completed", lab.log("files")
    outputs = lab.record("files")["outputs"]
    assert lab.output(outputs["one"]["uri"]) == "rows\nraw.csv\n"
    assert lab.output(f"{outputs['all']['uri']}lib/part.txt") == ""


def test_independent_steps_run_at_once_but_never_three(lab: Lab, tmp_path: Path) -> None:
    """Each step waits until two are inside: that ends only if they run together."""
    doors = tmp_path / "doors"
    wait = f"for i in $(seq 100); do [ $(wc -l < {doors}) -ge 2 ] && break; sleep 0.05; done"
    together = lab.component("together", f"echo in >> {doors}; {wait}; echo out >> {doors}")
    lab.pipeline("parallel", {name: step(together) for name in "abcd"})
    assert lab.until("parallel") == "Completed"
    inside = most = 0
    for line in doors.read_text().split():
        inside += 1 if line == "in" else -1
        most = max(most, inside)
    assert most == 2


def test_failed_step_fails_the_pipeline_and_those_behind_it_do_not_start(lab: Lab, tmp_path: Path) -> None:
    bad = lab.component("bad", "echo the reason >&2; exit 4", outputs={"o": FOLDER})
    after = lab.component("after", f"touch {tmp_path}/after", {"i": FOLDER})
    lab.pipeline("fails", {"one": step(bad), "two": step(after, i=literal("${{parent.jobs.one.outputs.o}}"))})
    assert lab.until("fails") == "Failed"
    message = lab.record("fails")["error"]["message"]
    assert "Step 'one'" in message and "exit code 4" in message and "the reason" in message
    assert lab.record("fails")["steps"].keys() == {"one"}
    assert not (tmp_path / "after").exists()
    assert "two: not started" in lab.log("fails", "logs/azureml/executionlogs.txt")
    assert lab.status(lab.child("fails", "one")) == "Failed"


def test_output_that_was_not_written_fails_the_step(lab: Lab) -> None:
    lab.command("empty", "true", outputs={"one": {"jobOutputType": "uri_file"}})
    assert lab.until("empty") == "Failed"
    assert "did not write its output 'one'" in lab.record("empty")["error"]["message"]


def test_cancel_ends_the_whole_process_group(lab: Lab, tmp_path: Path) -> None:
    lab.command("slow", f"sleep 1000 & echo $! > {tmp_path}/pid; wait")
    lab.until("slow", "Running")
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        time.sleep(0.02)
    pid = int((tmp_path / "pid").read_text())
    cancel(lab, "slow")
    assert lab.until("slow") == "Canceled"
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_cancelled_pipeline_cancels_its_steps(lab: Lab) -> None:
    sleep = lab.component("sleep", "sleep 1000")
    lab.pipeline("long", {name: step(sleep) for name in "abc"})
    while len(lab.record("long").get("steps") or {}) < 3:
        time.sleep(0.02)
    lab.until(lab.child("long", "a"), "Running")
    cancel(lab, "long")
    assert lab.until("long") == "Canceled"
    assert {lab.status(lab.child("long", name)) for name in "abc"} == {"Canceled"}
    cancel(lab, "long")
    assert lab.status("long") == "Canceled"


def test_limit_of_time_ends_a_job(lab: Lab) -> None:
    lab.command("limited", "sleep 1000", limits={"jobLimitsType": "Command", "timeout": "PT0.4S"})
    assert lab.until("limited") == "Canceled"
    assert "longer than its limit of 0.4 s" in lab.record("limited")["error"]["message"]


def test_log_grows_while_the_command_runs(lab: Lab, tmp_path: Path) -> None:
    lab.command("talks", f"echo first; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo last")
    lab.until("talks", "Running")
    end = time.monotonic() + 5
    while "first" not in _log(lab, "talks"):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert lab.status("talks") == "Running"
    (tmp_path / "go").touch()
    assert lab.until("talks") == "Completed"
    assert lab.log("talks") == "first\nlast\n"


def test_cut_off_pipeline_goes_on_from_its_last_finished_step(lab: Lab, tmp_path: Path) -> None:
    make = f"echo x >> {tmp_path}/first; echo 1 > ${{{{outputs.o}}}}/f"
    first = lab.component("first", make, outputs={"o": FOLDER})
    wait = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; cat ${{{{inputs.i}}}}/f"
    second = lab.component("second", f"echo x >> {tmp_path}/second; {wait}", {"i": FOLDER})
    lab.pipeline(
        "cut", {"one": step(first), "two": step(second, i=literal("${{parent.jobs.one.outputs.o}}"))}
    )
    while not (tmp_path / "second").exists():
        time.sleep(0.02)
    lab.emulator.close()
    (tmp_path / "go").touch()
    lab.start()
    assert lab.until("cut") == "Completed"
    assert (tmp_path / "first").read_text() == "x\n"
    assert (tmp_path / "second").read_text() == "x\nx\n"
    assert "two: queued again" in lab.log("cut", "logs/azureml/executionlogs.txt")


def test_job_whose_cancellation_was_cut_off_is_cancelled(lab: Lab) -> None:
    lab.command("cut", "sleep 1000")
    lab.until("cut", "Running")
    lab.emulator.close()
    lab.emulator = type(lab.emulator)(Home(lab.home.root))
    record = lab.record("cut")
    assert record["status"] == "Running"
    lab.emulator.store.put_document("ml-run", record["job"].lower(), {**record, "status": "CancelRequested"})
    lab.emulator.started()
    assert lab.until("cut") == "Canceled"


def test_tags_do_not_bring_an_old_status_back(lab: Lab) -> None:
    """A PUT that was read while the job ran and is stored after its end."""
    lab.command("tagged", "true")
    lab.until("tagged")
    stored = lab.emulator.store.get(f"{estate.WORKSPACE}/jobs/tagged")
    assert stored is not None
    stored["properties"]["status"] = "Running"
    lab.emulator.store.put(stored["id"], stored)
    assert lab.status("tagged") == "Completed"


def test_workspace_can_be_deleted_while_a_job_runs(lab: Lab) -> None:
    lab.command("left", "sleep 1000")
    lab.until("left", "Running")
    lab.emulator.arm.delete(estate.WORKSPACE)
    end = time.monotonic() + 5
    while lab.emulator.processes.running():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert lab.emulator.store.documents("ml-run") == {}


def test_no_process_is_left_when_the_place_of_logs_goes(lab: Lab) -> None:
    lab.command("talks", "while :; do echo on; sleep 0.05; done")
    lab.until("talks", "Running")
    lab.emulator.arm.delete(estate.ACCOUNT)
    assert lab.until("talks") == "Failed"
    assert lab.emulator.processes.running() == []


def test_name_of_a_job_that_still_ends_can_be_used_again(lab: Lab, tmp_path: Path) -> None:
    """The command of a deleted workspace's job takes its time to end; a new one of that name runs."""
    lab.command("again", f"trap '' TERM; touch {tmp_path}/up; while :; do sleep 0.05; done")
    while not (tmp_path / "up").exists():
        time.sleep(0.02)
    lab.emulator.arm.delete(estate.WORKSPACE, query={"forcetopurge": "true"})
    estate.build(lab.write)
    lab.command("again", "echo new")
    assert lab.until("again") == "Completed"
    assert lab.log("again") == "new\n"


def test_named_output_becomes_an_asset(lab: Lab) -> None:
    output = {"jobOutputType": "custom_model", "assetName": "classifier"}
    for number in ("1", "2"):
        lab.command(f"register{number}", "touch ${{outputs.m}}/model", outputs={"m": output})
        assert lab.until(f"register{number}") == "Completed"
        model = lab.get("models", "classifier", "versions", number)["properties"]
        assert model["jobName"] == f"register{number}"
        assert f"/datastores/workspaceblobstore/paths/azureml/register{number}/m/" in model["modelUri"]


def test_identity_without_role_is_told_which_role_it_lacks(lab: Lab) -> None:
    lab.emulator.arm.delete(
        f"{estate.ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/{estate.JOBS_GRANT}"
    )
    lab.command("poor", "true", outputs={"o": {"jobOutputType": "uri_folder"}})
    assert lab.until("poor") == "Failed"
    message = lab.record("poor")["error"]["message"]
    assert "'id-training'" in message and "'Storage Blob Data Contributor'" in message
    outputs = {"o": {"jobOutputType": "uri_folder"}}
    lab.command(
        "as-user", "touch ${{outputs.o}}/f", outputs=outputs, identity={"identityType": "UserIdentity"}
    )
    assert lab.until("as-user") == "Completed"


def test_identity_is_chosen_by_its_client_id(lab: Lab) -> None:
    second = lab.write(f"{estate.IDENTITY}-2", {"location": estate.REGION})["properties"]["clientId"]
    compute = estate.compute_body()
    compute["identity"]["userAssignedIdentities"][f"{estate.IDENTITY}-2"] = {}
    lab.write(estate.COMPUTE, compute)
    identity = {"identityType": "Managed", "clientId": second}
    lab.command("chosen", "echo $DEFAULT_IDENTITY_CLIENT_ID", identity=identity)
    assert lab.until("chosen") == "Completed"
    assert lab.log("chosen").strip() == second


def test_image_of_an_emulated_registry_is_the_jobs_environment(lab: Lab) -> None:
    registry = f"{estate.GROUP}/providers/Microsoft.ContainerRegistry/registries/acrmltests"
    lab.write(registry, {"location": estate.REGION, "sku": {"name": "Premium"}, "properties": {}})
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    image = lab.emulator.images.public_python(parse(f"python:{version}"), outside())
    lab.emulator.images.name(parse("acrmltests.azurecr.io/training:1"), image.digest)
    body = {"properties": {"image": f"acrmltests.azurecr.io/training@{image.digest}"}}
    environment = lab.write(f"{estate.WORKSPACE}/environments/image/versions/1", body)["id"]

    show = "python -c 'import sys, os; print(sys.prefix, os.getcwd())'"
    lab.command("denied", show, environmentId=environment)
    assert lab.until("denied") == "Failed"
    assert "'AcrPull'" in lab.record("denied")["error"]["message"]

    identity = lab.emulator.arm.get(estate.IDENTITY)["properties"]["principalId"]
    estate.grant(
        lab.write, "5f0e7a52-0000-4000-8000-000000000003", identity, "ServicePrincipal", registry, ACR_PULL
    )
    lab.command("allowed", show, environmentId=environment)
    assert lab.until("allowed") == "Completed", lab.log("allowed")
    prefix, folder = lab.log("allowed").split()
    assert Path(prefix).is_relative_to(image.root)
    assert Path(folder).name == "wd"
    assert Path(folder).parent.parent == lab.home.jobs


def test_cluster_scales_with_its_jobs_and_back_to_zero(lab: Lab, tmp_path: Path) -> None:
    assert nodes(lab) == 0
    lab.command("holds", f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done")
    lab.until("holds", "Running")
    assert nodes(lab) == 1
    with pytest.raises(AzureError, match="runs 1 job"):
        lab.emulator.arm.delete(estate.COMPUTE)
    (tmp_path / "go").touch()
    lab.until("holds")
    end = time.monotonic() + 5
    while nodes(lab):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_steps_of_a_chain_run_one_after_the_other(lab: Lab) -> None:
    add = lab.component(
        "add",
        "cat $[[${{inputs.i}}/f]] /dev/null > ${{outputs.o}}/f; echo x >> ${{outputs.o}}/f",
        {"i": {**FOLDER, "optional": True}},
        {"o": FOLDER},
    )
    steps: Json = {"s0": step(add)}
    for number in range(1, 8):
        steps[f"s{number}"] = step(add, i=literal(f"${{{{parent.jobs.s{number - 1}.outputs.o}}}}"))
    lab.pipeline("chain", steps)
    assert lab.until("chain") == "Completed"
    last = lab.record(lab.child("chain", "s7"))["outputs"]["o"]["uri"]
    assert lab.output(f"{last}f") == "x\n" * 8


def test_job_resource_tells_what_ran(lab: Lab) -> None:
    lab.command("told", "echo ${{inputs.x}}", inputs={"x": {"jobInputType": "literal", "value": "5"}})
    lab.until("told")
    properties = lab.get("jobs", "told")["properties"]
    assert properties["services"]["Studio"]["endpoint"].startswith("https://ml.azure.com/runs/told")
    assert json.dumps(properties["inputs"]) == '{"x": {"jobInputType": "literal", "value": "5"}}'
    lab.write(f"{estate.WORKSPACE}/jobs/told", {"properties": {"tags": {"a": "b"}}})
    with pytest.raises(AzureError, match="the existing job's command cannot be changed"):
        lab.write(f"{estate.WORKSPACE}/jobs/told", {"properties": {"tags": {"a": "c"}, "command": "other"}})
    assert lab.get("jobs", "told")["properties"]["command"] == "echo ${{inputs.x}}"
    assert lab.get("jobs", "told")["properties"]["tags"] == {"a": "b"}
    assert lab.log("told") == "5\n"


def nodes(lab: Lab) -> int:
    return lab.get("computes", "cpu")["properties"]["properties"]["currentNodeCount"]


def cancel(lab: Lab, name: str) -> None:
    from emulator.arm.service import Action

    lab.emulator.arm.act(Action(f"{estate.WORKSPACE}/jobs/{name}", "cancel", {}, {}, {}, None))


def _log(lab: Lab, name: str) -> str:
    try:
        return lab.log(name)
    except AzureError:
        return ""
