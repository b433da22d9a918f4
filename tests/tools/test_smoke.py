"""The smoke test of a throwaway subscription: what it refuses, and that it always takes away what it made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.environments import environments, stack_file
from ml.deploy.secrets_settings import CONFIG_FILE
from ml.terminal.subjects import app
from tests.e2e.world import World
from tools.smoke import guard
from tools.smoke.carry_out import Done, carry_out
from tools.smoke.steps import STEPS, Step

MINE: Mapping[str, Any] = {
    "azure-native:subscriptionId": "sub-1",
    "mlops-estate:project": "mlops",
    "mlops-estate:protectData": False,
}
KEYS = [step.key for step in STEPS]


@pytest.mark.parametrize(
    ("subscription", "changes", "groups", "says"),
    [
        ("sub-2", {}, [], "sub-2 is not the one of Pulumi.smoke.yaml, which is sub-1"),
        ("sub-1", {"mlops-estate:protectData": True}, [], "protectData is True"),
        ("sub-1", {"mlops-estate:protectData": None}, [], "protectData is None"),
        ("sub-1", {}, ["rg-mlops-boot-weu", "rg-payroll"], "groups of others: rg-payroll"),
        ("sub-1", {}, ["rg-mlops-boot-weu", "rg-mlops-smoke-weu"], "smoke stands already"),
    ],
)
def test_a_place_that_is_none_to_throw_away(
    subscription: str, changes: Mapping[str, Any], groups: list[str], says: str
) -> None:
    with pytest.raises(guard.NotThrowaway, match=says):
        guard.check("smoke", subscription, {**MINE, **changes}, groups, False)


def test_a_place_to_throw_away() -> None:
    guard.check("smoke", "sub-1", MINE, ["rg-mlops-boot-weu", "MC_rg-mlops-other-weu_aks"], False)
    guard.check("smoke", "sub-1", MINE, ["rg-payroll"], True)


def test_an_environment_without_a_stack_file_is_named() -> None:
    with pytest.raises(guard.NotThrowaway, match=r"--env none: there is no Pulumi\.none\.yaml, only stage"):
        guard.config("none")


def test_all_pages_of_resource_groups_are_read() -> None:
    pages = {
        "/subscriptions/sub-1/resourcegroups?api-version=2022-09-01": {
            "value": [{"name": "a"}],
            "nextLink": "https://management.azure.com/next",
        },
        "https://management.azure.com/next": {"value": [{"name": "b"}]},
    }
    assert guard.resource_groups("sub-1", pages.__getitem__) == ["a", "b"]


def test_each_command_is_one_that_there_is() -> None:
    names = {command.name for command in app.registered_commands} | {
        group.name for group in app.registered_groups
    }
    assert {step.argv[1] for step in STEPS if step.argv[0] == "mlops"} <= names
    assert {step.argv[0] for step in STEPS} == {"mlops", "pulumi"}
    known = set(KEYS)
    assert all(known.issuperset(step.needs) for step in STEPS)


def run_with(failing: set[str], ran: list[list[str]], interrupted: str = "") -> Any:
    def run(step: Step, argv: Sequence[str]) -> tuple[int, str]:
        ran.append([step.key, *argv])
        if step.key == interrupted:
            raise KeyboardInterrupt
        return (3, "it broke") if step.key in failing else (0, json.dumps({"release": "r-1"}))

    return run


def ended(done: list[Done]) -> dict[str, str]:
    return {one.step.key: one.how for one in done}


@given(st.sets(st.sampled_from(KEYS)), st.booleans())
def test_whatever_fails_nothing_is_left_that_was_made(
    tmp_path_factory: pytest.TempPathFactory, failing: set[str], keep: bool
) -> None:
    ran: list[list[str]] = []
    out = tmp_path_factory.getbasetemp()
    found = ended(carry_out("smoke", out, run_with(failing, ran), keep))
    names = [one[0] for one in ran]
    assert list(found) == KEYS
    assert ("destroy" in names) == ("up" in names and not keep)
    for step in STEPS:
        assert (found[step.key] == "failed") == (step.key in failing and step.key in names)
        if step.key in names and step.when == "well":
            assert all(found[need] == "well" for need in step.needs)
    written = json.loads((out / "report.json").read_text())
    assert [one["ended"] for one in written["steps"]] == list(found.values())


def test_an_interruption_takes_away_too(tmp_path: Path) -> None:
    ran: list[list[str]] = []
    with pytest.raises(KeyboardInterrupt):
        carry_out("smoke", tmp_path, run_with(set(), ran, "train"), False)
    assert [one[0] for one in ran] == ["stack", "doctor", "up", "unchanged", "train", "undeploy", "destroy"]


def test_an_answer_that_is_none_takes_away_too(tmp_path: Path) -> None:
    ran: list[str] = []

    def run(step: Step, argv: Sequence[str]) -> tuple[int, str]:
        ran.append(step.key)
        return 0, "a note\n{}"

    found = ended(carry_out("smoke", tmp_path, run, False))
    assert found["deploy"] == "failed" and ran[-2:] == ["undeploy", "destroy"]
    assert "JSONDecodeError" in (tmp_path / "report.md").read_text()


CHILD = """
import pathlib, signal, sys, time
def ended(*_):
    time.sleep(1)
    pathlib.Path(sys.argv[1], "ended").touch()
    sys.exit(0)
