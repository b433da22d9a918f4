"""What the steps send to a tracking service, and what becomes of a training whose service fails."""

import json
import os
import threading
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.steps import tracking
from ml.steps.errors import StepError, exit_code
from ml.steps.tracking import Metric, log
from ml.steps.train.logged import metrics_of, params_of
from ml.steps.train.space import SPACE, START
from tests.scoring.trained import SETTINGS, Small


@dataclass
class Service:
    """Keeps what it is sent; answers with the statuses given, one after the other, then with 200."""

    statuses: list[int] = field(default_factory=list[int])
    says: bytes = b"{}"
    calls: list[tuple[str, str, dict[str, Any]]] = field(
        default_factory=list[tuple[str, str, dict[str, Any]]]
    )


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    kept = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            kept.calls.append((self.path, self.headers["authorization"], body))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 200)
            self.end_headers()
            self.wfile.write(kept.says)

        def log_message(self, format: str, *args: Any) -> None:
            """Not on the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}/mlflow/v1.0/ws")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    monkeypatch.setenv("MLFLOW_RUN_ID", "run-1")
    monkeypatch.setattr(tracking, "PAUSE_S", 0.0)
    yield kept
    server.shutdown()
    server.server_close()


def test_parameters_and_metrics_are_sent_to_the_jobs_run(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    log({"rate": 0.1}, [Metric("loss", 0.5), Metric("loss", 0.25, 1), Metric("none", float("nan"))])
    ((path, authorization, body),) = service.calls
    assert path == "/mlflow/v1.0/ws/api/2.0/mlflow/runs/log-batch"
    assert authorization == "Bearer secret"
    assert body["run_id"] == "run-1"
    assert body["params"] == [{"key": "rate", "value": "0.1"}]
    assert [(one["key"], one["value"], one["step"]) for one in body["metrics"]] == [
        ("loss", 0.5, 0),
        ("loss", 0.25, 1),
    ]
    assert capsys.readouterr().out == "logged to MLflow: 1 parameters, 2 metrics\n"


def test_much_is_sent_in_batches_within_the_limits(service: Service) -> None:
    log({f"p{n}": "x" * 700 for n in range(250)}, [Metric("m", float(n), n) for n in range(2500)])
    bodies = [body for _, _, body in service.calls]
    assert all(len(body["params"]) <= 100 for body in bodies)
    assert all(len(body["params"]) + len(body["metrics"]) <= 1000 for body in bodies)
    assert sum(len(body["params"]) for body in bodies) == 250
    assert [one["step"] for body in bodies for one in body["metrics"]] == list(range(2500))
    assert {len(one["value"]) for body in bodies for one in body["params"]} == {500}


def test_a_service_that_comes_round_is_asked_again(service: Service) -> None:
    service.statuses = [503, 429]
    log({}, [Metric("m", 1.0)], required=True)
    assert len(service.calls) == 3


@pytest.mark.parametrize(("statuses", "calls"), [([500, 500, 500], 3), ([403], 1)])
def test_a_service_that_fails_is_a_warning_and_under_a_sweep_an_error(
    service: Service, capsys: pytest.CaptureFixture[str], statuses: list[int], calls: int
) -> None:
    service.statuses = list(statuses)
    log({}, [Metric("m", 1.0)])
    assert len(service.calls) == calls
    assert capsys.readouterr().out.startswith(
        f"warning: not logged to MLflow: 127.0.0.1 answered HTTP {statuses[0]}"
    )
    service.statuses = list(statuses)
    with pytest.raises(StepError, match=f"tracking is required: 127.0.0.1 answered HTTP {statuses[0]}"):
        log({}, [Metric("m", 1.0)], required=True)
    service.statuses = list(statuses)
    assert exit_code("train", lambda: log({}, [Metric("m", 1.0)], required=True)) == 1


def test_a_service_that_is_not_there_is_a_warning(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    log({"a": 1}, [])
    assert capsys.readouterr().out.startswith("warning: not logged to MLflow: ConnectError")


@pytest.mark.parametrize("token", ["secret\n", " secret", "\tsecret\r\n"])
def test_space_around_the_token_is_no_part_of_it(
    service: Service, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token)
    log({}, [Metric("m", 1.0)], required=True)
    assert [authorization for _, authorization, _ in service.calls] == ["Bearer secret"]


@pytest.mark.parametrize("token", ["SEC\nRET", "SECR\x00ET", "SECRÉT", "SEC RET", "\x7fSECRET"])
def test_a_token_that_no_header_can_carry_is_never_shown(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], token: str
) -> None:
    monkeypatch.setattr(tracking.os, "environ", {**os.environ, "MLFLOW_TRACKING_TOKEN": token})
    log({}, [Metric("m", 1.0)])
    with pytest.raises(StepError) as caught:
        log({}, [Metric("m", 1.0)], required=True)
    said = capsys.readouterr().out
    assert said.startswith("warning: not logged to MLflow: MLFLOW_TRACKING_TOKEN holds a character that")
    shown = said + "".join(traceback.format_exception(caught.value))
    assert not any(part in shown for part in ("SEC", "RET", "\\xc9", "É"))
    assert service.calls == []


def test_what_a_service_answers_is_shown_without_the_token(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    service.statuses, service.says = [403], b"no such token: secret " + b"x" * 276 + b"secret"
    log({}, [Metric("m", 1.0)])
    said = capsys.readouterr().out
    assert said.startswith("warning: not logged to MLflow: 127.0.0.1 answered HTTP 403: no such token: *** x")
    assert said.endswith("x***\n")


def test_what_the_protocol_refuses_is_told_without_its_words(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They quote headers."""

    def refused(*_: Any, **__: Any) -> None:
        raise httpx.LocalProtocolError("Illegal header value b'Bearer c2VjcmV0'")

    monkeypatch.setattr(httpx, "post", refused)
    log({}, [Metric("m", 1.0)])
    assert capsys.readouterr().out == (
        "warning: not logged to MLflow: LocalProtocolError: the request cannot be sent as it is\n"
    )


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("HTTP_PROXY", "socks5://127.0.0.1:9", "ImportError: "),
        ("HTTP_PROXY", "gopher://127.0.0.1:9", "ValueError: "),
        ("HTTP_PROXY", "http://[::1", "InvalidURL: MLFLOW_TRACKING_URI, or what names a proxy"),
        ("HTTP_PROXY", "http://me:pass/word@127.0.0.1:9", "InvalidURL: MLFLOW_TRACKING_URI, or what"),
        ("MLFLOW_TRACKING_URI", "https://[::1/x", "InvalidURL: "),
        ("MLFLOW_TRACKING_URI", "https://127.0.0.1:port/x", "InvalidURL: "),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem", "FileNotFoundError: "),
    ],
)
def test_an_address_or_a_proxy_that_is_none_is_a_warning_and_under_a_sweep_an_error(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    words: str,
) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    log({}, [Metric("m", 1.0)])
    said = capsys.readouterr().out
    assert said.startswith(f"warning: not logged to MLflow: {words}")
    assert "pass" not in said
    with pytest.raises(StepError, match=f"tracking is required: {words}"):
        log({}, [Metric("m", 1.0)], required=True)
    assert service.calls == []


