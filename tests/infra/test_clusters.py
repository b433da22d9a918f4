"""The compute clusters: one for CPU always, further ones by settings, all in the training subnet."""

from typing import Any

import pytest

from infra.config import load
from infra.config_errors import ConfigError
from infra.outputs import EstateOutputs
from tests.infra.recording import record, stack_file
from tests.infra.settings import raw_settings

GPU = {"vmSize": "Standard_NC4as_T4_v3", "maxNodes": 1}
SPOT = {"vmSize": "Standard_D4ds_v5", "maxNodes": 3, "priority": "LowPriority"}


def refused(clusters: Any, **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        load({**raw_settings("stage"), "moreClusters": clusters, **more}, "stage")
    return [str(problem) for problem in refusal.value.problems]


def test_each_cluster_is_made_in_the_same_subnet() -> None:
    config = stack_file("stage")
    config["mlops-estate:moreClusters"] = {"gpu": GPU, "spot": SPOT}
    graph = record("stage", config)
    made = {r.inputs["computeName"]: r for r in graph.all("machinelearningservices:Compute")}
    assert set(made) == {"cpu-stage", "gpu-stage", "spot-stage"}
    cpu = made["cpu-stage"].inputs["properties"]["properties"]
    for name, size, priority in (
        ("gpu-stage", GPU["vmSize"], "Dedicated"),
        ("spot-stage", SPOT["vmSize"], "LowPriority"),
    ):
        properties = made[name].inputs["properties"]["properties"]
        assert (properties["vmSize"], properties["vmPriority"]) == (size, priority)
        assert properties["subnet"] == cpu["subnet"]
        assert properties["enableNodePublicIp"] is False
        assert properties["scaleSettings"]["minNodeCount"] == 0
    outputs = EstateOutputs.model_validate(graph.outputs)
    assert outputs.compute_cluster == "cpu-stage"
    assert outputs.compute_clusters == {"cpu": "cpu-stage", "gpu": "gpu-stage", "spot": "spot-stage"}


def test_wrong_clusters_are_refused_by_name() -> None:
    assert "'cpu' is the cluster of `compute`; choose another name" in refused({"cpu": GPU})[0]
    assert "is no name of a cluster" in refused({"G-P-U": GPU})[0]
    assert refused({"gpu": {**GPU, "maxNodes": 0}}) == ["moreClusters.gpu.maxNodes is 0: set 1 or more"]
    assert refused({"gpu": {**GPU, "vmSize": "Standard_DS3_v2"}})[0].startswith(
        'moreClusters.gpu.vmSize is "Standard_DS3_v2": Azure retires the series Dv2, Dsv2'
    )


def test_all_nodes_have_an_address() -> None:
    network = raw_settings("stage")["network"]
    network["subnets"]["training"] = "10.20.0.0/27"
    assert refused({"spot": {**SPOT, "maxNodes": 26}}, network=network) == [
        'moreClusters is "28 nodes, with those of compute": '
        "network.subnets.training has room for 27 nodes; set fewer or enlarge it"
    ]
