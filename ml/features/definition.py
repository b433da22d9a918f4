"""The definition of a feature table: one file of definitions/ says all of it; what is wrong is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ml.errors import MlopsError
from ml.features.durations import Duration
from ml.features.subset import problems
from ml.lake.arrow import ArrowSchema, ArrowType

FOLDER: Final = Path(__file__).with_name("definitions")
KNOWN_AT: Final = "known_at"
OVERTAKEN: Final = "overtaken"
OWN: Final = (KNOWN_AT, OVERTAKEN)
"""Columns that each table gets: when the row was known, and whether a later event was known by then."""

RELATIONS: Final = frozenset({"made", "known", "appended", "history", "latest"})
"""Names that a build gives to relations of its own, beside those of the sources."""

SPINE: Final = "spine"
"""The name of the rows that features are joined to, beside those of the tables."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Kind = Literal["integer", "number", "text", "boolean"]
PositiveDuration = Annotated[Duration, Field(gt=dt.timedelta(0))]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Source(Part):
    """A table that the transformation reads.

    data_set: its name in the data catalogue. where: a path of the checkout, `lake://CONTAINER/PATH` for the
    environment's own data lake, or any address that docs/data.md names. time: its column of event times,
    where it has one: then rows that are old enough need not be read again, and leaks can be looked for.
    """

    data_set: Text
    where: Text
    time: Name | None = None


class Feature(Part):
    """One column. minimum, maximum: of numbers. most_null: the greatest share of rows without a value."""

    type: Kind
    description: Text
    minimum: float | None = None
    maximum: float | None = None
    most_null: Share = 0.0

    @model_validator(mode="after")
    def _ranged(self) -> Self:
        if self.type not in ("integer", "number") and (self.minimum, self.maximum) != (None, None):
            raise ValueError(f"a {self.type} has neither minimum nor maximum")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"the minimum {self.minimum} is above the maximum {self.maximum}")
        return self


def person_column(key: list[str], person: str | None, personal: str) -> str | None:
    """The column of a key that names whom a row is about; None: rows are about nobody. Raises ValueError."""
    if personal.lower().startswith("none"):
        return None
    if person is None and len(key) > 1:
        raise ValueError(f"person is not given: which of {', '.join(key)} names whom a row is about?")
    return person or key[0]


class Freshness(Part):
    """How old may be what is served. built: the last build; newest: the newest event, where more come."""

    built: PositiveDuration
    newest: PositiveDuration | None = None


class Transformation(Part):
    """sql: of the sources' columns, the key, the event time and each feature; docs/features.md has its rules.

    late: rows of events so far before the newest are still taken; reaches_back: how much further back the
    transformation looks for one row. Both together let a build read new rows of the sources alone.
    """

    sql: Text
    late: PositiveDuration | None = None
    reaches_back: Duration = dt.timedelta(0)


