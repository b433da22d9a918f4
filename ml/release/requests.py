"""Back from an answer: which release gave it, by what the service told of the request."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ml.errors import MlopsError

if TYPE_CHECKING:
    from ml.azure.clients import Azure

QUERY: Final = Path(__file__).with_name("queries") / "request.kql"
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")  # what the service takes and makes
KEPT: Final = timedelta(days=30)


def query_of(request_id: str) -> str:
    """The query for one request. Raises MlopsError for what is no id: it stands inside the query."""
    if not REQUEST_ID.fullmatch(request_id):
        raise MlopsError(
            f"--request {request_id[:80]!r} is no id of a request.",
            "Give the header x-request-id of an answer, or its member request_id.",
        )
    return QUERY.read_text(encoding="utf-8").replace("REQUEST_ID", request_id)


def release_of(azure: "Azure", request_id: str) -> dict[str, str]:
    """What telemetry says of a request: release, model, environment, when. Raises MlopsError.

    Requests are sampled when there are many, and arrive some minutes late.
    """
    from azure.monitor.query import LogsQueryClient

    query = query_of(request_id)
    client = LogsQueryClient(azure.credential, **azure.limits)
    answer: Any = azure.granted(
        lambda: client.query_resource(azure.estate.log_analytics_id, query, timespan=KEPT),
        "query the telemetry",
    )
    tables: list[Any] = list(getattr(answer, "tables", None) or answer.partial_data)
    rows = [dict(zip(table.columns, row, strict=True)) for table in tables for row in table.rows]
    if not rows:
        raise MlopsError(
            f"Telemetry of {azure.estate.environment} knows no request {request_id} of the last "
            f"{KEPT.days} days.",
            "Ask again in some minutes, or in the environment that answered. Of many, a part is kept.",
        )
    found = {name: str(value) for name, value in rows[0].items() if value not in (None, "")}
    if not found.get("release"):
        raise MlopsError(
            f"The request {request_id} was answered by a service that does not tell its release.",
            "It was deployed by an older `mlops`: deploy again.",
        )
    return found
