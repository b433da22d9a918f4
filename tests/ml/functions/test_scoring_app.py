"""The function app that scores: its handlers called as the host calls them."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func
import pytest
from packaging.requirements import Requirement

from ml.errors import MlopsError
from ml.functions import __main__ as packed
from ml.functions.package import (
    FOLDER,
    HOST,
    OF_HOST,
    OWN,
    SERVICE,
    archived,
    contents,
    package,
    requirements_of,
    uncommitted,
)
from ml.jobs.checkout import look
from scoring.hosted import Hosted, hosted, settings_of
from scoring.http.problems import ALL
from scoring.model.artifact import Artifact
from scoring.model.drift import DriftRules
from scoring.monitor import DriftMonitor, Pace
from scoring.scorer import Scorer
from scoring.settings import ModelIdentity, SettingsError
from tests.scoring.ingestion import Ingestion
from tests.scoring.trained import small

ROOT = Path(__file__).parents[3]
KEY = "a-key-of-these-tests"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
CALLER = {"authorization": f"Bearer {KEY}", "content-type": "application/json", "x-request-id": "one"}


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return small().trained.artifact


@pytest.fixture(scope="module")
def variables(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("model")
    artifact.save(folder)
    return {"MODEL_DIR": str(folder), "API_KEY_SHA256": DIGEST, "MODEL_NAME": "credit", "MODEL_VERSION": "3"}


@pytest.fixture(scope="module")
def service(variables: dict[str, str]) -> Iterator[Hosted]:
    made = hosted(variables)
    yield made
    made.close()
    made.close()  # as it is called once more when the process ends


@dataclass(frozen=True)
class App:
    """The module, and its functions by name as the library tells them the host, which asks it once."""

    module: ModuleType
    functions: dict[str, Any]


@pytest.fixture
def app(service: Hosted, monkeypatch: pytest.MonkeyPatch) -> App:
    """function_app.py as the host imports it, with the service of these tests."""
    spec = importlib.util.spec_from_file_location("function_app", ROOT / FOLDER / "function_app.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "hosted", lambda environment: service)
    return App(module, {each.get_function_name(): each for each in module.app.get_functions()})


def called(app: App, name: str, method: str, body: bytes = b"", **headers: str) -> func.HttpResponse:
    url = f"https://func-scoring.azurewebsites.net/{name}"
    request = func.HttpRequest(method=method, url=url, headers={**CALLER, **headers}, body=body)
    return app.functions[name].get_user_function()(request)


def rows(artifact: Artifact, count: int) -> bytes:
    return json.dumps({"records": artifact.schema.records(small().test_matrix[:count])}).encode()


@pytest.mark.parametrize("count", [1, 100])
def test_it_answers_as_the_service_does(app: App, artifact: Artifact, count: int) -> None:
    """Byte by byte: predictions, outliers, drift, model, the request's id."""
    answer = called(app, "score", "POST", rows(artifact, count), **{"x-synthetic": "true"})
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    assert answer.headers["x-request-id"] == "one" and "traceparent" in answer.headers
    monitor = DriftMonitor(artifact.drift, DriftRules(), Pace())
    scorer = Scorer(artifact, monitor, ModelIdentity("credit", "3"), 5_000)
    batch = scorer.score(scorer.encode(json.loads(rows(artifact, count))), observe=False)
    assert answer.get_body() == scorer.body(batch, "one")


def test_its_errors_are_the_services(app: App, artifact: Artifact) -> None:
    titles = {kind.status: kind.title for kind in reversed(ALL)}
    for status, body, headers in (
        (401, rows(artifact, 1), {"authorization": "Bearer another"}),
        (400, b"{", {}),
        (422, b'{"records": [{}]}', {}),
        (415, b"x", {"content-type": "text/plain"}),
    ):
        answer = called(app, "score", "POST", body, **headers)
        assert answer.status_code == status and answer.mimetype == "application/problem+json"
        assert json.loads(answer.get_body())["title"] == titles[status]


def test_it_explains_and_says_that_it_is_ready(app: App, artifact: Artifact) -> None:
    explained = json.loads(called(app, "explain", "POST", rows(artifact, 2)).get_body())
    assert len(explained["explanations"]) == 2
    ready = called(app, "readyz", "GET")
    assert ready.status_code == 200 and json.loads(ready.get_body())["model"]["digest"] == artifact.digest


