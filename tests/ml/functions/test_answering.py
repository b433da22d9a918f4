"""The function app that scores, asked: by which key, and whether the package answers that was sent."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ResourceNotFoundError

from infra.outputs import ScoringFunction
from ml.errors import MlopsError
from ml.functions import answering


class Vault:
    """Secrets by name."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = {name.replace("_", "-"): value for name, value in secrets.items()}

    def get_secret(self, name: str) -> Any:
        if name not in self.secrets:
            raise ResourceNotFoundError(name)
        return SimpleNamespace(value=self.secrets[name])

    def get_deleted_secret(self, name: str) -> Any:
        error = ResourceNotFoundError(name)
        error.status_code = 404
        raise error


def key(vault: Vault, named: str) -> str:
    azure: Any = SimpleNamespace(
        estate=SimpleNamespace(environment="prod", key_vault="kv-prod"),
        settings=SimpleNamespace(scoring=SimpleNamespace(api_key_secret="scoring-api-key")),
        granted=lambda call, what: call(),
        secrets=vault,
    )
    function = ScoringFunction(app="f", url="https://f", models="models", key_secret=named)
    return answering.key_of(azure, function)


@pytest.mark.parametrize("named", ["scoring-api-key", "callers-key"])
def test_the_key_is_that_of_the_secret_which_the_app_reads(named: str) -> None:
    assert key(Vault(scoring_api_key="scoring-api-key", callers_key="callers-key"), named) == named


def test_a_key_that_is_not_there_is_made_by_the_command_that_makes_it_in_production() -> None:
    with pytest.raises(MlopsError, match="has no secret scoring-api-key") as error:
        key(Vault(), "scoring-api-key")
    assert "`mlops key --env prod`" in error.value.remedy


def test_a_key_of_another_name_is_put_there_by_hand() -> None:
    """`mlops deploy` and `mlops key` make scoring.api_key_secret alone."""
    with pytest.raises(MlopsError, match=r"no secret callers-key, which scoringFunction\.keySecret") as error:
        key(Vault(scoring_api_key="other"), "callers-key")
    assert "mlops" not in error.value.remedy
    assert "az keyvault secret set --vault-name kv-prod --name callers-key" in error.value.remedy


def answer(package: str | None, status: int = 200) -> httpx.Response:
    headers = {} if package is None else {"x-package": package}
    return httpx.Response(status, headers=headers, json={"status": "ready", "model": {"digest": "same"}})


def test_it_waits_for_the_package_and_not_for_a_model_that_both_have(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [answer(None), answer("sha256:old"), answer("sha256:new", 503), answer("sha256:new")]
    asked: list[str] = []

    def get(self: Any, path: str) -> httpx.Response:
        asked.append(path)
        return answers[len(asked) - 1]

    monkeypatch.setattr(answering.Endpoint, "get", get)
    monkeypatch.setattr(answering, "failed", lambda visit, tests: [])
    settings = SimpleNamespace(
        scoring=SimpleNamespace(ready_seconds=60.0, tolerance=1e-6), azure=SimpleNamespace(poll_seconds=0.0)
    )
    azure: Any = SimpleNamespace(settings=settings, report=SimpleNamespace(phase=lambda _: nullcontext()))
    function = ScoringFunction(app="f", url="https://f", models="models", key_secret="k")
    told = {"PACKAGE_DIGEST": "sha256:new", "MODEL_NAME": "credit", "MODEL_VERSION": "3"}
    artifact: Any = object()
    assert answering.check(azure, function, "key", told, artifact) == list(answering.TESTS)
    assert len(asked) == len(answers)


def test_a_package_that_never_answers_is_named_with_what_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering.Endpoint, "get", lambda self, path: answer("sha256:old"))
    settings = SimpleNamespace(
        scoring=SimpleNamespace(ready_seconds=0.0, tolerance=1e-6), azure=SimpleNamespace(poll_seconds=0.0)
    )
    azure: Any = SimpleNamespace(settings=settings, report=SimpleNamespace(phase=lambda _: nullcontext()))
    function = ScoringFunction(app="f", url="https://f", models="models", key_secret="k")
    told = {"PACKAGE_DIGEST": "sha256:new"}
    artifact: Any = object()
    words = r"does not serve the package sha256:new .* by the package sha256:old"
    with pytest.raises(MlopsError, match=words):
        answering.check(azure, function, "key", told, artifact)
