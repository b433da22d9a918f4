"""What Azure forbids: a grant on its way is waited for, and each other refusal is named."""

import json
import time
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from ml.azure.clients import until_granted
from ml.azure.forbidden import REFUSALS, UNKNOWN, Wait
from ml.errors import MlopsError
from tests.ml.cli.mlops_fakes import RecordingReport


class Forbidden:
    """A call that is allowed from its `after`-th time on."""

    def __init__(
        self, after: int, words: str = "no authorization to perform action read over scope /x"
    ) -> None:
        self.calls, self.after, self.words = 0, after, words

    def __call__(self) -> str:
        self.calls += 1
        if self.calls < self.after:
            error = HttpResponseError(self.words)
            error.status_code = 403
            raise error
        return "done"


def test_a_grant_on_its_way_is_waited_for(monkeypatch: pytest.MonkeyPatch, report: RecordingReport):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert until_granted(Forbidden(3), "read x", report, 60) == "done"
    assert len(report.lines) == 1
    assert report.lines[0].endswith("asking again for up to 60 s")


def test_a_grant_that_does_not_come_ends_with_azures_words(report: RecordingReport):
    with pytest.raises(MlopsError, match="forbids to read x") as caught:
        until_granted(Forbidden(9), "read x", report, 0)
    assert "action read over scope /x" in caught.value.details[0]


@pytest.mark.parametrize(
    "words",
    [
        "This request is not authorized to perform this operation.\nErrorCode:AuthorizationFailure",
        "(Forbidden) Client address is not authorized and caller is not a trusted service.\n"
        'Inner error: {"code": "ForbiddenByFirewall"}',
    ],
)
def test_a_firewall_is_no_missing_role(words: str, report: RecordingReport):
    with pytest.raises(MlopsError, match="firewall of the estate does not let this machine read x") as caught:
        until_granted(Forbidden(9, words), "read x", report, 0)
    assert "networkAccess.allowedRanges" in caught.value.remedy


def test_a_firewall_is_not_waited_for_as_long(monkeypatch: pytest.MonkeyPatch, report: RecordingReport):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    with pytest.raises(MlopsError, match="firewall"):
        until_granted(Forbidden(99, "ForbiddenByFirewall"), "read x", report, 3600)
    assert 30 < sum(slept) <= 60


WAITS = {Wait.GRANT: 3600, Wait.RULE: 60, Wait.NOTHING: 0}


@pytest.mark.parametrize("code", [*REFUSALS, "SomethingNew"])
def test_each_code_has_its_own_waiting_or_none(
    code: str, monkeypatch: pytest.MonkeyPatch, report: RecordingReport
):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    with pytest.raises(MlopsError, match="read x") as caught:
        until_granted(Forbidden(9999, f"(Forbidden) no.\nCode: {code}\nMessage: no."), "read x", report, 3600)
    limit = WAITS[REFUSALS.get(code, UNKNOWN).wait]
    assert limit - 30 < sum(slept) <= limit
    assert ("tried for" in caught.value.problem) is (len(report.lines) == 1) is bool(limit)


@pytest.mark.parametrize(
    ("body", "problem", "remedy"),
    [
        (
            {
                "code": "Forbidden",
                "message": "Operation get is not allowed on a disabled secret.",
                "innererror": {"code": "SecretDisabled"},
            },
            "the secret is disabled",
            "Enable it",
        ),
        (
            {
                "code": "Forbidden",
                "message": "Public network access is disabled and request is not from a trusted "
                "service nor via an approved private link.",
                "innererror": {"code": "ForbiddenByConnection"},
            },
            "reached by its private endpoint alone",
            "inside the network",
        ),
        (
            {"code": "RequestDisallowedByPolicy", "message": "Resource 'x' was disallowed by policy."},
            "A policy of the organisation",
            "exemption",
        ),
    ],
)
def test_a_refusal_for_good_is_named_at_once_from_the_body_that_azure_sends(
    body: dict[str, Any], problem: str, remedy: str, report: RecordingReport
):
    def call() -> None:
        raise HttpResponseError(response=Answered(body))

    with pytest.raises(MlopsError, match=problem) as caught:
        until_granted(call, "read x", report, 3600)
    assert remedy in caught.value.remedy
    assert body["message"] in "\n".join(caught.value.details)
    assert report.lines == []


class Answered:
    """An HTTP answer as azure-core's exceptions read it."""

    status_code, reason, headers = 403, "Forbidden", {}

    def __init__(self, error: dict[str, Any]) -> None:
        self._text = json.dumps({"error": error})

    def text(self, encoding: str | None = None) -> str:
        return self._text

    def body(self) -> bytes:
        return self._text.encode()


def test_other_errors_are_not_waited_for(report: RecordingReport):
    def missing() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        until_granted(missing, "read x", report, 60)
