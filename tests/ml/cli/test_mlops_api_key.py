"""The callers' key that somebody deleted: `deploy` brings it back and `score` says how."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.keyvault.secrets import SecretClient

from emulator.app import Emulator
from emulator.identity.directory import ENGINEERS
from ml.azure.clients import Azure
from ml.deploy import api_key
from ml.errors import MlopsError
from ml.settings import settings
from tests.emulator.keyvault.test_keyvault_secrets import PROPERTIES
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport
from tests.ml.cli.mlops_fakes import RecordingReport

NAME = settings().scoring.api_key_secret


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    emulator = estate.start(tmp_path)
    estate.resource(emulator, "Microsoft.KeyVault/vaults/kv-one", dict(PROPERTIES))
    yield emulator
    emulator.close()


@pytest.fixture
def azure(emulator: Emulator, report: RecordingReport) -> Any:
    estate.grant(emulator, ENGINEERS, estate.SECRETS_OFFICER)
    return of_vault(emulator, report)


def of_vault(emulator: Emulator, report: RecordingReport) -> Any:
    """What api_key asks of an Azure, with the vault's own client."""
    client = SecretClient(
        "https://kv-one.vault.azure.net", Credential(emulator), transport=transport(emulator), retry_total=0
    )
    return SimpleNamespace(
        estate=SimpleNamespace(key_vault="kv-one", environment="stage"),
        settings=settings(),
        report=report,
        secrets=client,
        granted=lambda call, what: call(),
    )


def test_a_key_is_made_once(azure: Azure) -> None:
    with pytest.raises(MlopsError, match=r"no secret scoring-api-key\.") as caught:
        api_key.required(azure)
    assert caught.value.remedy == "Run `mlops deploy --env stage`, or `mlops key --env stage`."
    made = api_key.ensure(azure)
    assert api_key.ensure(azure) == made == api_key.required(azure)


def test_deploy_recovers_a_deleted_key_and_says_so(azure: Azure, report: RecordingReport) -> None:
    made = api_key.ensure(azure)
    azure.secrets.begin_delete_secret(NAME).wait()
    assert api_key.ensure(azure) == made
    (said,) = [line for line in report.lines if "had been deleted" in line]
    assert "valid again" in said and made not in said
    assert api_key.required(azure) == made


def test_score_names_the_deleted_key_and_both_ways_back(azure: Azure) -> None:
    api_key.ensure(azure)
    azure.secrets.begin_delete_secret(NAME).wait()
    with pytest.raises(MlopsError, match=r"was deleted; until [0-9-]{10} it can be") as caught:
        api_key.required(azure)
    assert "mlops deploy --env stage" in caught.value.remedy
    assert "az keyvault secret recover --vault-name kv-one --name scoring-api-key" in caught.value.remedy


def test_who_may_not_recover_it_is_told_who_may(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.core.exceptions import HttpResponseError

    api_key.ensure(azure)
    azure.secrets.begin_delete_secret(NAME).wait()

    def forbidden(name: str) -> None:
        raise HttpResponseError("(Forbidden) Caller is not authorized to perform action on resource.")

    monkeypatch.setattr(azure.secrets, "begin_recover_deleted_secret", forbidden)
    with pytest.raises(MlopsError, match="was deleted and cannot be recovered from here") as caught:
        api_key.ensure(azure)
    assert "Key Vault Secrets Officer" in caught.value.remedy
    assert caught.value.details == ["(Forbidden) Caller is not authorized to perform action on resource."]


def test_a_key_that_is_being_deleted_is_asked_for_again(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.core.exceptions import ResourceNotFoundError

    api_key.ensure(azure)
    azure.secrets.begin_delete_secret(NAME).wait()

    def not_yet(name: str) -> None:
        raise ResourceNotFoundError("(SecretNotFound) Deleted Secret not found")

    monkeypatch.setattr(azure.secrets, "begin_recover_deleted_secret", not_yet)
    with pytest.raises(MlopsError, match="at this moment") as caught:
        api_key.ensure(azure)
    assert caught.value.remedy == "Run the command again in a minute."


def test_who_may_not_see_deleted_secrets_is_not_stopped_by_it(azure: Azure, monkeypatch: Any) -> None:
    from azure.core.exceptions import HttpResponseError

    def refuse(name: str) -> None:
        error = HttpResponseError("(Forbidden) does not have secrets get permission")
        error.status_code = 403
        raise error

    monkeypatch.setattr(azure.secrets, "get_deleted_secret", refuse)
    with pytest.raises(MlopsError, match="has no secret"):
        api_key.required(azure)
