"""The tables of a workspace as queries see them, from "Azure Monitor Logs table reference" (read 2026-11).

A column that telemetry fills here is one of `emulator.monitor.tables`; every other one is empty in each row.
"""

from __future__ import annotations

from typing import Final

from emulator.monitor.kql.kinds import Kind
from emulator.monitor.tables import COMMON, JSON_COLUMNS, TABLES

TIMES: Final = frozenset({"TimeGenerated", "_TimeReceived"})
_STORED: Final[dict[str, Kind]] = {"TEXT": "string", "INTEGER": "int", "REAL": "real"}
Columns = tuple[tuple[str, Kind], ...]

# of each table of Application Insights, beyond what is stored
_OF_CLIENTS: Final[Columns] = (
    ("UserAuthenticatedId", "string"),
    ("UserAccountId", "string"),
    ("ClientType", "string"),
    ("ClientModel", "string"),
    ("ClientOS", "string"),
    ("ClientCity", "string"),
    ("ClientStateOrProvince", "string"),
    ("ClientCountryOrRegion", "string"),
    ("ClientBrowser", "string"),
    ("ResourceGUID", "string"),
    ("ReferencedItemId", "string"),
    ("ReferencedType", "string"),
    ("SourceSystem", "string"),
    ("Type", "string"),
)
_MORE: Final[dict[str, Columns]] = {
    "AppRequests": (("PerformanceBucket", "string"),),
    "AppDependencies": (("PerformanceBucket", "string"),),
    "AppTraces": (),
    "AppExceptions": (
        ("HandledAt", "string"),
        ("Assembly", "string"),
        ("Method", "string"),
        ("OuterType", "string"),
        ("OuterAssembly", "string"),
        ("OuterMethod", "string"),
        ("InnermostType", "string"),
        ("InnermostMessage", "string"),
        ("InnermostAssembly", "string"),
        ("InnermostMethod", "string"),
    ),
    "AppMetrics": (),
    "AppEvents": (),
    "AppAvailabilityResults": (("Size", "real"), ("PerformanceBucket", "string")),
}
_EVERY: Final[Columns] = (
    ("TenantId", "string"),
    ("TimeGenerated", "datetime"),
    ("SourceSystem", "string"),
    ("Type", "string"),
    ("_ResourceId", "string"),
)
# tables that no part of the emulator fills by itself: they have their columns and no rows
_UNFILLED: Final[dict[str, Columns]] = {
    "AppPerformanceCounters": (
        ("Name", "string"),
        ("Category", "string"),
        ("Counter", "string"),
        ("Instance", "string"),
        ("Value", "real"),
        ("Properties", "dynamic"),
        ("AppRoleName", "string"),
        ("AppRoleInstance", "string"),
        ("AppVersion", "string"),
        ("OperationId", "string"),
        ("OperationName", "string"),
        ("ItemCount", "int"),
    ),
    "AppPageViews": (
        ("Name", "string"),
        ("Url", "string"),
        ("DurationMs", "real"),
        ("Properties", "dynamic"),
        ("Measurements", "dynamic"),
        ("OperationId", "string"),
        ("OperationName", "string"),
        ("ItemCount", "int"),
    ),
    "Usage": (
        ("Computer", "string"),
        ("DataType", "string"),
        ("StartTime", "datetime"),
        ("EndTime", "datetime"),
        ("IsBillable", "bool"),
        ("Quantity", "real"),
        ("QuantityUnit", "string"),
        ("ResourceUri", "string"),
        ("Solution", "string"),
        ("MeterId", "string"),
    ),
    "Heartbeat": (
        ("Computer", "string"),
        ("Category", "string"),
        ("OSType", "string"),
        ("Version", "string"),
        ("ComputerIP", "string"),
        ("SubscriptionId", "string"),
        ("ResourceGroup", "string"),
        ("Resource", "string"),
        ("ResourceProvider", "string"),
        ("ResourceType", "string"),
    ),
    "AzureActivity": (
        ("OperationName", "string"),
        ("OperationNameValue", "string"),
        ("Level", "string"),
        ("ActivityStatus", "string"),
        ("ActivityStatusValue", "string"),
        ("ActivitySubstatusValue", "string"),
        ("ResourceGroup", "string"),
        ("SubscriptionId", "string"),
        ("CorrelationId", "string"),
        ("Caller", "string"),
        ("CallerIpAddress", "string"),
        ("Category", "string"),
        ("CategoryValue", "string"),
        ("ResourceProviderValue", "string"),
        ("Authorization", "string"),
        ("Authorization_d", "dynamic"),
        ("Claims", "string"),
        ("Claims_d", "dynamic"),
        ("Properties", "string"),
        ("Properties_d", "dynamic"),
        ("EventSubmissionTimestamp", "datetime"),
    ),
    "ApiManagementGatewayLogs": (
        ("OperationName", "string"),
        ("CorrelationId", "string"),
        ("Region", "string"),
        ("IsRequestSuccess", "bool"),
        ("Category", "string"),
        ("TotalTime", "long"),
        ("CallerIpAddress", "string"),
        ("Method", "string"),
        ("Url", "string"),
        ("ClientProtocol", "string"),
        ("ResponseCode", "int"),
        ("BackendMethod", "string"),
        ("BackendUrl", "string"),
        ("BackendResponseCode", "int"),
        ("BackendProtocol", "string"),
        ("RequestSize", "int"),
        ("ResponseSize", "int"),
        ("Cache", "string"),
        ("CacheTime", "long"),
        ("BackendTime", "long"),
        ("ClientTime", "long"),
        ("ApiId", "string"),
        ("OperationId", "string"),
        ("ProductId", "string"),
        ("UserId", "string"),
        ("ApimSubscriptionId", "string"),
        ("BackendId", "string"),
        ("LastErrorElapsed", "long"),
        ("LastErrorSource", "string"),
        ("LastErrorReason", "string"),
        ("LastErrorMessage", "string"),
        ("LastErrorSection", "string"),
        ("ApiRevision", "string"),
        ("ClientTlsVersion", "string"),
        ("RequestHeaders", "dynamic"),
        ("ResponseHeaders", "dynamic"),
        ("RequestBody", "string"),
        ("ResponseBody", "string"),
    ),
    "AzureMetrics": (
        ("MetricName", "string"),
        ("Total", "real"),
        ("Count", "real"),
        ("Maximum", "real"),
        ("Minimum", "real"),
        ("Average", "real"),
        ("TimeGrain", "string"),
        ("UnitName", "string"),
        ("ResourceId", "string"),
        ("Resource", "string"),
        ("ResourceGroup", "string"),
        ("ResourceProvider", "string"),
        ("SubscriptionId", "string"),
    ),
    "AzureDiagnostics": (
        ("ResourceId", "string"),
        ("Category", "string"),
        ("ResourceGroup", "string"),
        ("SubscriptionId", "string"),
        ("ResourceProvider", "string"),
        ("Resource", "string"),
        ("ResourceType", "string"),
        ("OperationName", "string"),
        ("ResultType", "string"),
        ("CorrelationId", "string"),
        ("ResultDescription", "string"),
    ),
    "_LogOperation": (
        ("Category", "string"),
        ("Operation", "string"),
        ("Level", "string"),
        ("Detail", "string"),
        ("OperationKey", "string"),
        ("WorkspaceId", "string"),
    ),
}


