"""A client of the control plane: builds an image, deploys it, asks it. Knows Azure only."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import time
from typing import Any

import requests
from azure.identity import ClientSecretCredential
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.storage.blob import BlobClient

SUBSCRIPTION = "0a7c1e5d-0000-4000-8000-00000000000a"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/e2e"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/e2eregistry"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
ASSIGNMENT = (
    f"{REGISTRY}/providers/Microsoft.Authorization/roleAssignments/5e1f2c52-7a0e-4b7e-9d55-0c2a41f0a010"
)
ACR_PULL = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    "/7f951dda-4ed3-4680-a7ca-43fe172d538d"
)
CONTAINERS = f"{GROUP}/providers/Microsoft.ContainerInstance/containerGroups/hello"
ADDRESS = "http://hello-e2e.westeurope.azurecontainer.io:8080"
PYTHON = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"
FILES = {
    "Dockerfile": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nWORKDIR /app\nCOPY . .\n"
    "RUN python -m compileall -q .\n"
    'USER 10001:10001\nCMD ["python", "hello.py"]\n',
    "hello.py": "import http.server, os\n"
    "class Handler(http.server.BaseHTTPRequestHandler):\n"
    "    def do_GET(self):\n"
    "        self.send_response(200)\n"
    "        self.end_headers()\n"
    "        self.wfile.write(b'hello from a container')\n"
    "http.server.HTTPServer((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()\n",
}
CREDENTIAL = ClientSecretCredential(
    os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
)


def arm(method: str, resource_id: str, body: Any = None) -> Any:
    token = CREDENTIAL.get_token("https://management.azure.com/.default").token
    answer = requests.request(
        method,
        f"https://management.azure.com{resource_id}?api-version=2024-05-01",
        json=body,
        headers={"authorization": f"Bearer {token}"},
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json() if answer.content else None


def registries(api_version: str) -> Any:
    """The client in one API version: its operations are those of that version, which no type tells."""
    return ContainerRegistryManagementClient(CREDENTIAL, SUBSCRIPTION, api_version=api_version)


def build() -> None:
    arm("PUT", GROUP, {"location": "westeurope"})
    arm("PUT", REGISTRY, {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}})
    parameters = {
        "source": {"registryUri": "docker.io", "sourceImage": f"library/{PYTHON}"},
        "targetTags": [f"library/{PYTHON}"],
        "mode": "Force",
    }
    registries("2025-04-01").registries.begin_import_image("e2e", "e2eregistry", parameters).result()
    client = registries("2019-06-01-preview")
    upload = client.registries.get_build_source_upload_url("e2e", "e2eregistry")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    BlobClient.from_blob_url(upload.upload_url).upload_blob(buffer.getvalue())
    run = client.registries.begin_schedule_run(
        "e2e",
        "e2eregistry",
        {
            "type": "DockerBuildRequest",
            "imageNames": ["hello:v1"],
            "dockerFilePath": "Dockerfile",
            "platform": {"os": "Linux", "architecture": "amd64"},
            "sourceLocation": upload.relative_path,
            "arguments": [{"name": "BASE_IMAGE", "value": f"e2eregistry.azurecr.io/library/{PYTHON}"}],
        },
    ).result()
    while run.status in ("Queued", "Started", "Running"):
        time.sleep(0.05)
        run = client.runs.get("e2e", "e2eregistry", run.run_id)
    link = client.runs.get_log_sas_url("e2e", "e2eregistry", run.run_id).log_link
    if run.status != "Succeeded":
        sys.exit(requests.get(link, timeout=60).text)
    print(run.status, run.output_images[0].digest)


def deploy(digest: str) -> None:
    identity = arm("PUT", IDENTITY, {"location": "westeurope"})
    role = {"roleDefinitionId": ACR_PULL, "principalType": "ServicePrincipal"}
    arm("PUT", ASSIGNMENT, {"properties": {**role, "principalId": identity["properties"]["principalId"]}})
    container = {
        "image": f"e2eregistry.azurecr.io/hello@{digest}",
        "ports": [{"port": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": 1, "memoryInGB": 1}},
    }
    properties = {
        "osType": "Linux",
        "imageRegistryCredentials": [{"server": "e2eregistry.azurecr.io", "identity": IDENTITY}],
        "ipAddress": {"type": "Public", "dnsNameLabel": "hello-e2e", "ports": [{"port": 8080}]},
        "containers": [{"name": "hello", "properties": container}],
    }
    identities = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    arm("PUT", CONTAINERS, {"location": "westeurope", "identity": identities, "properties": properties})
    ask()


def ask() -> None:
    deadline = time.monotonic() + 20
    while (answer := requests.get(ADDRESS, timeout=20)).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    print(answer.text)


def delete() -> None:
    arm("DELETE", GROUP)
    print("deleted")


if __name__ == "__main__":
    {"build": build, "deploy": deploy, "ask": ask, "delete": delete}[sys.argv[1]](*sys.argv[2:])
