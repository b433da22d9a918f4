"""A call of the endpoint as Azure documents it: one run for a name, and Azure's words when it is refused."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ml.published import call
from ml.published.call import CallError, File, start, tag

URL = "https://training-1.westeurope.inference.ml.azure.com/jobs"
STARTED = {"name": "train-1", "properties": {"status": "NotStarted"}}
Answers = list[tuple[int, Any] | Exception]
Serve = Callable[[Answers], list[dict[str, Any]]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Gives the answers in turn; returns what is asked."""

    def begin(answers: Answers) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def post(url: str, **sent: Any) -> httpx.Response:
            asked.append({"url": url, **sent})
            answer = answers[len(asked) - 1]
            if isinstance(answer, Exception):
                raise answer
            content = {"json": answer[1]} if not isinstance(answer[1], str) else {"text": answer[1]}
            return httpx.Response(answer[0], **content)

        monkeypatch.setattr(httpx, "post", post)
        monkeypatch.setattr(call, "PAUSE_S", 0.0)
        return asked

    return begin


def error(words: str) -> dict[str, Any]:
    return {"error": {"code": "UserError", "message": words}}


def test_a_call_is_what_azure_documents(serve: Serve) -> None:
    asked = serve([(201, STARTED)])
    name = start(
        URL,
        "secret",
        {"data": File("azureml:credit:1"), "trials": 3, "margin": 0.5, "reason": "new"},
        job="train-1",
        experiment="credit",
        deployment="v-1",
    )
    assert name == "train-1"
    [sent] = asked
    assert sent["url"] == URL
    assert sent["headers"] == {"authorization": "Bearer secret", "azureml-model-deployment": "v-1"}
    assert sent["json"] == {
        "properties": {
            "InputData": {
                "data": {"JobInputType": "UriFile", "Uri": "azureml:credit:1"},
                "trials": {"JobInputType": "Literal", "Value": "3"},
                "margin": {"JobInputType": "Literal", "Value": "0.5"},
                "reason": {"JobInputType": "Literal", "Value": "new"},
            },
            "name": "train-1",
            "properties": {"experimentName": "credit"},
        }
    }


@pytest.mark.parametrize("lost", [httpx.ReadTimeout("slow"), (503, "busy"), (429, error("later"))])
def test_a_named_run_is_asked_for_again_and_found(serve: Serve, lost: Any) -> None:
    asked = serve([lost, (409, error("A job with this name already exists: 'train-1'."))])
    assert start(URL, "secret", {}, job="train-1") == "train-1"
    assert len(asked) == 2


def test_a_run_without_a_name_is_asked_for_once(serve: Serve) -> None:
    asked = serve([httpx.ConnectError("refused")])
    with pytest.raises(CallError, match=r"inference\.ml\.azure\.com gave no answer: ConnectError") as caught:
        start(URL, "secret", {})
    assert (caught.value.status, len(asked)) == (0, 1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, error("no authorization for secret")), "(UserError) no authorization for ***"),
        ((400, error("the pipeline has no such input")), "(UserError) the pipeline has no such input"),
        ((404, "<html>"), "HTTP 404: <html>"),
        ((409, error("locked")), "(UserError) locked"),
    ],
)
def test_a_refusal_has_azures_words_and_no_token(serve: Serve, answer: Any, said: str) -> None:
    asked = serve([answer])
    with pytest.raises(CallError) as caught:
        start(URL, "secret", {}, job="train-1")
    assert (caught.value.words, caught.value.status, len(asked)) == (said, answer[0], 1)


def test_what_goes_on_failing_is_told(serve: Serve) -> None:
    asked = serve([(502, error("bad gateway"))] * call.ATTEMPTS)
    with pytest.raises(CallError, match="bad gateway"):
        start(URL, "secret", {}, job="train-1")
    assert len(asked) == call.ATTEMPTS


def test_tags_go_to_the_runs_mlflow(serve: Serve) -> None:
    asked = serve([(200, {})])
    tag("https://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/s", "secret", "train-1", {"a": "1"})
    assert asked[0]["url"].endswith("/subscriptions/s/api/2.0/mlflow/runs/log-batch")
    assert asked[0]["json"] == {"run_id": "train-1", "tags": [{"key": "a", "value": "1"}]}
