"""Trainings of fifty members that take no time: one fails, one is killed, some are too small."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml.fleet.declaration import Declaration
from ml.fleet.member import CARD, MODEL, OUTCOME, Outcome, settings_of
from ml.fleet.members import main as members
from ml.steps.files import write_json
from ml.steps.registry import RegisteredModel
from scoring.model.artifact import Artifact
from tests.scoring.fleet.fleets import varied
from tests.scoring.trained import Small

AGES = tuple(str(age) for age in range(21, 71))
FAILS, DIES = "33", "41"
FLEET = Declaration("by-age", "risk", ("age",), AGES, minimum_rows=150, shards=2, most_failed=0.1)
ORIGIN = {"data_asset": "d:1", "data_sha256": "ab", "code_commit": "c", "environment": "e:1"}
COSTS = {"false_negative_cost": 5.0, "false_positive_cost": 1.0}


class Registry:
    """Keeps what is registered in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, list[RegisteredModel]()

    def versions(self, name: str) -> list[RegisteredModel]:
        return [one for one in reversed(self.made) if one.name == name]

    def register(
        self,
        name: str,
        directory: Path,
        description: str,
        tags: Mapping[str, str],
        properties: Mapping[str, str],
    ) -> RegisteredModel:
        model = RegisteredModel(name, str(len(self.made) + 1), tags, properties)
        shutil.copytree(directory, self.folder / model.version)
        self.made.append(model)
        return model


def quick(model: Small, shift: float = 0.0) -> Any:
    """In place of a training: the pooled model with other leaves; two members do not come that far."""

    def make(key: str, rows: int, tables: Any, pooled: Artifact, *rest: Any) -> Outcome:
        out = rest[-1]
        if key == FAILS:
            raise RuntimeError("no model of these rows")
        if key == DIES:
            os._exit(9)
        found = varied(pooled, 1.0 + int(key) / 200.0 + shift, model.test_matrix)
        found.save(out / MODEL)
        write_json({"member": key}, out / CARD)
        outcome = Outcome(key, rows, "trained", "", found.digest, {"roc_auc": 0.7}, {"roc_auc": 0.6})
        write_json(outcome.to_json(), out / OUTCOME)
        return outcome

    return make


def trained(inputs: Path, out: Path, declared: Declaration = FLEET) -> list[Path]:
    settings = settings_of(declared, 1, COSTS)
    shards = [out / str(number) for number in range(1, declared.shards + 1)]
    for number, shard in enumerate(shards, start=1):
        members.run(
            declared, inputs / "validated", inputs / "pooled", number, settings, ORIGIN, shard, workers=2
        )
    return shards
