"""An emulator in this process, without a server: jobs run, nothing listens."""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.home import Home
from emulator.identity.directory import SIGNED_IN
from emulator.machinelearning.runs import TERMINAL
from tests.emulator.machinelearning import estate

Json = dict[str, Any]


class Lab:
    """The emulator with a workspace, and short ways to what the tests do in it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.emulator = self.start()

    def start(self) -> Emulator:
        self.emulator = Emulator(self.home)
        self.emulator.ports.update({"proxy": 9, "plain": 9, "tls": 9})
        self.emulator.started()
        return self.emulator

    def write(self, resource_id: str, body: Json, **query: str) -> Json:
        return self.emulator.arm.put(resource_id, body, principal=SIGNED_IN, query=query)[0]

    def get(self, *path: str) -> Json:
        return self.emulator.arm.get("/".join((estate.WORKSPACE, *path)))

    def code(self, files: dict[str, str], name: str = "code") -> str:
        """A version of code with the files; its id."""
        place = self.emulator.arm.get(estate.WORKSPACE)["properties"]["workspaceId"]
        container = f"azureml-blobstore-{place}"
        for path, text in files.items():
            self.emulator.blobs.write(estate.ACCOUNT_NAME, container, f"{name}/{path}", text.encode())
        url = f"https://{estate.ACCOUNT_NAME}.blob.core.windows.net/{container}/{name}"
        return self.write(f"{estate.WORKSPACE}/codes/{name}/versions/1", {"properties": {"codeUri": url}})[
            "id"
        ]

    def command(self, name: str, command: str, **properties: Any) -> Json:
        """Submit a command job."""
        return self.write(f"{estate.WORKSPACE}/jobs/{name}", command_body(command, **properties))

    def pipeline(self, name: str, steps: Json, **properties: Any) -> Json:
        """Submit a pipeline whose steps are commands."""
        body = {"jobType": "Pipeline", "computeId": estate.COMPUTE, "jobs": steps, "experimentName": "tests"}
        return self.write(f"{estate.WORKSPACE}/jobs/{name}", {"properties": {**body, **properties}})

    def component(
        self, name: str, command: str, inputs: Json | None = None, outputs: Json | None = None
    ) -> str:
        """A component; its id."""
        spec = {
            "type": "command",
            "command": command,
            "environment": f"azureml:{estate.ENVIRONMENT}",
            "inputs": inputs or {},
            "outputs": outputs or {},
        }
        body = {"properties": {"componentSpec": spec}}
        return self.write(f"{estate.WORKSPACE}/components/{name}/versions/1", body)["id"]

    def status(self, name: str) -> str:
        return self.get("jobs", name)["properties"]["status"]

    def until(self, name: str, *statuses: str, seconds: float = 20) -> str:
        """Wait until a job has one of the statuses (by default: has ended)."""
        end = time.monotonic() + seconds
        wanted = set(statuses) or TERMINAL
        while (status := self.status(name)) not in wanted:
            assert time.monotonic() < end, f"{name} is still {status}: {self.record(name)}"
            time.sleep(0.02)
        return status

    def record(self, name: str) -> Json:
        found = self.emulator.store.document("ml-run", f"{estate.WORKSPACE}/jobs/{name}".lower())
        assert found is not None
        return found

    def log(self, name: str, file: str = "user_logs/std_log.txt") -> str:
        path = f"ExperimentRun/dcid.{name}/{file}"
        return self.emulator.blobs.read(estate.ACCOUNT_NAME, "azureml", path).decode()

    def child(self, name: str, step: str) -> str:
        return self.record(name)["steps"][step]

    def output(self, uri: str) -> str:
        """The text of a blob that an output's uri names."""
        path = uri.split("/paths/", 1)[1]
        place = self.emulator.arm.get(estate.WORKSPACE)["properties"]["workspaceId"]
        return self.emulator.blobs.read(estate.ACCOUNT_NAME, f"azureml-blobstore-{place}", path).decode()


def command_body(command: str, **properties: Any) -> Json:
    body = {
        "jobType": "Command",
        "command": command,
        "computeId": estate.COMPUTE,
        "environmentId": estate.ENVIRONMENT,
        "experimentName": "tests",
    }
    return {"properties": {**body, **properties}}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Environments of the tests are built once, beside the user's own."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", autouse=True)
def cached_there(cache: Path) -> Iterator[None]:
    """No longer than for a file of this folder: to others, the user's cache would look empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A home in which the estate is built, to be copied: keys and tables take half a second to make."""
    root = tmp_path_factory.mktemp("template") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        made = Lab(Home(root))
    estate.build(made.write)
    made.emulator.close()
    del made
    gc.collect()  # closes what databases are still open, so that their side files do not go while one copies
    return root


@pytest.fixture
def lab(template: Path, tmp_path: Path) -> Iterator[Lab]:
    made = Lab(Home(shutil.copytree(template, tmp_path / "home")))
    yield made
    made.emulator.close()
