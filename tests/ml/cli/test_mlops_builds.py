"""Image builds and training jobs against services in memory."""

from types import SimpleNamespace as Named
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from infra.outputs import EstateOutputs
from ml.azure import images
from ml.azure.clients import Azure
from ml.azure.remote_log import RemoteLog, readable
from ml.azure.runs import Child, Follower, RunDetails
from ml.errors import MlopsError
from ml.jobs.submission import KnownJob, content_of, find_job, job_name, reusable
from ml.settings import settings
from tests.ml.cli.mlops_fakes import RecordingReport, WorkspaceAssets

DIGEST = "sha256:" + "a" * 64


class Blobs:
    """Blobs by URL: reading past the end answers 416, as Azure does."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}

    def at(self, url: str) -> Any:
        def download(offset: int) -> Any:
            content = self.content.get(url, b"")
            if offset >= len(content):
                error = HttpResponseError("InvalidRange")
                error.status_code = 416
                raise error
            return Named(readall=lambda: content[offset:])

        def upload(content: bytes, **options: Any) -> None:
            self.content[url] = content

        return Named(download_blob=download, upload_blob=upload)


class Registry:
    """A registry whose runs go through the states given, writing a line at each."""

    def __init__(self, blobs: Blobs, states: list[str]) -> None:
        self.blobs, self.states, self.request = blobs, states, None
        self.registries, self.runs = self, self

    def get_build_source_upload_url(self, group: str, registry: str) -> Any:
        return Named(upload_url="https://upload", relative_path="source/x.tar.gz")

    def begin_schedule_run(self, group: str, registry: str, request: Any, **options: Any) -> Any:
        self.request = request
        return Named(result=lambda: Named(run_id="ca1"))

    def get_log_sas_url(self, group: str, registry: str, run: str) -> Any:
        return Named(log_link="https://log")

    def get(self, group: str, registry: str, run: str) -> Any:
        state = self.states.pop(0)
        self.blobs.content["https://log"] = self.blobs.content.get("https://log", b"") + f"{state}\n".encode()
        image = Named(repository="scoring", tag="1-abc", digest=DIGEST)
        return Named(status=state, output_images=[image], run_error_message=None)


class FakeAzure(Azure):
    def __init__(self, outputs: dict[str, Any], **parts: Any) -> None:
        quick = settings().model_copy(
            update={"azure": settings().azure.model_copy(update={"poll_seconds": 1e-6})}
        )
        super().__init__(EstateOutputs(**outputs), RecordingReport(), quick)
        self.__dict__.update(parts)
        self.__dict__["blobs"] = parts.get("blobs") or Blobs()
        self.__dict__["assets"] = WorkspaceAssets()

    def at_url(self, url: str) -> Any:
        return self.__dict__["blobs"].at(url)


def test_a_build_runs_in_the_agent_pool_and_gives_the_digest(outputs: dict[str, Any]):
    blobs = Blobs()
    registry = Registry(blobs, ["Queued", "Running", "Succeeded"])
    azure = FakeAzure(outputs, registry=registry, blobs=blobs)
    image = images.build(azure, "scoring", "1-abc", {"Dockerfile": b"FROM x\n"})
    assert image.reference == f"crstage.azurecr.io/scoring@{DIGEST}"
    assert registry.request.agent_pool_name == "builders"
    assert registry.request.source_location == "source/x.tar.gz"
    assert blobs.content["https://upload"][:2] == b"\x1f\x8b"
    told = azure.report.lines
    assert [line for line in told if line.startswith("build | ")] == [
        "build | Queued",
        "build | Running",
        "build | Succeeded",
    ]


def test_a_build_is_given_the_estates_base_image(outputs: dict[str, Any]):
    """The Dockerfile's own default is a public image by tag."""
    base = f"crstage.azurecr.io/base/python:3.11-slim@{DIGEST}"
    for estate, given in (({**outputs, "base_image": base}, [("BASE_IMAGE", base)]), (outputs, [])):
        blobs = Blobs()
        registry = Registry(blobs, ["Succeeded"])
        images.build(
            FakeAzure(estate, registry=registry, blobs=blobs), "scoring", "1-abc", {"Dockerfile": b"x"}
        )
        assert [(one.name, one.value) for one in registry.request.arguments or []] == given


def test_a_registry_without_build_agents_is_named_before_anything_is_sent(outputs: dict[str, Any]):
    blobs = Blobs()
    azure = FakeAzure({**outputs, "build_agent_pool": None}, registry=Registry(blobs, []), blobs=blobs)
    with pytest.raises(MlopsError, match="crstage has no build agents") as caught:
        images.build(azure, "scoring", "1-abc", {"Dockerfile": b"FROM x\n"})
    assert "registry.buildAgents in Pulumi.stage.yaml" in caught.value.remedy
    assert not blobs.content


def test_a_failed_build_ends_with_its_log(outputs: dict[str, Any]):
    blobs = Blobs()
    azure = FakeAzure(outputs, registry=Registry(blobs, ["Running", "Failed"]), blobs=blobs)
    with pytest.raises(MlopsError, match="ended as Failed") as caught:
        images.build(azure, "scoring", "1-abc", {"Dockerfile": b"FROM x\n"})
    assert caught.value.details[-1] == "Failed"


