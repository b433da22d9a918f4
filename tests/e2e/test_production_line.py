"""Production by the real commands, in order: each test goes on from the one before it.

What is not approved is refused and changes nothing; a second promoter waits; `pulumi up` in the middle of a
canary leaves it alone; and the jobs of CI do what the workflows say.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator.identity.directory import SIGNED_IN, USERS
from tests.e2e import homes
from tests.e2e.conftest import ROOT, World, production_world
from tests.e2e.desks import Desk, desk
from tests.e2e.jobs import PLACES, Job, checked_out
from tests.e2e.production import CI, SETTINGS, UP, approve, promoters, recorded, set_in, settings

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
world = production_world
APPROVER, _, _, BOTH = USERS
DEPLOYER = ("--from", PLACES["estate-stage"], "--workflow", "id-mlops-boot-weu-deploy-stage")
OTHER = "sha256:" + "f" * 64


@dataclass
class Case:
    """release: recorded by CI, proven, and approved by nobody. own: the same, recorded by an approver.

    looks, engineer, approver, both: programs that act as the promoter, and as these."""

    world: World
    folder: Path
    release: str
    own: str
    looks: Desk
    engineer: Desk
    approver: Desk
    both: Desk

    def look(self) -> dict[str, Any]:
        return self.looks.ask(do="look")

    def promote(self, release: str, env: str = "prod", **variables: str) -> tuple[int, str]:
        """Exit code and words of the command."""
        over = {"MLOPS_SETTINGS": str(SETTINGS / "second.toml"), **variables}
        argv = ("run", *CI, "--", "mlops", "promote", release, "--env", env, "--json")
        done = self.world.emulator(*argv, check=False, **over)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def case(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("desks")
    release = recorded(world, "second.toml", *DEPLOYER)
    who = {"looks": CI, "engineer": (), "approver": ("--as", APPROVER.name), "both": ("--as", BOTH.name)}
    with ExitStack() as stack:
        desks = {
            name: stack.enter_context(desk(world, "desk.py", *words, log=folder / f"{name}.log"))
            for name, words in who.items()
        }
        own = desks["both"].ask(do="record", release=release)
        for one in (release, own):
            desks["engineer"].ask(do="prove", release=one, green=True)
        yield Case(world, folder, release, own, **desks)


# What is refused


def nobody_approves(case: Case) -> tuple[int, str]:
    return case.promote(case.release)


def a_service_principal_approves(case: Case) -> tuple[int, str]:
    case.engineer.ask(do="grant", principal=SIGNED_IN.object_id)
    case.engineer.ask(do="forge", release=case.release, approver=SIGNED_IN.object_id)
    return case.promote(case.release)


def the_requester_approves(case: Case) -> tuple[int, str]:
    case.both.ask(do="forge", release=case.own, approver=BOTH.object_id)
    return case.promote(case.own)


def another_image_was_approved(case: Case) -> tuple[int, str]:
    case.approver.ask(do="forge", release=case.release, approver=APPROVER.object_id, image=OTHER)
    return case.promote(case.release)


def the_record_was_tampered_with(case: Case) -> tuple[int, str]:
    case.approver.ask(do="forge", release=case.release, approver=APPROVER.object_id, how="tampered")
    return case.promote(case.release)


def the_signature_is_forged(case: Case) -> tuple[int, str]:
    case.approver.ask(do="forge", release=case.release, approver=APPROVER.object_id, how="own key")
    return case.promote(case.release)


def it_has_expired(case: Case) -> tuple[int, str]:
    case.approver.ask(do="forge", release=case.release, approver=APPROVER.object_id, expires_s=1.0)
    return case.promote(case.release)


def the_environment_is_unknown(case: Case) -> tuple[int, str]:
    return case.promote(case.release, env="nowhere")


def the_settings_are_stale(case: Case) -> tuple[int, str]:
    """In a checkout whose stack file was changed since a person approved."""
    approve(case.world, case.release)
    checkout = case.folder / "checkout"
    for name in ("infra", "ml", "scoring"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copyfile(file, checkout / file.name)
    file = checkout / "Pulumi.prod.yaml"
    file.write_text(file.read_text().replace("callsPerMinute: 6000", "callsPerMinute: 60000"))
    return case.promote(case.release, PYTHONPATH=str(checkout))


ATTEMPTS: dict[Callable[[Case], tuple[int, str]], str] = {
    nobody_approves: "is not approved for prod",
    the_environment_is_unknown: "There is no stack nowhere",
    a_service_principal_approves: "who is no person of the directory",
    the_requester_approves: "recorded the release and approved it",
    another_image_was_approved: "The approval is for another digest of image",
    the_record_was_tampered_with: "either of them was changed",
    the_signature_is_forged: "is not of the approvers' key",
    it_has_expired: "has expired",
    the_settings_are_stale: "Pulumi.prod.yaml was changed since",
}


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.__name__)
def test_production_refuses_and_nothing_is_changed(case: Case, attempt: Callable[[Case], Any]) -> None:
    before = case.look()
    code, said = attempt(case)
    assert code == 1, said
    assert ATTEMPTS[attempt] in said
    after = case.look()
    assert {**after, "approvals": None} == {**before, "approvals": None}
    assert set(before["approvals"].items()) <= set(after["approvals"].items())


# In the middle of a canary

BEGUN_S = 60.0
ENDED_S = 60.0


@dataclass(frozen=True)
class Canary:
    """A promotion that holds at its first step: nobody calls, so there is nothing to judge."""

    running: subprocess.Popen[str]
    members: dict[str, int]


@pytest.fixture(scope="module")
def canary(case: Case) -> Iterator[Canary]:
    command = [
        sys.executable,
        "-m",
        "emulator",
        "run",
        *CI,
        "--",
        "mlops",
        "promote",
        case.release,
        "--env",
        "prod",
    ]
    environment = {**case.world.environment, "MLOPS_SETTINGS": str(SETTINGS / "second.toml")}
    running = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + BEGUN_S
    try:
        while not ((case.look()["state"]["promotion"] or {}).get("weighed_at")):
            if running.poll() is not None or time.monotonic() > deadline:
                running.kill()
                pytest.fail(f"no canary: {running.communicate()[0]}")
            time.sleep(0.5)
        yield Canary(running, case.look()["members"])
    finally:
        running.kill()
        running.communicate()


def test_a_second_promoter_is_refused(case: Case, canary: Canary) -> None:
    before = case.look()
    code, said = case.promote(case.release)
    assert code == 1
    assert "Production is being changed by id-mlops-boot-weu-promote-prod on" in said
    assert case.look() == before
    assert sorted(canary.members.values()) == [10, 90]


def test_pulumi_up_in_the_middle_of_a_canary_leaves_it(case: Case, canary: Canary) -> None:
    """One that changes the gateway, and looks at Azure before."""
    before = case.look()
    changed = settings(promoters(case.world)["prod"], callsPerMinute="5900")
    done = case.world.pulumi("up", "prod", *UP, "--refresh", *changed)
    assert "updated" in done.stdout
    assert case.look() == before
    assert canary.running.poll() is None


def test_drift_detection_does_not_report_it(case: Case, canary: Canary, tmp_path: Path) -> None:
    """By the nightly job, which finds what else somebody changed."""
    checkout = checked_out(tmp_path / "checkout", case.world)
    stack_file = checkout / "Pulumi.prod.yaml"
    set_in(stack_file, promoters(case.world)["prod"], callsPerMinute="5900")
    job = Job("drift", "compare", "preview-prod")
    ran = job.run(case.world, checkout, {"matrix.stack": "prod"})
    assert not ran.failed, ran.said()
    assert ran.outputs["prod"] == "success"
    assert case.look()["members"] == canary.members


def test_the_job_rollback_ends_the_canary(case: Case, canary: Canary, tmp_path: Path) -> None:
    before = case.look()["state"]
    job = Job("rollback", "rollback", "promote-prod")
    given = {"inputs.reason": "callers complain", "inputs.to": ""}
    ran = job.run(case.world, checked_out(tmp_path / "checkout", case.world), given)
    assert not ran.failed, ran.said()
    print([(one["run"], one["seconds"]) for one in ran.steps])  # docs/runbooks/rollback.md
    after = case.look()
    assert after["members"] == {before["serving"]["revision"]: 100}
    assert after["state"]["promotion"] is None
    assert after["state"]["history"][-1]["reason"] == "callers complain"
    said, _ = canary.running.communicate(timeout=ENDED_S)
    assert canary.running.returncode == 1
    assert "Somebody else changed" in said


def test_red_evidence_since_the_approval_is_refused(case: Case) -> None:
    case.engineer.ask(do="prove", release=case.release, green=False)
    before = case.look()
    code, said = case.promote(case.release)
    assert code == 1
    assert "in stage is red" in said
    assert case.look() == before


# The other jobs


def test_the_job_build_recorded_and_proved_the_first_release(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """It and the job `promote` made the world that these tests began with."""
    made = json.loads((homes.released(tmp_path_factory) / homes.FIRST).read_text())
    assert f"mlops approve {made['release']} --env prod" in made["summary"]
    assert "has all requests" in made["said"][1]


def test_the_job_retrain_goes_up_to_the_gate(case: Case, tmp_path: Path) -> None:
    ran = Job("retrain", "retrain", "deploy-stage").run(
        case.world, checked_out(tmp_path / "checkout", case.world), {}, SETTINGS / "first.toml"
    )
    assert not ran.failed, ran.said()
    assert "Evidence sha256:" in ran.summary, ran.summary


def test_the_job_preview_says_what_would_change(case: Case, tmp_path: Path) -> None:
    checkout = checked_out(tmp_path / "checkout", case.world)
    ran = Job("review", "preview", "preview-stage").run(case.world, checkout, {"matrix.stack": "stage"})
    assert not ran.failed, ran.said()
    assert "Resources:" in ran.summary
