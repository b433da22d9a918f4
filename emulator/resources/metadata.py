"""/metadata/endpoints: the endpoints of the cloud, for whoever asks; no token is needed, as in Azure.

Source: what management.azure.com answers, as azure-cli-core 2.91.0 (`cloud.py`) and azure-ai-ml 1.35.2
(`_azure_environments.py`) read it.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.http import Request, Response

PATH: Final = "/metadata/endpoints"
SINGLE: Final = "2015-01-01"  # the version that tells of one cloud, in other names
LOGIN: Final = "https://login.microsoftonline.com/"
AUDIENCES: Final = ["https://management.core.windows.net/", "https://management.azure.com/"]
CLOUD: Final[dict[str, Any]] = {
    "name": "AzureCloud",
    "portal": "https://portal.azure.com",
    "resourceManager": "https://management.azure.com/",
    "authentication": {
        "loginEndpoint": LOGIN,
        "audiences": AUDIENCES,
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "graph": "https://graph.windows.net/",
    "graphAudience": "https://graph.windows.net/",
    "microsoftGraphResourceId": "https://graph.microsoft.com/",
    "media": "https://rest.media.azure.net",
    "batch": "https://batch.core.windows.net/",
    "gallery": "https://gallery.azure.com/",
    "sqlManagement": "https://management.core.windows.net:8443/",
    "vmImageAliasDoc": (
        "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/arm-compute/quickstart-templates/"
        "aliases.json"
    ),
    "activeDirectoryDataLake": "https://datalake.azure.net/",
    "appInsightsResourceId": "https://api.applicationinsights.io",
    "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
    "attestationResourceId": "https://attest.azure.net",
    "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
    "logAnalyticsResourceId": "https://api.loganalytics.io",
    "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
    "suffixes": {
        "acrLoginServer": "azurecr.io",
        "attestationEndpoint": "attest.azure.net",
        "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
        "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
        "azureFrontDoorEndpointSuffix": "azurefd.net",
        "keyVaultDns": "vault.azure.net",
        "mariadbServerEndpoint": "mariadb.database.azure.com",
        "mhsmDns": "managedhsm.azure.net",
        "mysqlServerEndpoint": "mysql.database.azure.com",
        "postgresqlServerEndpoint": "postgres.database.azure.com",
        "sqlServerHostname": "database.windows.net",
        "storage": "core.windows.net",
        "storageSyncEndpointSuffix": "afs.azure.net",
        "synapseAnalytics": "dev.azuresynapse.net",
    },
}


def clouds(request: Request) -> Response:
    """The list of clouds, which has one; for 2015-01-01 the one, in the names of that version."""
    if request.query.get("api-version") == SINGLE:
        return Response.json(
            {
                "galleryEndpoint": CLOUD["gallery"],
                "graphEndpoint": CLOUD["graph"],
                "portalEndpoint": CLOUD["portal"],
                "authentication": {"loginEndpoint": LOGIN, "audiences": AUDIENCES},
            }
        )
    return Response.json([CLOUD])
