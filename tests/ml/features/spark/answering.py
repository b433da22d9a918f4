"""A program for spark-submit that answers over its standard streams: one session for all tests of a file.

Each line that it reads is a request of JSON, and each line that it writes is an answer:
`{"kind": "sql", "sql", "tables": {name: file}, "to": file}` writes what the statement answers as Parquet;
`{"kind": "build", "definition", "root", "where", "at"}` builds a feature table;
`{"kind": "join", "spine", "time", "definition", "where", "to"}` makes a training set.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any


def answer(session: Any, asked: dict[str, Any]) -> Any:
    from ml.features.build import build
    from ml.features.definition import FeatureTable
    from ml.features.place import Features
    from ml.features.sources import Sources
    from ml.features.spark.database import database

    if asked["kind"] == "sql":
        return _sql(session, asked)
    table = FeatureTable.model_validate(asked["definition"])
    features = Features(asked["where"])
    if asked["kind"] == "join":
        from ml.features.training import Choice, make

        wanted = [Choice(table, tuple(table.features))]
        return make(
            asked["spine"],
            asked["time"],
            wanted,
            features,
            Path(asked["to"]),
            database=lambda: database(session),
        )
    now = dt.datetime.fromisoformat(asked["at"])
    made = build(table, features, Sources(Path(asked["root"])), now, database=lambda: database(session))
    return made.to_json()


def _sql(session: Any, asked: dict[str, Any]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ml.features.sources import stored
    from ml.features.spark.database import database

    with database(session) as opened:
        for name, file in asked["tables"].items():
            opened.read(name, stored(file, None))
        kinds = opened.kinds(asked["sql"])
        opened.keep("answer", asked["sql"])
        pq.write_table(pa.Table.from_batches(opened.batches("SELECT * FROM answer")), asked["to"])
    return kinds


def main() -> None:
    from ml.batch.spark.main import session_here
    from ml.errors import MlopsError
    from ml.features.database import SqlError

    session = session_here()
    for line in sys.stdin:
        try:
            told: dict[str, Any] = {"answer": answer(session, json.loads(line))}
        except MlopsError as error:
            told = {"error": "; ".join((error.problem, *error.details))}
        except SqlError as error:
            told = {"error": str(error)}
        print(f"@{json.dumps(told, default=str)}", flush=True)
    session.stop()


if __name__ == "__main__":
    main()
