"""When a schedule starts, as Azure ML takes it: a cron expression, or a recurrence for days of a month.

Azure ML's cron expressions have only * for day and month ("Schedule machine learning pipeline jobs").
"""

from __future__ import annotations

from typing import Any


def of_month(cron: str) -> dict[str, list[int]] | None:
    """Minutes, hours and days of a month; None: the expression names no days of a month.

    Raises ValueError for what is neither: a month, or days of a month beside ranges, steps or a weekday.
    """
    minutes, hours, days, month, weekday = cron.split()
    if month != "*":
        raise ValueError(f"{cron!r}: Azure ML takes only * as month")
    if days == "*":
        return None
    fields = {"minutes": minutes, "hours": hours, "month_days": days}
    if weekday != "*" or not all(part.isdigit() for text in fields.values() for part in text.split(",")):
        raise ValueError(
            f"{cron!r}: with days of a month, minute, hour and day are numbers, and weekday is *"
        )
    return {name: sorted({int(part) for part in text.split(",")}) for name, text in fields.items()}


def trigger(cron: str) -> Any:
    """The trigger of azure-ai-ml, in UTC. Raises ValueError as `of_month`."""
    from azure.ai.ml.entities import CronTrigger, RecurrencePattern, RecurrenceTrigger

    named = of_month(cron)
    if named is None:
        return CronTrigger(expression=cron, time_zone="UTC")
    pattern = RecurrencePattern(
        hours=named["hours"], minutes=named["minutes"], month_days=named["month_days"]
    )
    return RecurrenceTrigger(frequency="month", interval=1, schedule=pattern, time_zone="UTC")


def same(standing: Any, cron: str) -> bool:
    """Whether a schedule's trigger in the workspace is that of the expression."""
    named = of_month(cron)
    if named is None:
        return getattr(standing, "expression", None) == cron
    pattern = getattr(standing, "schedule", None)
    frequency = str(getattr(standing, "frequency", "")).lower().rpartition(".")[2]
    return (frequency, getattr(standing, "interval", None)) == ("month", 1) and all(
        sorted(_list(getattr(pattern, name, None))) == values for name, values in named.items()
    )


def _list(value: Any) -> list[int]:
    return [] if value is None else [int(one) for one in value] if isinstance(value, list) else [int(value)]
