"""The cluster: private, Entra ID only, its nodes' way out, who may act as whom; and its settings."""

from typing import Any

import pytest

from infra.config import load
from infra.config_errors import ConfigError
from infra.outputs import EstateOutputs
from infra.service_accounts import SERVICE_ACCOUNTS
from tests.infra.recording import Graph, Resource, record, stack_file
from tests.infra.settings import raw_settings, settings_of


@pytest.fixture(scope="module")
def firewalled() -> Graph:
    config = stack_file("prod")
    config["mlops-estate:outbound"] = {"mode": "firewall", "nextHopIp": "10.0.0.4"}
    config["mlops-estate:kubernetes"] = {"upgradeChannel": "none", "version": "1.33"}
    return record("prod", config)


@pytest.fixture
def cluster(prod: Graph) -> dict[str, Any]:
    return prod.one("containerservice:ManagedCluster").inputs


def names(found: list[Resource]) -> set[str]:
    return {one.name for one in found}


def test_stage_has_none_and_prod_has_one(stage: Graph, prod: Graph) -> None:
    assert settings_of("stage").kubernetes is None and settings_of("prod").kubernetes
    assert not [r for r in stage.resources if r.token.startswith("containerservice:")]
    assert not [r for r in stage.resources if r.name in ("identities-cluster", "identities-kubelet")]
    assert EstateOutputs.model_validate(stage.outputs).kubernetes_cluster is None
    assert EstateOutputs.model_validate(prod.outputs).kubernetes_cluster == "aks-mlops-prod-weu"


def test_nobody_outside_reaches_it_and_everybody_signs_in_to_entra_id(cluster: dict[str, Any]) -> None:
    server = cluster["apiServerAccessProfile"]
    assert server == {
        "enablePrivateCluster": True,
        "enablePrivateClusterPublicFQDN": False,
        "privateDNSZone": "id of kubernetes-zone",
        "disableRunCommand": True,
    }
    assert cluster["disableLocalAccounts"] is True and cluster["enableRBAC"] is True
    assert cluster["aadProfile"] == {
        "managed": True,
        "enableAzureRBAC": True,
        "tenantID": settings_of("prod").azure.tenant_id,
    }


def test_workloads_have_identities_of_their_own(prod: Graph, cluster: dict[str, Any]) -> None:
    assert cluster["oidcIssuerProfile"] == {"enabled": True}
    assert cluster["securityProfile"]["workloadIdentity"] == {"enabled": True}
    made = prod.all("managedidentity:FederatedIdentityCredential")
    assert {one.inputs["subject"] for one in made} == {account.subject for account in SERVICE_ACCOUNTS}
    for one in made:
        assert one.inputs["issuer"] == "issuer of kubernetes"
        assert one.inputs["audiences"] == ["api://AzureADTokenExchange"]
        assert one.inputs["resourceName"] == "id-mlops-prod-weu-scoring"


def test_the_control_plane_has_its_roles_before_the_cluster(prod: Graph) -> None:
    cluster = prod.one("containerservice:ManagedCluster")
    assert cluster.inputs["identity"]["userAssignedIdentities"] == ["id of identities-cluster"]
    kubelet = cluster.inputs["identityProfile"]["kubeletidentity"]
    assert kubelet["resourceId"] == "id of identities-kubelet"
    assert {
        "cluster-network-contributor-on-kubernetes-subnet",
        "cluster-private-dns-zone-contributor-on-kubernetes-zone",
        "cluster-managed-identity-operator-on-kubelet-identity",
        "kubernetes-zone-link",
    } <= cluster.depends_on
    component = next(r for r in prod.resources if r.type == "mlops:serving:Kubernetes")
    assert "kubelet-acrpull-on-registry" in component.depends_on
    wide = [
        r
        for r in prod.all("authorization:RoleAssignment")
        if r.name.startswith(("cluster-", "kubelet-"))
        and r.inputs["scope"] in ("id of group", "id of network")
    ]
    assert not wide


def test_the_network_of_its_pods(cluster: dict[str, Any]) -> None:
    profile = cluster["networkProfile"]
    assert (profile["networkPlugin"], profile["networkPluginMode"]) == ("azure", "overlay")
    assert (profile["networkDataplane"], profile["networkPolicy"]) == ("cilium", "cilium")
    assert (profile["podCidr"], profile["serviceCidr"]) == ("192.168.0.0/16", "172.20.0.0/20")
    assert profile["dnsServiceIP"] == "172.20.0.10"


def test_its_way_out_is_its_subnets(cluster: dict[str, Any], firewalled: Graph) -> None:
    assert cluster["networkProfile"]["outboundType"] == "userAssignedNATGateway"
    other = firewalled.one("containerservice:ManagedCluster").inputs
    assert other["networkProfile"]["outboundType"] == "userDefinedRouting"


