"""Azure ML: identities and no keys, compute inside the network that costs nothing while it idles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from infra.graph.model import Resource
from policies.model import Expectation, Row, Rule, equals, given, read, secure

WORKSPACE: Final = "machinelearningservices:Workspace"
COMPUTE: Final = "machinelearningservices:Compute"
DATASTORE: Final = "machinelearningservices:Datastore"
LONGEST_IDLE_MINUTES: Final = 120


def _minutes(value: Any) -> bool:
    found = re.fullmatch(r"PT(\d+)M", str(value))
    return found is not None and 1 <= int(found[1]) <= LONGEST_IDLE_MINUTES


IDLE: Final = Expectation(f"PT1M to PT{LONGEST_IDLE_MINUTES}M", _minutes)
# What a workspace stands on: without its own, Azure makes some with its defaults.
PARTS: Final = ("storageAccount", "keyVault", "containerRegistry", "applicationInsights")


def _cluster(resource: Resource) -> bool:
    return read(resource.inputs, "properties.computeType") == "AmlCompute"


def _of_clusters(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Attached computes (Kubernetes, Databricks) have no nodes of their own."""

    def only(rule: Rule) -> Rule:
        def check(resource: Resource) -> Iterator[str]:
            if _cluster(resource):
                yield from rule.check(resource)

        return Rule(rule.id, rule.types, rule.reason, rule.stands_for, check, rule.path)

    return tuple(only(rule) for rule in rules)


RULES: Final = (
    *secure(
        WORKSPACE,
        Row(
            "workspace-public-network",
            "publicNetworkAccess",
            equals("Disabled"),
            ("CKV_AZURE_144", "CKV2_AZURE_49", "AZR-000406"),
            "private endpoints lead in, nothing else",
        ),
        Row(
            "workspace-identity",
            "identity.type",
            equals("UserAssigned"),
            ("AZR-000407",),
            "its roles are reviewed before it exists",
        ),
        Row(
            "workspace-primary-identity",
            "primaryUserAssignedIdentity",
            given(),
            ("AZR-000407",),
            "jobs and datastores sign in as this one",
        ),
        Row(
            "workspace-datastores-by-identity",
            "systemDatastoresAuthMode",
            equals("Identity", "UserDelegationSAS"),
            (),
            "system datastores need no account key",
        ),
        Row(
            "workspace-not-legacy",
            "v1LegacyMode",
            equals(False),
            (),
            "legacy mode has no network isolation of its own",
        ),
        Row(
            "workspace-network-said",
            "managedNetwork.isolationMode",
            equals("Disabled", "AllowOnlyApprovedOutbound"),
            (),
            "own network or a managed one that is closed; never a managed one that is open",
        ),
        Row(
            "workspace-builds-inside",
            "imageBuildCompute",
            given(),
            (),
            "a registry behind a firewall is built for inside the network",
        ),
        *(
            Row(f"workspace-own-{part}", part, given(), (), "what Azure makes by itself has Azure's defaults")
            for part in PARTS
        ),
    ),
    *secure(
        DATASTORE,
        Row(
            "datastore-by-identity",
            "properties.credentials.credentialsType",
            equals("None"),
            (),
            "a stored key opens the data for everybody who may read the workspace",
        ),
        Row(
            "datastore-https",
            "properties.protocol",
            equals("https", "abfss"),
            (),
            "plain HTTP can be read along",
        ),
        Row(
            "datastore-identity-said",
            "properties.serviceDataAccessAuthIdentity",
            equals("WorkspaceUserAssignedIdentity", "WorkspaceSystemAssignedIdentity", "None"),
            (),
            "who reads for the studio is said, not left to a default",
        ),
    ),
    *secure(
        COMPUTE,
        Row(
            "compute-no-local-login",
            "properties.disableLocalAuth",
            equals(True),
            ("CKV_AZURE_142", "AZR-000404"),
            "nodes have no passwords",
        ),
    ),
    *_of_clusters(
        secure(
            COMPUTE,
            Row(
                "compute-no-public-nodes",
                "properties.properties.enableNodePublicIp",
                equals(False),
                (),
                "nodes are reached from inside only",
            ),
            Row(
                "compute-no-ssh",
                "properties.properties.remoteLoginPortPublicAccess",
                equals("Disabled"),
                (),
                "no port of a node is open to the internet",
            ),
            Row(
                "compute-in-network",
                "properties.properties.subnet.id",
                given(),
                ("AZR-000405",),
                "its traffic passes the estate's security groups",
            ),
            Row(
                "compute-scales-to-zero",
                "properties.properties.scaleSettings.minNodeCount",
                equals(0),
                ("CKV_AZURE_150",),
                "nothing is paid while nothing is trained",
            ),
            Row(
                "compute-idle",
                "properties.properties.scaleSettings.nodeIdleTimeBeforeScaleDown",
                IDLE,
                (),
                "idle nodes go",
            ),
            Row(
                "compute-identity",
                "identity.type",
                equals("UserAssigned"),
                ("AZR-000407",),
                "jobs sign in by identity",
            ),
        )
    ),
)
