"""A person's reason registers a model that is not better, and never one outside its bounds."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ml.steps.compare import main as compare_main
from ml.steps.compare.decision import decide
from ml.steps.compare.override import LONGEST, TAG, decoded, encoded, reason_of
from ml.steps.evaluate.evaluation import evaluate
from ml.steps.evaluate.metrics import DIRECTIONS
from ml.steps.files import TEST, write_json, write_table
from ml.steps.register import main as register_main
from ml.steps.register.registration import Lineage
from tests.ml.steps.conftest import FakeRegistry
from tests.scoring.trained import Small

REASON = 'the card\'s words were corrected; $(date) `x` -> 100% "größer"'
LINEAGE = Lineage("credit:3", "ab" * 32, "c0ffee", "training:5", "job-7", "pipeline-7")
COSTS = {"false_negative_cost": 5.0, "false_positive_cost": 1.0}
METRICS = dict.fromkeys(DIRECTIONS, 0.5) | {"test_sha256": "t", "test_rows": 10}
BROKEN = {"name": "maximum_calibration_error", "limit": 0.01, "found": 0.02, "holds": False}
COMPONENT = Path(__file__).parents[3] / "ml" / "steps" / "compare" / "component.yml"


@given(st.text().filter(lambda text: text.isprintable() and text.strip()))
def test_a_reason_reaches_the_step_as_one_word_that_no_shell_reads(text: str) -> None:
    reason = " ".join(text.split())
    assert re.fullmatch(r"[A-Za-z0-9_.%]+", encoded(reason))
    assert shlex.split(encoded(reason)) == [encoded(reason)]
    assert decoded(encoded(reason)) == reason


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("x" * (LONGEST + 1), f"{LONGEST + 1} characters, at most {LONGEST}"),
        ("a\x1b[0m", "cannot be printed"),
        ("a\udcff", "cannot be printed"),
    ],
)
def test_what_is_no_reason(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        reason_of(text)


def test_a_reason_is_one_line() -> None:
    assert reason_of("  words \n corrected ") == "words corrected"
    assert reason_of("x" * LONGEST) == "x" * LONGEST


@pytest.mark.parametrize(
    ("auc", "bounds", "override", "accepted", "overridden"),
    [
        (0.4, [], None, False, False),
        (0.4, [], REASON, True, True),
        (0.6, [], REASON, True, False),
        (0.4, [BROKEN], REASON, False, False),
        (0.6, [BROKEN], REASON, False, False),
    ],
)
def test_an_override_lifts_the_comparison_alone(
    auc: float, bounds: list[dict[str, Any]], override: str | None, accepted: bool, overridden: bool
) -> None:
    champion = METRICS | {"roc_auc": 0.5}
    decision = decide("roc_auc", 0.002, METRICS | {"roc_auc": auc}, champion, "4", bounds, override)
    said = decision.to_json()
    assert (said["accepted"], said["overridden"]) == (accepted, overridden)
    assert said["better"] is (auc > 0.5)
    assert said["override"] == override
    assert ("overridden" in said["reason"]) is (override is not None and auc < 0.5)
    assert ("outside its bounds" in said["reason"]) is bool(bounds)


def test_the_first_model_needs_no_override() -> None:
    decision = decide("roc_auc", 0.0, METRICS, None, None, override=REASON)
    assert decision.accepted and not decision.overridden
    assert decision.reason == "the first model"


class Job:
    """compare and register of one pipeline job."""

    def __init__(self, directory: Path, registry: FakeRegistry, model: Small) -> None:
        self.directory, self.registry = directory, registry
        metrics = evaluate(model.trained.artifact, model.test).to_json()
        write_json(metrics, directory / "evaluation/metrics.json")
        self.bounds([])
        (directory / "card/card.html").write_text("<p>card</p>")
        write_table(model.test, directory / "validated" / TEST)
        model.trained.artifact.save(directory / "model")

    def bounds(self, bounds: list[dict[str, Any]]) -> None:
        write_json({"bounds": bounds, "threshold": COSTS}, self.directory / "card/card.json")

    def data_of(self, name: str, lineage: Lineage, told: str) -> str:
        """The data's digest in what is registered under a name; told: the one in the card."""
        card = {"bounds": [], "threshold": COSTS, "lineage": {"data_sha256": told}}
        write_json(card, self.directory / "card/card.json")
        parts = [self.directory / part for part in ("model", "evaluation", "by-digest", "card")]
        decision = {"accepted": True, "bounds": [], "reason": "better"}
        write_json(decision, self.directory / "by-digest/decision.json")
        register_main.run(*parts, name, lineage, self.directory / "registered", connect=lambda: self.registry)
        return self.registry.versions(name)[0].properties["lineage.data_sha256"]

    def run(self, name: str, override: str | None) -> dict[str, Any]:
        parts = [self.directory / part for part in ("evaluation", "card", "validated")]
        compare_main.run(
            *parts,
            "credit",
            "roc_auc",
            0.002,
            self.directory / name,
            connect=lambda: self.registry,
            override=override,
        )
        return self.register(name, name)

    def register(self, name: str, decision: str) -> dict[str, Any]:
        register_main.run(
            self.directory / "model",
            self.directory / "evaluation",
            self.directory / decision,
            self.directory / "card",
            "credit",
            replace(LINEAGE, pipeline_job=name),
            self.directory / name,
            connect=lambda: self.registry,
        )
        return json.loads((self.directory / name / "registration.json").read_text())