signal.signal(signal.SIGINT, ended)
pathlib.Path(sys.argv[1], "ready").touch()
time.sleep(60)
"""
INTERRUPTED = """
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs tests in the background ignores it
from tools.smoke.carry_out import in_a_process
from tools.smoke.steps import STEPS
out = pathlib.Path(sys.argv[1])
in_a_process(out, out)(STEPS[0], [sys.executable, "-c", sys.argv[2], str(out)])
"""


def test_a_command_that_is_interrupted_ends_by_itself(tmp_path: Path) -> None:
    """Pulumi writes its state and gives its lock back: killed, it would refuse to destroy."""
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path), CHILD]
    run = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "ready").exists():
        assert run.poll() is None
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGINT)
    assert "KeyboardInterrupt" in run.communicate(timeout=30)[1]
    assert (tmp_path / "ended").exists()


def test_the_release_that_was_deployed_is_tested(tmp_path: Path) -> None:
    ran: list[list[str]] = []
    carry_out("smoke", tmp_path, run_with({"monitor"}, ran), False)
    argv = next(one for one in ran if one[0] == "release-test")
    assert argv[1:6] == ["mlops", "release", "test", "r-1", "--env"]
    assert "## monitor\n```\nexit code 3\nit broke" in (tmp_path / "report.md").read_text()


@pytest.mark.e2e
@pytest.mark.slow
def test_the_whole_line_where_nothing_costs(tmp_path: Path) -> None:
    """The very command, in a world that has the bootstrap alone."""
    world, out, before = World(tmp_path / "home"), tmp_path / "smoke", stack_file("stage").read_bytes()
    settings = tmp_path / "quick.toml"
    settings.write_text("[release]\nload_seconds = 1.0\nload_p95_ms = 5000.0\n")  # not how fast
    world.emulator("up")
    try:
        world.bootstrap()
        subscription = guard.config(environments()[0])["azure-native:subscriptionId"]
        smoke = ("python", "-m", "tools.smoke", "--env", "stage", "--out", str(out), "--json")
        wrong = world.run(*smoke, "--subscription", "another", check=False)
        assert wrong.returncode == 2 and not out.exists()
        world.run("pulumi", "stack", "--stack", "stage", "--show-name")  # makes it, as `stack init` does
        world.environment["MLOPS_SETTINGS"] = str(settings)
        # The stack file of the home: a command inside another one would seal the repository's.
        world.environment[CONFIG_FILE] = str(world.home / "pulumi" / "config" / "Pulumi.stage.yaml")
        done = world.run(*smoke, "--subscription", subscription)
        assert {one["ended"] for one in json.loads(done.stdout)["steps"]} == {"well"}
    finally:
        world.emulator("down")
    assert stack_file("stage").read_bytes() == before
