"""The tables of workspace-based Application Insights, as far as they are filled here."""

from __future__ import annotations

# column -> sqlite type; every table has COMMON first. Names are those of the Log Analytics tables.
COMMON: dict[str, str] = {
    "TimeGenerated": "TEXT",  # ISO 8601, UTC, microseconds
    "OperationId": "TEXT",
    "OperationName": "TEXT",
    "ParentId": "TEXT",
    "SyntheticSource": "TEXT",
    "AppRoleName": "TEXT",
    "AppRoleInstance": "TEXT",
    "AppVersion": "TEXT",
    "SDKVersion": "TEXT",
    "SessionId": "TEXT",
    "UserId": "TEXT",
    "ClientIP": "TEXT",
    "Properties": "TEXT",  # JSON object of texts
    "Measurements": "TEXT",  # JSON object of numbers
    "ItemCount": "INTEGER",  # how many items it stands for, after sampling
    "IKey": "TEXT",
    "_ResourceId": "TEXT",  # of the component, lower case
    "_TimeReceived": "TEXT",
    "TenantId": "TEXT",  # the customerId of the workspace
}
TABLES: dict[str, dict[str, str]] = {
    "AppRequests": {
        "Id": "TEXT",
        "Name": "TEXT",
        "Url": "TEXT",
        "Source": "TEXT",
        "Success": "INTEGER",
        "ResultCode": "TEXT",
        "DurationMs": "REAL",
    },
    "AppDependencies": {
        "Id": "TEXT",
        "Name": "TEXT",
        "Target": "TEXT",
        "DependencyType": "TEXT",
        "Data": "TEXT",
        "Success": "INTEGER",
        "ResultCode": "TEXT",
        "DurationMs": "REAL",
    },
    "AppTraces": {"Message": "TEXT", "SeverityLevel": "INTEGER"},
    "AppExceptions": {
        "ProblemId": "TEXT",
        "ExceptionType": "TEXT",
        "OuterMessage": "TEXT",
        "Details": "TEXT",  # JSON
        "SeverityLevel": "INTEGER",
    },
    "AppMetrics": {"Name": "TEXT", "Namespace": "TEXT", "Sum": "REAL", "Min": "REAL", "Max": "REAL"},
    "AppEvents": {"Name": "TEXT"},
    "AppAvailabilityResults": {
        "Id": "TEXT",
        "Name": "TEXT",
        "Location": "TEXT",
        "Success": "INTEGER",
        "Message": "TEXT",
        "DurationMs": "REAL",
    },
}
DELETED = "Deleted_"  # prefix of the tables that hold the rows of deleted workspaces
JSON_COLUMNS = frozenset({"Properties", "Measurements", "Details"})


def schema() -> str:
    """The statements that make the tables."""
    return "\n".join(
        f"CREATE TABLE IF NOT EXISTS {prefix}{table} ("
        + ", ".join(f"{name} {kind}" for name, kind in {**COMMON, **columns}.items())
        + f");\nCREATE INDEX IF NOT EXISTS {prefix}{table}_time ON {prefix}{table} (TimeGenerated);"
        for table, columns in TABLES.items()
        for prefix in ("", DELETED)
    )
