"""A data set without the contract's columns ends `mlops train` and `mlops sweep` on this machine."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ml.commands import train
from ml.errors import MlopsError
from ml.jobs import columns, submission
from ml.jobs.data import DataFile, inspect
from ml.settings import settings
from ml.sources.address import LocalFile
from ml.steps.contract import COLUMNS, ID, LABEL
from ml.terminal.subjects import app
from tests.ml.cli.mlops_fakes import RecordingReport


def described(names: tuple[str, ...]) -> DataFile:
    return DataFile(Path("x.parquet"), "x.parquet", "x.parquet", "parquet", names, 1, 1, "ab" * 32)


def written(directory: Path, kind: str, names: list[str]) -> Path:
    path = directory / f"rows.{kind}"
    if kind == "csv":
        path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    else:
        pq.write_table(pa.table({name: [1] for name in names}), path)
    return path


@given(st.permutations(COLUMNS))
def test_the_contracts_columns_are_taken_in_any_order(names: list[str]) -> None:
    columns.check(described(tuple(names)))


@given(
    st.sets(st.sampled_from(COLUMNS)),
    st.sets(st.text(min_size=1).filter(lambda name: name not in COLUMNS), max_size=30),
)
def test_all_that_is_missing_or_unexpected_is_counted(missing: set[str], more: set[str]) -> None:
    names = tuple(name for name in COLUMNS if name not in missing) + tuple(more)
    if not missing and not more:
        columns.check(described(names))
        return
    with pytest.raises(MlopsError, match=r"ml/steps/contract\.py") as caught:
        columns.check(described(names))
    said = {line.partition(": ")[0]: line.partition(": ")[2] for line in caught.value.details}
    assert set(said) == {kind for kind, found in (("missing", missing), ("unexpected", more)) if found}
    for kind, found in (("missing", missing), ("unexpected", more)):
        assert sum(repr(name) in said.get(kind, "") for name in found) >= min(len(found), columns.MOST_NAMED)
        assert (f"and {len(found) - columns.MOST_NAMED} more" in said.get(kind, "")) is (
            len(found) > columns.MOST_NAMED
        )


def test_a_column_that_is_there_twice_is_named() -> None:
    with pytest.raises(MlopsError) as caught:
        columns.check(described((*COLUMNS, LABEL)))
    assert caught.value.details == [f"more than once: {LABEL!r}"]


@pytest.mark.parametrize("ids", [[5, 3, 9], [1, 2, 3]], ids=["index of a column", "index of a range"])
@pytest.mark.parametrize("index", [ID, COLUMNS[1]])
def test_a_pandas_index_is_refused_before_anything_is_submitted(
    tmp_path: Path, ids: list[int], index: str
) -> None:
    """pandas reads it as an index again, so that no step would find the column."""
    path = tmp_path / "rows.parquet"
    pd.DataFrame(dict.fromkeys(COLUMNS, ids)).set_index(index).to_parquet(path)
    with pytest.raises(MlopsError, match=f"no step reads as a column: '{index}'") as caught:
        columns.check(inspect(path))
    assert "reset_index()" in caught.value.remedy
    pd.DataFrame(dict.fromkeys(COLUMNS, ids), index=[7, 1, 2]).to_parquet(path)
    with pytest.raises(MlopsError, match="'__index_level_0__'") as caught:
        columns.check(inspect(path))
    assert "index=False" in caught.value.remedy
    pd.DataFrame(dict.fromkeys(COLUMNS, ids)).to_parquet(path)
    columns.check(inspect(path))


@pytest.mark.parametrize("command", ["train", "sweep"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_stack_is_not_asked_for_a_file_of_other_columns(command: str, kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, kind, ["customer_id", *COLUMNS[1:-1], "churn"])
    done = CliRunner().invoke(app, [command, "--env", "nowhere", "--data", str(path), "--json"])
    error = json.loads(done.stdout)["error"]
    assert (done.exit_code, str(path) in error["problem"]) == (1, True)
    assert error["details"] == [f"missing: {ID!r}, {LABEL!r}", "unexpected: 'customer_id', 'churn'"]
    assert "reading the outputs" not in done.stderr


def test_the_file_of_the_settings_is_looked_at_before_the_workspace_is(
    tmp_path: Path, report: RecordingReport
) -> None:
    azure: Any = SimpleNamespace(report=report, settings=settings())  # nothing is asked of it
    path = written(tmp_path, "csv", [ID, "age", LABEL])
    request = submission.Request(LocalFile(path), "roc_auc", 0.0, 1, wait=True, force=False)
    with pytest.raises(MlopsError, match="does not have the columns of the contract"):
        submission.find_or_submit(azure, tmp_path, request, train.kind())
