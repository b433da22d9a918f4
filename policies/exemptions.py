"""Where a rule does not hold, on purpose: for how long, and why. An exemption that is over fails again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from policies.model import Violation


@dataclass(frozen=True, slots=True)
class Exemption:
    """rule: its id. stack: its name. expires: the last day on which it holds.

    resources: names, with "*"; several by ", ".
    """

    rule: str
    stack: str
    resources: str
    reason: str
    expires: date

    def covers(self, violation: Violation, stack: str) -> bool:
        return (
            violation.rule == self.rule
            and stack == self.stack
            and any(fnmatchcase(violation.resource.name, one) for one in self.resources.split(", "))
        )


ALLOWLIST: Final = "stage answers the listed ranges and its own subnets (networkAccess.mode: allowlist)"
SIGNED_IN: Final = "stage's has no allow-list of its own; everybody signs in (docs/estate.md)"
CALLED: Final = (
    "action groups, of which the service tag alone is let in, call from public addresses, and so do the "
    "listed ranges: the ones sign in, the others bring the callers' key"
)
APPS: Final = "retraining-app, scoring-function-app"
CHEAP: Final = "stage is made again from code; what it holds is no record of anything"
EXAMPLE: Final = "the ids of the stack file are examples: a real production sets protectData"
PUBLIC: Final = "Azure takes a disabled export only from a registry without public access"
OWN_STORAGE: Final = "Azure ML makes containers and shares there; the other way is a role on the whole group"
END: Final = date(2027, 11, 30)

EXEMPTIONS: Final = (
    Exemption("storage-public-network", "stage", "*", ALLOWLIST, END),
    Exemption("vault-public-network", "stage", "*", ALLOWLIST, END),
    Exemption("registry-public-network", "stage", "registry", ALLOWLIST, END),
    Exemption("registry-no-export", "stage", "registry", PUBLIC, END),
    Exemption("workspace-public-network", "stage", "workspace", SIGNED_IN, END),
    Exemption("apim-public-network", "stage", "gateway", SIGNED_IN, END),
    Exemption("site-public-network", "stage", APPS, CALLED, END),
    Exemption("logs-ingestion-private", "stage", "telemetry-logs", SIGNED_IN, END),
    Exemption("logs-query-private", "stage", "telemetry-logs", SIGNED_IN, END),
    Exemption("insights-ingestion-private", "stage", "telemetry-insights", SIGNED_IN, END),
    Exemption("insights-query-private", "stage", "telemetry-insights", SIGNED_IN, END),
    Exemption("storage-redundancy", "stage", "*", CHEAP, END),
    Exemption("registry-zones", "stage", "registry", CHEAP, END),
    Exemption("data-protected", "stage", "*", CHEAP, END),
    Exemption("data-protected", "prod", "*", EXAMPLE, END),
    *(
        Exemption(
            "role-not-privileged", stack, "workspace-storage-account-contributor-on-storage", OWN_STORAGE, END
        )
        for stack in ("stage", "prod")
    ),
)
