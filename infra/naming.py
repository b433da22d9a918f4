"""Every physical name of the estate: nothing else in infra/ composes one.

A name is `abbreviation-project-environment-region[-qualifier]`. Where it must be unique in all of Azure, a
short hash of subscription, project and environment takes the region's place: the same settings always give
the same name, another subscription gives another. Abbreviations follow the Cloud Adoption Framework; lengths
and alphabets are those of "Naming rules and restrictions for Azure resources".
"""

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Final

HASH_LENGTH: Final = 8
ASSIGNMENTS: Final = uuid.UUID("5f0d2d5c-55d1-5d0b-8a55-6f1b7c5f7a10")  # namespace of role assignment names

OWN_ROLES: Final = uuid.UUID("b3a7b4f0-3d1f-5c0b-9a54-4a0d8f2e6c35")  # namespace of our own roles' ids
WORKBOOKS: Final = uuid.UUID("0c1f3d5a-7d0e-5f7e-9c7b-2f6f0a9f4b21")  # namespace of workbooks' names


@dataclass(frozen=True, slots=True)
class Kind:
    """How a resource type is named.

    template: filled with project, environment, region, hash, qualifier
    shortest, longest: characters. pattern: full match. unique: the name is one in all of Azure.
    """

    template: str
    shortest: int
    longest: int
    pattern: str
    unique: bool = False


_PLAIN = "{project}-{environment}-{region}"
_NETWORK = r"[A-Za-z0-9](?:[\w.-]*\w)?"
_HYPHENS = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"

