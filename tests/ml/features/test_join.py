"""Rows as of a time, against an oracle that is too slow and too plain to be wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import MlopsError
from ml.features import transform
from ml.features.definition import FeatureTable
from ml.features.engine import Machine, engine
from ml.features.join import Wanted, as_of, check_spine
from tests.ml.features.tables import LAG, at, definition, empty, events, spine

Row = tuple[int, float, float, int | None]  # id, happened, learned, value


@pytest.fixture(scope="module")
def connection() -> Generator[Machine]:
    with engine(0.5, 1) as opened:
        yield opened


def register(connection: Machine, name: str, rows: pa.Table) -> None:
    connection.register(name, rows)


def built(
    connection: Machine, table: FeatureTable, builds: list[tuple[float, list[Row]]]
) -> tuple[pa.Table, pa.Table]:
    """History and latest rows after builds at these hours, each of what the source said then."""
    history = latest = empty(table)
    before: dt.datetime | None = None
    for hour, rows in builds:
        for name, now in (("events", events(rows)), ("history", history), ("latest", latest)):
            register(connection, name, now)
        transform.make(connection, table)
        transform.append(connection, table, before, at(hour))
        added = connection.sql(transform.rows_to_append(table)).to_arrow_table().cast(history.schema)
        latest = connection.sql(transform.latest_after(table)).to_arrow_table().cast(history.schema)
        history, before = pa.concat_tables([history, added]), at(hour)
    return history, latest


def joined(connection: Machine, table: FeatureTable, rows: pa.Table, asked: pa.Table) -> list[Any]:
    register(connection, "spine", asked)
    register(connection, "rows", rows)
    wanted = [Wanted(table, ["value"], "rows")]
    check_spine(connection, wanted, "asked")
    found, by_windows = (
        connection.sql(as_of(wanted, "asked", windows=windows)).to_arrow_table().sort_by("row")
        for windows in (False, True)
    )
    assert by_windows.equals(found), "an engine without ASOF JOIN answers the same"
    return found.column("value").to_pylist()


def oracle(table: FeatureTable, builds: list[tuple[float, list[Row]]], id_: int, hour: float) -> int | None:
    """The answer by the rule in words: each fact has a time at which it was known; later ones do not exist.

    A fact that a build learns too late is known from that build on. Of one event the last known counts.
    """
    facts: list[tuple[float, float, int | None]] = []  # happened, known, value
    last = float("-inf")
    for now, rows in builds:
        natural = [
            (row[1], row[1] + 2 if table.known_at is None else row[2], row[3])
            for row in rows
            if row[0] == id_
        ]
        fresh = [fact for fact in natural if last < fact[1] <= now]
        for event in {fact[0] for fact in natural if fact[1] <= last} - {fact[0] for fact in fresh}:
            said = max(fact[1:] for fact in natural if fact[0] == event and fact[1] <= last)
            had = [fact for fact in facts if fact[0] == event]
            if not had or max(had, key=lambda fact: fact[1])[2] != said[1]:
                fresh.append((event, now, said[1]))
        facts += fresh
        last = now
    known = [fact for fact in facts if fact[1] <= hour]
    if not known:
        return None
    event, _, value = max(known, key=lambda fact: fact[:2])
    lives = table.time_to_live
    return value if lives is None or dt.timedelta(hours=hour - event) <= lives else None


@st.composite
def worlds(draw: st.DrawFn) -> tuple[FeatureTable, list[tuple[float, list[Row]]]]:
    """A table, and up to three builds of a source in which rows turn up late and are corrected."""
    own = draw(st.booleans())
    more: dict[str, Any] = {"known_at": "learned"} if own else {}
    if draw(st.booleans()):
        more["time_to_live"] = "4 hours"
    table = definition(**more)
    times = sorted(draw(st.sets(st.integers(1, 16), min_size=1, max_size=3)))
    build, value = st.integers(0, len(times) - 1), st.one_of(st.none(), st.integers(0, 3))
    facts = draw(
        st.lists(
            st.tuples(
                st.integers(1, 3),
                st.integers(0, 8),
                st.integers(0, 8),
                value,
                build,
                st.one_of(st.none(), build),
                value,
            ),
            min_size=4,
            max_size=30,
            unique_by=lambda fact: (fact[0], fact[1], fact[2] if own else 0),
        )
    )
    builds: list[tuple[float, list[Row]]] = [
        (
            float(time),
            [
                (id_, event, event + lag, other if changed is not None and changed <= number else value)
                for id_, event, lag, value, there, changed, other in facts
                if there <= number
            ],
        )
        for number, time in enumerate(times)
    ]
    return table, builds


@given(worlds())
@settings(max_examples=15, deadline=None)
def test_each_row_is_as_it_was_known_then(connection: Machine, world: Any) -> None:
    table, builds = world
    asked = [(id_, hour) for id_ in range(1, 5) for hour in np.arange(0, 26, 0.5)]
    history, latest = built(connection, table, builds)
    found = joined(connection, table, history, spine(asked))
    assert found == [oracle(table, builds, id_, hour) for id_, hour in asked]
    # What is served after the last build is what training gets for that time, by the same statement.
    after = [(id_, builds[-1][0] + hour) for id_, hour in asked]
    assert joined(connection, table, latest, spine(after)) == joined(connection, table, history, spine(after))


def test_a_later_build_changes_nothing_of_the_past(connection: Machine) -> None:
    table = definition()
    first = (4.0, [(1, 0.0, 0.0, 10), (1, 2.0, 0.0, 20)])
    second = (9.0, [(1, 0.0, 0.0, 11), (1, 1.0, 0.0, 15), (1, 2.0, 0.0, 21), (1, 6.0, 0.0, 60)])
    asked = spine([(1, hour) for hour in (1.9, 2.0, 3.9, 4.0, 7.9)])
    before, _ = built(connection, table, [first])
    after, _ = built(connection, table, [first, second])
    expected = [None, 10, 10, 20, 20]
    assert joined(connection, table, before, asked) == expected
    assert joined(connection, table, after, asked) == expected
    assert joined(connection, table, after, spine([(1, 8.0), (1, 9.0)])) == [60, 60]


def test_an_event_that_comes_late_does_not_stand_over_a_later_one(connection: Machine) -> None:
    builds = [(8.0, [(1, 5.0, 0.0, 50)]), (9.0, [(1, 5.0, 0.0, 50), (1, 3.0, 0.0, 30)])]
    history, latest = built(connection, definition(), builds)
    assert joined(connection, definition(), history, spine([(1, 6.0), (1, 8.0), (1, 20.0)])) == [None, 50, 50]
    assert latest.column("value").to_pylist() == [50]


def test_a_version_that_came_in_time_stands_over_one_that_came_late(connection: Machine) -> None:
    table = definition(known_at="learned")
    builds = [(4.0, [(1, 0.0, 1.0, 10)]), (9.0, [(1, 0.0, 1.0, 11), (1, 0.0, 6.0, 20)])]
    history, latest = built(connection, table, builds)
    assert joined(connection, table, history, spine([(1, 5.0), (1, 6.0), (1, 9.0)])) == [10, 20, 20]
    assert latest.column("value").to_pylist() == [20]


def test_a_row_counts_from_the_moment_at_which_it_is_known_and_to_the_end_of_its_life(
    connection: Machine,
) -> None:
    table = definition(time_to_live="4 hours")
    history, _ = built(connection, table, [(20.0, [(1, 1.0, 0.0, 7)])])
    lag = LAG.total_seconds() / 3600
    found = joined(
        connection, table, history, spine([(1, 1.0 + lag - 0.001), (1, 1.0 + lag), (1, 5.0), (1, 5.001)])
    )
    assert found == [None, 7, 7, None]


def test_a_corrected_event_and_one_that_comes_late_are_counted(connection: Machine) -> None:
    table = definition()
    register(connection, "history", empty(table))
    register(connection, "latest", empty(table))
    built(connection, table, [(9.0, [(1, 0.0, 0.0, 1), (1, 4.0, 0.0, 2)])])
    history, latest = built(connection, table, [(9.0, [(1, 0.0, 0.0, 1), (1, 4.0, 0.0, 2)])])
    register(connection, "history", history)
    register(connection, "latest", latest)
    later = [(1, 0.0, 0.0, 9), (1, 3.0, 0.0, 3), (1, 4.0, 0.0, 2), (1, 8.0, 0.0, 8), (1, 11.0, 0.0, 5)]
    register(connection, "events", events(later))
    transform.make(connection, table)
    counts = transform.append(connection, table, at(9), at(12))
    assert counts == transform.Counts(rows=3, late=2, corrected=1, overtaken=2, early=1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.drop_columns("asked"), "has no column asked"),
        (
            lambda rows: rows.set_column(2, "asked", rows.column("asked").cast(pa.timestamp("us"))),
            "of the world",
        ),
        (lambda rows: rows.set_column(1, "id", rows.column("id").cast(pa.string())), "is VARCHAR"),
        (lambda rows: rows.rename_columns(["value", "id", "asked"]), "value would be there twice"),
        (lambda rows: rows.set_column(1, "id", pa.array([None], pa.int64())), "id in 1"),
    ],
)
def test_a_spine_that_asks_nothing_is_refused(connection: Machine, change: Any, said: str) -> None:
    table = definition()
    with pytest.raises(MlopsError) as caught:
        joined(connection, table, empty(table), change(spine([(1, 1.0)])))
    assert said in str(caught.value.problem)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(1, 0.0, 0.0, -1)], "value is below 0 in 1 of 1 rows"),
        ([(1, 0.0, 0.0, 1), (1, 0.0, 0.0, 2)], "1 times there are two rows of one id"),
    ],
)
def test_what_a_table_must_not_hold_is_said(connection: Machine, rows: list[Row], said: str) -> None:
    table = definition()
    register(connection, "events", events(rows))
    transform.make(connection, table)
    assert said in " ".join(transform.faults(connection, table, transform.MADE))


def test_a_row_that_was_known_before_it_happened_leaks(connection: Machine) -> None:
    table = definition(known_at="learned")
    register(connection, "events", events([(1, 3.0, 2.0, 1)]))
    transform.make(connection, table)
    assert "1 rows were known before" in " ".join(transform.faults(connection, table, transform.MADE))
