"""A training set by Spark, which a job writes into the data lake.

The program that Spark runs: `spark-submit … join.py --spine URI --time COLUMN --features TABLE --to URI`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def _parser() -> argparse.ArgumentParser:
    from ml.batch.spark import program
    from ml.features.spark.main import DEFINITIONS

    parser = program.parser(__doc__, "where beside --to the answer is written as well")
    parser.add_argument("--spine", required=True, metavar="URI", help="keys, times and labels")
    parser.add_argument(
        "--time", required=True, metavar="COLUMN", help="of the spine: when each row was asked"
    )
    parser.add_argument("--features", required=True, action="append", metavar="TABLE[:FEATURE,…]")
    parser.add_argument("--drop", action="append", default=[], metavar="COLUMN")
    parser.add_argument("--where", required=True, metavar="URI", help="the folder of the feature tables")
    parser.add_argument("--to", required=True, metavar="URI", help="the Parquet file that is written")
    parser.add_argument("--definitions", default=DEFINITIONS, metavar="FOLDER")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """0: the file is there. 1: an error, which is said on standard error."""
    from ml.batch.spark.program import ended

    return ended(_parser(), _run, arguments)


def _run(given: argparse.Namespace) -> str:
    from ml.batch.places import Place, is_lake
    from ml.batch.spark import sign_in
    from ml.batch.spark.main import session_here
    from ml.features.definition import parsed
    from ml.features.place import Features
    from ml.features.spark.database import database
    from ml.features.training import choices, make

    wanted = choices(given.features, Path(given.definitions), parsed)
    lake = any(map(is_lake, (given.spine, given.where, given.to)))
    credential = sign_in.credential(given.sign_in) if lake else None
    folder, _, name = given.to.rpartition("/")
    to, session = Place(folder or ".", credential), session_here()
    try:
        with tempfile.TemporaryDirectory(prefix="mlops-") as scratch:
            file = Path(scratch) / "training.parquet"
            made = make(
                given.spine,
                given.time,
                wanted,
                Features(given.where, credential),
                file,
                drop=given.drop,
                database=lambda: database(session, credential),
            )
            to.copy(file, name)
    finally:
        session.stop()
    answer = json.dumps({"environment": given.environment, **made, "file": given.to}, indent=1)
    if given.answer:
        to.write(given.answer, answer.encode())
    return answer


if __name__ == "__main__":
    sys.exit(main())