def test_each_endpoint_is_a_function_at_the_services_path(app: App) -> None:
    triggers = {
        name: json.loads(each.get_function_json())["bindings"][0] for name, each in app.functions.items()
    }
    assert {name: each["route"] for name, each in triggers.items()} == {
        name: name for name in ("score", "explain", "readyz")
    }
    assert {each["authLevel"] for each in triggers.values()} == {"ANONYMOUS"}
    host = json.loads((ROOT / FOLDER / "host.json").read_text())
    assert host["extensions"]["http"]["routePrefix"] == ""


def test_a_start_that_failed_is_tried_again(
    app: App, service: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(environment: Any) -> Hosted:
        raise SettingsError("MODEL_DIGEST is not set")

    monkeypatch.setattr(app.module, "hosted", refuses)
    with pytest.raises(SettingsError):
        called(app, "readyz", "GET")
    monkeypatch.setattr(app.module, "hosted", lambda environment: service)
    assert called(app, "readyz", "GET").status_code == 200


# Tokens are not sent over plain HTTP, so here the service has no identity.
ONE_SCORE = """
import os, sys, scoring.identity
scoring.identity.credential = lambda client_id: None
from scoring.hosted import hosted
given = {"authorization": os.environ["CALLER"], "content-type": "application/json"}
print(hosted(os.environ).answer("POST", "/score", given, sys.stdin.buffer.read()).status)
"""


def test_a_process_that_ends_by_itself_sends_its_telemetry_before(
    variables: dict[str, str], artifact: Artifact
) -> None:
    endpoint = Ingestion()
    given = {
        **variables,
        "PATH": os.environ["PATH"],
        "CALLER": CALLER["authorization"],
        "APPLICATIONINSIGHTS_CONNECTION_STRING": endpoint.connection_string,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", ONE_SCORE],
            cwd=ROOT,
            env=given,
            input=rows(artifact, 1),
            capture_output=True,
            timeout=60,
        )
    finally:
        endpoint.close()
    assert (done.returncode, done.stdout.split()[-1:]) == (0, [b"200"]), done.stderr.decode()
    assert b"Traceback" not in done.stderr + done.stdout
    assert [item["data"]["baseData"]["responseCode"] for item in endpoint.data("RequestData")] == ["200"]
    assert len(endpoint.data("EventData")) == 1
    assert endpoint.metrics("scoring.rows")


def test_without_a_key_it_does_not_start(variables: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="KEY_VAULT_URI is not set"):
        hosted({name: value for name, value in variables.items() if name != "API_KEY_SHA256"})


def test_the_model_is_brought_from_its_address(variables: dict[str, str]) -> None:
    url, digest = "https://account.blob.core.windows.net/models/credit/3", "sha256:" + "0" * 64
    asked: list[tuple[str, str]] = []

    def fetch(url: str, digest: str, settings: Any) -> Path:
        asked.append((url, digest))
        return Path("there")

    given = {**variables, "MODEL_URL": url, "MODEL_DIGEST": digest}
    assert settings_of(given, fetch).model_dir == Path("there") and asked == [(url, digest)]
    with pytest.raises(SettingsError, match="MODEL_DIGEST is not set"):
        settings_of({**given, "MODEL_DIGEST": " "}, fetch)


def test_an_application_that_does_not_start_is_an_error() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        return None

    with pytest.raises(RuntimeError, match="did not start"):
        Hosted(broken, 1.0)


def test_its_package_has_what_it_imports(tmp_path: Path) -> None:
    found = contents(ROOT)
    assert {"function_app.py", "host.json", "requirements.txt", "scoring/hosted.py"} <= set(found)
    assert not [name for name in found if name.startswith(("ml/", "scoring/__main__"))]
    assert archived(found) == archived(dict(reversed(found.items())))
    kernel = tmp_path / "kernel.whl"
    with zipfile.ZipFile(kernel, "w") as archive:
        archive.writestr("scoring_kernel.json", "{}")
        archive.writestr("scoring_kernel-1.dist-info/RECORD", "")
    with zipfile.ZipFile(io.BytesIO(package(ROOT, kernel))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files == {**found, "scoring_kernel.json": b"{}"}


def test_a_file_that_differs_from_the_commit_is_noticed(tmp_path: Path) -> None:
    """Also those that requirements.txt is made of, which the package has under no name."""

    def git(*arguments: str) -> None:
        person = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *person, *arguments], cwd=tmp_path, check=True)

    made_of = (f"{FOLDER}/function_app.py", f"{FOLDER}/host.json", "scoring/hosted.py", SERVICE, HOST)
    for name in (*made_of, "scoring/__init__.py", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert uncommitted(tmp_path)  # there is no repository
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    assert not uncommitted(tmp_path)
    (tmp_path / "README.md").write_text("# of no concern\n")
    assert not uncommitted(tmp_path)
    for name in made_of:
        (tmp_path / name).write_text("# another\n")
        assert uncommitted(tmp_path), name
        git("checkout", "-q", "--", name)


def test_it_has_the_apps_own_files_as_git_tracks_them_alone(tmp_path: Path) -> None:
    """Keys that somebody keeps beside the app for a run at home are not sent with it."""
    for name in ("scoring/__init__.py", "scoring/hosted.py", f"{FOLDER}/function_app.py",
                 f"{FOLDER}/local.settings.json", f"{FOLDER}/.env"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    shutil.copytree(ROOT / "environments/requirements", tmp_path / "environments/requirements")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "scoring", f"{FOLDER}/function_app.py"], cwd=tmp_path, check=True)
    (tmp_path / FOLDER / "host.json").write_text("{}")
    with pytest.raises(MlopsError, match=f"git does not track: {FOLDER}/host.json"):
        contents(tmp_path)
    subprocess.run(["git", "add", f"{FOLDER}/host.json"], cwd=tmp_path, check=True)
    names = {name for name in contents(tmp_path) if not name.startswith("scoring/")}
    assert names == {"function_app.py", "host.json", "requirements.txt"}
    known = look(ROOT, (FOLDER,))
    assert known is None or known.tracked == {f"{FOLDER}/{name}" for name in OWN}


