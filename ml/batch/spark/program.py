"""What the programs that Spark runs have in common: options, and how they end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from ml.batch.spark.sign_in import ENVIRONMENT, HELP


def parser(what: str | None, answer: str) -> argparse.ArgumentParser:
    """With the options of each program. what: its description. answer: what --answer names."""
    made = argparse.ArgumentParser(description=what)
    made.add_argument("--environment", default="", metavar="NAME")
    made.add_argument("--sign-in", default=ENVIRONMENT, help=HELP)
    made.add_argument("--answer", metavar="FILE", help=answer)
    return made


def ended(
    options: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], str],
    arguments: Sequence[str] | None,
) -> int:
    """Print what `run` answers: 0. 1: an error that a person can act on, which is said on standard error."""
    from ml.errors import MlopsError

    given = options.parse_args(arguments)
    try:
        print(run(given))
    except MlopsError as error:
        print("\n".join((error.problem, *error.details, error.remedy)), file=sys.stderr)
        return 1
    return 0
