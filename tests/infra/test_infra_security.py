"""The secure settings, each asserted, each proven to be looked at."""

import copy
import dataclasses
from typing import Any

import pytest

from infra.config import Settings
from infra.config_data import DataLake
from tests.infra.recording import Graph, Resource
from tests.infra.settings import STACKS, settings_of

MISSING = object()


def PUBLIC(settings: Settings) -> str:
    return "Disabled" if settings.private else "Enabled"


def lake(settings: Settings) -> DataLake:
    assert settings.data_lake is not None
    return settings.data_lake


# token (all of its type; TOKEN@NAME one of them), dotted path of the input, its value, or how settings say it
SECURE: tuple[tuple[str, str, Any], ...] = (
    ("storage:StorageAccount", "allowSharedKeyAccess", False),
    ("storage:StorageAccount", "allowBlobPublicAccess", False),
    ("storage:StorageAccount", "defaultToOAuthAuthentication", True),
    ("storage:StorageAccount", "minimumTlsVersion", "TLS1_2"),
    ("storage:StorageAccount", "enableHttpsTrafficOnly", True),
    ("storage:StorageAccount", "allowCrossTenantReplication", False),
    ("storage:StorageAccount", "isLocalUserEnabled", False),
    ("storage:StorageAccount", "isSftpEnabled", False),
    # Azure ML takes no hierarchical namespace as its own storage; a data lake is nothing without one.
    ("storage:StorageAccount@storage", "isHnsEnabled", False),
    ("storage:StorageAccount@lake", "isHnsEnabled", True),
    ("storage:StorageAccount", "publicNetworkAccess", PUBLIC),
    ("storage:StorageAccount", "networkRuleSet.defaultAction", "Deny"),
    ("storage:StorageAccount", "networkRuleSet.bypass", "AzureServices"),
    ("storage:StorageAccount", "encryption.requireInfrastructureEncryption", True),
    ("storage:StorageAccount", "sasPolicy.sasExpirationPeriod", "1.00:00:00"),
    ("storage:StorageAccount@storage", "sku.name", lambda s: f"Standard_{s.storage.redundancy}"),
    ("storage:StorageAccount@lake", "sku.name", lambda s: f"Standard_{lake(s).redundancy}"),
    ("storage:BlobServiceProperties@storage-blobs", "isVersioningEnabled", True),
    ("storage:BlobServiceProperties", "deleteRetentionPolicy.enabled", True),
    (
        "storage:BlobServiceProperties@storage-blobs",
        "deleteRetentionPolicy.days",
        lambda s: s.storage.soft_delete_days,
    ),
    (
        "storage:BlobServiceProperties@lake-blobs",
        "deleteRetentionPolicy.days",
        lambda s: lake(s).soft_delete_days,
    ),
    ("storage:BlobServiceProperties", "containerDeleteRetentionPolicy.enabled", True),
    ("storage:BlobContainer", "publicAccess", "None"),
    ("keyvault:Vault", "properties.enableRbacAuthorization", True),
    ("keyvault:Vault", "properties.enablePurgeProtection", True),
    ("keyvault:Vault", "properties.enableSoftDelete", True),
    ("keyvault:Vault", "properties.softDeleteRetentionInDays", lambda s: s.key_vault.retention_days),
    ("keyvault:Vault", "properties.publicNetworkAccess", PUBLIC),
    ("keyvault:Vault", "properties.networkAcls.defaultAction", "Deny"),
    ("keyvault:Vault", "properties.enabledForDeployment", False),
    ("keyvault:Vault", "properties.enabledForDiskEncryption", False),
    ("keyvault:Vault", "properties.enabledForTemplateDeployment", False),
    ("containerregistry:Registry", "sku.name", "Premium"),
    ("containerregistry:Registry", "adminUserEnabled", False),
    ("containerregistry:Registry", "anonymousPullEnabled", False),
    ("containerregistry:Registry", "publicNetworkAccess", PUBLIC),
    ("containerregistry:Registry", "networkRuleSet.defaultAction", "Deny"),
    ("containerregistry:Registry", "dataEndpointEnabled", True),
    ("containerregistry:Registry", "policies.retentionPolicy.status", "enabled"),
    (
        "containerregistry:Registry",
        "policies.exportPolicy.status",
        lambda s: "disabled" if s.private else "enabled",
    ),
    (
        "containerregistry:Registry",
        "zoneRedundancy",
        lambda s: "Enabled" if s.registry.zone_redundant else "Disabled",
    ),
    ("operationalinsights:Workspace", "features.disableLocalAuth", True),
    ("operationalinsights:Workspace", "publicNetworkAccessForIngestion", PUBLIC),
    ("operationalinsights:Workspace", "publicNetworkAccessForQuery", PUBLIC),
    ("applicationinsights:Component", "disableLocalAuth", True),
    ("applicationinsights:Component", "ingestionMode", "LogAnalytics"),
    ("applicationinsights:Component", "publicNetworkAccessForIngestion", PUBLIC),
    ("applicationinsights:Component", "publicNetworkAccessForQuery", PUBLIC),
    ("machinelearningservices:Workspace", "publicNetworkAccess", PUBLIC),
    ("machinelearningservices:Workspace", "systemDatastoresAuthMode", "Identity"),
    ("machinelearningservices:Workspace", "v1LegacyMode", False),
    ("machinelearningservices:Workspace", "imageBuildCompute", lambda s: f"cpu-{s.environment}"),
    ("machinelearningservices:Workspace", "managedNetwork.isolationMode", "Disabled"),
    ("machinelearningservices:Workspace", "identity.type", "UserAssigned"),
    ("machinelearningservices:Datastore", "properties.credentials.credentialsType", "None"),
    ("machinelearningservices:Compute", "properties.disableLocalAuth", True),
    ("machinelearningservices:Compute", "properties.properties.enableNodePublicIp", False),
    (
        "machinelearningservices:Compute",
        "properties.properties.remoteLoginPortPublicAccess",
        "Disabled",
    ),
    ("machinelearningservices:Compute", "properties.properties.scaleSettings.minNodeCount", 0),
    (
        "machinelearningservices:Compute",
        "properties.properties.scaleSettings.nodeIdleTimeBeforeScaleDown",
        lambda s: f"PT{s.compute.idle_minutes}M",
    ),
    (
        "machinelearningservices:Compute",
        "properties.properties.subnet.id",
        "id of network-training",
    ),
    ("apimanagement:ApiManagementService", "publicNetworkAccess", PUBLIC),
    ("apimanagement:ApiManagementService", "developerPortalStatus", "Disabled"),
    ("apimanagement:ApiManagementService", "legacyPortalStatus", "Disabled"),
    ("apimanagement:ApiManagementService", "identity.type", "SystemAssigned"),
    ("network:Subnet", "defaultOutboundAccess", False),
    ("network:Subnet", "privateEndpointNetworkPolicies", "Enabled"),
)


