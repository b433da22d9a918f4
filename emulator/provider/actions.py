"""The SDK's functions that are a POST on a resource, and the ARM action behind each.

Others of kept types stand in `emulator.provider.refused_functions`, with what to do instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.provider.values import Secret, secret

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """token: of the resource that is acted on; name: the ARM action's, `{argument}` for parts of its path;
    wire: argument -> name in the request; lifted: whether the SDK lifts the answer's `properties`
    """

    token: str
    name: str
    wire: Mapping[str, str] = field(default_factory=dict[str, str])
    lifted: bool = False

    def path(self, arguments: Values) -> str:
        """The action's part of the path. KeyError for an argument that is missing."""
        return self.name.format_map(arguments)

    def body(self, arguments: Values) -> Values:
        """The request's body, of the arguments that are no part of its path."""
        return {
            self.wire.get(name, name): value
            for name, value in arguments.items()
            if value is not None and f"{{{name}}}" not in self.name
        }

    def result(self, answer: Values) -> dict[str, Secret]:
        """What the function gives back. All of it is secret."""
        properties = answer.get("properties")
        if self.lifted and isinstance(properties, dict):
            answer = {**{name: item for name, item in answer.items() if name != "properties"}, **properties}
        return {name: secret(value) for name, value in answer.items()}


_SIGNED: Final = {
    "permissions": "signedPermission",
    "iPAddressOrRange": "signedIp",
    "protocols": "signedProtocol",
    "sharedAccessStartTime": "signedStart",
    "sharedAccessExpiryTime": "signedExpiry",
}
_ACCOUNT: Final = {**_SIGNED, "services": "signedServices", "resourceTypes": "signedResourceTypes"}
_SERVICE: Final = {
    **_SIGNED,
    "resource": "signedResource",
    "identifier": "signedIdentifier",
    "partitionKeyStart": "startPk",
    "partitionKeyEnd": "endPk",
    "rowKeyStart": "startRk",
    "rowKeyEnd": "endRk",
    "cacheControl": "rscc",
    "contentDisposition": "rscd",
    "contentEncoding": "rsce",
    "contentLanguage": "rscl",
    "contentType": "rsct",
}
_ML: Final = "machinelearningservices"
_AKS: Final = "containerservice:ManagedCluster"
_REGISTRY: Final = "containerregistry:Registry"
_SUBSCRIPTION: Final = "eventgrid:SystemTopicEventSubscription"
_BUS: Final = "servicebus:NamespaceAuthorizationRule"

ACTIONS: Final[dict[str, Action]] = {
    "storage:listStorageAccountKeys": Action("storage:StorageAccount", "listKeys"),
    "storage:listStorageAccountSAS": Action("storage:StorageAccount", "listAccountSas", _ACCOUNT),
    "storage:listStorageAccountServiceSAS": Action("storage:StorageAccount", "listServiceSas", _SERVICE),
    "containerregistry:listRegistryCredentials": Action(_REGISTRY, "listCredentials"),
    "containerregistry:listRegistryBuildSourceUploadUrl": Action(_REGISTRY, "listBuildSourceUploadUrl"),
    "containerregistry:listRunLogSasUrl": Action(_REGISTRY, "runs/{runId}/listLogSasUrl"),
    "containerregistry:listAgentPoolQueueStatus": Action("containerregistry:AgentPool", "listQueueStatus"),
    "operationalinsights:getSharedKeys": Action("operationalinsights:Workspace", "sharedKeys"),
    "operationalinsights:getWorkspaceSharedKeys": Action("operationalinsights:Workspace", "sharedKeys"),
    f"{_ML}:listWorkspaceKeys": Action(f"{_ML}:Workspace", "listKeys"),
    f"{_ML}:listWorkspaceStorageAccountKeys": Action(f"{_ML}:Workspace", "listStorageAccountKeys"),
    f"{_ML}:listComputeNodes": Action(f"{_ML}:Compute", "listNodes"),
    f"{_ML}:listDatastoreSecrets": Action(f"{_ML}:Datastore", "listSecrets"),
    "cognitiveservices:listAccountKeys": Action("cognitiveservices:Account", "listKeys"),
    "cosmosdb:listDatabaseAccountKeys": Action("cosmosdb:DatabaseAccount", "listKeys"),
    "cosmosdb:listDatabaseAccountConnectionStrings": Action(
        "cosmosdb:DatabaseAccount", "listConnectionStrings"
    ),
    "redis:listRedisKeys": Action("redis:Redis", "listKeys"),
    "servicebus:listNamespaceKeys": Action(_BUS, "listKeys"),
    "eventhub:listNamespaceKeys": Action("eventhub:NamespaceAuthorizationRule", "listKeys"),
    "eventgrid:getSystemTopicEventSubscriptionFullUrl": Action(_SUBSCRIPTION, "getFullUrl"),
    "eventgrid:getSystemTopicEventSubscriptionDeliveryAttributes": Action(
        _SUBSCRIPTION, "getDeliveryAttributes"
    ),
    "containerservice:listManagedClusterUserCredentials": Action(_AKS, "listClusterUserCredential"),
    "containerservice:listManagedClusterAdminCredentials": Action(_AKS, "listClusterAdminCredential"),
    "containerservice:listManagedClusterMonitoringUserCredentials": Action(
        _AKS, "listClusterMonitoringUserCredential"
    ),
    "apimanagement:listSubscriptionSecrets": Action("apimanagement:Subscription", "listSecrets"),
    "apimanagement:listNamedValue": Action("apimanagement:NamedValue", "listValue"),
    "app:listContainerAppSecrets": Action("app:ContainerApp", "listSecrets"),
    "app:listJobSecrets": Action("app:Job", "listSecrets"),
    "web:listStaticSiteSecrets": Action("web:StaticSite", "listSecrets"),
    **{
        f"web:listWebApp{name}{slot}": Action(f"web:WebApp{slot}", path, lifted=lifted)
        for slot in ("", "Slot")
        for name, path, lifted in (
            ("ApplicationSettings", "config/appsettings/list", False),
            ("ConnectionStrings", "config/connectionstrings/list", False),
            ("PublishingCredentials", "config/publishingcredentials/list", True),
            ("HostKeys", "host/default/listkeys", False),
        )
    },
}