def test_the_digest_of_data_that_was_only_addressed_is_the_one_that_was_read(
    tmp_path: Path, registry: FakeRegistry, model: Small
) -> None:
    job = Job(tmp_path, registry, model)
    assert job.data_of("addressed", replace(LINEAGE, data_sha256="unknown"), "cd" * 32) == "cd" * 32
    assert job.data_of("known", LINEAGE, "cd" * 32) == LINEAGE.data_sha256


def test_the_same_model_under_a_corrected_card_is_another_version(
    tmp_path: Path, registry: FakeRegistry, model: Small
) -> None:
    job = Job(tmp_path, registry, model)
    first, skipped = job.run("one", None), job.run("two", None)
    assert (first["version"], skipped["registered"]) == ("1", False)
    assert (first["override"], skipped["override"]) == (None, None)
    corrected = job.run("three", REASON)
    assert (corrected["registered"], corrected["version"], corrected["override"]) == (True, "2", REASON)
    assert "not better" in corrected["reason"] and REASON in corrected["reason"]
    tags = [version.tags.get(TAG) for version in registry.versions("credit")]
    assert tags == [REASON, None]
    decision = json.loads((tmp_path / "three" / "decision.json").read_text())
    assert (decision["better"], decision["accepted"], decision["override"]) == (False, True, REASON)
    again = job.register("three", "three")  # a step may run again
    assert (again["registered"], again["version"], again["override"]) == (True, "2", REASON)
    assert len(registry.models["credit"]) == 2


def test_a_broken_bound_is_not_overridden(tmp_path: Path, registry: FakeRegistry, model: Small) -> None:
    job = Job(tmp_path, registry, model)
    job.bounds([BROKEN])
    said = job.run("one", REASON)
    assert (said["registered"], said["override"]) == (False, None)
    assert said["broken_bounds"]
    assert registry.models == {}


def test_a_better_model_carries_no_override(tmp_path: Path, registry: FakeRegistry, model: Small) -> None:
    said = Job(tmp_path, registry, model).run("one", REASON)
    assert (said["registered"], said["override"]) == (True, None)
    assert TAG not in registry.versions("credit")[0].tags


def test_the_step_decodes_what_the_job_gives_and_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    monkeypatch.setattr(compare_main, "run", lambda *_, override: given.append(override))
    flags = ["evaluation", "card", "validated", "model-name", "metric", "decision"]
    arguments = [part for flag in flags for part in (f"--{flag}", "x")] + ["--margin", "0"]
    assert compare_main.main(arguments) == 0
    assert compare_main.main([*arguments, "--override", encoded("-" + REASON)]) == 0
    assert given == [None, "-" + REASON]
    component = yaml.safe_load(COMPONENT.read_text())
    assert component["inputs"]["override"]["optional"] is True
    assert "$[[--override ${{inputs.override}}]]" in component["command"]