def read(inputs: dict[str, Any], path: str) -> Any:
    value: Any = inputs
    for key in path.split("."):
        value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return value


def named(graph: Graph, token: str) -> list[Resource]:
    """The resources that a row of SECURE speaks of."""
    kind, _, name = token.partition("@")
    return graph.all(kind, name or None)


def violations(graph: Graph, stack: str) -> list[str]:
    """Each secure setting that some resource of its type lacks."""
    found: list[str] = []
    settings = settings_of(stack)
    for token, path, wanted in SECURE:
        value = wanted(settings) if callable(wanted) else wanted
        resources = named(graph, token)
        if not resources:
            found.append(f"{token} is not there")
        for resource in resources:
            if read(resource.inputs, path) != value:
                found.append(f"{resource.name}: {path}")
    return found


@pytest.mark.parametrize("stack", STACKS)
def test_secure_settings(graphs: dict[str, Graph], stack: str) -> None:
    assert violations(graphs[stack], stack) == []


# What the two estates of this repository are to have, whatever their stack files are changed to: above, the
# settings say what is right, so a setting that became worse would be right too.
CHOSEN: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "stage": (
        ("storage:StorageAccount", "publicNetworkAccess", "Enabled"),
        ("storage:StorageAccount", "sku.name", "Standard_LRS"),
        ("storage:BlobServiceProperties", "deleteRetentionPolicy.days", 7),
        ("keyvault:Vault", "properties.softDeleteRetentionInDays", 7),
        ("containerregistry:Registry", "zoneRedundancy", "Disabled"),
    ),
    "prod": (
        ("storage:StorageAccount", "publicNetworkAccess", "Disabled"),
        ("storage:StorageAccount", "sku.name", "Standard_ZRS"),
        ("storage:BlobServiceProperties", "deleteRetentionPolicy.days", 30),
        ("keyvault:Vault", "properties.softDeleteRetentionInDays", 90),
        ("keyvault:Vault", "properties.publicNetworkAccess", "Disabled"),
        ("containerregistry:Registry", "publicNetworkAccess", "Disabled"),
        ("containerregistry:Registry", "policies.exportPolicy.status", "disabled"),
        ("containerregistry:Registry", "zoneRedundancy", "Enabled"),
        ("operationalinsights:Workspace", "publicNetworkAccessForIngestion", "Disabled"),
        ("operationalinsights:Workspace", "publicNetworkAccessForQuery", "Disabled"),
        ("applicationinsights:Component", "publicNetworkAccessForIngestion", "Disabled"),
        ("applicationinsights:Component", "publicNetworkAccessForQuery", "Disabled"),
        ("machinelearningservices:Workspace", "publicNetworkAccess", "Disabled"),
    ),
}