KINDS: Final[dict[str, Kind]] = {
    "resource_group": Kind(f"rg-{_PLAIN}", 1, 90, r"[-\w.()]*[-\w()]"),
    "virtual_network": Kind(f"vnet-{_PLAIN}", 2, 64, _NETWORK),
    "subnet": Kind("snet-{qualifier}", 1, 80, _NETWORK),
    "shared_subnet": Kind("snet-{project}-{environment}-{qualifier}", 1, 80, _NETWORK),
    "peering": Kind("to-hub", 1, 80, _NETWORK),
    "security_group": Kind(f"nsg-{_PLAIN}-{{qualifier}}", 1, 80, _NETWORK),
    "storage_policy": Kind(f"sep-{_PLAIN}", 1, 80, _NETWORK),
    "application_group": Kind(f"asg-{_PLAIN}-{{qualifier}}", 1, 80, _NETWORK),
    "route_table": Kind(f"rt-{_PLAIN}", 1, 80, _NETWORK),
    "nat_gateway": Kind(f"ng-{_PLAIN}", 1, 80, _NETWORK),
    "public_ip": Kind(f"pip-{_PLAIN}-{{qualifier}}", 1, 80, _NETWORK),
    "private_endpoint": Kind(f"pep-{_PLAIN}-{{qualifier}}", 2, 64, _NETWORK),
    "network_interface": Kind(f"nic-{_PLAIN}-{{qualifier}}", 1, 80, _NETWORK),
    "storage_account": Kind("st{project}{environment}{hash}", 3, 24, r"[a-z0-9]+", unique=True),
    "data_lake": Kind("dl{project}{environment}{hash}", 3, 24, r"[a-z0-9]+", unique=True),
    "trigger_storage": Kind("fn{project}{environment}{hash}", 3, 24, r"[a-z0-9]+", unique=True),
    "blob_container": Kind("{qualifier}", 3, 63, r"[a-z0-9](?!.*--)[a-z0-9-]*[a-z0-9]"),
    "key_vault": Kind(
        "kv-{project}{environment}{hash}", 3, 24, r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]", unique=True
    ),
    "learning_vault": Kind(
        "ml-{project}{environment}{hash}", 3, 24, r"[A-Za-z](?!.*--)[A-Za-z0-9-]*[A-Za-z0-9]", unique=True
    ),
    "registry": Kind("cr{project}{environment}{hash}", 5, 50, r"[A-Za-z0-9]+", unique=True),
    "build_agent_pool": Kind("builds", 3, 20, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])"),
    "log_analytics": Kind(f"log-{_PLAIN}", 4, 63, _HYPHENS),
    "application_insights": Kind(f"appi-{_PLAIN}", 1, 260, r"[\w.()-]*[\w()-]"),
    "monitor_scope": Kind(f"ampls-{_PLAIN}", 1, 255, r"[\w.()-]*[\w()-]"),
    "identity": Kind(f"id-{_PLAIN}-{{qualifier}}", 3, 128, r"[A-Za-z0-9][\w-]*"),
    "workspace": Kind(f"mlw-{_PLAIN}", 3, 33, r"[A-Za-z0-9][\w-]*"),
    "datastore": Kind("{qualifier}", 1, 255, r"[a-z0-9_]+"),
    "compute_cluster": Kind("{qualifier}-{environment}", 3, 24, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])"),
    "cache_rule": Kind("base-image", 5, 50, r"[A-Za-z0-9-]+"),
    "gateway": Kind(
        "apim-{project}-{environment}-{hash}", 1, 50, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?", unique=True
    ),
    "kubernetes_cluster": Kind(f"aks-{_PLAIN}", 1, 63, r"[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?"),
    "kubernetes_nodes": Kind("rg-{project}-{environment}-{region}-nodes", 1, 80, r"[-\w.()]*[-\w()]"),
    "system_nodes": Kind("system", 1, 12, r"[a-z][a-z0-9]*"),
    "user_nodes": Kind("user", 1, 12, r"[a-z][a-z0-9]*"),
    "runners": Kind(f"vmss-{_PLAIN}-runners", 1, 64, r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9_])?"),
    "federated_credential": Kind("{qualifier}", 3, 120, r"[A-Za-z0-9][\w-]*"),
    "data_collection_rule": Kind(f"dcr-{_PLAIN}-{{qualifier}}", 1, 64, r"[A-Za-z0-9][\w.-]*"),
    "action_group": Kind(f"ag-{_PLAIN}-{{qualifier}}", 1, 260, r"[\w.()-]*[\w()-]"),
    "alert": Kind(f"alert-{_PLAIN}-{{qualifier}}", 1, 260, r"[\w.()-]*[\w()-]"),
    "budget": Kind(f"budget-{_PLAIN}", 1, 63, r"[A-Za-z0-9_-]+"),
    "diagnostics": Kind("to-log-analytics", 1, 260, r"[\w.-]+"),
    "function_app": Kind(
        "func-{project}-{environment}-{hash}", 2, 60, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])", unique=True
    ),
    "function_plan": Kind(f"asp-{_PLAIN}", 1, 60, r"[A-Za-z0-9-]+"),
    "scoring_function": Kind(
        "func-{project}-{environment}-score-{hash}",
        2,
        60,
        r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])",
        unique=True,
    ),
    "scoring_function_plan": Kind(f"asp-{_PLAIN}-score", 1, 60, r"[A-Za-z0-9-]+"),
    "scoring_function_storage": Kind("fs{project}{environment}{hash}", 3, 24, r"[a-z0-9]+", unique=True),
    "system_topic": Kind(f"evgt-{_PLAIN}-{{qualifier}}", 3, 50, r"[A-Za-z0-9-]+"),
    "predictions_server": Kind(
        "psql-{project}-{environment}-{hash}", 3, 63, r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])", unique=True
    ),
    "lock": Kind("protect-data", 1, 90, r"[\w.-]+"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """The physical names of one estate. Raises ValueError for a name that Azure would refuse."""

    subscription_id: str
    project: str
    environment: str
    region_short: str

    @property
    def hash(self) -> str:
        """Eight hex digits that differ between subscriptions, projects and environments."""
        text = "\n".join((self.subscription_id.lower(), self.project, self.environment))
        return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]

    def of(self, kind: str, qualifier: str = "") -> str:
        """The name of the resource of a kind (a key of KINDS); `qualifier` tells several of a kind apart."""
        rule = KINDS[kind]
        if ("{qualifier}" in rule.template) != bool(qualifier):
            raise ValueError(f"{kind}: a qualifier is needed exactly where {rule.template!r} has one")
        name = rule.template.format(
            project=self.project,
            environment=self.environment,
            region=self.region_short,
            hash=self.hash,
            qualifier=qualifier,
        )
        if not rule.shortest <= len(name) <= rule.longest or not re.fullmatch(rule.pattern, name):
            raise ValueError(
                f"{name!r} is no legal name of a {kind}: "
                f"{rule.shortest} to {rule.longest} characters, {rule.pattern}"
            )
        return name


def role_assignment(scope: str, principal: str, role: str) -> str:
    """The name (a UUID) of the assignment of `role` to `principal` on `scope`, all three by stable names."""
    return str(uuid.uuid5(ASSIGNMENTS, "|".join((scope, principal, role)).lower()))


def own_role(tenant_id: str, project: str, role: str) -> str:
    """The id (a UUID) of a role of our own, one in a tenant: the bootstrap and the estates name it."""
    return str(uuid.uuid5(OWN_ROLES, "|".join((tenant_id, project, role)).lower()))


def workbook(estate: str, key: str) -> str:
    """The name (a UUID) of a workbook of an estate."""
    return str(uuid.uuid5(WORKBOOKS, f"{estate}|{key}".lower()))
