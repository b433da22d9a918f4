"""What the tests of the push share: production's answers with their labels, and what a stack has made."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from emulator.identity.directory import SIGNED_IN
from infra.roles import ROLES
from tests.e2e.inside import Inside
from tests.e2e.loop import PROGRAMS
from tests.e2e.production import RUNNERS
from tests.e2e.world import ROOT

ROWS: Final = 3_000


def outputs(world: Inside, stack: str) -> dict[str, Any]:
    return json.loads(world.pulumi("stack output", stack, "--json").stdout)


def labelled(world: Inside, prod: dict[str, Any]) -> None:
    """Answers are there as `mlops collect` keeps them; whoever puts them there has a right that it has."""
    role = f"/subscriptions/{prod['subscription_id']}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "principalId": SIGNED_IN.object_id,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"{role}/{ROLES['Storage Blob Data Contributor']}",
    }
    name = "0c1f3d5a-0000-4000-8000-0000000000c1"
    scope = f"{prod['data_lake_id']}/providers/Microsoft.Authorization/roleAssignments/{name}"
    world.inner.arm.put(scope, {"properties": properties})
    program = (sys.executable, str(PROGRAMS / "labelled.py"), prod["data_lake"], str(ROWS))
    world.emulator("run", *RUNNERS, "--", *program, PYTHONPATH=str(ROOT))