@pytest.mark.parametrize(
    ("stack", "token", "path", "value"), [(stack, *row) for stack, rows in CHOSEN.items() for row in rows]
)
def test_what_was_chosen_for_an_environment(
    graphs: dict[str, Graph], stack: str, token: str, path: str, value: Any
) -> None:
    assert {read(resource.inputs, path) for resource in graphs[stack].all(token)} == {value}


@pytest.mark.parametrize("change", ["removed", "changed"])
@pytest.mark.parametrize(("token", "path"), [row[:2] for row in SECURE])
def test_each_is_looked_at(prod: Graph, token: str, path: str, change: str) -> None:
    victim = named(prod, token)[0]
    mutated = dataclasses.replace(victim, inputs=copy.deepcopy(victim.inputs))
    *parents, last = path.split(".")
    holder = mutated.inputs
    for key in parents:
        holder = holder[key]
    if change == "removed":
        del holder[last]
    else:
        holder[last] = (not holder[last]) if isinstance(holder[last], bool) else "something else"
    graph = Graph([mutated if r is victim else r for r in prod.resources])
    assert violations(graph, "prod") == [f"{victim.name}: {path}"]


def test_stage_lets_in_the_listed_ranges_and_its_own_subnets(stage: Graph) -> None:
    storage = stage.one("storage:StorageAccount", "storage").inputs["networkRuleSet"]
    assert stage.one("storage:StorageAccount", "lake").inputs["networkRuleSet"] == storage
    assert [rule["iPAddressOrRange"] for rule in storage["ipRules"]] == ["203.0.113.0/24"]
    inside = {rule["virtualNetworkResourceId"] for rule in storage["virtualNetworkRules"]}
    assert "id of network-training" in inside
    assert "id of network-private-endpoints" not in inside
    vault = stage.one("keyvault:Vault", "vault").inputs["properties"]["networkAcls"]
    assert stage.one("keyvault:Vault", "learning-vault").inputs["properties"]["networkAcls"] == vault
    assert [rule["value"] for rule in vault["ipRules"]] == ["203.0.113.0/24"]
    registry = stage.one("containerregistry:Registry").inputs["networkRuleSet"]
    assert [rule["iPAddressOrRange"] for rule in registry["ipRules"]] == ["203.0.113.0/24", "20.1.2.3"]


def test_prod_lets_in_nobody(prod: Graph) -> None:
    for account in prod.all("storage:StorageAccount"):
        assert not account.inputs["networkRuleSet"]["ipRules"]
        assert not account.inputs["networkRuleSet"]["virtualNetworkRules"]
    for vault in prod.all("keyvault:Vault"):
        assert not vault.inputs["properties"]["networkAcls"]["ipRules"]
    assert not prod.one("containerregistry:Registry").inputs["networkRuleSet"]["ipRules"]
    with_endpoint = [subnet for subnet in prod.all("network:Subnet") if subnet.inputs["serviceEndpoints"]]
    assert [subnet.name for subnet in with_endpoint] == ["network-training"]  # whose policy limits it


