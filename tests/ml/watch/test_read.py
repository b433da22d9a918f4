"""What is read: rows of the queries, Azure's lists, reports, and why a part could not be read."""

from __future__ import annotations

import datetime as dt
import enum
import re
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from infra import alerts as rules
from ml.errors import MlopsError
from ml.jobs.submission import job_name
from ml.published.reason import Reason
from ml.quality.store import Folder, write_report
from ml.scheduled.job import Job as Scheduled
from ml.watch import alerts, read, traffic
from ml.watch.facts import PARTS, Alerts, Model, Models, Part, Training, Trainings, Unread
from tests.ml.production.test_queries import Column, Table, ask, ticks
from tests.ml.watch.recorded import NOW, ago, report

ROLE = "stage.scoring"
HTTP = "http.response.status_code"


def metrics(*rows: tuple[int, str, dict[str, str], float], role: str = ROLE) -> Table:
    """Rows of AppMetrics: seconds before noon of 2026-11-29, name, properties, value."""
    names = {"TimeGenerated": "datetime", "AppRoleName": "string", "Name": "string", "Properties": "dynamic"}
    columns = tuple(Column(name, kind) for name, kind in {**names, "Sum": "real", "Max": "real"}.items())
    noon = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
    made = [
        (ticks(noon - dt.timedelta(seconds=before)), role, name, properties, value, value)
        for before, name, properties, value in rows
    ]
    return Table(columns, made)


SCORE = {"http.route": "/score"}
TOLD = metrics(
    (100, "scoring.requests", {**SCORE, HTTP: "200"}, 90.0),
    (100, "scoring.requests", {**SCORE, HTTP: "500"}, 4.0),
    (100, "scoring.requests", {**SCORE, HTTP: "503"}, 3.0),
    (100, "scoring.requests", {**SCORE, HTTP: "429"}, 2.0),
    (100, "scoring.requests", {"http.route": "/other", HTTP: "500"}, 50.0),
    (100, "scoring.rows", {}, 300.0),
    (100, "scoring.rows.outlier", {}, 5.0),
    (2000, "scoring.requests", {**SCORE, HTTP: "200"}, 7.0),
    (100, "scoring.requests.by_duration", {"over_ms": "2"}, 90.0),
    (100, "scoring.requests.by_duration", {"over_ms": "250"}, 10.0),
    (2000, "scoring.requests.by_duration", {"over_ms": "1000"}, 1.0),
    (100, "scoring.drift.psi", {"feature": "age"}, 0.1),
    (90, "scoring.drift.psi", {"feature": "age"}, 0.3),
)


def test_traffic_is_read_from_what_the_service_tells() -> None:
    rows = ask(read.query("traffic", role=ROLE, seconds="900"), AppMetrics=TOLD)
    before, last = traffic.blocks(rows)
    assert (before.requests, last.requests, last.failed, last.away) == (7, 99, 4, 5)
    assert (last.rows, last.outliers) == (300, 5)
    assert last.at == dt.datetime(2026, 11, 29, 11, 45, tzinfo=dt.UTC)
    assert traffic.since((before, last), last.at).requests == 99
    slow, took = traffic.took(ask(read.query("latency", role=ROLE, seconds="900"), AppMetrics=TOLD))
    assert (took.median_ms, took.p95_ms) == (3, 500)
    assert slow.p95_ms is None  # longer than the last class begins
    (psi,) = traffic.windows(ask(read.query("windows", role=ROLE), AppMetrics=TOLD))
    assert (psi.feature, psi.psi, psi.day) == ("age", 0.3, dt.date(2026, 11, 29))
    newest = traffic.newest(ask(read.query("newest", role=ROLE), AppMetrics=TOLD))
    assert newest == dt.datetime(2026, 11, 29, 11, 58, 30, tzinfo=dt.UTC)


def test_another_service_is_not_counted_and_silence_is_none() -> None:
    other = metrics((100, "scoring.requests", {**SCORE, HTTP: "200"}, 9.0), role="prod.scoring")
    assert traffic.blocks(ask(read.query("traffic", role=ROLE, seconds="900"), AppMetrics=other)) == ()
    assert traffic.newest(ask(read.query("newest", role=ROLE), AppMetrics=other)) is None


def test_nothing_but_a_name_gets_into_a_query() -> None:
    with pytest.raises(ValueError, match="other characters"):
        read.query("newest", role='x" or true')


def test_a_rule_is_known_by_its_name() -> None:
    for key in (*(each.key for each in rules.QUERIES), *(each.key for each in rules.METRICS)):
        assert alerts.key_of(f"/subscriptions/s/x/alert-mlops-stage-{key}-weu") == key
        assert alerts.key_of(f"alert-{key}-mlops-stage-weu") == key
    assert alerts.key_of("of-somebody") == "of-somebody"


