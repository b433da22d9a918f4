"""gather: the pooled model and the members' models -> a fleet, registered as one model."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ml.fleet.declaration import MOST_SHARDS, Declaration
from ml.fleet.member import CARD, MODEL, OUTCOME, Outcome, carded, traced
from ml.fleet.members.main import LINEAGE, declared_in, read_outcome
from ml.fleet.plan import of_tables
from ml.fleet.registered import Registry, card_of, registered
from ml.steps import bounds as limits
from ml.steps.artifacts import read_artifact
from ml.steps.compare.override import decoded
from ml.steps.errors import StepError, exit_code
from ml.steps.files import TEST, TRAIN, read_table, write_json
from ml.steps.registry import AzureRegistry
from scoring.fleet.stored import Fleet, Member, model_dir

REGISTRATION = "registration.json"


def run(
    declared: Declaration,
    validated: Path,
    pooled: Path,
    shards: Sequence[Path],
    lineage: dict[str, str],
    registration: Path,
    connect: Callable[[], Registry] = AzureRegistry,
) -> dict[str, Any]:
    """Register the fleet, unless the pooled model is outside its bounds or too many members failed."""
    lineage = traced(lineage, validated)
    train, test = read_table(validated / TRAIN), read_table(validated / TEST)
    planned = of_tables(train, test, declared)
    everyone = read_artifact(pooled)
    card = carded(None, everyone, train, test, everyone, declared.bounds, lineage)
    if outside := limits.broken(card["bounds"]):
        raise StepError(f"the pooled model is outside its bounds: {'; '.join(outside)}")
    found = {one.key: (one, folder) for shard in shards for one, folder in _outcomes(shard)}
    failed = {
        one.key: found[one.key][0].reason if one.key in found else "no step has trained it"
        for one in planned
        if not one.reason and (one.key not in found or found[one.key][0].status == "failed")
    }
    if len(failed) > declared.most_failed * len(planned):
        first = "; ".join(f"{key}: {reason}" for key, reason in list(failed.items())[:3])
        raise StepError(
            f"{len(failed)} of {len(planned)} members failed, at most {declared.most_failed:.0%} may: {first}"
        )
    with tempfile.TemporaryDirectory(prefix="fleet-") as scratch:
        directory = Path(scratch, "fleet")
        shutil.copytree(pooled, model_dir(directory, everyone.digest))
        write_json(card, card_of(directory, None))
        members: dict[str, Member] = {}
        for one in planned:
            outcome, folder = found.get(one.key, (None, None))
            reason = one.reason or failed.get(one.key) or (outcome.reason if outcome else "")
            if outcome is None or folder is None or reason:
                members[one.key] = Member(everyone.digest, reason, one.rows, failed=one.key in failed)
            else:
                place = model_dir(directory, outcome.digest)
                if not place.exists():
                    shutil.copytree(folder / MODEL, place)
                members[one.key] = Member(outcome.digest, "", one.rows)
            if folder is not None and (folder / CARD).exists():  # also of a model that does not answer
                _copy(folder / CARD, card_of(directory, one.key))
        told = {**lineage, "owner": declared.owner, "declaration": declared.name}
        fleet = Fleet(
            declared.name,
            declared.split,
            declared.unknown,
            everyone.schema,
            everyone.digest,
            members,
            {name: value for name, value in told.items() if value},
        )
        fleet.save(directory)
        model = registered(connect(), fleet, directory, card["metrics"])
    fallbacks = {key: one.reason for key, one in members.items() if one.falls_back}
    result = {
        "registered": True,
        "name": declared.name,
        "version": model.version,
        "digest": fleet.digest,
        "members": len(members),
        "fallbacks": fallbacks,
        "failed": failed,
        "metrics": card["metrics"],
    }
    write_json(result, registration / REGISTRATION)
    print(f"registered {declared.name}:{model.version}, {len(members)} members, {len(fallbacks)} fall back")
    for key, reason in fallbacks.items():
        print(f"{key} falls back: {reason}")
    return result


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _outcomes(shard: Path) -> list[tuple[Outcome, Path]]:
    folders = sorted(file.parent for file in shard.glob(f"*/{OUTCOME}"))
    return [(read_outcome(folder), folder) for folder in folders]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="gather", description=__doc__)
    for name in ("--declaration", "--validated", "--pooled", "--registration"):
        parser.add_argument(name, type=Path, required=True)
    for number in range(1, MOST_SHARDS + 1):
        parser.add_argument(f"--shard-{number}", type=Path)
    for name in LINEAGE:
        parser.add_argument(f"--{name.replace('_', '-')}", required=True)
    given = parser.parse_args(arguments)
    shards = [getattr(given, f"shard_{number}") for number in range(1, MOST_SHARDS + 1)]
    lineage = {name: str(getattr(given, name)) for name in LINEAGE}
    lineage["data_asset"] = decoded(lineage["data_asset"])
    lineage["job"] = os.environ.get("AZUREML_RUN_ID", "")
    lineage["pipeline_job"] = os.environ.get("AZUREML_ROOT_RUN_ID", "")

    def work() -> None:
        run(
            declared_in(given.declaration),
            given.validated,
            given.pooled,
            [shard for shard in shards if shard is not None],
            lineage,
            given.registration,
        )

    return exit_code("gather", work)


if __name__ == "__main__":
    sys.exit(main())