class FeatureTable(Part):
    """A feature table.

    version: another transformation is another version, whose table is built beside the old one.
    known_after: how long after its event a row is known; known_at: the column that says when, in its place.
    time_to_live: an older row is no answer; None: rows hold until there is a later one.
    person: the column of the key that names whom a row is about, where the key has several; `personal` begins
    with "none" where rows are about nobody.
    """

    name: Name
    version: Annotated[int, Field(ge=1)]
    title: Text
    description: Text
    owner: Text
    licence: Text
    personal: Text
    kept: Text
    key: Annotated[list[Name], Field(min_length=1)]
    person: Name | None = None
    event_time: Name
    known_after: Duration | None = None
    known_at: Name | None = None
    time_to_live: PositiveDuration | None = None
    freshness: Freshness
    sources: Annotated[dict[Name, Source], Field(min_length=1)]
    features: Annotated[dict[Name, Feature], Field(min_length=1)]
    transformation: Transformation

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.known_after is None) == (self.known_at is None):
            raise ValueError("known_after or known_at is given, and not both: when is a row known?")
        taken = [*self.key, self.event_time, *self.features]
        twice = sorted({name for name in taken if taken.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is named twice, among key, event_time and features")
        if own := [name for name in taken if name in OWN]:
            raise ValueError(f"{', '.join(own)} is a column that each table has by itself")
        if self.person is not None and self.person not in self.key:
            raise ValueError(f"person is {self.person!r}, which is not in key: {', '.join(self.key)}")
        person_column(self.key, self.person, self.personal)
        timeless = [name for name, source in self.sources.items() if source.time is None]
        if self.transformation.late is not None and timeless:
            raise ValueError(f"transformation.late needs the time of each source; {timeless[0]} has none")
        return self

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name == SPINE:
            raise ValueError(
                f"{SPINE} is the name of the rows that features are joined to: call it otherwise"
            )
        return name

    @field_validator("sources")
    @classmethod
    def _plain(cls, sources: dict[str, Source]) -> dict[str, Source]:
        if used := sorted(RELATIONS.intersection(sources)):
            raise ValueError(f"{', '.join(used)} is a name that a build uses: call the source otherwise")
        return sources

    @property
    def person_column(self) -> str | None:
        """The column that names whom a row is about; None: rows are about nobody."""
        return person_column(self.key, self.person, self.personal)

    @property
    def columns(self) -> list[str]:
        """What the transformation answers."""
        known = [self.known_at] if self.known_at else []
        return [*self.key, self.event_time, *known, *self.features]

    @property
    def digest(self) -> str:
        """Of what decides the rows. Words, limits and places may change without another version."""
        told = {
            "key": self.key,
            "event_time": self.event_time,
            "known_at": self.known_at,
            "known_after": None if self.known_after is None else self.known_after.total_seconds(),
            "features": {name: feature.type for name, feature in self.features.items()},
            "sql": " ".join(self.transformation.sql.split()),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def arrow_schema(self, key_types: dict[str, ArrowType]) -> ArrowSchema:
        """The columns of its tables. key_types: what the key's columns hold, as the sources have it."""
        import pyarrow as pa

        kinds = {"integer": pa.int64(), "number": pa.float64(), "text": pa.string(), "boolean": pa.bool_()}
        when = pa.timestamp("us", "UTC")
        return pa.schema(
            [
                *((name, key_types[name]) for name in self.key),
                (self.event_time, when),
                (KNOWN_AT, when),
                (OVERTAKEN, pa.bool_()),
                *((name, kinds[feature.type]) for name, feature in self.features.items()),
            ]
        )


def parsed(file: Path) -> FeatureTable:
    """The definition, without a look at its SQL. Raises MlopsError naming the file, and each wrong field."""
    try:
        table = FeatureTable.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise _refused(file, [_words(one) for one in error.errors()]) from error
    except (OSError, ValueError) as error:
        raise _refused(file, [str(error)]) from error
    if table.name != file.stem:
        raise _refused(file, [f"name: {table.name!r} is not the file's name, {file.stem!r}"])
    return table


def read(file: Path) -> FeatureTable:
    """The same, with its SQL held against what both engines answer alike."""
    table = parsed(file)
    times = {name: source.time for name, source in table.sources.items()}
    said = problems(table.transformation.sql, times, table.columns, table.event_time)
    if said:
        raise _refused(file, [f"transformation.sql: {one}" for one in said])
    return table


def _words(item: Any) -> str:
    field = ".".join(str(part) for part in item["loc"])
    said = item["msg"].removeprefix("Value error, ")
    if item["type"] in ("missing", "extra_forbidden") or not field:
        return f"{field}: {said}" if field else said
    return f"{field} = {str(item['input'])[:80]!r}: {said}"


def _refused(file: Path, details: Iterable[str]) -> MlopsError:
    return MlopsError(f"{file} does not define a feature table.", "Correct what it names.", list(details))


Reader: TypeAlias = Callable[[Path], FeatureTable]


def read_all(folder: Path = FOLDER, by: Reader = read) -> dict[str, FeatureTable]:
    """All of them by name. Raises MlopsError for the first file that is wrong."""
    return {file.stem: by(file) for file in sorted(folder.glob("*.toml"))}


def chosen(names: Iterable[str], folder: Path = FOLDER, by: Reader = read) -> list[FeatureTable]:
    """Those of these names, or all where none is given. Raises MlopsError for one that is not there.

    by: `parsed` where somebody has held their SQL against the subset before, and its parser is not there.
    """
    known, wanted = read_all(folder, by), list(names)
    if unknown := [name for name in wanted if name not in known]:
        raise MlopsError(
            f"There is no feature table {', '.join(map(repr, unknown))}.",
            f"Give one of {', '.join(known)}, or write {folder / unknown[0]}.toml.",
        )
    return [known[name] for name in wanted or known]