def fired(rule: str, condition: str, state: str = "New", hour: int = 1, **more: str) -> dict[str, Any]:
    essentials = {
        "alertRule": f"/subscriptions/s/providers/x/alert-mlops-stage-weu-{rule}",
        "severity": "Sev1",
        "monitorCondition": condition,
        "alertState": state,
        "startDateTime": f"2026-11-30T0{hour}:00:00.1234567Z",
        "description": "",
        **more,
    }
    return {"name": rule, "properties": {"essentials": essentials}}


def test_alerts_as_azure_lists_them() -> None:
    resolved = {"monitorConditionResolvedDateTime": "2026-11-30T02:30:00Z"}
    found = alerts.told(
        [
            fired("drift", "Resolved", hour=2, **resolved),
            fired("failures", "Fired", state="Closed", hour=3),
            fired("latency", "Fired", state="Acknowledged"),
        ]
    )
    assert [(one.rule, one.fired, one.acknowledged) for one in found] == [
        ("latency", True, True),
        ("failures", False, False),
        ("drift", False, False),
    ]
    assert found[0].severity == "error"
    assert found[0].words == "a score took more than 250 ms on average"
    assert found[2].resolved == dt.datetime(2026, 11, 30, 2, 30, tzinfo=dt.UTC)


def test_where_azure_does_not_tell_the_rules_are_asked() -> None:
    spans: dict[str, dt.timedelta] = {}
    (failures,) = (one.query for one in rules.QUERIES if one.key == "failures")

    def asked(text: str, start: dt.datetime, end: dt.datetime) -> list[Any]:
        spans[text] = end - start
        return [{"failed": 3}] if text == failures else []

    found = alerts.asked(asked, NOW, "not emulated")
    assert [(one.rule, one.fired) for one in found.alerts] == [("failures", True)]
    assert "cannot be read: not emulated" in found.told_by
    estates = [one for one in rules.QUERIES if one.estates]
    assert {one.query: alerts.span(one.window) for one in estates} == spans
    known = {one.key for one in estates}
    assert set(found.not_asked) == set(alerts.ABOUT) - known


@pytest.mark.parametrize("text", ["", "P", "PT", "1H", "P1Y"])
def test_a_duration_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        alerts.span(text)


def test_reports_of_the_days(tmp_path: Path) -> None:
    files = Folder(tmp_path)
    for days in (9, 3, 1):
        write_report(files, report(days))
    found = list(read.reports(files, NOW.date(), 7))
    assert [one.date for one in found] == [ago(days=3).date(), ago(days=1).date()]
    files.put(f"quality/{ago(days=2).date()}.json", b"{not json")
    with pytest.raises(MlopsError, match="2026-11-28 cannot be read"):
        list(read.reports(files, NOW.date(), 7))


class State(enum.Enum):
    DONE = "Completed"


def job(name: str, tags: dict[str, str], experiment: str = "e", at: Any = NOW) -> Any:
    made = SimpleNamespace(created_at=at)
    return SimpleNamespace(
        name=name, tags=tags, status=State.DONE, experiment_name=experiment, creation_context=made
    )


def test_what_started_which_training() -> None:
    reason = Reason("data", "may.parquet landed", "event-1", "may.parquet")
    jobs = [job("a", reason.tags()), job("b", {}), job("c", {}, "another"), job("d", {}, at=None)]
    found = read.started(jobs, "e")
    assert {one.status for one in found} == {"Completed"}
    assert [(one.job, one.started_by, one.reason) for one in found] == [
        ("a", "data", "may.parquet landed"),
        ("b", "unknown", "it has no tags that say why"),
    ]


def test_what_trains_no_version_of_the_model_is_none_of_its_trainings() -> None:
    """Scheduled work, fleets and sweeps have a reason and run in the same experiment."""
    tags = Reason("person", "by hand").tags()
    named = [
        *((kind, Scheduled(kind, kind, "k", lambda _: None).all_tags) for kind in ("quality", "batch-spark")),
        (job_name("k", 1, "fleet"), {**tags, "fleet": "branches"}),
        (job_name("k", 1, "sweep"), {**tags, "metric": "log_loss"}),
        (job_name("k", 1, "train"), {**tags, "metric": "log_loss"}),
    ]
    found = read.started([job(name, each) for name, each in named], "e")
    assert [one.job for one in found] == ["train-k"]


