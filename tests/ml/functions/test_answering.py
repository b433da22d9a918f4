"""The callers' key of the function app that scores: what to do where it is not there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

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
