"""A client of a running emulator, as programs from elsewhere are: MLClient, and what they write beside it."""

from __future__ import annotations

import re
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator.home import Home
from tests.emulator.machinelearning import estate

ENDED = ("Completed", "Failed", "Canceled")
ENVIRONMENT = "azureml:plain:1"
FOLDER = "uri_folder"
KEPT = ("components", "data", "environments", "models", "schedules", "jobs")


@dataclass(frozen=True, slots=True)
class Lab:
    """``ml`` is the MLClient; files of the tests lie under ``root``."""

    ml: Any
    home: Home
    root: Path
    write: estate.Write  # a PUT of a body to an ARM id

    def file(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
        return path

    def submit(self, job: Any) -> Any:
        return self.ml.jobs.create_or_update(job)

    def wait(self, name: str, *statuses: str, seconds: float = 30) -> Any:
        """The job once it has one of the statuses (by default: has ended)."""
        end = time.monotonic() + seconds
        while (job := self.ml.jobs.get(name)).status not in (statuses or ENDED):
            assert time.monotonic() < end, f"{name} is still {job.status}"
            time.sleep(0.05)
        return job

    def run(self, job: Any) -> Any:
        """Submit a job that must complete; the job."""
        done = self.wait(self.submit(job).name)
        assert done.status == "Completed", self.logs(done.name)
        return done

    def steps(self, name: str) -> dict[str, Any]:
        """The jobs right under a pipeline's, by display name."""
        return {child.display_name: child for child in self.ml.jobs.list(parent_job_name=name)}

    def output(self, name: str, output: str) -> dict[str, str]:
        """The files of a job's output: path -> text."""
        place = self.root / "downloads" / name
        self.ml.jobs.download(name, download_path=place, output_name=output)
        root = place / "named-outputs" / output
        return {str(one.relative_to(root)): one.read_text() for one in root.rglob("*") if one.is_file()}

    def log(self, name: str) -> str:
        """What a command wrote."""
        place = self.root / "downloads" / name
        self.ml.jobs.download(name, download_path=place)
        return (place / "artifacts" / "user_logs" / "std_log.txt").read_text()

    def logs(self, name: str) -> str:
        """Every log of a job and of those under it."""
        place = self.root / "downloads" / name
        self.ml.jobs.download(name, download_path=place)
        own = [one.read_text() for one in (place / "artifacts").rglob("*.txt")]
        return "\n".join(
            [*own, *(self.logs(child.name) for child in self.ml.jobs.list(parent_job_name=name))]
        )

    def refusal(self, job: Any) -> str:
        """The words with which a job is refused. Nothing is left of it that has a name, and nothing runs."""
        from azure.core.exceptions import HttpResponseError

        before = self.left()
        with pytest.raises(HttpResponseError) as caught:
            self.submit(job)
        assert self.left() == before
        assert caught.value.error is not None
        return re.sub(r"(?<=[Jj]ob )'[^']+'", "NAME", str(caught.value.error.message))

    def left(self) -> dict[str, list[str]]:
        """What has a name in the workspace, archived or not, and the folders of jobs."""
        kept = {
            kind: sorted(item.name for item in getattr(self.ml, kind).list(list_view_type="All"))
            for kind in KEPT
            if kind != "schedules"
        }
        schedules = sorted(item.name for item in self.ml.schedules.list())
        return {
            **kept,
            "schedules": schedules,
            "folders": sorted(one.name for one in self.home.jobs.glob("*")),
        }


def command(name: str, line: str, **settings: Any) -> Any:
    """A command component of one line, in the plain environment."""
    from azure.ai.ml import command as build

    return build(name=name, command=line, environment=settings.pop("environment", ENVIRONMENT), **settings)
