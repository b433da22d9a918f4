"""What slow tests give to commands is taken by them: they run seldom, and it is changed more often."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ml.fleet.declaration import parse
from ml.fleet.plan import keys_of
from ml.settings import FILE, read_settings
from tests.e2e import test_fleet, test_fleet_release
from tests.e2e.production import SETTINGS
from tests.e2e.world import ROOT

GIVEN = {file.name: file.read_text(encoding="utf-8") for file in sorted(SETTINGS.glob("*.toml"))} | {
    "a fleet": test_fleet.SETTINGS,
    "a fleet's release": test_fleet_release.settings(7),
}


@pytest.mark.parametrize("name", GIVEN)
def test_settings_are_taken(tmp_path: Path, name: str) -> None:
    over = tmp_path / "over.toml"
    over.write_text(GIVEN[name], encoding="utf-8")
    assert read_settings(FILE, over) != read_settings(FILE)


def test_declarations_are_taken_and_the_members_are_those_of_the_data() -> None:
    declared = parse(test_fleet.DECLARATION)
    rows = pq.read_table(ROOT / "data" / "credit_default.parquet", columns=list(declared.split)).to_pandas()
    assert declared.name == test_fleet_release.FLEET
    assert tuple(sorted(set(keys_of(rows, declared.split)))) == test_fleet_release.MEMBERS
