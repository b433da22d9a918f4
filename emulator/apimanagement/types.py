"""The types of Microsoft.ApiManagement: services, and what stands in them.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row
from emulator.arm.name_rules import LETTER_FIRST

SERVICE: Final = "Microsoft.ApiManagement/service/{serviceName}"
NAME: Final = NameRule(1, 80, r"[^*#&+:<>?]+", "none of * # & + : < > ?")

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(SERVICE, "apimanagement:ApiManagementService",
        name=NameRule(1, 50, r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?", LETTER_FIRST), unique="global"),
    Row(f"{SERVICE}/apis/{{apiId}}", "apimanagement:Api", name=NameRule(1, 256, r"[^*#&+:<>?]+", NAME.words)),
    Row(f"{SERVICE}/apis/{{apiId}}/policies/{{policyId}}", "apimanagement:ApiPolicy"),
    Row(f"{SERVICE}/apis/{{apiId}}/operations/{{operationId}}", "apimanagement:ApiOperation", name=NAME),
    Row(f"{SERVICE}/apis/{{apiId}}/operations/{{operationId}}/policies/{{policyId}}",
        "apimanagement:ApiOperationPolicy"),
    Row(f"{SERVICE}/apis/{{apiId}}/diagnostics/{{diagnosticId}}", "apimanagement:ApiDiagnostic"),
    Row(f"{SERVICE}/apis/{{apiId}}/releases/{{releaseId}}", "apimanagement:ApiRelease"),
    Row(f"{SERVICE}/apis/{{apiId}}/schemas/{{schemaId}}", "apimanagement:ApiSchema"),
    Row(f"{SERVICE}/apiVersionSets/{{versionSetId}}", "apimanagement:ApiVersionSet", name=NAME),
    Row(f"{SERVICE}/backends/{{backendId}}", "apimanagement:Backend", name=NAME),
    Row(f"{SERVICE}/diagnostics/{{diagnosticId}}", "apimanagement:Diagnostic"),
    Row(f"{SERVICE}/loggers/{{loggerId}}", "apimanagement:Logger"),
    Row(f"{SERVICE}/namedValues/{{namedValueId}}", "apimanagement:NamedValue"),
    Row(f"{SERVICE}/policies/{{policyId}}", "apimanagement:Policy"),
    Row(f"{SERVICE}/policyFragments/{{id}}", "apimanagement:PolicyFragment"),
    Row(f"{SERVICE}/products/{{productId}}", "apimanagement:Product", name=NAME),
    Row(f"{SERVICE}/products/{{productId}}/apis/{{apiId}}", "apimanagement:ProductApi"),
    Row(f"{SERVICE}/products/{{productId}}/policies/{{policyId}}", "apimanagement:ProductPolicy"),
    Row(f"{SERVICE}/subscriptions/{{sid}}", "apimanagement:Subscription"),
)
# fmt: on
