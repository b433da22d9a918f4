"""What serves: Kubernetes clusters, container groups, API Management."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from infra.graph.model import Resource
from infra.graph.secrets import is_marked
from policies.model import MISSING, Expectation, Row, Rule, absent_or, at_least, equals, given, read, secure

CLUSTER: Final = "containerservice:ManagedCluster"
POOL: Final = "containerservice:AgentPool"
GROUP: Final = "containerinstance:ContainerGroup"
GATEWAY: Final = "apimanagement:ApiManagementService"
BY_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")
SECRET_WORDS: Final = re.compile(
    r"(?i)(^|[_.-])(password|passwd|secret|token|api_?key|access_?key|conn(ection)?_?str(ing)?)$"
)

NO_OLD_PROTOCOLS: Final = (
    "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls10",
    "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Tls11",
    "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Protocols.Ssl30",
    "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Backend.Protocols.Tls10",
    "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Backend.Protocols.Tls11",
    "Microsoft.WindowsAzure.ApiManagement.Gateway.Security.Backend.Protocols.Ssl30",
)
V2: Final = ("BasicV2", "StandardV2", "PremiumV2")


def _pools(resource: Resource) -> list[tuple[str, dict[str, Any]]]:
    """Name and inputs of a cluster's pools, or of the pool that stands alone."""
    if resource.token == POOL:
        return [(resource.name, resource.inputs)]
    found = resource.inputs.get("agentPoolProfiles") or []
    return [(str(pool.get("name")), pool) for pool in found if isinstance(pool, dict)]


def _of_pools(path: str, wanted: Expectation) -> Any:
    def check(resource: Resource) -> Iterator[str]:
        for name, pool in _pools(resource):
            value = read(pool, path)
            if not wanted.holds(value):
                yield f"pool {name!r}: {path} is {value!r}, and has to be {wanted.words}"

    return check


def _system_pool(resource: Resource) -> Iterator[str]:
    for name, pool in _pools(resource):
        if pool.get("mode") == "System" and "CriticalAddonsOnly=true:NoSchedule" not in (
            pool.get("nodeTaints") or []
        ):
            yield f"system pool {name!r} lacks the taint CriticalAddonsOnly=true:NoSchedule"


def _cluster_address(resource: Resource) -> Iterator[str]:
    """A private cluster has no public name; one that is public lists who may come."""
    profile = resource.inputs.get("apiServerAccessProfile") or {}
    if profile.get("enablePrivateCluster") is not True and not profile.get("authorizedIPRanges"):
        yield "its API server answers everybody: neither private nor with authorizedIPRanges"


def _images(resource: Resource) -> Iterator[str]:
    for container in resource.inputs.get("containers") or []:
        image = str(container.get("image", ""))
        if not BY_DIGEST.search(image):
            yield f"container {container.get('name')!r} runs {image!r}, which is not named by digest"


def _environment(resource: Resource) -> Iterator[str]:
    for container in resource.inputs.get("containers") or []:
        for variable in container.get("environmentVariables") or []:
            value = variable.get("value")
            if SECRET_WORDS.search(str(variable.get("name", ""))) and value and not is_marked(value):
                yield f"variable {variable.get('name')!r} stands in plain text: give it as secureValue"


def _pull_password(resource: Resource) -> Iterator[str]:
    for credential in resource.inputs.get("imageRegistryCredentials") or []:
        if credential.get("password") or not credential.get("identity"):
            yield f"pulls from {credential.get('server')!r} with a password: name an identity"


def _old_protocols(resource: Resource) -> Iterator[str]:
    """The v2 tiers have no such switches: they speak nothing older than TLS 1.2."""
    if read(resource.inputs, "sku.name") in V2:
        return
    properties = resource.inputs.get("customProperties") or {}
    for name in NO_OLD_PROTOCOLS:
        if str(properties.get(name)).lower() != "false":
            yield f"customProperties[{name}] is not 'false'"


def _named_value(resource: Resource) -> Iterator[str]:
    if resource.inputs.get("secret") is True and not read_key_vault(resource):
        yield "its text is in the stack: point it at Key Vault (keyVault.secretIdentifier)"


