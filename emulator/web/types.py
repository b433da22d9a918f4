"""The types of Microsoft.Web: plans, apps, static sites and certificates.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row
from emulator.arm.name_rules import HYPHENS

SITE: Final = "Microsoft.Web/sites/{name}"
NAME: Final = NameRule(2, 60, r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])", HYPHENS)

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row("Microsoft.Web/staticSites/{name}", "web:StaticSite"),
    Row("Microsoft.Web/serverfarms/{name}", "web:AppServicePlan",
        name=NameRule(1, 60, r"[A-Za-z0-9-]+", "letters, digits and hyphens")),
    Row(SITE, "web:WebApp", name=NAME, unique="global"),
    Row(f"{SITE}/config/authsettingsV2", "web:WebAppAuthSettingsV2"),
    Row(f"{SITE}/basicPublishingCredentialsPolicies/scm", "web:WebAppScmAllowed"),
    Row(f"{SITE}/basicPublishingCredentialsPolicies/ftp", "web:WebAppFtpAllowed"),
    Row(f"{SITE}/slots/{{slot}}", "web:WebAppSlot", name=NAME),
    Row(f"{SITE}/hostNameBindings/{{hostName}}", "web:WebAppHostNameBinding"),
    Row("Microsoft.Web/certificates/{name}", "web:Certificate"),
)
# fmt: on
