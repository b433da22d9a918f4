"""What Azure (and this emulator) accepts as a container group, checked before anything is stored."""

from __future__ import annotations

import re
from typing import Any

from emulator.errors import AzureError, NotEmulated

Json = dict[str, Any]

NAME = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
LABEL = re.compile(r"^[a-z][a-z0-9-]{3,61}[a-z0-9]$")
VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
RESTART_POLICIES = ("Always", "OnFailure", "Never")
MAX_CPU, MAX_MEMORY_GB = 4.0, 16.0  # of a group, on the standard SKU
# Group settings that are refused rather than ignored.
REFUSED = (
    "volumes",
    "initContainers",
    "diagnostics",
    "encryptionProperties",
    "extensions",
    "confidentialComputeProperties",
    "containerGroupProfile",
    "standbyPoolProfile",
    "dnsConfig",
    "identityAcls",
)
REFUSED_OF_CONTAINER = ("volumeMounts",)


def check(name: str, properties: Json, subnets: list[Json]) -> None:
    """Raise AzureError for what Azure refuses, NotEmulated for what is not emulated."""
    for key in REFUSED:
        if properties.get(key):
            raise NotEmulated(f"container group '{name}' with properties.{key}")
    system = str(properties.get("osType") or "")
    if system.lower() != "linux":
        raise NotEmulated(f"container group '{name}' with osType '{system}'")
    if str(properties.get("sku") or "Standard") != "Standard":
        raise NotEmulated(f"container group '{name}' with the SKU {properties['sku']}")
    if str(properties.get("priority") or "Regular") != "Regular":
        raise NotEmulated(f"container group '{name}' with the priority {properties['priority']}")
    policy = properties.get("restartPolicy", "Always")
    if policy not in RESTART_POLICIES:
        raise _error(
            "InvalidRestartPolicy", f"restartPolicy is '{policy}': one of {', '.join(RESTART_POLICIES)}"
        )
    containers: list[Json] = properties.get("containers") or []
    if not containers:
        raise _error("MissingContainers", f"container group '{name}' has no containers")
    if len({container.get("name") for container in containers}) != len(containers):
        raise _error("DuplicateContainerName", f"two containers of group '{name}' have the same name")
    for container in containers:
        _check_container(container)
    _check_size(name, containers)
    _check_address(name, properties, containers, subnets)


def _check_container(container: Json) -> None:
    name, properties = str(container.get("name", "")), container.get("properties") or {}
    if not NAME.match(name):
        raise _error(
            "InvalidContainerName", f"container name '{name}': lower-case letters, digits and hyphens"
        )
    for key in REFUSED_OF_CONTAINER:
        if properties.get(key):
            raise NotEmulated(f"container '{name}' with properties.{key}")
    if not properties.get("image"):
        raise _error("MissingImage", f"container '{name}' has no image")
    ports = properties.get("ports") or []
    if len(ports) > 1:
        raise NotEmulated(f"container '{name}' with {len(ports)} ports: one port follows the variable PORT")
    for port in ports:
        _check_port(f"container '{name}'", port)
    for variable in properties.get("environmentVariables") or []:
        key = str(variable.get("name", ""))
        if not VARIABLE.match(key):
            raise _error(
                "InvalidEnvironmentVariableName", f"container '{name}': environment variable '{key}'"
            )
        if variable.get("secureValueReference"):
            raise NotEmulated(f"container '{name}': '{key}' with a secureValueReference")
        if variable.get("value") is not None and variable.get("secureValue") is not None:
            raise _error(
                "InvalidEnvironmentVariable", f"container '{name}': '{key}' has both value and secureValue"
            )
    if (properties.get("securityContext") or {}).get("privileged"):
        raise _error(
            "PrivilegedNotAllowed", f"container '{name}': privileged containers need the Confidential SKU"
        )
    for kind in ("livenessProbe", "readinessProbe"):
        _check_probe(name, kind, properties.get(kind), [port["port"] for port in ports])


def _check_port(owner: str, port: Json) -> None:
    number, protocol = port.get("port"), str(port.get("protocol") or "TCP").upper()
    if not isinstance(number, int) or not 0 < number < 65536:
        raise _error("InvalidPort", f"{owner}: port {number}")
    if protocol != "TCP":
        raise NotEmulated(f"{owner} with a {protocol} port")


def _check_probe(name: str, kind: str, probe: Json | None, ports: list[int]) -> None:
    if not probe:
        return
    if probe.get("exec"):
        raise NotEmulated(f"container '{name}' with {kind}.exec")
    request = probe.get("httpGet") or {}
    if request.get("port") not in ports:
        raise _error(
            "InvalidProbe",
            f"container '{name}': {kind}.httpGet.port {request.get('port')} is not a port of it",
        )
    if str(request.get("scheme") or "http").lower() != "http":
        raise NotEmulated(f"container '{name}' with {kind}.httpGet.scheme {request['scheme']}")


