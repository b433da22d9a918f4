"""One member of a fleet: its training, its card, and what its rows are traced to."""

import json
from pathlib import Path

from ml.fleet.declaration import Declaration
from ml.fleet.member import CARD, MODEL, OUTCOME, Outcome, made, settings_of, traced
from ml.fleet.plan import keys_of
from ml.steps.bounds import Bound
from ml.steps.files import Table, write_json
from ml.steps.prepare import UNKNOWN
from ml.steps.train.settings import Settings
from ml.steps.validate import REPORT
from scoring.model import artifact as artifacts
from tests.ml.fleet.trainings import COSTS, ORIGIN
from tests.scoring.trained import Small


def test_rows_that_were_named_by_their_place_are_told_by_what_was_read(tmp_path: Path) -> None:
    write_json({"origin": {"sha256": "cd", "bytes": 1}}, tmp_path / REPORT)
    assert traced({**ORIGIN, "data_sha256": UNKNOWN}, tmp_path) == {**ORIGIN, "data_sha256": "cd"}
    assert traced(ORIGIN, tmp_path) == ORIGIN
    write_json({}, tmp_path / REPORT)
    assert traced({"data_sha256": UNKNOWN}, tmp_path) == {"data_sha256": UNKNOWN}


def test_a_member_is_trained_judged_and_has_a_card(model: Small, tmp_path: Path) -> None:
    """The real training, once; with a bound that its model cannot hold."""
    declared = Declaration("by-sex", "risk", ("sex",), bounds=(Bound("minimum_roc_auc", 0.99),))
    settings: Settings = settings_of(declared, 1, COSTS)
    own = [_rows_of(table, "female") for table in (model.rows, model.test)]
    pooled = model.trained.artifact
    found = made("female", 7, (own[0], own[1]), pooled, declared, settings, ORIGIN, tmp_path)
    artifact = artifacts.load(tmp_path / MODEL)
    card = json.loads((tmp_path / CARD).read_text())
    assert (found.status, found.digest) == ("outside", artifact.digest)
    assert found.reason.startswith("outside its bounds: minimum_roc_auc is 0.")
    assert artifact.lineage["member"] == "female"
    assert card["data"]["train_rows"] == len(own[0])
    assert card["metrics"]["test_rows"] == card["pooled_metrics"]["test_rows"] == len(own[1])
    assert card["metrics"]["roc_auc"] != card["pooled_metrics"]["roc_auc"]
    assert card["lineage"]["data_sha256"] == "ab"
    assert Outcome(**json.loads((tmp_path / OUTCOME).read_text())) == found


def _rows_of(table: Table, key: str) -> Table:
    return table.loc[[one == key for one in keys_of(table, ("sex",))], :]
