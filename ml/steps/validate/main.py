"""validate: rows that keep the data contract go on unchanged; anything else ends the pipeline."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ml.steps import definition
from ml.steps.contract import LABEL
from ml.steps.errors import StepError, exit_code
from ml.steps.files import TEST, TRAIN, content_sha256, read_json, read_table, write_json, write_table
from ml.steps.prepare import ORIGIN
from ml.steps.validate import REPORT
from ml.steps.validate.checks import check


def run(prepared: Path, validated: Path) -> None:
    definition.check()
    tables = {name: read_table(prepared / name) for name in (TRAIN, TEST)}
    findings = check(tables)
    report = {
        "valid": not findings,
        "tables": {
            name: {
                "rows": len(frame),
                "sha256": content_sha256(frame),
                "positive_share": float((frame[LABEL] == 1).mean()) if LABEL in frame.columns else None,
            }
            for name, frame in tables.items()
        },
        "origin": read_json(prepared / ORIGIN) if (prepared / ORIGIN).exists() else None,
        "findings": [finding.to_json() for finding in findings],
    }
    write_json(report, validated / REPORT)
    if findings:
        lines = "\n  ".join(map(str, findings))
        raise StepError(f"the data breaks its contract in {len(findings)} ways:\n  {lines}")
    for name, frame in tables.items():
        write_table(frame, validated / name)
        print(f"{name}: {len(frame)} rows keep the contract")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="validate", description=__doc__)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--validated", type=Path, required=True)
    given = parser.parse_args(arguments)
    return exit_code("validate", lambda: run(given.prepared, given.validated))


if __name__ == "__main__":
    sys.exit(main())
