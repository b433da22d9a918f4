"""How a release is reached: what is led where, who has the requests, and what is removed when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError

from ml.azure.management import Management
from ml.deploy import ways
from ml.deploy.endpoint import Endpoint
from ml.errors import MlopsError
from ml.gateway import backend_key, subscription
from ml.gateway.pool import UNRELEASED, Pool
from tests.ml.production.azures import Answering, azure

OLD, NEW = "rev-0000000000000001", "rev-0000000000000002"
URL = "https://apim.azure-api.net/scoring/v1"
SECRET = "https://kv.vault.azure.net/secrets/scoring-api-key"


class FakePool:
    """Weights and backends, which refuses what Azure refuses: to remove a member."""

    def __init__(self, **members: int) -> None:
        self.weights: dict[str, int] = {name.replace("_", "-"): weight for name, weight in members.items()}
        self.backends = {name: "" for name in self.weights if name != UNRELEASED}

    def members(self) -> dict[str, int]:
        return dict(self.weights)

    def put(self, members: Mapping[str, int]) -> None:
        assert set(members) <= {*self.backends, UNRELEASED}
        self.weights = dict(members)

    def add(self, revision: str, address: str, failures: int) -> None:
        assert failures > 0
        self.backends[revision] = address

    def remove(self, revision: str) -> None:
        assert revision not in self.weights
        self.backends.pop(revision, None)

    def revisions(self) -> list[str]:
        return sorted(self.backends)


def way(pool: FakePool) -> ways.Through:
    return ways.Through(cast("Pool", pool), URL, "k3y", 0.0)


def test_a_new_release_is_tested_by_name_before_it_gets_a_request() -> None:
    pool = FakePool(**{OLD.replace("-", "_"): 100})
    through = way(pool)
    assert through.lead(NEW, "http://10.20.2.5:8080") == Endpoint(URL, "k3y", gateway=True, revision=NEW)
    assert pool.backends[NEW] == "10.20.2.5:8080" and pool.members() == {OLD: 100}
    assert through.give(NEW) == Endpoint(URL, "k3y", gateway=True)
    assert pool.members() == {NEW: 100} and OLD in pool.backends
    through.forget(NEW)
    assert set(pool.backends) == {NEW}


def test_a_deployment_that_failed_leaves_nothing_behind_the_next_one() -> None:
    pool = FakePool(**{OLD.replace("-", "_"): 100})
    way(pool).lead("rev-00000000000000ff", "http://10.20.2.9:8080")  # and then its tests failed
    through = way(pool)
    through.lead(NEW, "http://10.20.2.5:8080")
    through.give(NEW)
    through.forget(NEW)
    assert pool.backends == {NEW: "10.20.2.5:8080"}


def test_shut_leads_nowhere() -> None:
    pool = FakePool(**{OLD.replace("-", "_"): 100})
    for _ in range(2):
        way(pool).shut()
        assert pool.members() == {UNRELEASED: 100} and pool.backends == {}


def test_without_a_gateway_the_group_is_asked_itself() -> None:
    inside = ways.Inside("k3y")
    asked = inside.lead(NEW, "http://10.20.2.5:8080")
    assert asked == inside.give(NEW) == Endpoint("http://10.20.2.5:8080", "k3y")
    assert asked.headers() == {"authorization": "Bearer k3y"} and asked.headers("") == {}


def test_the_gateway_is_asked_with_a_subscriptions_key() -> None:
    asked = Endpoint(URL, "k3y", gateway=True, revision=NEW)
    assert asked.headers(synthetic=True) == {
        "Ocp-Apim-Subscription-Key": "k3y",
        "x-revision": NEW,
        "x-synthetic": "true",
    }
    assert asked.headers("") == {"x-revision": NEW}
    assert Endpoint(URL, "k3y", gateway=True).ready_path == "/openapi.json"


def test_production_takes_no_deployment() -> None:
    estate: Any = SimpleNamespace(environment="prod", gateway="apim", kubernetes_cluster="aks")
    with pytest.raises(MlopsError, match="Releases come to prod by a promotion"):
        ways.may_deploy(estate)
    for more in ({"gateway": None}, {"kubernetes_cluster": None}):
        ways.may_deploy(SimpleNamespace(**{**vars(estate), **more}))  # type: ignore[arg-type]


def own(monkeypatch: pytest.MonkeyPatch, module: Any, *answers: tuple[int, Any, dict[str, str]]) -> Any:
    """An Azure that answers so, and what it was asked."""
    made = azure(
        environment="stage",
        subscription_id="s",
        resource_group="g",
        gateway="apim",
        gateway_pool="scoring",
        key_vault_uri="https://kv.vault.azure.net/",
    )
    made.settings.scoring = SimpleNamespace(api_key_secret="scoring-api-key")
    answering = Answering(*answers)
    monkeypatch.setattr(module, "Management", lambda azure, api: Management(azure, api, answering))
    return made, answering


HELD = {"properties": {"keyVault": {"secretIdentifier": SECRET}}}
NOTHING = {"properties": {"value": "unreleased"}}


def test_the_gateway_is_told_once_where_the_key_is(monkeypatch: pytest.MonkeyPatch) -> None:
    later = {"Location": "https://management.azure.com/later", "Retry-After": "0"}
    made, asked = own(monkeypatch, backend_key, (200, NOTHING, {}), (202, {}, later), (200, HELD, {}))
    backend_key.point(made)
    assert [one.method for one in asked.requests] == ["GET", "PUT", "GET"]
    sent = json.loads(asked.requests[1].body)["properties"]
    assert sent == {
        "displayName": "backend-key",
        "secret": True,
        "keyVault": {"secretIdentifier": SECRET},
    }


def test_a_key_that_was_changed_is_fetched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = own(monkeypatch, backend_key, (200, HELD, {}), (200, HELD, {}))
    backend_key.point(made)
    assert [one.method for one in asked.requests] == ["GET", "POST"]
    assert "/namedValues/backend-key/refreshSecret?" in asked.requests[1].url


def test_azures_refusal_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = {"error": {"code": "ValidationError", "message": "Failed to access Key Vault secret"}}
    made, _ = own(monkeypatch, backend_key, (200, NOTHING, {}), (400, refusal, {}))
    with pytest.raises(HttpResponseError, match="Failed to access Key Vault"):
        backend_key.point(made)


def test_a_promotion_needs_a_gateway_that_holds_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = own(monkeypatch, backend_key, (200, HELD, {}), (200, NOTHING, {}), (404, {}, {}))
    backend_key.required(made)
    with pytest.raises(MlopsError, match="every caller would be refused") as caught:
        backend_key.required(made)
    assert "mlops key --env stage" in caught.value.remedy
    with pytest.raises(MlopsError, match="no named value backend-key"):
        backend_key.required(made)


def test_mlops_subscribes_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = own(monkeypatch, subscription, (201, {}, {}), (404, {}, {}))
    subscription.ensure(made, "k3y")
    subscription.remove(made)
    sent = json.loads(asked.requests[0].body)["properties"]
    assert (sent["state"], sent["scope"], sent["primaryKey"]) == ("active", "/products/scoring", "k3y")
    assert [one.method for one in asked.requests] == ["PUT", "DELETE"]