def test_a_build_that_names_no_digest_is_no_success(outputs: dict[str, Any]):
    blobs = Blobs()
    azure = FakeAzure(outputs, registry=Registry(blobs, ["Succeeded"]), blobs=blobs)
    with pytest.raises(MlopsError, match="names no digest"):
        images.build(azure, "scoring", "other", {"Dockerfile": b"FROM x\n"})


def test_a_log_that_may_not_be_read_does_not_end_the_build(outputs: dict[str, Any]):
    class Closed(Blobs):
        def at(self, url: str) -> Any:
            def download(offset: int) -> Any:
                error = HttpResponseError("AuthorizationFailure")
                error.status_code = 403
                raise error

            return Named(download_blob=download, upload_blob=lambda *content, **options: None)

    blobs = Closed()
    registry = Registry(blobs, ["Running", "Running", "Succeeded"])
    azure = FakeAzure(outputs, registry=registry, blobs=blobs)
    assert images.build(azure, "scoring", "1-abc", {"Dockerfile": b"FROM x\n"}).digest == DIGEST
    assert len([line for line in azure.report.lines if "cannot be read" in line]) == 1


def test_a_url_without_a_permission_is_read_by_identity(outputs: dict[str, Any]):
    azure = Azure(EstateOutputs(**outputs), RecordingReport())
    azure.__dict__["credential"] = Named(get_token=lambda *scopes, **options: None)
    assert azure.at_url("https://st.blob.core.windows.net/c/log.txt").credential is azure.credential
    signed = azure.at_url("https://st.blob.core.windows.net/c/log.txt?sv=2024-11-04&sr=b&sig=x")
    assert signed.credential is not azure.credential


def test_a_growing_log_is_read_line_by_line(outputs: dict[str, Any]):
    blobs = Blobs()
    log = RemoteLog(FakeAzure(outputs, blobs=blobs))
    assert log.new_lines("https://log") == []
    blobs.content["https://log"] = b"one\ntw"
    assert log.new_lines("https://log") == ["one"]
    blobs.content["https://log"] += b"o\r\nthree"
    assert log.new_lines("https://log") == ["two"]
    assert log.new_lines("https://log", final=True) == ["three"]
    assert log.new_lines("https://log", final=True) == []


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b"plain", "plain"),
        (b"\x1b[32mgreen\x1b[0m", "green"),
        (b"10%\r50%\r100%\r", "100%"),
        (b"\xff", "\ufffd"),
    ],
)
def test_what_is_for_a_terminal_is_left_out(raw: bytes, read: str):
    assert readable(raw) == read


PARTS: dict[str, Any] = {
    "data": "d",
    "code": "c",
    "joined": ["j"],
    "environment": "e",
    "choices": {"seed": 1},
}
KEY = content_of(**PARTS)


def test_the_latest_job_of_a_content_is_found(outputs: dict[str, Any]):
    azure: Any = FakeAzure(outputs)
    assert find_job(azure, KEY, "train") == (None, job_name(KEY, 1, "train"))
    for attempt, status in ((1, "Failed"), (2, "Completed")):
        azure.assets.there[f"jobs/{job_name(KEY, attempt, 'train')}"] = {"properties": {"status": status}}
    second = KnownJob(job_name(KEY, 2, "train"), "Completed")
    assert find_job(azure, KEY, "train") == (second, job_name(KEY, 3, "train"))


@pytest.mark.parametrize("part", PARTS)
def test_each_input_decides_the_key(part: str):
    other = {"seed": 2} if part == "choices" else ["other"] if part == "joined" else "other"
    assert content_of(**{**PARTS, part: other}) != KEY


@pytest.mark.parametrize(
    ("status", "force", "expected"),
    [
        ("Completed", False, True),
        ("Running", False, True),
        ("Failed", False, False),
        ("Completed", True, False),
    ],
)
def test_only_a_running_or_successful_job_is_taken(status: str, force: bool, expected: bool):
    assert reusable(KnownJob("x", status), force) is expected
    assert reusable(None, force) is False


class History:
    """A job with one step that fails after a word."""

    def __init__(self) -> None:
        self.polls = 0

    def details(self, job: str) -> RunDetails:
        if job == "train-1":
            self.polls += 1
        status = "Running" if self.polls < 2 else "Failed"
        logs = {"user_logs/std_log.txt": "https://log", "system_logs/x.txt": "https://other"}
        return RunDetails(status, logs if job == "step" else {}, "exit code 1")

    def children(self, job: str) -> list[Child]:
        return [Child("step", "validate", self.details("step").status)]


def test_a_failed_step_is_reported_with_the_end_of_its_log(
    outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    history, blobs = History(), Blobs()
    blobs.content["https://log"] = b"column age: 3 values below 18"
    azure = FakeAzure(outputs, blobs=blobs)
    follower = Follower(azure)
    monkeypatch.setattr(follower, "_runs", history)
    status, steps = follower.follow("train-1", 60)
    assert (status, steps[0].status) == ("Failed", "Failed")
    assert steps[0].reason == ["column age: 3 values below 18"]
    assert azure.report.lines == [
        "validate: Running",
        "validate | column age: 3 values below 18",
        "validate: Failed",
    ]


def test_a_job_that_takes_too_long_is_left_running(outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    azure = FakeAzure(outputs)
    follower = Follower(azure)
    runs = Named(details=lambda job: RunDetails("Running", {}, ""), children=lambda job: [])
    monkeypatch.setattr(follower, "_runs", runs)
    with pytest.raises(MlopsError, match="still Running"):
        follower.follow("train-1", 0)