def test_the_page_says_which_model_a_training_became(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise MlopsError("no", "wait")

    for name in ("service", "heard", "windows", "quality", "fired", "cost"):
        monkeypatch.setattr(read, name, refused)
    ended = Training(
        at=ago(days=1), job="train-1", started_by="data", reason="it landed", data="", status="Completed"
    )
    made = Model(name="credit-default:3", at=ago(days=1), job="train-1")
    monkeypatch.setattr(read, "trainings", lambda azure: Trainings(trainings=(ended,), triggers="work"))
    monkeypatch.setattr(read, "models", lambda azure: Models(models=(made,)))
    monkeypatch.setattr(read, "impatient", lambda azure: azure)
    monkeypatch.setattr("ml.production.telemetry.workspace", lambda azure: None)
    azure: Any = SimpleNamespace(estate=SimpleNamespace(environment="stage"))
    found = read.facts(azure, Path(), 7, NOW).trainings
    assert isinstance(found, Trainings)
    assert found.trainings[0].became == "credit-default:3"


def test_a_service_and_a_production() -> None:
    assert read.stands("stage", None).ready is None
    found = read.stands("stage", {"release": "r-1", "model": "m:1", "address": "https://g", "state": "ready"})
    assert (found.ready, found.words) == (True, "r-1 with m:1 at https://g: ready.")
    revisions = [
        {"revision": "rev-1", "weight": 90, "ready": 2, "wanted": 2},
        {"revision": "rev-2", "weight": 10, "ready": 0, "wanted": 1},
        {"revision": "rev-0", "weight": 0, "ready": 0, "wanted": 0},
    ]
    history = [{"at": NOW.timestamp(), "what": "promoted", "release": "r-1", "by": "ann", "reason": ""}]
    found = read.in_production({"revisions": revisions, "wrong": ["rev-2 has no pod"], "history": history})
    assert not found.ready
    assert (
        found.words
        == "rev-1 with 90% of the requests, rev-2 with 10% of the requests: 2 of 3 pods are ready."
    )
    assert [(one.at, one.words) for one in found.changes] == [(NOW, "promoted: r-1 by ann")]


def test_the_cost_so_far_is_the_months_share_that_has_passed() -> None:
    lines = [{"what": "a", "usd": 10.0}, {"what": "b", "usd": 20.0}, {"what": "c", "usd": None}]
    found = read.estimated(
        {"month": 300.0, "lines": lines, "unknown": ["vm/x"]}, dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
    )
    assert found.so_far == 150.0
    assert [line.what for line in found.lines] == ["b", "a"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (MlopsError("The vault is closed.", "Open it.", ["first", "second"]), "The vault is closed. first"),
        (ServiceRequestError("no route"), "Azure cannot be reached from here. no route"),
        (KeyError("psi"), "mlops made a mistake here (KeyError: 'psi')."),
    ],
)
def test_a_failure_is_told_in_its_part(error: Exception, why: str) -> None:
    def fails() -> Any:
        raise error

    found = read.attempt(fails)
    assert isinstance(found, Unread)
    assert found.why == why
    assert found.remedy


def test_all_parts_are_read_at_once_and_a_failure_stays_in_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(8, timeout=20)

    def no(*_: Any, **__: Any) -> Any:
        together.wait()
        raise MlopsError("no", "wait")

    for name in ("service", "heard", "windows", "quality", "fired", "trainings", "models", "cost"):
        monkeypatch.setattr(read, name, no)
    monkeypatch.setattr(read, "impatient", lambda azure: azure)
    monkeypatch.setattr("ml.production.telemetry.workspace", lambda azure: None)
    azure: Any = SimpleNamespace(estate=SimpleNamespace(environment="stage"))
    found = read.facts(azure, Path(), 7, NOW)
    assert set(found.unread()) == set(PARTS)
    assert found.environment == "stage"


def test_azures_refusal_of_the_list_leads_to_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise HttpResponseError("(AuthorizationFailed) no right\nsecond line")

    monkeypatch.setattr("ml.azure.rest.Rest", lambda *_: SimpleNamespace(items=refused))
    azure: Any = SimpleNamespace(estate=SimpleNamespace(subscription_id="s", resource_group="g"))
    found = read.fired(azure, lambda: lambda text, start, end: [], NOW, 7)
    assert isinstance(found, Alerts)
    assert re.search(r"cannot be read: \(AuthorizationFailed\) no right$", found.told_by)
    assert found.alerts == ()


def test_each_training_says_what_became_of_it() -> None:
    def training(job: str | None, status: str, days: float) -> Training:
        return Training(
            at=ago(days=days), job=job, started_by="data", reason="it landed", data="", status=status
        )

    began = Trainings(
        trainings=(
            training("running", "Running", 0),
            training("worse", "Completed", 1),
            training("better", "Completed", 2),
            training(None, "a training is under way", 3),
            training("long-ago", "Completed", 40),
        ),
        triggers="work",
    )
    models = tuple(
        Model(name=f"credit-default:{number}", at=ago(days=32 - number), job="better" if number == 30 else "")
        for number in range(30, 20, -1)
    )

    def became(registered: Part) -> list[str]:
        found = read.joined(began, registered)
        assert isinstance(found, Trainings)
        return [one.became for one in found.trainings]

    assert became(Models(models=models)) == ["", read.NO_MODEL, "credit-default:30", "", ""]
    few = Models(models=models[:2])
    assert became(few) == ["", read.NO_MODEL, "credit-default:30", "", read.NO_MODEL]
    assert became(Unread(why="no", remedy="none")) == [""] * 5
