"""Definitions: what is wrong is refused with file and field, and the SQL means the same on both engines."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pydantic import ValidationError

from ml.catalogue import sets
from ml.errors import MlopsError
from ml.features.definition import FOLDER, SPINE, chosen, read, read_all
from ml.features.durations import duration, written
from ml.features.subset import problems
from ml.features.transform import HISTORY, LATEST, MADE, NEW
from tests.ml.features.tables import definition

FILE = FOLDER / "client_profile.toml"


def test_each_definition_is_read_and_names_data_sets_of_the_catalogue() -> None:
    known = {one.name for one in sets.read()}
    tables = read_all()
    assert list(tables) == ["client_profile", "payment_history"]
    for table in tables.values():
        assert {source.data_set for source in table.sources.values()} <= known
    assert [table.name for table in chosen(["payment_history"])] == ["payment_history"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('owner = "', 'owners = "'), "owner: Field required"),
        (("version = 1", "version = 0"), "version = '0'"),
        (('known_after = "0 days"', 'known_after = "soon"'), "known_after = 'soon': expected a number"),
        (('known_after = "0 days"\n', ""), "known_after or known_at is given"),
        (('key = ["id"]', 'key = ["id", "age"]'), "age is named twice"),
        (('"recorded_on"\n', '"known_at"\n'), "known_at is a column that each table has"),
        (('name = "client_profile"', 'name = "clients"'), "is not the file's name"),
        (("minimum = 18", "minimum = 180"), "features.age = "),
        (('"text", description', '"text", minimum = 1, description'), "a text has neither minimum"),
        (("FROM clients", "FROM people"), "transformation.sql: it reads people"),
        (("marriage, age\n", "marriage\n"), "transformation.sql: it answers no column age"),
        (("marriage, age\n", "marriage, age, pay_0\n"), "transformation.sql: it answers pay_0"),
        (("[transformation]", "[transformation]\nlate = '1 day'"), "late needs the time of each source"),
        (("[features]", "[features"), "Expected"),
    ],
)
def test_a_definition_that_is_wrong_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert change[0] in text
    file = tmp_path / FILE.name
    file.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(MlopsError) as caught:
        read(file)
    assert str(file) in caught.value.problem
    assert said in " ".join(caught.value.details)


@pytest.mark.parametrize("name", [MADE, "known", NEW, HISTORY, LATEST])
def test_a_source_does_not_take_the_name_of_a_relation_of_the_build(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} is a name that a build uses"):
        definition(sources={name: {"data_set": "credit-default", "where": "events.parquet"}})
    assert definition(sources={f"{name}_all": {"data_set": "credit-default", "where": "e.parquet"}})


def test_a_table_does_not_take_the_name_of_the_rows_that_it_is_joined_to() -> None:
    with pytest.raises(ValidationError, match="spine is the name of the rows that features are joined to"):
        definition(name=SPINE)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT a FROM t WHERE x = current_date", "current_date"),
        ("SELECT now() AS a FROM t", "the function now"),
        ("SELECT LEAD(a) OVER (ORDER BY x NULLS LAST) AS a FROM t", "lead OVER looks ahead"),
        ("SELECT LAG(a, -1) OVER (ORDER BY x NULLS LAST) AS a FROM t", "would look ahead"),
        ("SELECT SUM(a) OVER (PARTITION BY b) AS a FROM t", "no ORDER BY"),
        ("SELECT SUM(a) OVER (ORDER BY b DESC NULLS LAST) AS a FROM t", "descends"),
        ("SELECT SUM(a) OVER (ORDER BY -b NULLS LAST) AS a FROM t", "no plain column"),
        ("SELECT SUM(a) OVER (ORDER BY c NULLS LAST, 0 - b NULLS LAST) AS a FROM t", "no plain column"),
        ("SELECT LAST_VALUE(a) OVER (ORDER BY 0 NULLS LAST) AS a FROM t", "no plain column"),
        (
            "SELECT FIRST_VALUE(a ORDER BY b DESC) OVER (ORDER BY c NULLS LAST) AS a FROM t",
            "an order of its own",
        ),
        ("SELECT COUNT(DISTINCT a) OVER (ORDER BY c NULLS LAST) AS a FROM t", "DISTINCT, FILTER"),
        ("SELECT SUM(a) FILTER (WHERE a > 1) OVER (ORDER BY c NULLS LAST) AS a FROM t", "DISTINCT, FILTER"),
        ("SELECT SUM(a) OVER (ORDER BY b) AS a FROM t", "NULLS FIRST or NULLS LAST"),
        (
            "SELECT SUM(a) OVER (ORDER BY b NULLS LAST ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a FROM t",
            "the frame has to end",
        ),
        ("SELECT a / b AS a FROM t", "NULLIF"),
        ("SELECT a / 0e0 AS a FROM t", "NULLIF"),
        ("SELECT 0.5 * b AS a FROM t", "0.5 is a decimal"),
        ("SELECT CAST(0.5 AS DOUBLE) AS a FROM t", "0.5 is a decimal"),
        ("SELECT 9223372036854775808 AS a FROM t", "is a decimal"),
        ("SELECT b || 'x' AS a FROM t", "|| of what may be no text"),
        ("SELECT trim(b) || coalesce(b, c) AS a FROM t", "|| of what may be no text"),
        ("SELECT a / NULLIF(b, 5) AS a FROM t", "divide by NULLIF(…, 0)"),
        ("SELECT trim(b, 'x') AS a FROM t", "trim of other signs"),
        ("SELECT trim(BOTH 'x' FROM b) AS a FROM t", "trim of other signs"),
        ("SELECT substring(b, 0, 2) AS a FROM t", "substring from 0"),
        ("SELECT substring(b, c, 2) AS a FROM t", "substring from 0"),
        ("SELECT substring(b, 2, -1) AS a FROM t", "fewer signs than none"),
        ("SELECT date_trunc('days', b) AS a FROM t", "date_trunc to another unit"),
        ("SELECT date_trunc('decade', b) AS a FROM t", "date_trunc to another unit"),
        ("SELECT date_trunc(c, b) AS a FROM t", "date_trunc to another unit"),
        ("SELECT a FROM t WHERE b = 'it''s'", "a quote within the text"),
        ("SELECT a FROM t WHERE b = '${spark.app.name}'", "one of its settings"),
        ("SELECT CAST(b AS TIMESTAMP) AS a FROM t", "a text with a zone"),
        ("SELECT CAST(trim(b) AS TIMESTAMP) AS a FROM t", "a text with a zone"),
        ("SELECT CAST(substring(b, 1, 25) AS TIMESTAMP) AS a FROM t", "a text with a zone"),
        ("SELECT CAST(substring(b, 1) AS TIMESTAMP) AS a FROM t", "a text with a zone"),
        ("SELECT TIMESTAMP '2026-01-01 00:00:00+02:00' AS a FROM t", "a text with a zone"),
        ("SELECT ceil(b) AS a FROM t", "the function ceil"),
        ("SELECT upper(b) AS a FROM t", "the function upper"),
        ("SELECT CAST(a AS INTEGER) AS a FROM t", "CAST to INTEGER"),
        ("SELECT a::DOUBLE AS a FROM t", "::"),
        ('SELECT "a" FROM t', "double quotes"),
        ("SELECT * FROM t", "name them"),
        ("SELECT a FROM read_parquet('x')", "it calls read_parquet"),
        ("SELECT a FROM s.t", "it reads s.t"),
        ("SELECT a FROM t LIMIT 1", "limit"),
        ("SELECT a FROM t ASOF JOIN t AS u ON t.b >= u.b", "ASOF INNER JOIN"),
        ("SELECT (SELECT 1) AS a FROM t", "subquery"),
        ("SELECT a FROM t UNION BY NAME SELECT a FROM t", "union by name"),
        ("SELECT a FROM t UNION ALL BY NAME SELECT a FROM t", "union by name"),
        ("SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1", "qualify"),
        ("SELECT a FROM t; SELECT a FROM t", "2 statements"),
        ("DELETE FROM t", "Only SELECT"),
        ("SELEC a", "syntax error"),
    ],
)
def test_what_would_differ_between_engines_or_look_ahead_is_refused(sql: str, said: str) -> None:
    assert said in " ".join(problems(sql, {"t": None}, ["a"], "a"))


@pytest.mark.parametrize(
    "sql",
    [
        "WITH u AS (SELECT a, b FROM t) SELECT u.a FROM u LEFT JOIN t ON u.b = t.b",
        "SELECT a / NULLIF(b, 0) AS a FROM t WHERE c > TIMESTAMP '2026-01-01' - INTERVAL 5 DAYS",
        "SELECT CAST(substring(a, 1, 19) AS TIMESTAMP) AS a FROM t",
        "SELECT a FROM t WHERE CAST(CAST(b AS DATE) AS TIMESTAMP) = c",
        "SELECT 5e-1 * b AS a FROM t WHERE trim(c) || '-' || coalesce(d, '') = 'x-'",
        "SELECT CAST(COUNT(DISTINCT b) AS DOUBLE) / 2 AS a FROM t GROUP BY c HAVING MAX(b) > 1",
        "SELECT AVG(b) OVER (PARTITION BY c ORDER BY d NULLS LAST ROWS 2 PRECEDING) AS a FROM t",
        "SELECT SUM(b) OVER (ORDER BY t.D NULLS LAST, c NULLS FIRST ROWS 2 PRECEDING) AS a FROM t",
        "SELECT a FROM t UNION SELECT a FROM t EXCEPT SELECT a FROM t INTERSECT SELECT b FROM t",
        "SELECT CASE WHEN b IN (1, 2) THEN COALESCE(b, 0) END AS a FROM t UNION ALL SELECT DISTINCT b FROM t",
    ],
)
def test_what_both_engines_answer_alike_is_taken(sql: str) -> None:
    assert problems(sql, {"t": "d"}, ["a"], "a") == []


def test_lengths_of_time() -> None:
    assert duration("36 hours") == dt.timedelta(hours=36)
    for text in ("0 minutes", "90 minutes", "36 hours", "1 day", "2 weeks"):
        assert written(duration(text)) == text
    for wrong in ("5", "-1 days", "5 months", 5):
        with pytest.raises(ValueError, match="expected a number"):
            duration(wrong)
