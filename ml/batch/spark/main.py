"""The program that Spark runs: `spark-submit … main.py --model FOLDER --data URI --output URI`.

The same on this machine, as a Spark job of Azure ML and as a job of Databricks. What a session needs
(executors, their cores and memory) is said to Spark and not to this program.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def _parser() -> argparse.ArgumentParser:
    from ml.batch.asked import FORMATS
    from ml.batch.spark import program

    parser = program.parser(__doc__, "where in the output the record is written as well")
    parser.add_argument("--model", required=True, metavar="FOLDER", help="the files of the model")
    parser.add_argument("--model-name", required=True, metavar="NAME:VERSION")
    parser.add_argument("--model-digest", metavar="DIGEST", help="the release's; another model is refused")
    parser.add_argument("--release", metavar="RELEASE")
    parser.add_argument("--data", required=True, metavar="URI")
    parser.add_argument("--output", required=True, metavar="URI")
    parser.add_argument("--key", metavar="COLUMN")
    parser.add_argument("--block-rows", type=int, default=65_536)
    parser.add_argument("--most-rejected", type=float, default=0.01)
    parser.add_argument(
        "--wait-s", type=float, default=3600.0, help="for another run that writes to the same output"
    )
    parser.add_argument("--slots", type=int, default=0, help="units at once; 0: as many as Spark has cores")
    parser.add_argument("--format", default="delta", choices=FORMATS)
    parser.add_argument("--date", metavar="YYYY-MM-DD", help="the day that the rows are of")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """0: published, or found published. 1: an error, which is said on standard error."""
    from ml.batch.spark.program import ended

    return ended(_parser(), _run, arguments)


def _run(given: argparse.Namespace) -> str:
    from ml.batch import days
    from ml.batch.places import Place, is_lake
    from ml.batch.run import Limits
    from ml.batch.source import NothingThere
    from ml.batch.spark import sign_in
    from ml.batch.spark.engine import Model, batch

    lake = is_lake(given.data) or is_lake(given.output)
    credential = sign_in.credential(given.sign_in) if lake else None
    limits = Limits(given.block_rows, given.most_rejected, given.slots, given.wait_s)
    model = Model(Path(given.model), given.model_name, given.release, given.model_digest)
    session = session_here()
    try:
        record = batch(
            session,
            model,
            given.data,
            given.output,
            given.key,
            limits,
            credential,
            _line,
            given.environment,
            date=given.date,
            format_=given.format,
            say=_say,
        )
    except NothingThere as error:
        if given.date is None:
            raise
        _say(f"{given.date}: {error.problem}")  # an answer and no failure: days after it are scored
        record = days.without_data(given.date)
    finally:
        session.stop()
    answer = json.dumps(record, indent=1)
    if given.answer:
        Place(given.output, credential).write(given.answer, answer.encode())
    return answer


def session_here() -> Any:
    """As spark-submit, Azure ML or Databricks say; a unit is never scored by two tasks at once.

    Raises MlopsError where there is no Spark.
    """
    from ml.errors import MlopsError

    try:
        from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MlopsError(
            "There is no Spark in this Python.",
            "Leave --here out, give --engine machine, or run it in the environment of "
            "tools/bootstrap/spark.py (docs/batch.md).",
        ) from error

    builder: Any = SparkSession.builder
    return builder.config("spark.speculation", "false").getOrCreate()


def _line(read: int, rows: int | None) -> None:
    of = "" if rows is None else f" of {rows:,}"
    _say(f"{read:,} rows{of}")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
