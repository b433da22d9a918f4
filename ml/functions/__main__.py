"""Writes the function app that scores as a zip: `python -m ml.functions --to scoring.zip`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ml import output
from ml.errors import MlopsError
from ml.functions.package import package

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.functions", description=__doc__)
    parser.add_argument("--to", type=Path, required=True, help="the file to write")
    parser.add_argument("--kernel", type=Path, help="the wheel scoring-kernel that `mlops wheel` writes")
    given = parser.parse_args(arguments)
    try:
        output.check_file("--to", given.to)
        content = package(ROOT, given.kernel)
        output.write("--to", given.to, content)
    except MlopsError as error:
        print(f"{error.problem} {error.remedy}", file=sys.stderr)
        return 1
    print(f"{given.to}: {len(content) / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
