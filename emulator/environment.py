"""The environments of processes around the emulator: its clients, its workloads, the world outside."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from emulator.home import Home

# what the variables below were before `client` replaced them, as JSON; None: unset
BEFORE = "EMULATOR_OUTSIDE"

LOOPBACK = "127.0.0.1,localhost"

# call-outs of SDKs and tools that have nothing to do with the estate
SWITCHES: dict[str, str] = {
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "otel",
    "AZUREML_RUN_POLLING_INTERVAL_MIN": "0",
    "AZUREML_RUN_POLLING_INTERVAL_MAX": "1",
    "AZURE_CORE_COLLECT_TELEMETRY": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
}

# credentials of the caller's own that must not reach a process that talks to the emulator
FOREIGN = (
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "ARM_TENANT_ID",
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_SUBSCRIPTION_ID",
    "ARM_USE_MSI",
    "ARM_USE_OIDC",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "ALL_PROXY",
    "all_proxy",
)


def _network(home: Home, proxy: str) -> dict[str, str]:
    """Proxy and CA: both spellings, since each library reads its own."""
    ca = str(home.ca)
    return {
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
        "https_proxy": proxy,
        "http_proxy": proxy,
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
        "REQUESTS_CA_BUNDLE": ca,  # requests, msal
        "SSL_CERT_FILE": ca,  # OpenSSL, aiohttp, httpx, Go
        "CURL_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
    }


def proxy_port(home: Home) -> int:
    """The port of the proxy; RuntimeError when the emulator has never run in this home."""
    port = home.read_ports().get("proxy")
    if not port:
        raise RuntimeError(f"{home.root}: no emulator has run here yet. Start one: python -m emulator up")
    return int(port)


def client(
    home: Home,
    place: tuple[str, str] | None = None,
    user: str = "",
    workflow: tuple[str, Path] | None = None,
) -> dict[str, str]:
    """The variables that lead a program to the emulator, signed in as its service principal or as a person.

    place: name and secret of a place in a network; None for a program that stands outside
    user: a person's sign-in name; ValueError when there is no such person
    workflow: the client id of a workflow's identity, and the file with its run's token
    """
    from emulator.identity.directory import SIGNED_IN, TENANT_ID, USERS
    from emulator.identity.users import COMMAND_LINE, by_name, password

    credential = {
        "AZURE_CLIENT_ID": SIGNED_IN.client_id,
        "AZURE_CLIENT_SECRET": home.secret(home.client_secret),
    }
    if workflow:
        credential = {"AZURE_CLIENT_ID": workflow[0], "AZURE_FEDERATED_TOKEN_FILE": str(workflow[1])}
    if user:
        person = by_name(user)
        if person is None:
            names = ", ".join(one.name for one in USERS)
            raise ValueError(f"There is no person {user} in the directory. There are: {names}.")
        credential = {
            "AZURE_CLIENT_ID": COMMAND_LINE,
            "AZURE_USERNAME": person.name,
            "AZURE_PASSWORD": password(home, person),
        }

    who = f"{quote(place[0], safe='')}:{place[1]}@" if place else ""
    return {
        "EMULATOR_HOME": str(home.root),
        **_network(home, f"http://{who}127.0.0.1:{proxy_port(home)}"),
        **SWITCHES,
        "AZURE_TENANT_ID": TENANT_ID,
        **credential,
        "AZURE_CONFIG_DIR": str(home.root / "azure-cli"),
        "PULUMI_HOME": str(home.pulumi_home),
        # without a file of metadata beside each state file: Pulumi writes it in place, and one that is cut
        # off by a kill makes the whole stack unreadable
        "PULUMI_BACKEND_URL": f"file://{home.pulumi_state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(home.passphrase),
    }


def applied(
    home: Home,
    base: Mapping[str, str] | None = None,
    place: tuple[str, str] | None = None,
    user: str = "",
    workflow: tuple[str, Path] | None = None,
) -> dict[str, str]:
    """The environment of a client: ``base`` (this process's) with ``client``, without foreign credentials."""
    before = outside(base)
    added = client(home, place, user, workflow)
    replaced = {key: before.get(key) for key in (*added, *FOREIGN, "AZURE_CLIENT_SECRET")}
    kept = {key: value for key, value in before.items() if key not in (*FOREIGN, "AZURE_CLIENT_SECRET")}
    return {**kept, **added, BEFORE: json.dumps(replaced)}


def outside(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment as it was before any proxy of an emulator was set: for installs and image builds."""
    environment = dict(os.environ if base is None else base)
    before: dict[str, str | None] = json.loads(environment.pop(BEFORE, "{}"))
    for key, value in before.items():
        if value is None:
            environment.pop(key, None)
        else:
            environment[key] = value
    return environment


def workload(home: Home, port: int, name: str, secret: str) -> dict[str, str]:
    """The variables of a job or container: the proxy, which knows it by its secret, and the CA.

    No secret of the signed-in principal is in it. port: the proxy's
    """
    proxy = f"http://{quote(name, safe='')}:{secret}@127.0.0.1:{port}"
    return {**_network(home, proxy), **SWITCHES}
