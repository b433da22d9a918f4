"""The types of Microsoft.ContainerRegistry: registries, and what stands in them.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row
from emulator.arm.name_rules import HYPHENS

REGISTRY: Final = "Microsoft.ContainerRegistry/registries/{registryName}"

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(REGISTRY, "containerregistry:Registry",
        name=NameRule(5, 50, r"[A-Za-z0-9]+", "letters and digits only"), unique="global"),
    Row(f"{REGISTRY}/agentPools/{{agentPoolName}}", "containerregistry:AgentPool",
        name=NameRule(3, 20, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])", HYPHENS)),
    Row(f"{REGISTRY}/replications/{{replicationName}}", "containerregistry:Replication"),
    Row(f"{REGISTRY}/webhooks/{{webhookName}}", "containerregistry:Webhook"),
    Row(f"{REGISTRY}/cacheRules/{{cacheRuleName}}", "containerregistry:CacheRule"),
    Row(f"{REGISTRY}/credentialSets/{{credentialSetName}}", "containerregistry:CredentialSet"),
    Row(f"{REGISTRY}/scopeMaps/{{scopeMapName}}", "containerregistry:ScopeMap"),
    Row(f"{REGISTRY}/tokens/{{tokenName}}", "containerregistry:Token"),
    Row(f"{REGISTRY}/tasks/{{taskName}}", "containerregistry:Task"),
    Row(f"{REGISTRY}/taskRuns/{{taskRunName}}", "containerregistry:TaskRun"),
    Row(f"{REGISTRY}/runs/{{runId}}"),
)
# fmt: on