@given(st.one_of(st.text("aZ09-._~+/="), st.text(max_size=30)), st.text(max_size=60))
def test_any_token_and_address_are_logged_to_or_a_warning(token: str, address: str) -> None:
    """Nothing that the environment says ends a training whose log is optional, and no token is shown."""
    given = {
        tracking.TOKEN: f"T0KEN{token}",
        tracking.ADDRESS: f"http://127.0.0.1:9/{address}",
        tracking.RUN: address,
    }
    said = StringIO()
    with (
        patch.object(tracking.os, "environ", {**os.environ, **given}),
        patch.object(tracking, "ATTEMPTS", 1),
        redirect_stdout(said),
    ):
        log({}, [Metric("m", 1.0)])
    assert said.getvalue().startswith("warning: not logged to MLflow: ")
    assert "T0KEN" not in said.getvalue()


def test_outside_of_a_job_it_is_said_that_nothing_is_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    log({}, [Metric("m", 1.0)])
    assert capsys.readouterr().out == (
        "not logged to MLflow: this is no job of Azure ML (MLFLOW_TRACKING_URI is not set)\n"
    )
    with pytest.raises(StepError, match="this is no job"):
        log({}, [Metric("m", 1.0)], required=True)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MLFLOW_TRACKING_TOKEN", "", "MLFLOW_TRACKING_TOKEN not set"),
        ("MLFLOW_TRACKING_URI", "file:///tmp/x", "it must begin with one of azureml://"),
    ],
)
def test_an_incomplete_job_is_named(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setenv(variable, value)
    log({}, [Metric("m", 1.0)])
    assert words in capsys.readouterr().out
    assert service.calls == []


def test_a_training_logs_what_a_sweep_needs(model: Small) -> None:
    params = params_of(model.trained, SETTINGS)
    assert params["selected"] == model.trained.contest.selected
    expected = {**START, **SETTINGS.parameters.boosting}
    for dimension in SPACE:
        found = float(str(params[f"hist_gradient_boosting.{dimension.name}"]))
        assert found == pytest.approx(expected[dimension.name])
    metrics = list(metrics_of(model.trained))
    names = {metric.name for metric in metrics}
    assert "selection.hist_gradient_boosting.log_loss" in names
    assert {"tuning.random_forest.log_loss", "tuning.logistic_regression.C"} <= names
    steps = [metric.step for metric in metrics if metric.name == "tuning.hist_gradient_boosting.log_loss"]
    assert steps == list(range(SETTINGS.parameters.trials))
