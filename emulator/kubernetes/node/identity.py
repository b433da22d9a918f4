"""Workload identity: what Azure's webhook adds to a pod.

The rules are those of "Use Microsoft Entra Workload ID with AKS" and of azure-workload-identity's webhook:
the label of the pod lets it act, the annotation of the account says as whom.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from emulator.identity.directory import TENANT_ID
from emulator.kubernetes.objects import Objects

Json = dict[str, Any]
USE: Final = "azure.workload.identity/use"
CLIENT: Final = "azure.workload.identity/client-id"
TENANT: Final = "azure.workload.identity/tenant-id"
EXPIRATION: Final = "azure.workload.identity/service-account-token-expiration"
SKIPPED: Final = "azure.workload.identity/skip-containers"
VOLUME: Final = "azure-identity-token"
FOLDER: Final = "/var/run/secrets/azure/tokens"
AUDIENCE: Final = "api://AzureADTokenExchange"
AUTHORITY: Final = "https://login.microsoftonline.com/"
LIFETIME_S: Final = 3600


def admitted(pod: Json, account: Json | None) -> Json:
    """A pod as the webhook lets it in: with volume, mounts and variables where label and annotation ask so.

    A variable that the pod sets itself stays as it is.
    """
    if ((pod["metadata"].get("labels") or {}).get(USE)) != "true":
        return pod
    notes = ((account or {}).get("metadata") or {}).get("annotations") or {}
    made = deepcopy(pod)
    spec, own = made["spec"], made["metadata"].get("annotations") or {}
    lifetime = int(own.get(EXPIRATION) or notes.get(EXPIRATION) or LIFETIME_S)
    token = {"audience": AUDIENCE, "expirationSeconds": lifetime, "path": VOLUME}
    volumes: list[Json] = spec.get("volumes") or []
    if not any(one["name"] == VOLUME for one in volumes):
        volume = {"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": token}]}}
        spec["volumes"] = [*volumes, volume]
    values = {
        "AZURE_CLIENT_ID": notes.get(CLIENT, ""),
        "AZURE_TENANT_ID": notes.get(TENANT) or TENANT_ID,
        "AZURE_FEDERATED_TOKEN_FILE": f"{FOLDER}/{VOLUME}",
        "AZURE_AUTHORITY_HOST": AUTHORITY,
    }
    skipped = {name.strip() for name in str(own.get(SKIPPED, "")).split(";")}
    for container in spec["containers"]:
        if container["name"] in skipped:
            continue
        held = {one["name"] for one in container.get("env") or []}
        added = [
            {"name": name, "value": value} for name, value in values.items() if name not in held and value
        ]
        container["env"] = [*(container.get("env") or []), *added]
        places: list[Json] = container.get("volumeMounts") or []
        if not any(one["mountPath"] == FOLDER for one in places):
            mount = {"name": VOLUME, "mountPath": FOLDER, "readOnly": True}
            container["volumeMounts"] = [*places, mount]
    return made


def webhook(objects: Objects, pod: Json) -> None:
    """Called with each pod that is to be new."""
    meta = pod["metadata"]
    account = objects.find(
        "ServiceAccount", meta["namespace"], pod["spec"].get("serviceAccountName") or "default"
    )
    pod["spec"] = admitted(pod, account)["spec"]