def read_key_vault(resource: Resource) -> bool:
    return read(resource.inputs, "keyVault.secretIdentifier") is not MISSING


def _backend(resource: Resource) -> Iterator[str]:
    url = resource.inputs.get("url")
    if resource.inputs.get("type") == "Pool":
        return
    if not str(url).startswith("https://"):
        yield f"speaks to {url!r}: plain HTTP can be read along"
    for name in ("validateCertificateChain", "validateCertificateName"):
        if read(resource.inputs, f"tls.{name}") is False:
            yield f"tls.{name} is off: anybody can be the backend"


HTTPS_ONLY: Final = Expectation("['https']", lambda value: value == ["https"])

RULES: Final = (
    *secure(
        CLUSTER,
        Row(
            "aks-private",
            "apiServerAccessProfile.enablePrivateCluster",
            equals(True),
            ("CKV_AZURE_115",),
            "the API server is reached from inside only",
        ),
        Row(
            "aks-no-public-name",
            "apiServerAccessProfile.enablePrivateClusterPublicFQDN",
            equals(False),
            (),
            "nobody outside can ask where it is",
        ),
        Row(
            "aks-no-run-command",
            "apiServerAccessProfile.disableRunCommand",
            equals(True),
            (),
            "commands from outside would pass around the private address",
        ),
        Row(
            "aks-no-local-accounts",
            "disableLocalAccounts",
            equals(True),
            ("CKV_AZURE_141",),
            "a certificate of an administrator cannot be taken back",
        ),
        Row(
            "aks-entra",
            "aadProfile.managed",
            equals(True),
            ("CKV_AZURE_5",),
            "everybody signs in to Microsoft Entra ID",
        ),
        Row(
            "aks-azure-rbac",
            "aadProfile.enableAzureRBAC",
            equals(True),
            ("CKV_AZURE_5",),
            "who may do what in it is a role assignment, reviewed as the others are",
        ),
        Row(
            "aks-rbac", "enableRBAC", equals(True), ("CKV_AZURE_5",), "without it everybody may do everything"
        ),
        Row("aks-oidc", "oidcIssuerProfile.enabled", equals(True), (), "workload identities need its tokens"),
        Row(
            "aks-workload-identity",
            "securityProfile.workloadIdentity.enabled",
            equals(True),
            (),
            "pods sign in by identity and hold no secret",
        ),
        Row(
            "aks-network-policy",
            "networkProfile.networkPolicy",
            equals("cilium", "calico", "azure"),
            ("CKV_AZURE_7",),
            "pods talk to whom they must, and to nobody else",
        ),
        Row(
            "aks-upgrades",
            "autoUpgradeProfile.upgradeChannel",
            equals("patch", "stable", "rapid"),
            ("CKV_AZURE_171",),
            "patches come by themselves",
        ),
        Row(
            "aks-node-upgrades",
            "autoUpgradeProfile.nodeOSUpgradeChannel",
            equals("NodeImage", "SecurityPatch"),
            (),
            "nodes' patches come by themselves",
        ),
        Row(
            "aks-tier",
            "sku.tier",
            equals("Standard", "Premium"),
            ("CKV_AZURE_170",),
            "a control plane that somebody answers for",
        ),
        Row(
            "aks-policy",
            "addonProfiles.azurepolicy.enabled",
            equals(True),
            ("CKV_AZURE_116",),
            "what the subscription asks of pods holds",
        ),
    ),
    Rule(
        "aks-api-server",
        (CLUSTER,),
        "its API server is not open to the internet",
        ("CKV_AZURE_6",),
        _cluster_address,
    ),
    Rule(
        "aks-nodes-private",
        (CLUSTER, POOL),
        "nodes are reached from inside only",
        ("CKV_AZURE_143",),
        _of_pools("enableNodePublicIP", equals(False)),
    ),
    Rule(
        "aks-nodes-in-network",
        (CLUSTER, POOL),
        "their traffic passes the estate's security groups",
        (),
        _of_pools("vnetSubnetID", given()),
    ),
    Rule(
        "aks-pods-each",
        (CLUSTER, POOL),
        "a node takes the pods that it can carry",
        ("CKV_AZURE_168",),
        _of_pools("maxPods", at_least(50)),
    ),
    Rule(
        "aks-scale-sets",
        (CLUSTER, POOL),
        "nodes are replaced, not mended",
        ("CKV_AZURE_169",),
        _of_pools("type", equals("VirtualMachineScaleSets")),
    ),
    Rule(
        "aks-encrypted-hosts",
        (CLUSTER, POOL),
        "temporary disks and caches are encrypted",
        ("CKV_AZURE_227",),
        _of_pools("enableEncryptionAtHost", equals(True)),
    ),
    Rule(
        "aks-system-pool",
        (CLUSTER, POOL),
        "the cluster's own pods are not crowded out",
        ("CKV_AZURE_232",),
        _system_pool,
    ),
    *secure(
        GROUP,
        Row(
            "aci-private",
            "ipAddress.type",
            absent_or("Private"),
            ("CKV_AZURE_245",),
            "a container group has no TLS and no firewall of its own",
        ),
        Row(
            "aci-in-network",
            "subnetIds",
            given(),
            ("CKV_AZURE_98",),
            "its traffic passes the estate's security groups",
        ),
        Row(
            "aci-identity",
            "identity.type",
            equals("UserAssigned"),
            ("CKV2_AZURE_28",),
            "it signs in by identity and holds no secret",
        ),
    ),
    Rule("aci-digest", (GROUP,), "what was proven is what runs", (), _images),
    Rule(
        "aci-secure-variables",
        (GROUP,),
        "plain variables are shown to everybody who may read the group",
        ("CKV_AZURE_235",),
        _environment,
    ),
    Rule(
        "aci-pulls-by-identity",
        (GROUP,),
        "a registry's password would stand in the state",
        (),
        _pull_password,
    ),
    *secure(
        GATEWAY,
        Row(
            "apim-public-network",
            "publicNetworkAccess",
            equals("Disabled"),
            ("CKV_AZURE_174",),
            "private endpoints lead in, nothing else",
        ),
        Row(
            "apim-no-portal", "developerPortalStatus", equals("Disabled"), (), "nobody signs up by themselves"
        ),
        Row(
            "apim-identity",
            "identity.type",
            equals("SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned"),
            (),
            "it signs in by identity and holds no secret",
        ),
    ),
    Rule(
        "apim-protocols", (GATEWAY,), "older protocols can be read along", ("CKV_AZURE_173",), _old_protocols
    ),
    *secure(
        GATEWAY,
        Row(
            "apim-no-old-portal",
            "legacyPortalStatus",
            equals("Disabled"),
            (),
            "nobody signs up by themselves",
        ),
    ),
    *secure(
        CLUSTER,
        Row(
            "aks-identity", "identity.type", equals("UserAssigned"), (), "its rights are the estate's to give"
        ),
        Row("aks-tells", "addonProfiles.omsagent.enabled", equals(True), ("CKV_AZURE_4",), "it is watched"),
    ),
    *secure(
        "apimanagement:Api",
        Row("apim-api-https", "protocols", HTTPS_ONLY, (), "keys and rows go over TLS"),
        Row(
            "apim-api-key",
            "subscriptionRequired",
            equals(True),
            (),
            "each caller is known, limited and can be shut out",
        ),
    ),
    *secure(
        "apimanagement:Product",
        Row("apim-product-key", "subscriptionRequired", equals(True), (), "each caller of it has a key"),
        Row("apim-product-approval", "approvalRequired", equals(True), (), "a person gives out each key"),
    ),
    *secure(
        "apimanagement:Diagnostic",
        Row("apim-no-addresses", "logClientIp", equals(False), (), "an address is personal data"),
    ),
    Rule(
        "apim-values-in-vault",
        ("apimanagement:NamedValue",),
        "a secret in the stack is a secret in its state",
        (),
        _named_value,
    ),
    Rule(
        "apim-backend-https",
        ("apimanagement:Backend",),
        "keys and rows go over TLS",
        ("CKV_AZURE_215",),
        _backend,
    ),
)
