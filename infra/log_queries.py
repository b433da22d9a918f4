"""Queries as rules and workbooks ask them: also of tables without rows, and of one estate's rows alone."""

import re
from typing import Final

# What the rules ask of a table, typed as in "Azure Monitor Logs reference" (read 2026-11): of another type
# the column would become two once rows come.
COLUMNS: Final[dict[str, str]] = {
    "AppMetrics": "Name: string, Sum: real, Max: real, ItemCount: int, Properties: dynamic",
    "AppEvents": "Name: string, Properties: dynamic",
    "AppRequests": "OperationName: string, ResultCode: string, ItemCount: int",
}


def from_the_first_day(query: str) -> str:
    """The query as a rule asks it: the same over rows, and over no rows while its table is not there.

    A new Log Analytics workspace has a table of telemetry once a row has come, and Azure makes no rule over a
    table that it does not know, the check of the query skipped or not: the first `pulumi up` would fail.
    """
    table = re.split(r"\W", query, maxsplit=1)[0]
    if table not in COLUMNS:
        return query  # a function of Log Analytics itself, which each workspace has
    nothing = f"datatable(TimeGenerated: datetime, _ResourceId: string, {COLUMNS[table]})[]"
    return f"union isfuzzy=true ({nothing}), {query}"


def only_of(query: str, insights: str) -> str:
    """The query over rows of one Application Insights, where several estates write to one Log Analytics."""
    table = re.split(r"\W", query, maxsplit=1)[0]
    return f'{table}\n| where _ResourceId =~ "{insights}"\n{query[len(table) :].lstrip()}'
