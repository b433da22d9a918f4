"""The program that Spark runs: `spark-submit … main.py --tables NAME,… --where URI`.

The same on this machine, as a Spark job of Azure ML and as a job of Databricks, as ml.batch.spark.main is.
What a session needs (executors, their cores and memory) is said to Spark and not to this program.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

DEFINITIONS = "ml/features/definitions"  # of the folder in which the driver runs: a zip has no folders


def _parser() -> argparse.ArgumentParser:
    from ml.batch.spark import program

    parser = program.parser(__doc__, "where in the folder the answer is written as well")
    parser.add_argument("--tables", required=True, metavar="NAME,…", help="feature tables, by name")
    parser.add_argument("--where", required=True, metavar="URI", help="the folder of the feature tables")
    parser.add_argument("--data-lake", metavar="ACCOUNT", help="of sources whose place begins with lake://")
    parser.add_argument(
        "--source", action="append", default=[], metavar="DATA_SET=URI", help="another place of a data set"
    )
    parser.add_argument(
        "--definitions",
        default=DEFINITIONS,
        metavar="FOLDER",
        help="the files of definitions, beside the code",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """0: all are built. 1: one is not, which is said on standard error; the others are."""
    from ml.batch.spark.program import ended

    return ended(_parser(), _run, arguments)


def _run(given: argparse.Namespace) -> str:
    from ml.batch.places import LAKE, Place
    from ml.batch.spark import sign_in
    from ml.features.definition import chosen, parsed
    from ml.features.place import Features
    from ml.features.sources import Sources
    from ml.features.spark.building import built
    from ml.scheduled.lines import Lines

    # Who submitted it has held their SQL against the subset, by a parser that is not here.
    tables = chosen(given.tables.split(","), Path(given.definitions), parsed)
    sources = dict(each.partition("=")[::2] for each in given.source)
    lake = given.data_lake is not None or any(
        where.startswith(LAKE) for where in (given.where, *sources.values())
    )
    credential = sign_in.credential(given.sign_in) if lake else None
    place, read = Features(given.where, credential), Sources(Path(), given.data_lake, credential, sources)
    done = built(Lines(sys.stderr), tables, place, read, credential)
    told = {
        "environment": given.environment,
        "tables": given.where,
        "built": [one.to_json() for one in done],
    }
    answer = json.dumps(told, indent=1, default=str)
    if given.answer:
        Place(given.where, credential).write(given.answer, answer.encode())
    return answer


if __name__ == "__main__":
    sys.exit(main())
