"""The state and the endpoint as Azure has them, over fakes of their protocols."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from ml.published import call
from ml.published.reason import Reason
from ml.scheduled.job import Job as Scheduled
from ml.trigger import app, configuration
from ml.trigger.azure import CALL_SECONDS, BlobState, PublishedPipeline, job_of
from ml.trigger.carry import NotTaken, Overtaken
from ml.trigger.configuration import WrongSetting
from ml.trigger.decide import CLAIM, Start, decide, job_name, observed
from ml.trigger.state import Limits, Run, State
from tests.ml.trigger.test_events import fired, landed, model
from tests.ml.trigger.worlds import START, World, event

WORKSPACE = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/mlw"
SETTINGS = {
    "AzureWebJobsStorage__accountName": "fnmlops",
    "RETRAIN_WORKSPACE_ID": WORKSPACE,
    "RETRAIN_LOCATION": "westeurope",
    "RETRAIN_LANDING": "lake_landing",
    "RETRAIN_DAILY_LIMIT": "4",
    "RETRAIN_DEBOUNCE_MINUTES": "10",
    "RETRAIN_DATA": "",
    "RETRAIN_ALERTS": "on",
}


class Blob:
    """A blob client: one version, changed by conditions alone."""

    def __init__(self) -> None:
        self.content: bytes | None = None
        self.version = 0

    def download_blob(self) -> Any:
        if self.content is None:
            raise ResourceNotFoundError("BlobNotFound")
        held, etag = self.content, f"e{self.version}"
        return SimpleNamespace(readall=lambda: held, properties=SimpleNamespace(etag=etag))

    def upload_blob(self, content: bytes, **how: Any) -> None:
        if how.get("match_condition") is MatchConditions.IfNotModified:
            if how["etag"] != f"e{self.version}":
                raise ResourceModifiedError("ConditionNotMet")
        elif self.content is not None:
            raise ResourceExistsError("BlobAlreadyExists")
        self.content, self.version = content, self.version + 1


class Credential:
    def get_token(self, *scopes: str) -> Any:
        return SimpleNamespace(token=f"for {scopes[0]}")


def pipeline(answers: Any) -> PublishedPipeline:
    client = httpx.Client(transport=httpx.MockTransport(answers))
    credential: Any = Credential()
    return PublishedPipeline(client, credential, configuration.of(SETTINGS))


def run() -> Run:
    one = event()
    return Run(event=one, job=job_name(one.id), data=one.data, decided=START, claimed_until=START)


def test_the_state_is_written_by_whoever_has_read_the_last_one() -> None:
    blob: Any = Blob()
    first, second = BlobState(blob), BlobState(blob)
    state, tag = first.read()
    assert (state, tag) == (State(), "")
    first.write(state.changed(paused="a"), tag)
    with pytest.raises(Overtaken):
        second.write(state.changed(paused="b"), tag)
    state, tag = second.read()
    first.write(state.changed(paused="c"), tag)
    with pytest.raises(Overtaken):
        second.write(state.changed(paused="d"), tag)
    assert second.read()[0].paused == "c"


def test_a_run_is_called_with_its_reason_its_data_and_a_name_of_its_own() -> None:
    seen: list[tuple[str, str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), request.headers["authorization"], json.loads(request.content)))
        return httpx.Response(201, json={"name": run().job})

    assert pipeline(answer).start(run()) == run().job
    (url, signed, body), (tracking, _, tags) = seen
    assert tracking == (
        f"https://westeurope.api.azureml.ms/mlflow/v1.0{WORKSPACE}/api/2.0/mlflow/runs/log-batch"
    )
    told = Reason.of({one["key"]: one["value"] for one in tags["tags"]})
    assert (tags["run_id"], told) == (run().job, Reason("data", "e-1", "e-1", event().data))
    assert url.startswith("https://training-")
    assert url.endswith(".westeurope.inference.ml.azure.com/jobs")
    assert signed == "Bearer for https://ml.azure.com/.default"
    assert body["properties"]["name"] == run().job
    inputs = {name.lower(): value for name, value in body["properties"].items()}["inputdata"]
    told = {
        name: str({k.lower(): v for k, v in one.items()}.get("value", "")) for name, one in inputs.items()
    }
    assert Reason.of_inputs(told) == Reason("data", "e-1", "e-1", event().data)
    assert {k.lower(): v for k, v in inputs["data"].items()}["uri"] == event().data


def test_a_run_that_takes_no_tags_is_started_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        tags = request.url.path.endswith("log-batch")
        return httpx.Response(403, text="no") if tags else httpx.Response(201, json={"name": run().job})

    assert pipeline(answer).start(run()) == run().job
    assert f"the run {run().job} has no tags" in caplog.text


@pytest.mark.parametrize("status", [400, 404])
def test_what_the_endpoint_would_refuse_again_is_told_apart(status: int) -> None:
    with pytest.raises(NotTaken, match="no default deployment"):
        pipeline(lambda _: httpx.Response(status, text="no default deployment")).start(run())


@pytest.mark.parametrize("status", [400, 409])
def test_a_job_that_another_delivery_has_begun_is_this_ones(status: int) -> None:
    words = f"A job with this name already exists: '{run().job}'."
    error = {"error": {"code": "UserError", "message": words}}
    taken = httpx.Response(status, json=error)
    assert (
        pipeline(
            lambda request: taken if request.url.path == "/jobs" else httpx.Response(200, json={})
        ).start(run())
        == run().job
    )


@pytest.mark.parametrize("status", [401, 403])
def test_what_may_pass_is_tried_by_the_next_delivery(status: int) -> None:
    with pytest.raises(Exception, match=str(status)) as found:
        pipeline(lambda _: httpx.Response(status, text=f"{status}")).start(run())
    assert not isinstance(found.value, NotTaken)


def job(name: str, status: str, *, tags: Mapping[str, str], inputs: Mapping[str, str]) -> dict[str, Any]:
    literals = {key: {"jobInputType": "literal", "value": value} for key, value in inputs.items()}
    return {"name": name, "properties": {"status": status, "tags": dict(tags), "inputs": literals}}


def test_jobs_of_the_workspace_are_read_page_by_page_and_others_pipelines_left_out() -> None:
    reason = Reason("metric", "the alert fired", "a-1", "d")
    person = Reason("person", "to see", "", "d")
    pages = [
        {
            "value": [
                job("one", "Running", tags={}, inputs=reason.inputs()),
                job("other", "Running", tags={}, inputs={"date": "2026-11-30"}),
            ],
            "nextLink": f"https://management.azure.com{WORKSPACE}/jobs?page=2",
        },
        {"value": [job("two", "Completed", tags=person.tags(), inputs={})]},
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=pages[1 if "page=2" in str(request.url) else 0])

    found = pipeline(answer).jobs()
    assert [(one.name, one.event, one.started_by, one.ended) for one in found] == [
        ("one", "a-1", "metric", False),
        ("two", "", "person", True),
    ]
    assert job_of({"name": "x", "properties": {}}) is None


def test_scheduled_work_is_no_training_that_an_alert_would_wait_for() -> None:
    """It is a pipeline with a reason, as a training is, and is told apart by its tag."""
    reason = Reason("schedule", "each day", "mlops-quality")
    work = Scheduled("quality", "quality", "k", lambda _: None, reason=reason)
    training = {name: value for name, value in work.all_tags.items() if name != "work"}
    assert job_of(job("q-1", "Running", tags=work.all_tags, inputs={})) is None
    assert job_of(job("t-1", "Running", tags=training, inputs={})) is not None
    found = filter(None, [job_of(job("q-1", "Running", tags=work.all_tags, inputs={}))])
    state = observed(State(newest="azureml://landing/a.csv"), tuple(found), START)
    limits = Limits(debounce_minutes=0, daily=3)
    assert isinstance(decide(state, event("a-1", by="metric"), limits, START)[1], Start)


def test_all_attempts_together_take_less_time_than_a_run_is_claimed_for() -> None:
    """Of the start and of its tags, when each one connects and answers at the last moment, or not at all."""
    pauses = sum(call.PAUSE_S * 2**attempt for attempt in range(call.ATTEMPTS - 1))
    one = call.ATTEMPTS * (CALL_SECONDS + CALL_SECONDS) + pauses
    assert 2 * one < CLAIM.total_seconds()


def test_each_call_of_the_endpoint_has_this_limit() -> None:
    limits: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        limits.extend(request.extensions["timeout"][of] for of in ("connect", "read"))
        return httpx.Response(201, json={"name": run().job})

    pipeline(answer).start(run())
    assert limits == [CALL_SECONDS] * 4


def test_landed_files_are_named_as_azure_ml_names_them() -> None:
    assert configuration.of(SETTINGS).landing_paths == (
        "azureml://subscriptions/s-1/resourcegroups/rg/workspaces/mlw/datastores/lake_landing/paths"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("RETRAIN_WORKSPACE_ID", "mlw"), ("RETRAIN_DAILY_LIMIT", "many"), ("RETRAIN_LOCATION", "")],
)
def test_settings_that_are_wrong_are_named(name: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=r"pulumi up"):
        configuration.of({**SETTINGS, name: value})


def test_the_github_app_is_there_as_a_whole_or_not_at_all() -> None:
    github = {
        "RETRAIN_GITHUB_REPOSITORY": "o/r",
        "RETRAIN_GITHUB_APP": "a",
        "RETRAIN_GITHUB_INSTALLATION": "1",
        "RETRAIN_GITHUB_REF": "main",
    }
    assert configuration.of({**SETTINGS, **github}).github is None
    whole = configuration.of({**SETTINGS, **github, "RETRAIN_GITHUB_KEY": "https://kv/keys/k"})
    assert whole.github is not None


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    told = configuration.of(SETTINGS)
    monkeypatch.setattr(app, "_configuration", lambda: told)
    monkeypatch.setattr(app, "_credential", Credential)
    monkeypatch.setattr(app, "_endpoint", lambda: made)
    monkeypatch.setattr(app, "state_of", lambda account, credential: made)
    return made


def test_each_function_says_what_became_of_what_reached_it(world: World) -> None:
    assert (
        app.from_queue(landed())
        == f"2026/rows.parquet landed: the training {next(iter(world.made))} is started"
    )
    assert app.from_queue([landed()]).endswith("this event was answered before")
    assert app.from_queue(landed(api="CreateFile")).startswith("ignored: ")
    status, told = app.from_alert(fired(alertId="a-2"))
    assert status == 200
    assert told.endswith("no training is started: it came too soon after the start of the last training")
    registered = {**landed(), "eventType": "Microsoft.MachineLearningServices.ModelRegistered"}
    registered["data"] = model()
    assert "retraining.github is not set" in app.from_queue(registered)
    assert app.from_watch() == []


def test_an_event_that_somebody_else_carries_out_comes_again(world: World) -> None:
    def fail(effect: int) -> None:
        if effect == 3:
            raise TimeoutError

    world.between = fail
    with pytest.raises(TimeoutError):
        app.from_queue(landed())
    world.between = lambda _: None
    with pytest.raises(app.NotYet):
        app.from_queue(landed())


def test_alerts_start_nothing_where_the_settings_do_not_say_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = configuration.of({**SETTINGS, "RETRAIN_ALERTS": ""})
    monkeypatch.setattr(app, "_configuration", lambda: told)
    status, words = app.from_alert(fired())
    assert status == 404
    assert "retraining.application" in words
    assert not world.made


def test_a_refused_run_is_said_and_its_message_is_not_delivered_again(world: World) -> None:
    world.refuses = "no default deployment"
    assert "no default deployment" in app.from_queue(landed())
    assert world.state.counts == {"refused-by-azure": 1}