@pytest.mark.parametrize("stack", STACKS)
def test_training_writes_to_no_storage_of_others(graphs: dict[str, Graph], stack: str) -> None:
    """A rule for `Storage.REGION` lets it reach everybody's accounts; the policy keeps it to the estate's."""
    graph = graphs[stack]
    guarded = [s for s in graph.all("network:Subnet") if s.inputs["serviceEndpointPolicies"]]
    assert [subnet.name for subnet in guarded] == ["network-training"]
    (subnet,) = guarded
    assert subnet.inputs["serviceEndpointPolicies"] == [{"id": "id of storage-policy"}]
    assert {"service": "Microsoft.Storage"} in subnet.inputs["serviceEndpoints"]
    found = graph.one("network:ServiceEndpointPolicy").inputs["serviceEndpointPolicyDefinitions"]
    group = graph.one("resources:ResourceGroup").inputs["resourceGroupName"]
    assert {(one["service"], *one["serviceResources"]) for one in found} == {
        (
            "Microsoft.Storage",
            f"/subscriptions/{settings_of(stack).azure.subscription_id}/resourceGroups/{group}",
        ),
        ("Global", "/services/Azure/MachineLearning"),
    }


@pytest.mark.parametrize("stack", STACKS)
def test_every_subnet_has_a_security_group_of_its_own(graphs: dict[str, Graph], stack: str) -> None:
    subnets = graphs[stack].all("network:Subnet")
    groups = [subnet.inputs["networkSecurityGroup"]["id"] for subnet in subnets]
    assert len(set(groups)) == len(subnets) == len(graphs[stack].all("network:NetworkSecurityGroup"))


@pytest.mark.parametrize("stack", STACKS)
def test_subnets_are_not_inline_too(graphs: dict[str, Graph], stack: str) -> None:
    network = graphs[stack].one("network:VirtualNetwork")
    assert "subnets" not in network.inputs
    assert "subnets" in network.ignore_changes


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_resource_is_tagged(graphs: dict[str, Graph], stack: str) -> None:
    untagged = {
        "apimanagement:Api",
        "apimanagement:ApiPolicy",
        "apimanagement:Backend",
        "apimanagement:Diagnostic",
        "apimanagement:Logger",
        "apimanagement:NamedValue",
        "apimanagement:Policy",
        "apimanagement:PolicyFragment",
        "apimanagement:Product",
        "apimanagement:ProductApi",
        "authorization:RoleAssignment",
        "consumption:Budget",
        "eventgrid:SystemTopicEventSubscription",
        "containerregistry:CacheRule",
        "containerservice:MaintenanceConfiguration",
        "machinelearningservices:Datastore",
        "managedidentity:FederatedIdentityCredential",
        "monitor:DataCollectionRuleAssociation",
        "monitor:DiagnosticSetting",
        "monitor:PrivateLinkScopedResource",
        "network:PrivateDnsZoneGroup",
        "network:Subnet",
        "storage:BlobContainer",
        "storage:BlobServiceProperties",
        "storage:ManagementPolicy",
        "storage:Queue",
        "web:WebAppAuthSettingsV2",
        "web:WebAppFtpAllowed",
        "web:WebAppScmAllowed",
    }
    for resource in graphs[stack].custom:
        if resource.token not in untagged:
            assert resource.inputs.get("tags", {}).get("environment") == stack, (
                f"{resource.name} ({resource.token}) is not tagged: give it tags=site.tags, or name its type "
                "in `untagged` here if Azure has no tags for it"
            )


@pytest.mark.parametrize("stack", STACKS)
def test_what_holds_data_logs_about_itself(graphs: dict[str, Graph], stack: str) -> None:
    settings = [
        r for r in graphs[stack].all("monitor:DiagnosticSetting") if r.name != "diagnostics-kubernetes"
    ]
    triggers = {"id of retraining-blobs"} if settings_of(stack).starts_trainings else set[str]()
    assert {s.inputs["resourceUri"] for s in settings} == triggers | {
        "id of vault",
        "id of learning-vault",
        "id of registry",
        "id of workspace",
        "id of storage-blobs",
        "id of lake-blobs",
        "id of gateway",
    }
    for setting in settings:
        assert setting.inputs["workspaceId"] == "id of telemetry-logs"
        assert setting.inputs["logs"] == [{"categoryGroup": "allLogs", "enabled": True}]
