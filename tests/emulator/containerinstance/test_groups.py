"""Container groups that really run: their life, their addresses, their secrets."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest

from emulator.app import Emulator
from emulator.containers.probes import Probe, Verdict
from emulator.errors import AzureError
from tests.emulator.containerinstance.conftest import CONTAINER_GROUP

Json = dict[str, Any]
READY = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}


def container(name: str = "service", **properties: Any) -> Json:
    return {
        "name": name,
        "properties": {
            "image": "imagesreg.azurecr.io/service:v1",
            "resources": {"requests": {"cpu": 1, "memoryInGB": 1.5}},
            "ports": [{"port": 8080}],
            **properties,
        },
    }


def processes(groups: Any) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cwd"]) if str(groups.folder) in (p.info["cwd"] or "")]


def test_a_group_runs_and_answers(groups: Any) -> None:
    group = groups.put(container(readinessProbe=READY, environmentVariables=[{"name": "A", "value": "1"}]))
    address = group["properties"]["ipAddress"]
    assert address["fqdn"] == "service.westeurope.azurecontainer.io"
    groups.until(lambda: groups.state() == "Running")
    answer = json.loads(groups.ask("/x?y=%20z").body)
    assert (answer["path"], answer["A"], answer["FROM_IMAGE"]) == ("/x?y=%20z", "1", "yes")
    assert answer["PORT"] != "8080"
    posted = groups.ask("/score", "POST", b"x" * 100_000)
    assert (posted.status, posted.body) == (201, b"x" * 100_000)
    assert json.loads(groups.ask("/", host=address["ip"]).body)["path"] == "/"
    assert groups.ask("/", port=9090).status == 502
    assert [event["name"] for event in groups.view()["events"]][:3] == ["Pulling", "Pulled", "Started"]
    log = groups.act("logs", f"{groups.get()['id']}/containers/service", tail="1")["content"]
    assert log.startswith("request ") and log.count("\n") == 1


def test_the_sample_of_the_quickstarts_runs_in_a_group_with_capitals(groups: Any) -> None:
    group_id = CONTAINER_GROUP.replace("/service", "/containerGroup1a2b3c4d")
    sample = container(image="mcr.microsoft.com/azuredocs/aci-helloworld", ports=[{"port": 80}])
    address = {"type": "Public", "ports": [{"port": 80, "protocol": "Tcp"}]}
    group = groups.put(sample, group_id=group_id, ipAddress=address, restartPolicy="always")
    assert group["name"] == "containerGroup1a2b3c4d"
    groups.until(lambda: b"Welcome" in groups.ask(host=group["properties"]["ipAddress"]["ip"], port=80).body)


def test_secure_values_are_given_to_the_process_alone(emulator: Emulator, groups: Any) -> None:
    secure = [{"name": "KEY", "secureValue": "very-secret-value"}]
    group = groups.put(container(environmentVariables=secure))
    assert "very-secret-value" not in json.dumps(group)
    groups.until(lambda: groups.state() == "Running")
    assert json.loads(groups.ask().body)["KEY"] == "very-secret-value"
    for path in (emulator.home.database, emulator.home.root / "emulator.db-wal"):
        assert not path.exists() or b"very-secret-value" not in path.read_bytes()
    emulator.arm.put(group["id"], {"tags": {"a": "b"}}, merge=True)
    assert json.loads(groups.ask().body)["KEY"] == "very-secret-value"


def test_only_what_runs_differently_is_replaced(groups: Any) -> None:
    groups.put()
    groups.until(lambda: groups.state() == "Running")
    [before] = processes(groups)
    groups.put()
    assert processes(groups) == [before]
    groups.put(container(environmentVariables=[{"name": "A", "value": "2"}]))
    groups.until(lambda: groups.state() == "Running")
    [after] = processes(groups)
    assert after.pid != before.pid and not before.is_running()
    assert json.loads(groups.ask().body)["A"] == "2"


def test_stop_start_restart_delete(emulator: Emulator, groups: Any) -> None:
    group = groups.put()
    groups.until(lambda: groups.state() == "Running")
    groups.act("stop")
    assert (groups.state(), processes(groups)) == ("Stopped", [])
    assert b"stopped" in groups.ask().body
    groups.act("start")
    groups.until(lambda: groups.state() == "Running")
    [before] = processes(groups)
    groups.act("restart")
    groups.until(lambda: groups.state() == "Running")
    assert processes(groups) != [before]
    emulator.arm.delete(group["id"])
    assert processes(groups) == []
    assert not list(groups.folder.iterdir())
    assert groups.ask().status == 502


def test_a_container_that_fails_says_why(groups: Any) -> None:
    groups.put(container(command=["python", "service.py", "fail"]), restartPolicy="Never")
    groups.until(lambda: groups.state() == "Failed")
    view = groups.view()
    assert view["currentState"]["exitCode"] == 3
    assert any("code 3" in e["message"] and "no model in the image" in e["message"] for e in view["events"])


def test_crash_loop(groups: Any) -> None:
    groups.put(container(command=["python", "service.py", "fail"]))
    groups.until(lambda: groups.state() == "Failed")
    view = groups.view()
    assert view["restartCount"] >= 2
    assert "CrashLoopBackOff" in json.dumps(view) or view["currentState"]["state"] == "Terminated"


@pytest.mark.parametrize(
    ("policy", "mode", "state", "restarted"),
    [("Never", "work", "Succeeded", False), ("OnFailure", "work", "Succeeded", False)],
)
def test_restart_policies(groups: Any, policy: str, mode: str, state: str, restarted: bool) -> None:
    groups.put(
        container(command=["python", "service.py", mode], ports=[]), restartPolicy=policy, ipAddress=None
    )
    groups.until(lambda: groups.state() == state)
    assert (groups.view()["restartCount"] > 0) is restarted


def test_a_process_that_dies_is_started_again(groups: Any) -> None:
    groups.put()
    groups.until(lambda: groups.state() == "Running")
    assert groups.ask("/exit").status == 502
    groups.until(lambda: groups.view()["restartCount"] == 1 and groups.state() == "Running")
    view = groups.view()
    assert view["previousState"]["exitCode"] == 3 or view["previousState"]["state"] == "Waiting"
    assert groups.ask("/").status == 200


def test_liveness_probe_kills(groups: Any) -> None:
    groups.put(container(livenessProbe={**READY, "failureThreshold": 1, "initialDelaySeconds": 2}))
    groups.until(lambda: groups.state() == "Running")
    groups.ask("/sick", "POST", b"x")
    groups.until(lambda: any(event["name"] == "Killing" for event in groups.view()["events"]))


def test_a_container_that_is_not_ready_gets_no_requests(groups: Any) -> None:
    groups.put(container(readinessProbe={**READY, "failureThreshold": 1}))
    groups.until(lambda: groups.state() == "Running")
    groups.ask("/sick", "POST", b"x")
    groups.until(lambda: groups.state() == "Pending")
    assert b"not ready" in groups.ask("/").body


def test_two_groups_cannot_share_a_label(emulator: Emulator, groups: Any) -> None:
    group = groups.put()
    other = f"{group['id']}2"
    with pytest.raises(AzureError, match="different label"):
        groups.put(group_id=other)


def test_a_group_in_a_subnet_is_reached_by_its_address(emulator: Emulator, groups: Any) -> None:
    scope = groups.put()["id"].split("/providers/")[0]
    network = f"{scope}/providers/Microsoft.Network/virtualNetworks/net"
    prefix = {"addressPrefix": "10.4.1.0/24"}
    emulator.arm.put(
        network,
        {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.4.0.0/16"]}}},
    )
    subnet = f"{network}/subnets/inference"
    emulator.arm.put(subnet, {"properties": prefix})
    private = {
        "subnetIds": [{"id": subnet}],
        "ipAddress": {"type": "Private", "ports": [{"port": 8080}]},
        "group_id": f"{scope}/providers/Microsoft.ContainerInstance/containerGroups/inside",
    }
    with pytest.raises(AzureError, match="delegation"):
        groups.put(**private)
    service = {"serviceName": "Microsoft.ContainerInstance/containerGroups"}
    emulator.arm.put(
        subnet, {"properties": {**prefix, "delegations": [{"name": "aci", "properties": service}]}}
    )
    assert emulator.inside.where("10.4.1.4", 8080) == []  # a group that is made later is found all the same
    address = groups.put(**private)["properties"]["ipAddress"]
    assert address["ip"] == "10.4.1.4" and "fqdn" not in address
    groups.until(lambda: groups.ask("/", host=address["ip"]).status == 200)
    (port,) = emulator.inside.where(address["ip"], 8080)
    assert f'"PORT": "{port}"' in groups.ask("/", host=address["ip"]).body.decode()
    assert emulator.inside.where(address["ip"], 80) == emulator.inside.where("10.4.1.5", 8080) == []
    emulator.arm.delete(private["group_id"])
    assert emulator.inside.where(address["ip"], 8080) == []


def test_a_stopped_group_stays_stopped_when_the_emulator_starts(emulator: Emulator, groups: Any) -> None:
    groups.put()
    groups.until(lambda: groups.state() == "Running")
    groups.act("stop")
    emulator.started()
    assert groups.state() == "Stopped"


def test_verdicts_count_answers_in_a_row() -> None:
    verdict = Verdict(Probe("/", failures=2, successes=2), good=False)
    assert [verdict.add(answer) for answer in ("", "no", "", "", "no", "", "no", "no")] == [
        False, False, False, True, False, False, False, True,
    ]  # fmt: skip
