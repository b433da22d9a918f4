"""What on call sees: revisions, weights, approvals, what is under way, and what is wrong; a canary as it
runs."""

import io
import json

import pytest
from rich.console import Console

from ml.production.judging import Look
from ml.production.promote import promote
from ml.production.rollback import rollback
from ml.production.status import render, status
from ml.production.view import live
from ml.production.view import render as canary
from ml.terminal.console import Report
from tests.ml.production.fakes import Fake, Killed, revision_of
from tests.ml.production.test_promote import FIRST, SECOND, released, run


def text(renderable: object) -> str:
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(renderable)
    return console.export_text()


def test_nothing_is_released() -> None:
    found = status(Fake().world())
    assert found["revisions"] == []
    assert "Nothing is released" in text(render(found))


def test_who_answers_since_when_by_whose_approval() -> None:
    fake = released(FIRST, SECOND)
    found = status(fake.world())
    assert json.loads(json.dumps(found)) == found
    by_role = {one["is"]: one for one in found["revisions"]}
    assert (by_role["serving"]["weight"], by_role["previous"]["weight"]) == (100, 0)
    assert by_role["serving"]["approved_by"] == "a person"
    assert found["wrong"] == []
    shown = text(render(found))
    assert revision_of(SECOND) in shown
    assert "2 of 2" in shown
    assert "1970-01-12" in shown


def test_a_killed_canary_is_shown_with_its_last_judgement() -> None:
    fake = released(FIRST)
    run(fake, SECOND)
    weighed = fake.effects.index(next(one for one in fake.effects if "10)" in one))
    fake = released(FIRST)
    fake.kill_at, fake.after = weighed + 4, True
    with pytest.raises(Killed):
        run(fake, SECOND)
    fake.now += 100
    fake.holder = None
    found = status(fake.world())
    assert found["promotion"]["percent"] == 10
    shown = text(render(found))
    assert "nowhere: `mlops promote` takes it up" in shown
    assert "10% of the requests" in shown


def test_what_is_wrong_is_said_with_what_to_do() -> None:
    fake = released(FIRST, SECOND)
    fake.weights = {revision_of(FIRST): 100}
    fake.pods[revision_of(FIRST)].ready = 0
    found = status(fake.world())
    assert len(found["wrong"]) == 2
    assert f"mlops rollback --to {revision_of(SECOND)}" in found["wrong"][1]
    assert "wrong:" in text(render(found))
    fake.pods[revision_of(FIRST)].ready = 2
    rollback(fake.world(), "on call", "weights by hand", revision_of(FIRST), lambda line: None)
    assert status(fake.world())["wrong"] == []


def test_a_canary_shows_weights_requests_and_intervals() -> None:
    fake = released(FIRST)
    looks: list[Look] = []
    promote(fake.world(), SECOND, "somebody", looks.append, lambda line: None)
    judged = next(look for look in reversed(looks) if look.step.percent == 50)
    shown = text(canary(judged))
    assert f"{revision_of(SECOND)} 50%" in shown
    assert "of 1000 requests judged" in shown
    assert all(name in shown for name in ("failures", "latency", "predictions", "outliers"))
    assert "(95% interval)" in shown


def test_not_on_a_terminal_a_line_comes_when_something_is_new(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake = released(FIRST)
    with live(Report()) as show:
        promote(fake.world(), SECOND, "somebody", show, lambda line: None)
    lines = [line for line in capsys.readouterr().err.splitlines() if "%:" in line]
    assert 2 <= len(lines) <= 16
    assert len(set(lines)) == len(lines)


def test_who_approved_is_a_name_in_the_table() -> None:
    row = {
        "revision": "rev-49383578de219d0b",
        "weight": 100,
        "ready": 2,
        "wanted": 2,
        "is": "serving",
        "since": 1796072894.0,
        "approved_by": "approver@mlops.example (6f1d3c52-7a0e-4b7e-9d55-0c2a41f0d001)",
    }
    console = Console(width=110, record=True, file=io.StringIO())
    console.print(render({"revisions": [row], "promotion": None, "history": [], "wrong": []}))
    said = console.export_text()
    assert "approver@mlops.example" in said and "6f1d3c52" not in said
