"""What Azure refuses of a budget: a start that is no month, has passed, or is changed.

From "Budgets - Create Or Update" and reports: Azure/azure-quickstart-templates#7095 (a month that has passed,
when a budget is made again), canada-ca/CanadaPubSecALZ#317 (a start that is changed). No cost is counted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

BUDGET: Final = "Microsoft.Consumption/budgets"
MONTHLY: Final = frozenset({"Monthly", "BillingMonth"})

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Check budgets."""

    @arm.before_put(BUDGET)
    def budget(put: Put) -> None:
        start = _start(put.properties)
        if put.old is not None:
            if start != _start(put.old["properties"]):
                raise _refused("Start date of a budget cannot be changed.")
            return
        now = datetime.now(UTC)
        if put.properties.get("timeGrain") in MONTHLY and (start.year, start.month) < (now.year, now.month):
            raise _refused(
                "Start date should not be earlier than the first of the current time grain period: "
                f"{start:%Y-%m-%d}."
            )


def _start(properties: Json) -> datetime:
    text = str((properties.get("timePeriod") or {}).get("startDate", ""))
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(f"Start date '{text}' is not a date.") from None
    if start.day != 1:
        raise _refused("Start date should be the first of a month.")
    return start.replace(tzinfo=UTC)


def _refused(message: str) -> AzureError:
    return AzureError(400, "400", message)