def test_system_nodes_carry_nothing_else(prod: Graph, cluster: dict[str, Any]) -> None:
    (system,) = cluster["agentPoolProfiles"]
    user = prod.one("containerservice:AgentPool").inputs
    assert system["mode"] == "System" and system["nodeTaints"] == ["CriticalAddonsOnly=true:NoSchedule"]
    assert user["mode"] == "User" and "nodeTaints" not in user
    for pool in (system, user):
        assert pool["enableAutoScaling"] is True and "count" not in pool
        assert pool["enableNodePublicIP"] is False
        assert pool["enableEncryptionAtHost"] is True and pool["maxPods"] == 110
        assert pool["availabilityZones"] == ["1", "2", "3"]
        assert pool["vnetSubnetID"] == "id of network-kubernetes"


def test_upgrades_come_by_themselves_and_in_the_window(prod: Graph, firewalled: Graph) -> None:
    cluster = prod.one("containerservice:ManagedCluster")
    assert cluster.inputs["autoUpgradeProfile"] == {
        "upgradeChannel": "patch",
        "nodeOSUpgradeChannel": "NodeImage",
    }
    assert "kubernetesVersion" in cluster.ignore_changes
    windows = {
        r.inputs["configName"]: r.inputs["maintenanceWindow"]
        for r in prod.all("containerservice:MaintenanceConfiguration")
    }
    assert set(windows) == {"aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"}
    for window in windows.values():
        assert window["schedule"] == {"weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}}
        assert (window["startTime"], window["durationHours"], window["utcOffset"]) == ("02:00", 4, "+00:00")
    held = firewalled.one("containerservice:ManagedCluster")
    assert held.inputs["kubernetesVersion"] == "1.33" and "kubernetesVersion" not in held.ignore_changes


def test_it_tells_about_itself(prod: Graph, cluster: dict[str, Any]) -> None:
    assert cluster["addonProfiles"]["azurepolicy"] == {"enabled": True}
    assert cluster["addonProfiles"]["omsagent"]["config"]["useAADAuth"] == "true"
    (association,) = prod.all("monitor:DataCollectionRuleAssociation")
    assert association.inputs["resourceUri"] == "id of kubernetes"
    (setting,) = [r for r in prod.all("monitor:DiagnosticSetting") if r.name == "diagnostics-kubernetes"]
    assert {one["category"] for one in setting.inputs["logs"]} == {
        "kube-apiserver",
        "kube-audit-admin",
        "guard",
        "cluster-autoscaler",
    }


@pytest.mark.parametrize(
    ("cluster", "line"),
    [
        (
            {"podRange": "10.30.0.0/20"},
            'kubernetes.podRange is "10.30.0.0/20": '
            "choose a range that does not overlap network.addressSpace, 10.30.0.0/16",
        ),
        (
            {"podRange": "172.20.0.0/16"},
            'kubernetes.serviceRange is "172.20.0.0/20": '
            "choose a range that does not overlap kubernetes.podRange, 172.20.0.0/16",
        ),
        (
            {"podRange": "10.99.0.0/22"},
            'kubernetes.podRange is "10.99.0.0/22": it has a /24 for 4 nodes, and there may be 8; enlarge it',
        ),
        (
            {"serviceRange": "172.20.0.0/26"},
            'kubernetes.serviceRange is "172.20.0.0/26": choose a range between /12 and /24',
        ),
        (
            {"userNodes": {"minNodes": 4}},
            "kubernetes.userNodes.minNodes is 4: kubernetes.userNodes.maxNodes is 3; set that or less",
        ),
        (
            {"userNodes": {"vmSize": "Standard_DS3_v2"}},
            'kubernetes.userNodes.vmSize is "Standard_DS3_v2": Azure retires the series Dv2, Dsv2',
        ),
        (
            {"version": "newest"},
            'kubernetes.version is "newest": write a version as "1.33" or "1.33.5", in quotes',
        ),
    ],
)
def test_wrong_settings(cluster: dict[str, Any], line: str) -> None:
    raw = {**raw_settings("prod"), "kubernetes": cluster}
    with pytest.raises(ConfigError) as refusal:
        load(raw, "prod")
    assert line in str(refusal.value)


def test_nodes_fit_their_subnet() -> None:
    raw = raw_settings("prod")
    raw["network"]["subnets"]["kubernetes"] = "10.30.8.0/24"
    raw["kubernetes"] = {"userNodes": {"maxNodes": 100}, "systemNodes": {"maxNodes": 100}}
    assert load(raw, "prod").kubernetes
    raw["kubernetes"]["systemNodes"]["maxNodes"] = 2
    del raw["network"]["subnets"]["kubernetes"]
    with pytest.raises(
        ConfigError, match=r"network\.subnets\.kubernetes is not set: kubernetes needs a subnet"
    ):
        load(raw, "prod")
