"""How the driver signs in, where each platform's own module is."""

from __future__ import annotations

import base64
import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from ml.batch.spark import sign_in
from ml.errors import MlopsError


def token(**claims: Any) -> str:
    said = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{said}.signature"


def test_azure_ml_s_token_ends_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def get(audience: str) -> str:
        asked.append(audience)
        return token(exp=1_900_000_000)

    utilities = SimpleNamespace(mssparkutils=SimpleNamespace(credentials=SimpleNamespace(getToken=get)))
    monkeypatch.setitem(sys.modules, "notebookutils", utilities)
    found = sign_in.credential("azureml").get_token("https://storage.azure.com/.default")
    assert (found.token, found.expires_on, asked) == (token(exp=1_900_000_000), 1_900_000_000, ["storage"])


@pytest.mark.parametrize("said", ["opaque", "a.b.c", token(sub="x")])
def test_a_token_that_says_no_end_is_asked_for_again_soon(said: str) -> None:
    import time

    assert sign_in._expires(said) - time.time() <= sign_in.UNKNOWN_LIFE_S


def test_databricks_gives_the_named_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    given = SimpleNamespace(getServiceCredentialsProvider=lambda name: f"credential {name}")
    runtime = SimpleNamespace(dbutils=SimpleNamespace(credentials=given))
    for name in ("databricks", "databricks.sdk"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(__path__=[]))
    monkeypatch.setitem(sys.modules, "databricks.sdk.runtime", runtime)
    assert sign_in.credential("databricks:lake") == "credential lake"


@pytest.mark.parametrize(
    ("how", "words"), [("azureml", "needs the module notebookutils"), ("somehow", "--sign-in is 'somehow'")]
)
def test_what_is_not_there_is_said(how: str, words: str) -> None:
    with pytest.raises(MlopsError, match=words):
        sign_in.credential(how)
