"""`mlops status` for CI's identity that promotes, which may not read models."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from rich.console import Console

from ml.azure import models
from ml.azure.models import ModelVersion
from ml.commands.status import registered, registered_models, render
from ml.errors import MlopsError

PARTS = {"kubernetes_cluster": "aks", "gateway_pool": "scoring", "release_account": "dl"}


def azure(answer: Any, **estate: str | None) -> Any:
    def listed(name: str) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    def granted(call: Any, what: str) -> Any:
        try:
            return call()
        except HttpResponseError as error:
            raise MlopsError(f"You may not {what}.", "Wait.") from error

    return SimpleNamespace(
        estate=SimpleNamespace(**{**PARTS, **estate}),
        settings=SimpleNamespace(training=SimpleNamespace(model_name="m")),
        ml=SimpleNamespace(models=SimpleNamespace(list=listed)),
        granted=granted,
    )


def refused(status: int) -> HttpResponseError:
    error = HttpResponseError("no")
    error.status_code = status
    return error


@pytest.fixture(autouse=True)
def _as_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure Resource Manager answers as the SDK's fake does."""
    monkeypatch.setattr(models, "newest", lambda azure, name, most: azure.ml.models.list(name)[:most])


def test_production_is_shown_to_whoever_may_not_read_models() -> None:
    assert registered(azure(refused(403))) is registered_models(azure(refused(403))) is None
    answer = {"workspace": "mlw", "environment": "prod", "models": None, "deployed": None, "production": None}
    console = Console(record=True, width=200)
    console.print(render(answer))
    assert "Models of mlw are not shown" in console.export_text()


def test_another_failure_is_one() -> None:
    with pytest.raises(HttpResponseError):
        registered(azure(refused(500)))


def test_without_production_the_right_is_waited_for_and_its_absence_told() -> None:
    with pytest.raises(MlopsError, match="You may not list models"):
        registered(azure(refused(403), gateway_pool=None))


def test_the_newest_models_are_told_whatever_the_order_of_the_list() -> None:
    def model(number: int) -> Any:
        at = dt.datetime(2026, 11, number, tzinfo=dt.UTC)
        return SimpleNamespace(version=str(number), creation_context=SimpleNamespace(created_at=at))

    found = registered_models(azure([model(number) for number in range(1, 13)])) or []
    assert [one.version for one in found] == [str(number) for number in range(12, 2, -1)]


def test_models_are_told_with_their_tags() -> None:
    model = ModelVersion("m", "2", {"roc_auc": "0.78"}, {})
    assert registered(azure([model])) == [{"model": "m:2", "tags": {"roc_auc": "0.78"}}]


def test_a_model_that_was_never_registered_is_none() -> None:
    assert registered(azure(refused(404))) == registered_models(azure(refused(404))) == []
