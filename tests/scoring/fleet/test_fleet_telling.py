"""What logs and records say of a fleet's members, and what they must not say."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring.fleet.stored import Fleet
from scoring.logs import SELF_TEST_PASSED
from scoring.model.artifact import ArtifactError
from scoring.settings import Settings, TelemetrySettings
from scoring.telemetry.moment import RequestRecord
from scoring.telemetry.queue import Telemetry
from tests.scoring.fleet.asking import OWN, SMALL, STREAM, Start, assembled, direct, of
from tests.scoring.trained import Small


@pytest.mark.parametrize("preload", [True, False])
def test_the_log_says_that_models_passed_their_tests_as_a_deployment_waits_for_it(
    start: Start, caplog: pytest.LogCaptureFixture, preload: bool
) -> None:
    caplog.set_level(logging.INFO, "scoring")
    start(preload=preload)
    (line,) = [one for one in caplog.records if one.message == SELF_TEST_PASSED]
    assert line.__dict__["models"] == (len(OWN) if preload else 0)


@pytest.mark.parametrize(("hidden", "shown"), [("sex", OWN[0]), ("age", "number 1")])
def test_logs_have_no_key_with_values_that_must_not_leave(
    model: Small, directory: Path, caplog: pytest.LogCaptureFixture, hidden: str, shown: str
) -> None:
    caplog.set_level(logging.INFO, "scoring")
    telemetry = replace(TelemetrySettings(), redact=frozenset({hidden}))
    service = assembled(Settings(model_dir=directory, telemetry=telemetry))
    members = service.members
    members.keep(OWN[0], members.load(OWN[0]))
    members.monitors[OWN[0]].observe(np.repeat(model.test_matrix[:1], 300, axis=0))
    service._watch.look(0.0)
    members.give_up(OWN[0], ArtifactError("it is broken"))
    told = {line.message: line.__dict__ for line in caplog.records}
    for message in ("drift changed", "the pooled model answers for a member"):
        assert told[message]["member"] == shown
    fallen = told["the fleet's pooled model passed its self-test"]["fall_back"]
    assert fallen == (
        [SMALL] if hidden == "sex" else [f"number {list(members.fleet.members).index(SMALL) + 1}"]
    )


def test_records_name_the_member_in_whatever_form_it_is_answered(
    start: Start, directory: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models are not in memory, so each request goes the usual way."""
    put: list[RequestRecord] = []
    monkeypatch.setattr(Telemetry, "put", lambda self, records: put.extend(records))
    _, client = start(preload=False)
    for key, headers in ((OWN[0], {}), (OWN[1], {"accept": STREAM})):
        request = {**of(directory, fleet, key).samples.request, "member": key}
        assert client.post("/score", json=request, headers=headers).status_code == 200
    assert [one.member for one in put if one.route == "/score"] == [OWN[0], OWN[1]]


@pytest.mark.parametrize(("hidden", "named"), [("sex", True), ("age", False)])
@pytest.mark.parametrize("how", ["redact", "hashed"])
def test_a_record_names_the_member_unless_its_key_has_values_that_must_not_leave(
    directory: Path, fleet: Fleet, hidden: str, named: bool, how: str
) -> None:
    telemetry = replace(TelemetrySettings(), **{how: frozenset({hidden})})
    service = assembled(Settings(model_dir=directory, telemetry=telemetry))
    service.members.keep(OWN[0], service.members.load(OWN[0]))
    row = of(directory, fleet, OWN[0]).samples.request["records"][0]
    asks = [direct(service, row, key) for key in (OWN[0], SMALL, None)]
    service.bodies(asks)
    assert [ask.record.member for ask in asks] == ([OWN[0], SMALL, None] if named else [None] * 3)
