"""Tracking without a server: who may, what is refused, what is kept."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.http import Request
from emulator.identity.directory import SIGNED_IN, Principal
from emulator.machinelearning.runs import Runs
from emulator.machinelearning.tracking import search
from emulator.machinelearning.tracking.api import CALLS
from emulator.machinelearning.tracking.errors import TrackingError
from emulator.machinelearning.tracking.tokens import RunTokens
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab, cached_there, template
from tests.emulator.machinelearning.conftest import lab as local

__all__ = ["cached_there", "local", "template"]
Json = dict[str, Any]
HOST = f"{estate.REGION}.api.azureml.ms"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"


class Caller:
    """Calls as one principal."""

    def __init__(self, lab: Lab, who: Principal | str, workspace: str = estate.WORKSPACE) -> None:
        self.lab = lab
        self.token = (
            who
            if isinstance(who, str)
            else lab.emulator.identity.tokens.issue(who, "https://management.azure.com")[0]
        )
        self.base = f"/mlflow/v1.0{workspace}/api/2.0/mlflow/"

    def send(
        self, method: str, path: str, body: Any, query: dict[str, str] | None = None
    ) -> tuple[int, Json]:
        headers = {"authorization": f"Bearer {self.token}"}
        data = b"" if body is None else json.dumps(body).encode()
        answer = self.lab.emulator.answer(Request(method, HOST, path, path, query or {}, headers, data))
        return answer.status, json.loads(answer.body)

    def post(self, call: str, **body: Any) -> tuple[int, Json]:
        return self.send("POST", self.base + call, body)

    def get(self, call: str, **query: str) -> tuple[int, Json]:
        return self.send("GET", self.base + call, None, query)


@pytest.fixture
def me(local: Lab) -> Caller:
    return Caller(local, SIGNED_IN)


def run_of(me: Caller, **fields: Any) -> str:
    status, body = me.post("runs/create", experiment_id="0", **fields)
    assert status == 200, body
    return body["run"]["info"]["run_id"]


def points(count: int) -> list[Json]:
    return [{"key": "m", "value": number, "timestamp": 1, "step": number} for number in range(count)]


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({"metrics": points(1001)}, "at most 1000 metrics. Got 1001"),
        ({"params": [{"key": f"p{n}", "value": ""} for n in range(101)]}, "at most 100 params. Got 101"),
        ({"tags": [{"key": f"t{n}", "value": ""} for n in range(101)]}, "at most 100 tags. Got 101"),
        (
            {"metrics": points(1000), "params": [{"key": "p", "value": ""}]},
            "at most 1000 metrics, params and tags together",
        ),
        ({"params": [{"key": "p", "value": "x" * 6001}]}, "6001 characters"),
        ({"metrics": [{"key": "m", "value": "many"}]}, "Got invalid value 'many' for metric 'm'"),
        ({"metrics": [{"key": "a/../b", "value": 1}]}, "Invalid metric name"),
        ({"metrics": [{"value": 1}]}, "parameter 'key'"),
        ({"metrics": 3}, "metrics must be a list"),
    ],
)
def test_limits_of_a_batch_and_nothing_of_it_is_kept(me: Caller, batch: Json, words: str) -> None:
    run = run_of(me)
    whole = {"tags": [{"key": "kept", "value": "no"}], **batch}
    status, body = me.post("runs/log-batch", run_id=run, **whole)
    assert (status, body["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert words in body["message"]
    data = me.get("runs/get", run_id=run)[1]["run"]["data"]
    assert (data["metrics"], data["params"]) == ([], [])
    assert "kept" not in {tag["key"] for tag in data["tags"]}


def test_a_full_batch_is_taken_and_a_changed_parameter_undoes_one(me: Caller) -> None:
    run = run_of(me)
    assert (
        me.post("runs/log-batch", run_id=run, metrics=points(900), params=[{"key": "p", "value": "1"}])[0]
        == 200
    )
    status, _ = me.post("runs/log-batch", run_id=run, metrics=points(5), params=[{"key": "p", "value": "2"}])
    assert status == 400
    history = me.get("metrics/get-history", run_id=run, metric_key="m")[1]["metrics"]
    assert [point["value"] for point in history] == list(range(900))


def test_the_latest_metric_is_that_of_the_highest_step(me: Caller) -> None:
    run = run_of(me)
    for step, value in ((5, 1.0), (9, 2.0), (7, 3.0)):
        me.post("runs/log-metric", run_id=run, key="m", value=value, step=step, timestamp=1)
    assert me.get("runs/get", run_id=run)[1]["run"]["data"]["metrics"][0]["value"] == 2.0


def test_of_two_metrics_at_the_same_step_and_time_the_one_logged_last_counts(me: Caller) -> None:
    run = run_of(me)
    for value in (2.0, 1.0):
        me.post("runs/log-metric", run_id=run, key="m", value=value, step=3, timestamp=1)
    assert me.get("runs/get", run_id=run)[1]["run"]["data"]["metrics"][0]["value"] == 1.0


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("runs/log-metric", {"key": "m", "value": 1}),
        ("runs/log-parameter", {"key": "p", "value": "1"}),
        ("runs/log-batch", {"params": [{"key": "p", "value": "1"}]}),
        ("runs/set-tag", {"key": "t", "value": "1"}),
        ("runs/delete-tag", {"key": "kept"}),
    ],
)
def test_a_deleted_run_takes_no_logs_until_it_is_restored(me: Caller, call: str, body: Json) -> None:
    run = run_of(me, tags=[{"key": "kept", "value": "yes"}])
    before = me.get("runs/get", run_id=run)[1]["run"]["data"]
    me.post("runs/delete", run_id=run)
    status, said = me.post(call, run_id=run, **body)
    assert (status, said["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "must be in the 'active' state" in said["message"]
    assert me.get("runs/get", run_id=run)[1]["run"]["data"] == before
    me.post("runs/restore", run_id=run)
    assert me.post(call, run_id=run, **body)[0] == 200


@pytest.mark.parametrize(
    ("order", "found"),
    [
        (["metrics.m ASC"], ["low", "high", "none"]),
        (["metrics.m DESC"], ["high", "low", "none"]),
        (["params.p"], ["high", "none", "low"]),
        (["tags.t DESC", "metrics.m"], ["low", "high", "none"]),
    ],
)
def test_runs_without_what_orders_them_come_last(me: Caller, order: list[str], found: list[str]) -> None:
    logged: dict[str, Json] = {
        "high": {"metrics": [{"key": "m", "value": 0.9}], "params": [{"key": "p", "value": "1"}]},
        "low": {"metrics": [{"key": "m", "value": 0.1}], "tags": [{"key": "t", "value": "x"}]},
        "none": {"params": [{"key": "p", "value": "2"}]},
    }
    for name, batch in logged.items():
        me.post("runs/log-batch", run_id=run_of(me, run_name=name), **batch)
    _, body = me.post("runs/search", experiment_ids=["0"], order_by=order)
    assert [run["info"]["run_name"] for run in body["runs"]] == found


def test_all_of_it_survives_a_restart_and_goes_with_the_workspace(local: Lab) -> None:
    run = run_of(Caller(local, SIGNED_IN), run_name="kept")
    Caller(local, SIGNED_IN).post("runs/log-batch", run_id=run, metrics=points(3))
    local.emulator.close()
    local.start()
    me = Caller(local, SIGNED_IN)
    assert me.get("runs/get", run_id=run)[1]["run"]["info"]["run_name"] == "kept"
    assert len(me.get("metrics/get-history", run_id=run, metric_key="m")[1]["metrics"]) == 3
    local.emulator.arm.delete(estate.WORKSPACE)
    store = local.emulator.store
    assert store.documents("ml-logged") == {} and store.documents("ml-mlflow-run") == {}
    assert store.documents(f"ml-points {estate.WORKSPACE}/jobs/{run}".lower()) == {}


def principal(lab: Lab, role: str) -> Principal:
    """The identity of the cluster, with a role on the workspace."""
    found = lab.emulator.arm.get(estate.IDENTITY)["properties"]["principalId"]
    if role:
        name = "5f0e7a52-0000-4000-8000-0000000000aa"
        estate.grant(lab.write, name, found, "ServicePrincipal", estate.WORKSPACE, role)
    who = lab.emulator.identity.directory.find(found)
    assert who is not None
    return who


@pytest.mark.parametrize(
    ("role", "reads", "writes"), [("", 403, 403), (READER, 200, 403), (SCIENTIST, 200, 200)]
)
def test_roles_are_enforced(local: Lab, role: str, reads: int, writes: int) -> None:
    run = run_of(Caller(local, SIGNED_IN))
    other = Caller(local, principal(local, role))
    files = f"/history/v1.0{estate.WORKSPACE}/experiments/Default/runs/{run}/artifacts"
    assert other.get("runs/get", run_id=run)[0] == reads
    assert other.post("runs/log-metric", run_id=run, key="m", value=1)[0] == writes
    assert other.send("GET", files, None)[0] == reads
    assert other.send("POST", f"{files}/batch/metadata", {"paths": [{"path": "a.txt"}]})[0] == writes


def test_nobody_gets_in_without_a_token_of_the_right_kind(local: Lab) -> None:
    vault = local.emulator.identity.tokens.issue(SIGNED_IN, "https://vault.azure.net")[0]
    for token in ("", "no-token", vault):
        status, body = Caller(local, token).get("experiments/get-by-name", experiment_name="Default")
        assert (status, body["error_code"]) == (401, "UNAUTHENTICATED")


def test_a_runs_token_opens_its_workspace_until_the_job_ends(local: Lab) -> None:
    local.command("waits", "sleep 60")
    local.until("waits", "Running")
    job = f"{estate.WORKSPACE}/jobs/waits"
    token = RunTokens(local.emulator.identity, Runs(local.emulator.store)).issue(SIGNED_IN, job)
    mine, other = Caller(local, token), Caller(local, token, f"{estate.WORKSPACE}-b")
    assert mine.post("runs/log-metric", run_id="waits", key="m", value=1)[0] == 200
    assert other.post("runs/log-metric", run_id="waits", key="m", value=1)[0] == 403
    local.write(job, {"properties": {"tags": {"a": "b"}}})
    tags = mine.get("runs/get", run_id="waits")[1]["run"]["data"]["tags"]
    assert {"key": "a", "value": "b"} in tags
    assert manage(local, token, "GET", job) == 401
    signed_in = local.emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")[0]
    assert manage(local, signed_in, "POST", f"{job}/cancel") == 200
    assert local.until("waits") == "Canceled"
    assert mine.post("runs/log-metric", run_id="waits", key="m", value=1)[0] == 401


def manage(lab: Lab, token: str, method: str, path: str) -> int:
    """The status of a call to the resource manager."""
    headers = {"authorization": f"Bearer {token}"}
    query = {"api-version": "2025-01-01-preview"}
    asked = Request(method, "management.azure.com", path, path, query, headers)
    return lab.emulator.answer(asked).status


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a/", "", "a\\b", "."])
def test_an_artifact_stays_in_its_runs_folder(me: Caller, path: str) -> None:
    run = run_of(me)
    files = f"/history/v1.0{estate.WORKSPACE}/experiments/Default/runs/{run}/artifacts/batch/metadata"
    assert me.send("POST", files, {"paths": [{"path": path}]})[0] == 400


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("metrics.m > 0.5 AND params.`a b` = 'it''s'", None),
        ("metrics.m > 0.5", ["high"]),
        ("metric.m <= 0.5 and tags.t != 'x'", ["low"]),
        ("params.`a b` IN ('1', '2')", ["high", "low"]),
        ("params.`a b` NOT IN ('2')", ["high"]),
        ("attributes.run_name ILIKE 'HI%'", ["high"]),
        ("run_name = 'low'", ["low"]),
        ("tags.nowhere = 'x'", []),
        ("metrics.m", None),
        ("metrics.m = 'x'", None),
        ("params.p = 3", None),
        ("elsewhere.p = '3'", None),
        ("metrics.m > 1 OR metrics.m < 1", None),
        ("", ["high", "low"]),
    ],
)
def test_the_search_language(me: Caller, expression: str, found: list[str] | None) -> None:
    for name, value, number in (("high", 0.9, "1"), ("low", 0.1, "2")):
        run = run_of(me, run_name=name, tags=[{"key": "t", "value": name}])
        me.post(
            "runs/log-batch",
            run_id=run,
            metrics=[{"key": "m", "value": value}],
            params=[{"key": "a b", "value": number}],
        )
    status, body = me.post(
        "runs/search", experiment_ids=["0"], filter=expression, order_by=["metrics.m DESC"]
    )
    if found is None:
        assert (status, body["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    else:
        assert [run["info"]["run_name"] for run in body["runs"]] == found


@given(st.one_of(st.text(), st.text("metrics.ab 'x\"` <>=!()1,ANDLIKE", max_size=40)))
def test_any_text_is_a_filter_or_refused_in_words(text: str) -> None:
    run = {"metrics": {"a": 1.0}, "params": {"b": "x"}, "tags": {}, "attributes": {"run_name": "x"}}
    try:
        for condition in search.conditions(text):
            assert condition.holds(run) in (True, False)
    except TrackingError as error:
        assert error.status == 400


FIELDS = (
    "run_id", "experiment_id", "experiment_name", "name", "tags", "metrics", "params", "key", "value",
    "timestamp", "step", "filter", "order_by", "max_results", "page_token", "view_type", "run_view_type",
    "experiment_ids", "status", "end_time", "run_name", "start_time", "metric_key",
)  # fmt: skip
ANYTHING = (
    None, True, -1, 0, 1.5, 2**70, 10**400, float("inf"), float("nan"), "", "x", "0", "a/b", "..", "FINISHED",
    "ALL", "MA==", "metrics.m > 1", "\0", [], [1], [None], ["0"], [[1]], [{}], [{"key": "a"}],
    [{"key": "a", "value": "b"}], [{"key": "m", "value": 1}], {}, {"a": 1},
)  # fmt: skip


def test_calls_of_any_shape_are_answered_in_words(me: Caller) -> None:
    source, run = random.Random(5), run_of(me)
    for _ in range(1500):
        (method, call), _ = source.choice(list(CALLS.items()))
        body = {name: source.choice(ANYTHING) for name in source.sample(FIELDS, source.randint(0, 7))}
        if source.random() < 0.6:
            body["run_id"] = run
        if method == "GET":
            status, _ = me.get(call, **{name: str(value)[:50] for name, value in body.items()})
        else:
            status, _ = me.send(method, me.base + call, source.choice((body, body, body, [], "x", 3)))
        assert status < 500, (call, body)


def test_what_is_refused_is_recorded_with_its_advice(local: Lab, me: Caller) -> None:
    status, body = me.post("registered-models/create", name="m")
    assert (status, body["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert "register models with azure-ai-ml" in body["message"]


def test_a_deleted_job_takes_its_metrics_along(local: Lab, me: Caller) -> None:
    local.command("short", "true")
    assert local.until("short") == "Completed"
    me.post("runs/log-metric", run_id="short", key="m", value=1)
    assert me.get("runs/get", run_id="short")[1]["run"]["info"]["status"] == "FINISHED"
    local.emulator.arm.delete(f"{estate.WORKSPACE}/jobs/short")
    assert me.get("runs/get", run_id="short")[0] == 404
    assert local.emulator.store.documents("ml-logged") == {}
