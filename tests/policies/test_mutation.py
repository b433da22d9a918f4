"""Each secure property of the recorded stacks made worse, one by one: the policies see it.

What a secure property is, is not taken from the rules: every boolean, every word of a switch and every number
of days in what the stacks register counts, unless NEUTRAL says why it is none; each lock, endpoint, zone,
link and diagnostic setting counts as well, by being taken away.
"""

import copy
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from infra.graph.model import Graph, Resource
from policies.evaluate import evaluate, of_graph, of_resource, violations
from tests.policies.test_rules import TODAY

CAUGHT_AT_LEAST: Final = 0.95
# The words of switches, and what the worse end of each is.
WORSE: Final = {
    "Deny": "Allow",
    "Disabled": "Enabled",
    "disabled": "enabled",
    "Enabled": "Disabled",
    "enabled": "disabled",
    "AzureServices": "Logging, Metrics, AzureServices",
    "TLS1_2": "TLS1_0",
    "None": "Everybody",
    "UserAssigned": "None",
    "Identity": "AccessKey",
    "CanNotDelete": "NotSpecified",
    "Premium": "Basic",
    "Standard": "Basic",
    "LogAnalytics": "ApplicationInsights",
    "Static": "Dynamic",
    "https": "http",
    "allLogs": "audit",
    "ServicePrincipal": "User",
    "Group": "User",
}
WORSE_RULE: Final = {
    "access": "Allow",
    "sourceAddressPrefix": "*",
    "destinationPortRange": "*",
}
DAYS: Final = ("days", "retentionInDays", "softDeleteRetentionInDays")
# Properties (their last name, or type and path) that are no matter of security, and why.
NEUTRAL: Final = {
    "tags": "names, no rights",
    "createMode": "how the vault came to be",
    "isHnsEnabled": "kind of storage; Azure ML's own is held by workspace-storage-flat",
    "hbiWorkspace": "whether Microsoft collects diagnostics of jobs; fixed at creation",
    "skipValidation": "of the deployment, not of the datastore",
    "quarantinePolicy": "in preview, and of use with a scanner only",
    "trustPolicy": "content trust ends in 2028",
    "azureADAuthenticationAsArmPolicy": "both ends are safe; that it is said is held by registry-arm-tokens",
    "enableNetworkMonitor": "of a managed network, which is not used",
    "enableDdosProtection": "a plan that is bought for the subscription",
    "disableGateway": "of gateways in several regions",
    "enableClientCertificate": "of the consumption tier",
    "natGatewayState": "of the gateway's own way out, where it stands in no network",
    "restore": "how the gateway came to be",
    "isBuffered": "when a log leaves the gateway",
    "autoMitigate": "whether an alert closes itself",
    "useCommonAlertSchema": "how a mail is worded",
    "checkWorkspaceAlertsStorageConfigured": "of alerts with a storage account of their own",
    "enableContainerLogV2": "which table logs go to",
    "reserved": "whether the plan's machines run Linux",
    "zoneRedundant": "of a plan that Azure moves by itself",
    "clientAffinityEnabled": "cookies of an app with sessions",
    "clientCertEnabled": "callers prove themselves with tokens",
    "hyperV": "of Windows containers",
    "isXenon": "of Windows containers",
    "scmSiteAlsoStopped": "of the console of an app that is stopped",
    "localMySqlEnabled": "of apps on Windows",
    "isSubjectCaseSensitive": "which events are meant",
    "enableVmProtection": "filled in by the SDK, and read by nothing",
}
# By type: a subnet that an endpoint names is a reference, of which Azure reads the id alone.
NEUTRAL_OF: Final = {("network:PrivateEndpoint", "subnet")}
TAKEN: Final = (
    "authorization:ManagementLockByScope",
    "monitor:DiagnosticSetting",
    "network:PrivateDnsZoneGroup",
    "network:PrivateEndpoint",
    "privatedns:PrivateZone",
    "privatedns:VirtualNetworkLink",
    "storage:BlobServiceProperties",
)


@dataclass(frozen=True)
class Mutant:
    """A graph's resource made worse. resource: None when it was taken away."""

    before: Resource
    resource: Resource | None
    what: str


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Path and value of everything that is no container, without what is neutral."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in NEUTRAL:
                yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    else:
        yield path, value


def worse(path: tuple[Any, ...], value: Any) -> Any:
    """The value made worse, or None where it is no matter of security."""
    last = path[-1]
    if isinstance(value, bool):
        return not value
    if "securityRules" in path:
        wanted = WORSE_RULE.get(last) if last in WORSE_RULE else None
        return wanted if wanted != value else None
    if last in DAYS and isinstance(value, int):
        return 0
    return WORSE.get(value) if isinstance(value, str) else None


def put(inputs: dict[str, Any], path: tuple[Any, ...], value: Any, *, remove: bool = False) -> dict[str, Any]:
    changed = copy.deepcopy(inputs)
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[key]
    if remove:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def mutants(graph: Graph) -> Iterator[Mutant]:
    for resource in graph.custom:
        for path, value in leaves(resource.inputs):
            if (resource.token, path[0]) in NEUTRAL_OF:
                continue
            flipped = worse(path, value)
            if flipped is None:
                continue
            at = ".".join(map(str, path))
            made = dataclasses.replace(resource, inputs=put(resource.inputs, path, flipped))
            yield Mutant(resource, made, f"{at}: {value!r} -> {flipped!r}")
            if isinstance(path[-1], str) and "securityRules" not in path:
                made = dataclasses.replace(resource, inputs=put(resource.inputs, path, None, remove=True))
                yield Mutant(resource, made, f"{at}: {value!r} left out")
        if resource.token in TAKEN:
            yield Mutant(resource, None, "taken away")
        if resource.protect:
            yield Mutant(resource, dataclasses.replace(resource, protect=False), "protection off")


def caught(graph: Graph, before: set[tuple[str, str, str]], mutant: Mutant) -> bool:
    """Whether the policies say something of it that they did not say before."""
    made = mutant.resource
    if made is not None and any(v.key not in before for v in of_resource(made)):
        return True
    left = [made if r is mutant.before else r for r in graph.resources]
    return any(
        v.key not in before for v in of_graph(Graph([r for r in left if r is not None], stack=graph.stack))
    )


def test_at_least_95_of_100_are_caught(graphs: dict[str, Graph]) -> None:
    uncaught: list[str] = []
    total = 0
    for graph in graphs.values():
        before = {violation.key for violation in violations(graph)}
        exempt = {(v.resource.identity, v.path) for v, _ in evaluate(graph, TODAY).exempt if v.path}
        for mutant in mutants(graph):
            # What is exempt is at its worse end already: the other end is no weakening.
            if any(
                mutant.before.identity == one and mutant.what.startswith(f"{path}:") for one, path in exempt
            ):
                continue
            total += 1
            if not caught(graph, before, mutant):
                uncaught.append(
                    f"{graph.stack:<6} {mutant.before.token:<40} {mutant.before.name:<40} {mutant.what}"
                )
    table = "\n".join(uncaught)
    print(f"{total} mutants, {len(uncaught)} uncaught\n{table}")
    assert total > 500
    assert 1 - len(uncaught) / total >= CAUGHT_AT_LEAST, f"{len(uncaught)} of {total} uncaught:\n{table}"