def test_a_kernel_that_is_no_wheel_is_told_and_the_zip_before_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, wrong = tmp_path / "scoring.zip", tmp_path / "kernel.whl"
    target.write_bytes(b"the one before")
    wrong.write_bytes(b"no archive")
    for kernel in (wrong, tmp_path / "none.whl", tmp_path):
        assert packed.main(["--to", str(target), "--kernel", str(kernel)]) == 1
        said = capsys.readouterr().err
        assert f"--kernel {kernel} is no wheel: " in said and "mlops wheel --machine-code" in said
    assert target.read_bytes() == b"the one before"


def test_a_zip_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "scoring.zip"
    target.write_bytes(b"the one before")
    written = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        written(path, data[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packed, "package", lambda root, kernel: b"a new one")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        assert packed.main(["--to", str(target)]) == 1
    assert f"--to {target} cannot be written: No space left on device" in capsys.readouterr().err
    assert target.read_bytes() == b"the one before"
    assert packed.main(["--to", str(target)]) == 0
    assert target.read_bytes() == b"a new one" and list(tmp_path.iterdir()) == [target]


def test_its_requirements_are_locked() -> None:
    text = contents(ROOT)["requirements.txt"].decode()
    entries = re.split(r"(?m)^(?=\S)", text)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    names = {name for entry in entries for name in re.findall(r"^[a-z0-9._-]+", entry)}
    locked = (ROOT / "environments/requirements/scoring.txt").read_text()
    assert names == {*re.findall(r"(?m)^([a-z0-9._-]+)==(?!.*'win32')", locked), *OF_HOST}
    needed = {
        need.name.lower()
        for need in map(Requirement, requires("azure-functions") or ())
        if need.marker is None or need.marker.evaluate({"extra": ""})
    }
    assert needed and all(re.match(r"[a-z0-9]", entry) for entry in entries)
    assert needed <= names
    with pytest.raises(MlopsError, match="has no azure-functions, werkzeug, markupsafe"):
        requirements_of(locked, "")