def kind_of(name: str, stored: str) -> Kind:
    """The type of a stored column as queries see it."""
    if name in TIMES:
        return "datetime"
    if name in JSON_COLUMNS:
        return "dynamic"
    return "bool" if name == "Success" else _STORED[stored]


def _of(table: str) -> Columns:
    stored = {**COMMON, **TABLES[table]}
    own: Columns = tuple(
        (name, kind_of(name, kind)) for name, kind in stored.items() if name != "_TimeReceived"
    )
    return (*own, *_MORE[table], *_OF_CLIENTS)


SCHEMA: Final[dict[str, Columns]] = {
    **{table: _of(table) for table in TABLES},
    **{table: (*_EVERY, *columns) for table, columns in _UNFILLED.items()},
}
"""Table -> its columns with their types, in the order in which `*` gives them."""

# the classic names of Application Insights, from "Legacy table names" of workspace-based resources
_CLASSIC_COMMON: Final[tuple[tuple[str, Kind, str], ...]] = (
    ("timestamp", "datetime", "TimeGenerated"),
    ("itemType", "string", "Type"),
    ("customDimensions", "dynamic", "Properties"),
    ("customMeasurements", "dynamic", "Measurements"),
    ("operation_Name", "string", "OperationName"),
    ("operation_Id", "string", "OperationId"),
    ("operation_ParentId", "string", "ParentId"),
    ("operation_SyntheticSource", "string", "SyntheticSource"),
    ("session_Id", "string", "SessionId"),
    ("user_Id", "string", "UserId"),
    ("user_AuthenticatedId", "string", "UserAuthenticatedId"),
    ("user_AccountId", "string", "UserAccountId"),
    ("application_Version", "string", "AppVersion"),
    ("client_Type", "string", "ClientType"),
    ("client_Model", "string", "ClientModel"),
    ("client_OS", "string", "ClientOS"),
    ("client_IP", "string", "ClientIP"),
    ("client_City", "string", "ClientCity"),
    ("client_StateOrProvince", "string", "ClientStateOrProvince"),
    ("client_CountryOrRegion", "string", "ClientCountryOrRegion"),
    ("client_Browser", "string", "ClientBrowser"),
    ("cloud_RoleName", "string", "AppRoleName"),
    ("cloud_RoleInstance", "string", "AppRoleInstance"),
    ("iKey", "string", "IKey"),
    ("sdkVersion", "string", "SDKVersion"),
    ("itemCount", "int", "ItemCount"),
    ("_ResourceId", "string", "_ResourceId"),
)
CLASSIC: Final[dict[str, tuple[str, tuple[tuple[str, Kind, str], ...]]]] = {
    "requests": (
        "AppRequests",
        (
            ("id", "string", "Id"),
            ("source", "string", "Source"),
            ("name", "string", "Name"),
            ("url", "string", "Url"),
            ("success", "string", "Success"),
            ("resultCode", "string", "ResultCode"),
            ("duration", "real", "DurationMs"),
            ("performanceBucket", "string", "PerformanceBucket"),
            *_CLASSIC_COMMON,
        ),
    ),
    "dependencies": (
        "AppDependencies",
        (
            ("id", "string", "Id"),
            ("target", "string", "Target"),
            ("type", "string", "DependencyType"),
            ("name", "string", "Name"),
            ("data", "string", "Data"),
            ("success", "string", "Success"),
            ("resultCode", "string", "ResultCode"),
            ("duration", "real", "DurationMs"),
            ("performanceBucket", "string", "PerformanceBucket"),
            *_CLASSIC_COMMON,
        ),
    ),
    "traces": (
        "AppTraces",
        (("message", "string", "Message"), ("severityLevel", "int", "SeverityLevel"), *_CLASSIC_COMMON),
    ),
    "exceptions": (
        "AppExceptions",
        (
            ("problemId", "string", "ProblemId"),
            ("type", "string", "ExceptionType"),
            ("outerMessage", "string", "OuterMessage"),
            ("severityLevel", "int", "SeverityLevel"),
            ("details", "dynamic", "Details"),
            *_CLASSIC_COMMON,
        ),
    ),
    "customMetrics": (
        "AppMetrics",
        (
            ("name", "string", "Name"),
            ("value", "real", "Sum"),
            ("valueCount", "int", "ItemCount"),
            ("valueSum", "real", "Sum"),
            ("valueMin", "real", "Min"),
            ("valueMax", "real", "Max"),
            *_CLASSIC_COMMON,
        ),
    ),
    "customEvents": ("AppEvents", (("name", "string", "Name"), *_CLASSIC_COMMON)),
    "availabilityResults": (
        "AppAvailabilityResults",
        (
            ("id", "string", "Id"),
            ("name", "string", "Name"),
            ("location", "string", "Location"),
            ("success", "string", "Success"),
            ("message", "string", "Message"),
            ("duration", "real", "DurationMs"),
            *_CLASSIC_COMMON,
        ),
    ),
}
"""Classic table -> the table that has its rows, and its columns with the ones that they are there."""
