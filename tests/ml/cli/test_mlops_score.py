"""`mlops score`: which drift report it shows, and what it says of a file that cannot be scored."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ml.commands import score
from ml.errors import MlopsError


def report(status: str, rows: int) -> dict[str, Any]:
    return {"status": status, "window_rows": rows, "least_rows": 200}


class Service:
    """Answers GET /drift with one report after another; the last one for good."""

    def __init__(self, rows: int, *reports: dict[str, Any], status: int = 200) -> None:
        self.rows, self.reports, self.status, self.asked = rows, list(reports), status, 0

    def drift(self) -> httpx.Response:
        self.asked += 1
        newest = self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]
        answer = {"report": newest, "window": {"rows": self.rows}}
        return httpx.Response(self.status, json=answer, request=httpx.Request("GET", "http://x/drift"))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))


@pytest.mark.parametrize(
    ("rows", "first", "then", "shown", "asked"),
    [
        (300, report("stable", 300), report("stable", 300), report("stable", 300), 0),
        (300, report("collecting", 100), report("stable", 300), report("stable", 300), 1),
        (20, report("collecting", 0), report("collecting", 20), report("collecting", 20), 1),
    ],
)
def test_a_window_with_rows_enough_is_waited_for(
    rows: int, first: dict[str, Any], then: dict[str, Any], shown: dict[str, Any], asked: int
) -> None:
    service: Any = Service(rows, then)
    assert score.newest_drift(service, first) == shown
    assert service.asked == asked


def test_a_report_that_comes_late_is_waited_for_and_one_that_never_comes_is_not() -> None:
    collecting = report("collecting", 100)
    late: Any = Service(300, collecting, collecting, report("drifted", 300))
    assert score.newest_drift(late, collecting)["status"] == "drifted"
    never: Any = Service(300, collecting)
    assert score.newest_drift(never, collecting) == collecting
    assert never.asked <= score.DRIFT_SECONDS / score.LOOK_SECONDS + 1


def test_a_service_that_refuses_is_not_taken_for_one_that_is_silent() -> None:
    service: Any = Service(300, report("collecting", 100), status=503)
    with pytest.raises(httpx.HTTPStatusError):
        score.newest_drift(service, report("collecting", 100))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_rows_are_named_by_the_contracts_id(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml.steps.contract.ID", "customer")
    table = pa.table({"id": [7, 8], "customer": ["TC-1", "TC-2"], "age": [31, 32]})
    path = tmp_path / f"rows.{kind}"
    (pq.write_table if kind == "parquet" else pyarrow.csv.write_csv)(table, path)
    records, ids = score.read_rows(path, ("age",), 9, 0)
    assert sorted(zip(ids, records, strict=True)) == [("TC-1", {"age": 31}), ("TC-2", {"age": 32})]
    monkeypatch.setattr("ml.steps.contract.ID", "elsewhere")
    assert sorted(score.read_rows(path, ("age",), 9, 0)[1]) == [0, 1]


def test_a_file_that_cannot_be_scored_is_named_with_what_to_do(tmp_path: Path) -> None:
    azure: Any = SimpleNamespace()  # nothing is asked of it
    with pytest.raises(MlopsError, match="no file") as caught:
        score.score(azure, tmp_path / "none.parquet", 3)
    assert "--file" in caught.value.remedy
    pq.write_table(pa.table({"id": [1]}), tmp_path / "rows.parquet")
    with pytest.raises(MlopsError, match="has no column age; it has id") as caught:
        score.read_rows(tmp_path / "rows.parquet", ("age",), 1, 0)
    assert "features of the deployed model" in caught.value.remedy


def test_rows_are_read_without_pandas_and_folders_are_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "age=7" / "rows.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"age": [20, 30], "limit": [1.5, 2.5]}), path)
    program = (
        "import sys\nfrom pathlib import Path\nfrom ml.commands.score import read_rows\n"
        f"records, _ = read_rows(Path({str(path)!r}), ('age', 'limit'), 2, 1)\n"
        "print(sorted(one['age'] for one in records), 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[20, 30] False", "")
