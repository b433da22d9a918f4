"""The settings of what is scheduled: tables of [scheduled] in ml/settings.toml."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ml.scheduled.triggers import of_month

FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))  # of a cron expression: from, to


def _cron(text: str) -> str:
    parts = text.split()
    if len(parts) != len(FIELDS):
        raise ValueError(f"{text!r} has {len(parts)} fields: minute, hour, day, month and weekday are five")
    for part, (low, high) in zip(parts, FIELDS, strict=True):
        _field(text, part, low, high)
    of_month(" ".join(parts))
    return " ".join(parts)


def _field(text: str, part: str, low: int, high: int) -> None:
    for each in part.split(","):
        span, _, step = each.partition("/")
        ends = [] if span == "*" else span.split("-")
        numbers = [*ends, *([step] if "/" in each else [])]
        if not all(number.isdigit() for number in numbers) or len(ends) > 2:
            raise ValueError(f"{text!r}: {each!r} is no number, range, * or step")
        if not all(low <= int(end) <= high for end in ends) or (step and int(step) == 0):
            raise ValueError(f"{text!r}: {each!r} is not within {low} to {high}")


Cron = Annotated[str, AfterValidator(_cron)]


class Row(BaseModel):
    """on: whether `mlops schedule apply` makes it. cron: when, in UTC, in place of the table's."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    on: bool = True
    cron: Cron | None = None


class BatchRow(Row):
    """Of `mlops batch` each day. {date} of data: the day before. {data_lake}: the estate's account."""

    on: bool = False
    data: str = Field(
        default="abfss://tables@{data_lake}.dfs.core.windows.net/batch/{date}",
        pattern=r"^abfss://[^/]+/.*\{date\}",
    )
    key: str | None = None


class FeaturesRow(Row):
    """Of `mlops features build`. tables: by name; none is all. sources: the places of data sets that a
    definition names elsewhere than in the data lake, as lake://CONTAINER/PATH."""

    on: bool = False
    tables: list[str] = []
    sources: dict[str, str] = {}


class OffRow(Row):
    """Of what an estate has only where it says so."""

    on: bool = False


class FleetRow(Row):
    """Of the training of a fleet. declaration: its file, from the checkout. data: where its rows are when it
    starts, in a datastore of the workspace."""

    on: bool = False
    declaration: str | None = None
    data: str | None = Field(default=None, pattern=r"^azureml://datastores/[^/]+/paths/.+\.parquet$")


class ScheduledSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    collect: Row = Row()
    quality: Row = Row()
    push: Row = Row()
    batch: BatchRow = BatchRow()
    features: FeaturesRow = FeaturesRow()
    precomputed: OffRow = OffRow()
    fleet: FleetRow = FleetRow()

    def row(self, name: str) -> Row:
        return getattr(self, name)
