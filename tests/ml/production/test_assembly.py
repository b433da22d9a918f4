"""What a promotion of this estate is made of: breaker, who asks, image, and what is refused before
anything."""

import base64
import json

import pytest
from typer.testing import CliRunner

from infra.environments import ROOT
from ml.errors import MlopsError
from ml.gateway.breaker import LEAST_FAILURES, tripping
from ml.gateway.pool import Pool
from ml.production import imports
from ml.production.assembly import container, who
from ml.release import Configuration, Release
from ml.release.evidence import Profile
from ml.terminal.subjects import app
from tests.ml.production.azures import Answering, azure

DIGEST = f"sha256:{'a' * 64}"
RELEASE = Release(
    model_name="credit",
    model_version="3",
    image_repository="scoring",
    image_digest=DIGEST,
    configuration=Configuration(cpu=1.0, memory_gb=1.0, port=8080),
)


def test_a_breaker_trips_at_a_share_of_what_the_pods_can_answer() -> None:
    busy = Profile(cpu_cores_p95=1.0, memory_bytes_max=1, requests_per_second=500.0)
    quiet = Profile(cpu_cores_p95=1.0, memory_bytes_max=1, requests_per_second=1.0)
    assert tripping(busy, 2) == 2000
    assert tripping(quiet, 2) == LEAST_FAILURES
    assert tripping(None, 2) == 200


def test_who_asks_is_said_by_the_token() -> None:
    def named(**claims: str) -> str:
        made = azure()
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        made.credential.get_token = lambda scope: type("T", (), {"token": f"h.{body}.s"})
        return who(made)

    assert named(upn="anna@example.com", oid="1") == "anna@example.com"
    assert named(appid="2", oid="1") == "2"
    assert who(azure()) == "somebody"


@pytest.mark.parametrize("there", [True, False])
def test_an_image_is_imported_once_by_digest(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    place = {
        "subscription_id": "s",
        "resource_group": "g",
        "registry": "prod",
        "registry_login_server": "prod.azurecr.io",
    }
    answering, made = Answering((202, {}, {}), (200, {}, {})), azure(**place)
    source = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/stage"
    monkeypatch.setattr(imports.RegistryApi, "holds", lambda self, image: type("H", (), {"there": there}))
    original = imports.Management
    monkeypatch.setattr(imports, "Management", lambda azure, version: original(azure, version, answering))
    monkeypatch.setattr(imports.RegistryApi, "__init__", lambda self, azure, server: None)
    assert imports.ensure(made, source, RELEASE) is not there
    if there:
        assert answering.requests == []
        return
    request = answering.requests[0]
    body = json.loads(request.body)
    assert request.url.startswith(
        f"https://management.azure.com{imports.registry_id(made.estate)}/importImage?"
    )
    assert body["source"]["resourceId"].endswith("/registries/stage")
    assert body["source"]["sourceImage"] == f"scoring@{DIGEST}"
    assert body["untaggedTargetRepositories"] == ["scoring"]


def test_the_registry_of_another_environment_is_known_by_its_stack_file() -> None:
    found = imports.registry_of("stage", ROOT)
    assert "/registries/crmlopsstage" in found
    with pytest.raises(MlopsError, match="Where nowhere keeps its images"):
        imports.registry_of("nowhere", ROOT)


def test_an_estate_without_a_gateway_promotes_nothing() -> None:
    with pytest.raises(MlopsError, match="stage has no gateway"):
        Pool.of(azure(environment="stage", gateway=None, gateway_pool=None))
    assert container("prod") == "production-prod"


@pytest.mark.parametrize("given", ["latest", "r-1", "r-000000000000000g", "../r-0000000000000000"])
def test_what_is_no_release_is_refused_before_the_stack_is_asked(given: str) -> None:
    answer = CliRunner().invoke(app, ["promote", given, "--env", "prod", "--json"])
    assert answer.exit_code == 1
    assert "is no release" in answer.stdout


def test_a_rollback_needs_a_reason() -> None:
    assert CliRunner().invoke(app, ["rollback", "--env", "prod"]).exit_code == 2
