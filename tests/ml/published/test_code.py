"""The code of the steps as an asset: sent once, also by two that send it in the same moment."""

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from ml.published import code
from tests.ml.cli.mlops_fakes import WorkspaceAssets


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(code, "_sent", lambda azure, path, files: "https://store/a/code")
    return SimpleNamespace(assets=WorkspaceAssets(), granted=lambda call, what: call())


def test_the_second_of_two_that_send_it_at_once_has_that_of_the_first(azure: Any) -> None:
    azure.assets.meanwhile = {"properties": {"codeUri": "https://store/b/code"}}
    found = code.ensure(azure, {"a.py": b""}, "k" * 64)
    assert found == code.ensure(azure, {"a.py": b""}, "k" * 64)
    (there,) = azure.assets.there.values()
    assert there["properties"]["codeUri"] == "https://store/b/code"


def test_another_refusal_stays_one(azure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: str, body: Any, what: str) -> Any:
        raise HttpResponseError("(UserError) no such account")

    monkeypatch.setattr(azure.assets, "write", refused)
    with pytest.raises(HttpResponseError, match="no such account"):
        code.ensure(azure, {"a.py": b""}, "k" * 64)
