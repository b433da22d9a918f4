"""Which changes of a checkout find the earlier job, and which are another one's content."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.commands import sweep, train
from ml.jobs import submission
from ml.jobs.submission import Found, Kind, Request, find_or_submit
from ml.settings import settings
from ml.sources.address import LocalFile
from ml.steps.contract import COLUMNS
from tests.ml.cli.mlops_fakes import RecordingReport

ROOT = Path(__file__).parents[3]
KINDS = {"train": train.kind(), "sweep": sweep.kind()}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what decides a job, and a data set, in no repository."""
    root = tmp_path_factory.mktemp("checkout")
    for folder in ("ml", "scoring", "environments"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    pq.write_table(pa.table({name: [1] for name in COLUMNS}), root / "rows.parquet")
    return root


class Jobs:
    """A workspace whose jobs have all ended well."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def read(self, path: str, what: str) -> Any:
        assert what == "read jobs"
        known = path.removeprefix("jobs/") in self.names
        return {"properties": {"status": "Completed"}} if known else None


def ask(checkout: Path, jobs: Jobs, kind: Kind) -> Found:
    """What the command does, but for the submission itself."""
    azure: Any = SimpleNamespace(
        report=RecordingReport(),
        settings=settings(),
        assets=jobs,
    )
    request = Request(LocalFile(checkout / "rows.parquet"), "roc_auc", 0.002, 12, wait=True, force=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submission, "submit", lambda *given: jobs.names.add(given[4]))
        return find_or_submit(azure, checkout, request, kind)


@pytest.fixture(scope="module")
def first(checkout: Path) -> dict[str, tuple[Jobs, Found]]:
    """The jobs of the checkout as it is."""
    return {name: (jobs := Jobs(), ask(checkout, jobs, kind)) for name, kind in KINDS.items()}


@pytest.mark.parametrize(
    ("path", "trains", "sweeps"),
    [
        ("ml/terminal/console.py", False, False),
        ("ml/commands/train.py", False, False),
        ("ml/settings.toml", False, False),
        ("scoring/telemetry/azuremonitor.py", False, False),
        ("scoring/__main__.py", False, False),
        ("environments/scoring/Dockerfile", False, False),
        ("ml/steps/card/card.css", True, False),
        ("ml/steps/register/component.yml", True, False),
        ("ml/steps/prepare/split.py", True, True),
        ("scoring/model/encode.py", True, True),
        ("environments/training/Dockerfile", True, True),
        ("scoring/kernel/forest.h", True, True),
    ],
)
def test_only_a_change_of_what_the_job_does_makes_another_job(
    checkout: Path, first: dict[str, tuple[Jobs, Found]], path: str, trains: bool, sweeps: bool
) -> None:
    kept = (checkout / path).read_bytes()
    for name, again in {"train": trains, "sweep": sweeps}.items():
        jobs, before = first[name]
        assert not before.reused
        try:
            (checkout / path).write_bytes(kept + b"# a comment\n")
            found = ask(checkout, jobs, KINDS[name])
        finally:
            (checkout / path).write_bytes(kept)
        assert (found.name == before.name, found.reused) == (not again, not again)
