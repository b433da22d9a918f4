"""Code's way into a function app where its console cannot be reached, or is cut off."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from ml.azure import console
from ml.errors import MlopsError

AZURE: Any = SimpleNamespace(
    report=SimpleNamespace(phase=lambda _: nullcontext()),
    credential=SimpleNamespace(get_token=lambda _: SimpleNamespace(token="t")),
    settings=SimpleNamespace(azure=SimpleNamespace(poll_seconds=0.0)),
)


def publish(monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], httpx.Response]) -> None:
    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=transport))
    console.publish(AZURE, "func-score", b"zip")


def test_a_console_that_does_not_answer_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Name or service not known")

    with pytest.raises(MlopsError, match="does not answer: ConnectError") as error:
        publish(monkeypatch, cut)
    assert "inside its network" in error.value.remedy
    assert error.value.details == ["Name or service not known"]


def test_waiting_outlasts_a_cut_connection_and_a_page_that_is_no_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = iter(["sent", "cut", "page", "loaded"])

    def answer(request: httpx.Request) -> httpx.Response:
        match next(said):
            case "sent":
                return httpx.Response(202)
            case "cut":
                raise httpx.ReadTimeout("timed out")
            case "page":
                return httpx.Response(200, text="<html>")
            case _:
                return httpx.Response(200, json={"status": console.SUCCEEDED})

    publish(monkeypatch, answer)
    assert next(said, None) is None


def test_what_never_answers_again_is_said_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(202)
        raise httpx.ReadTimeout("timed out")

    monkeypatch.setattr(console, "WAIT_S", 0.0)
    with pytest.raises(MlopsError, match="does not run in func-score") as error:
        publish(monkeypatch, answer)
    assert error.value.details == ["ReadTimeout: timed out"]
