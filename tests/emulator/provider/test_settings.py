from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.environment import FOREIGN
from emulator.provider.arm_client import Credentials
from emulator.provider.oidc import Source
from emulator.provider.settings import SettingsError, problems, read, refuse_foreign_state
from emulator.provider.values import Secret

SIGNED_IN = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}


def test_its_own_state_is_served(tmp_path: Path) -> None:
    home = tmp_path / "a home"
    refuse_foreign_state(home, {"PULUMI_BACKEND_URL": f"file://{home}/pulumi/state"})
    refuse_foreign_state(home, {"PULUMI_BACKEND_URL": f"file://{home}/pulumi/state/".replace(" ", "%20")})


@pytest.mark.parametrize(
    "url", ["", "file:///elsewhere", "s3://bucket", "https://api.pulumi.com", "file://~"]
)
def test_every_other_state_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="PULUMI_BACKEND_URL"):
        refuse_foreign_state(tmp_path, {"PULUMI_BACKEND_URL": url} if url else {})


def test_a_refusal_shows_no_credentials_of_the_backend(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        refuse_foreign_state(
            tmp_path, {"PULUMI_BACKEND_URL": "https://user:topsecret@host/x?token=topsecret"}
        )
    assert "topsecret" not in str(caught.value)


def test_the_configuration_comes_before_the_environment() -> None:
    config = {"subscriptionId": "sub", "tenantId": Secret("own"), "location": "westeurope"}
    settings = read(config, {**SIGNED_IN, "ARM_SUBSCRIPTION_ID": "other", "ARM_CLIENT_ID": "arm"})
    assert settings.subscription == "sub"
    assert settings.location == "westeurope"
    assert (settings.credentials.tenant, settings.credentials.client) == ("own", "arm")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match=r"subscriptionId is not set: .*AZURE_SUBSCRIPTION_ID"):
        read({}, SIGNED_IN)


def test_the_variable_that_is_named_reaches_a_command_of_run() -> None:
    with pytest.raises(SettingsError) as caught:
        read({}, {})
    named = set(re.findall(r"environment variable (\w+)", str(caught.value)))
    assert len(named) == 4 and not named & set(FOREIGN)


def test_unknown_settings_and_other_clouds() -> None:
    assert list(problems({"version": "3.29.0", "location": "x", "environment": "public"})) == []
    assert "did you mean 'subscriptionId'" in next(problems({"subscription": "x"}))
    assert "usgovernment" in next(problems({"environment": "usgovernment"}))


CLIENT = {"AZURE_SUBSCRIPTION_ID": "s", "AZURE_TENANT_ID": "t", "ARM_CLIENT_ID": "c", "ARM_USE_OIDC": "true"}


@pytest.mark.parametrize(
    ("variables", "source"),
    [
        ({"ARM_OIDC_TOKEN": "a"}, Source(token="a")),
        ({"ARM_OIDC_TOKEN_FILE_PATH": "/f"}, Source(file="/f")),
        (
            {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://u", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "b"},
            Source(url="http://u", bearer="b"),
        ),
    ],
)
def test_a_job_signs_in_by_its_token(variables: dict[str, str], source: Source) -> None:
    """A secret that lies about is not used."""
    settings = read({}, {**CLIENT, **variables, "AZURE_CLIENT_SECRET": "of somebody"})
    assert settings.credentials == Credentials("t", "c", "", source)
    assert "of somebody" not in repr(settings)
    unused = read({"useOidc": "false"}, {**CLIENT, **variables, "AZURE_CLIENT_SECRET": "s"})
    assert unused.credentials.federated is None


def test_a_job_that_may_ask_for_no_token_is_told_so() -> None:
    with pytest.raises(SettingsError, match="id-token: write"):
        read({}, {**CLIENT, "ACTIONS_ID_TOKEN_REQUEST_URL": "http://u"})
    assert list(problems({"useOidc": "true", "oidcToken": "x"})) == []
