"""members: validated rows and the pooled model -> models, cards and outcomes of one share of the fleet."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from ml.fleet.declaration import Declaration, DeclarationError, read
from ml.fleet.member import OUTCOME, Outcome, made, settings_of, traced
from ml.fleet.parallel import each
from ml.fleet.plan import keys_of, of_tables, shards
from ml.steps import definition
from ml.steps.artifacts import read_artifact
from ml.steps.compare.override import decoded
from ml.steps.errors import StepError, exit_code
from ml.steps.files import TEST, TRAIN, Table, read_json, read_table, write_json
from ml.steps.train.settings import Settings

COSTS = ("false_negative_cost", "false_positive_cost")
LINEAGE = ("data_asset", "data_sha256", "code_commit", "environment")


def declared_in(path: Path) -> Declaration:
    """The declaration that came with the code. Raises StepError."""
    try:
        return read(path)
    except DeclarationError as error:
        raise StepError(f"{path}: {error}") from error


def folder_of(out: Path, key: str) -> Path:
    """Where a member's results stand: a slash is no part of a folder's name."""
    return out / key.replace("/", ",")


def run(
    declared: Declaration,
    validated: Path,
    pooled: Path,
    shard: int,
    settings: Settings,
    lineage: dict[str, str],
    out: Path,
    workers: int | None = None,
) -> list[Outcome]:
    """Train the members of one shard, counted from 1; a member that fails is an outcome, and no end."""
    definition.check()
    settings.check()
    lineage = traced(lineage, validated)
    tables = read_table(validated / TRAIN), read_table(validated / TEST)
    planned = shards(of_tables(*tables, declared), declared.shards)[shard - 1]
    rows = {one.key: one.rows for one in planned}
    parts = [_by_member(table, declared) for table in tables]
    answering = read_artifact(pooled)
    out.mkdir(parents=True, exist_ok=True)

    def train(key: str) -> None:
        own = tuple(part.get(key, table.iloc[:0]) for part, table in zip(parts, tables, strict=True))
        made(key, rows[key], (own[0], own[1]), answering, declared, settings, lineage, folder_of(out, key))

    began = time.perf_counter()
    for number, (key, failure) in enumerate(each(list(rows), train, workers), start=1):
        if failure:
            outcome = Outcome(key, rows[key], "failed", failure[:500], "", {}, {})
            write_json(outcome.to_json(), folder_of(out, key) / OUTCOME)
            print(f"{number} of {len(rows)}, {key}: FAILED: {failure}", flush=True)
        else:
            print(f"{number} of {len(rows)}, {key}: {_told(read_outcome(folder_of(out, key)))}", flush=True)
    print(f"{len(rows)} members in {time.perf_counter() - began:.1f} s")
    return [read_outcome(folder_of(out, key)) for key in rows]


def read_outcome(folder: Path) -> Outcome:
    """Raises StepError where there is none."""
    return Outcome(**read_json(folder / OUTCOME))


def _told(outcome: Outcome) -> str:
    figures = ", ".join(f"{name} {value:.5g}" for name, value in outcome.metrics.items())
    return f"{outcome.status}, {figures}{'; ' if outcome.reason else ''}{outcome.reason}"


def _by_member(table: Table, declared: Declaration) -> dict[str, Table]:
    return {str(key): part for key, part in table.groupby(keys_of(table, declared.split), sort=False)}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="members", description=__doc__)
    for name in ("--declaration", "--validated", "--pooled", "--members"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--shard", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    for name in COSTS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, required=True)
    for name in LINEAGE:
        parser.add_argument(f"--{name.replace('_', '-')}", required=True)
    given = parser.parse_args(arguments)

    def work() -> None:
        declared = declared_in(given.declaration)
        lineage = {name: str(getattr(given, name)) for name in LINEAGE}
        lineage["data_asset"] = decoded(lineage["data_asset"])
        costs = {name: float(getattr(given, name)) for name in COSTS}
        settings = settings_of(declared, given.seed, costs)
        run(declared, given.validated, given.pooled, given.shard, settings, lineage, given.members)

    return exit_code("members", work)


if __name__ == "__main__":
    sys.exit(main())
