"""The settings of what is scheduled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ml.errors import MlopsError
from ml.scheduled.table import ROWS
from ml.settings import FILE, read_settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[scheduled.collect]\ncron = "hourly"', "'hourly' has 1 fields"),
        ('[scheduled.collect]\ncron = "60 * * * *"', "'60' is not within 0 to 59"),
        ('[scheduled.collect]\ncron = "*/0 * * * *"', "'\\*/0' is not within 0 to 59"),
        ('[scheduled.quality]\ncron = "0 4 * * mon"', "'mon' is no number, range"),
        ('[scheduled.batch]\ndata = "abfss://landing@x.dfs.core.windows.net/rows"', "scheduled.batch.data"),
        ("[scheduled.features]\ntables = 'all'", "scheduled.features.tables"),
        ("[scheduled.features.sources]\nx = 1", "scheduled.features.sources.x"),
        ('[scheduled.batch]\ncron = "20 3 1 6 *"', "Azure ML takes only \\* as month"),
        (
            '[scheduled.batch]\ncron = "20 3 1-5 * *"',
            "with days of a month, minute, hour and day are numbers",
        ),
        ('[scheduled.batch]\ncron = "20 3 1 * 1"', "with days of a month"),
        ("[scheduled.fleet]\ndata = 'azureml:credit-default@latest'", "scheduled.fleet.data"),
        ("[scheduled.colect]\non = true", "did you mean collect"),
    ],
)
def test_a_wrong_one_is_named_with_its_setting(tmp_path: Path, text: str, words: str) -> None:
    over = tmp_path / "over.toml"
    over.write_text(text)
    with pytest.raises(MlopsError) as caught:
        read_settings(FILE, over)
    assert re.search(words, "\n".join(caught.value.details))


@pytest.mark.parametrize("cron", ["10 * * * *", "0 0 1 * *", "*/15 8-18 * * 1-5", "0,30 4,16 1,15 * *"])
def test_what_azure_takes_is_taken(tmp_path: Path, cron: str) -> None:
    over = tmp_path / "over.toml"
    over.write_text(f'[scheduled.batch]\ncron = "{cron}"')
    assert read_settings(FILE, over).scheduled.batch.cron == cron


def test_each_row_of_the_table_has_its_settings_and_its_work() -> None:
    known = read_settings(FILE).scheduled
    works = Path(__file__).parents[3] / "ml" / "scheduled" / "works"
    for row in ROWS:
        assert known.row(row.name).cron == row.cron, "settings.toml shows what holds"
        assert (row.pipeline is None) == (works / f"{row.work}.py").is_file()
    assert set(type(known).model_fields) == {row.name for row in ROWS}