def _check_size(name: str, containers: list[Json]) -> None:
    cpu = memory = 0.0
    for container in containers:
        requests = ((container.get("properties") or {}).get("resources") or {}).get("requests") or {}
        if requests.get("gpu"):
            raise NotEmulated(f"container '{container['name']}' with resources.requests.gpu")
        for key in ("cpu", "memoryInGB"):
            value = requests.get(key)
            if not isinstance(value, int | float) or value <= 0:
                raise _error(
                    "InvalidResourceRequests",
                    f"container '{container['name']}': resources.requests.{key} is {value}, not positive",
                )
        cpu, memory = cpu + requests["cpu"], memory + requests["memoryInGB"]
        if abs(requests["memoryInGB"] * 10 - round(requests["memoryInGB"] * 10)) > 1e-6:
            raise _error(
                "InvalidMemoryRequest",
                f"container '{container['name']}': memoryInGB is {requests['memoryInGB']}; a multiple of 0.1",
            )
    if cpu > MAX_CPU or memory > MAX_MEMORY_GB:
        raise _error(
            "ResourceRequestsNotAvailable",
            f"container group '{name}' asks for {cpu:g} CPU and {memory:g} GB; at most {MAX_CPU:g} and"
            f" {MAX_MEMORY_GB:g} are to be had",
        )


def _check_address(name: str, properties: Json, containers: list[Json], subnets: list[Json]) -> None:
    declared = [p["port"] for c in containers for p in (c["properties"].get("ports") or [])]
    if len(set(declared)) != len(declared):
        raise _error("DuplicateContainerPorts", f"two containers of group '{name}' have the same port")
    address: Json | None = properties.get("ipAddress")
    for subnet in subnets:
        _check_delegation(subnet)
    if address is None:
        return
    kind, label = address.get("type"), address.get("dnsNameLabel")
    if kind not in ("Public", "Private"):
        raise _error("InvalidIPAddressType", f"ipAddress.type is '{kind}': Public or Private")
    if subnets and (kind == "Public" or label):
        raise _error(
            "IPAddressTypeNotSupportedInVnet",
            f"container group '{name}' lies in a subnet: ipAddress.type must be Private, without"
            " dnsNameLabel",
        )
    if kind == "Private" and not subnets:
        raise _error("MissingSubnet", f"container group '{name}': a Private ipAddress needs subnetIds")
    if label and not LABEL.match(label):
        raise _error(
            "InvalidDnsNameLabel", f"dnsNameLabel '{label}': 5 to 63 lower-case letters, digits, hyphens"
        )
    ports = address.get("ports") or []
    if not ports:
        raise _error("MissingIPAddressPorts", f"container group '{name}': ipAddress has no ports")
    for port in ports:
        _check_port(f"ipAddress of group '{name}'", port)
        if port["port"] not in declared:
            raise _error(
                "PortNotExposedByContainer",
                f"container group '{name}': no container has the port {port['port']}",
            )


def _check_delegation(subnet: Json) -> None:
    services = [
        (delegation.get("properties") or {}).get("serviceName", "").lower()
        for delegation in subnet["properties"].get("delegations") or []
    ]
    if "microsoft.containerinstance/containergroups" not in services:
        raise _error(
            "SubnetMissingRequiredDelegation",
            f"the subnet {subnet['id']} lacks the delegation 'Microsoft.ContainerInstance/containerGroups'",
        )


def check_update(name: str, old: Json, new: Json) -> None:
    """What cannot change on a group that exists."""
    fixed = ("osType", "restartPolicy", "subnetIds", "sku")
    changed = [key for key in fixed if old.get(key) != new.get(key)]
    sizes = [
        {c["name"]: c["properties"]["resources"].get("requests") for c in side["containers"]}
        for side in (old, new)
    ]
    if any(sizes[0][key] != sizes[1][key] for key in sizes[0].keys() & sizes[1].keys()):
        changed.append("resources")
    if changed:
        raise _error(
            "InvalidContainerGroupUpdate",
            f"The updates on container group '{name}' are invalid. If you are going to update the os type,"
            " restart policy, network profile, CPU, memory or GPU resources for a container group, you must"
            f" delete it first and then create a new one. Changed: {', '.join(changed)}",
        )


def _error(code: str, message: str) -> AzureError:
    return AzureError(400, code, f"{message}.")
