"""The recorded table is what a real API server answers: asked again, it answers the same."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ml.production.api import Api
from tests.emulator.kubernetes.behaviours import Recorded, over_http, play, recorded
from tests.kubernetes.client import from_kubeconfig
from tests.kubernetes.image import placeholders

# Of a step that waits. The pods ask for no CPU: a busy machine gives them what is left over, and the first
# ones wait for their image besides.
LONGEST_S = 300.0


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with from_kubeconfig() as client:
        yield client


@pytest.fixture(scope="module")
def given() -> dict[str, str]:
    return placeholders()


@pytest.mark.parametrize("table", recorded(), ids=lambda table: table.name)
def test_answers_as_recorded(table: Recorded, client: httpx.Client, given: dict[str, str], api: Api) -> None:
    minor = str((api.get("/version") or {})["gitVersion"]).split(".")[1]
    if minor != "36":
        pytest.skip(f"recorded with Kubernetes 1.36; this is 1.{minor}, whose words differ here and there")
    try:
        assert not list(map(str, play(table, over_http(client), given, LONGEST_S)))
    finally:
        api.delete(f"/api/v1/namespaces/recorded-{table.name}")
