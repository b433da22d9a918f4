"""card: model and rows -> card.json, and card.html for people."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from ml.steps import bounds as limits
from ml.steps import definition
from ml.steps.artifacts import read_artifact
from ml.steps.bounds import Bound
from ml.steps.card import CARD, PAGE
from ml.steps.card.card import measured
from ml.steps.card.page import page
from ml.steps.card.subject import Subject
from ml.steps.compare.override import decoded
from ml.steps.digits import told_apart
from ml.steps.errors import exit_code
from ml.steps.files import TEST, TRAIN, read_json, read_table, write_json, write_text
from ml.steps.prepare import UNKNOWN
from ml.steps.validate import REPORT

LINEAGE = ("model_name", "data_asset", "data_sha256", "code_commit", "environment")


def run(
    model: Path,
    validated: Path,
    bounds: tuple[Bound, ...],
    lineage: dict[str, str],
    card: Path,
) -> None:
    definition.check()
    if lineage.get("data_sha256") == UNKNOWN:
        origin = read_json(validated / REPORT).get("origin") or {}
        lineage = {**lineage, "data_sha256": str(origin.get("sha256") or UNKNOWN)}
    subject = Subject(read_artifact(model), read_table(validated / TRAIN), read_table(validated / TEST))
    made = measured(subject, lineage)
    findings = limits.check(made, bounds)
    made["bounds"] = [finding.to_json() for finding in findings]
    html = page(made)
    write_json(made, card / CARD)
    write_text(html, card / PAGE)
    for finding in findings:
        held = "holds" if finding.holds else "BROKEN"
        found, limit = told_apart(finding.found, finding.limit, 4)
        print(f"{finding.name}: {found or 'not measured'} against {limit}: {held}")
    print(f"{CARD} and {PAGE} ({len(html) / 1024:.0f} KiB)")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="card", description=__doc__)
    for name in ("--model", "--validated", "--card"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--bounds", required=True)
    for name in LINEAGE:
        parser.add_argument(f"--{name.replace('_', '-')}", required=True)
    given = parser.parse_args(arguments)
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    lineage = {"made": made, **{name: str(getattr(given, name)) for name in LINEAGE}}
    lineage["data_asset"] = decoded(lineage["data_asset"])
    return exit_code(
        "card",
        lambda: run(given.model, given.validated, limits.parse(given.bounds), lineage, given.card),
    )


if __name__ == "__main__":
    sys.exit(main())
