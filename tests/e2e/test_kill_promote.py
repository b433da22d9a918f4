"""`mlops promote` is killed after each of its effects, of a good release and of a bad one, while callers ask.

One promotion is killed again and again, each time after the first effect that no kill came after before: so
each run takes up what the one before left, and gets further. A caller notices nothing of the good release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import World, production_world
from tests.e2e.desks import Desk, desk
from tests.e2e.production import CI, RUNNERS, SETTINGS, approve, recorded

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
world = production_world
MOST = 80  # runs of one promotion: more is no progress
HOLDER = "the lease's holder"
MUST = (
    "the lease",
    HOLDER,
    "written: begun 0",
    "manifests 0: apply Deployment",
    "backend 0: a backend",
    "canary 10: weights 10+90",
    "canary 50: weights 50+50",
    "canary 100: weights 100",
)


@dataclass(frozen=True)
class Watched:
    """promoter: runs `mlops`, as CI's identity. looks: at production, as the same. known: the effects that a
    process was killed after."""

    world: World
    folder: Path
    promoter: Desk
    looks: Desk
    engineer: Desk
    known: list[str]

    def approved(self, over: str) -> str:
        """A release of its own settings that may go into production."""
        release = recorded(self.world, over)
        self.engineer.ask(do="prove", release=release, green=True)
        approve(self.world, release)
        return release

    def mlops(self, *argv: str, known: list[str] | None = None) -> tuple[dict[str, Any], str]:
        """How it ended, and what it said. known: effects that do not kill; None: none kills."""
        log = self.folder / "mlops.log"
        ended = self.promoter.ask(argv=[*argv, "--env", "prod"], known=known, log=str(log))
        return ended, log.read_text()

    def killed(self, release: str) -> tuple[list[str], dict[str, Any], str]:
        """Promote it, killed after each effect that was not known: those, the last run's end, its words."""
        after: list[str] = []
        for _ in range(MOST):
            ended, said = self.mlops("promote", release, known=self.known)
            sound(self.looks.ask(do="look"))
            if not ended["killed"]:
                return after, ended, said
            after.append(ended["killed"])
            self.known.append(ended["killed"])
            if after[-1] == HOLDER:
                self.waits(release)
            self.looks.ask(do="end_lease")  # in place of a wait until it has run out
        pytest.fail(f"{MOST} runs, and no end: {after}")

    def waits(self, release: str) -> None:
        """The killed promoter's lease still holds: the next one is told whose it is, and changes nothing."""
        before = self.looks.ask(do="look")
        ended, said = self.mlops("promote", release)
        assert ended["code"] == 1
        assert "Production is being changed by id-mlops-boot-weu-promote-prod on" in said
        assert self.looks.ask(do="look") == before


def sound(look: dict[str, Any]) -> None:
    """Whatever is under way: all weights are of revisions with a backend and ready pods."""
    members = look["members"]
    assert sum(members.values()) == 100, members
    assert set(members) <= set(look["backends"]), look
    assert all(look["ready"].get(name) for name in members), (members, look["ready"])


def serves(look: dict[str, Any], release: str, *others: str) -> None:
    """All requests go to the release, nothing is under way, and nothing is left of any but these."""
    state, revisions = look["state"], [f"rev-{one.removeprefix('r-')}" for one in (release, *others)]
    assert state["promotion"] is None
    assert state["serving"]["release"] == release
    assert look["members"] == {revisions[0]: 100}
    assert set(look["ready"]) == set(revisions)
    assert {one for one in look["backends"] if one.startswith("rev-")} == set(revisions)
    assert look["lease"] is None


@pytest.fixture(scope="module")
def watched(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder, over = tmp_path_factory.mktemp("promoting"), SETTINGS / "first.toml"
    with (
        desk(world, "promoting.py", *CI, log=folder / "promoter.log", over=over) as promoter,
        desk(world, "desk.py", *CI, log=folder / "looks.log", over=over) as looks,
        desk(world, "desk.py", log=folder / "engineer.log") as engineer,
    ):
        yield Watched(world, folder, promoter, looks, engineer, [])


def test_a_kill_after_each_effect_of_a_good_release(watched: Watched) -> None:
    first = watched.looks.ask(do="look")["state"]["serving"]["release"]
    second = watched.approved("second.toml")
    with desk(watched.world, "caller.py", *RUNNERS, log=watched.folder / "caller.log") as caller:
        after, ended, said = watched.killed(second)
        answers = json.loads(caller.end())
    assert ended["code"] == 0, said
    serves(watched.looks.ask(do="look"), second, first)
    assert set(answers) == {"200"}, answers
    assert answers["200"] > 100
    assert set(MUST) <= set(after)


def test_a_kill_after_each_effect_of_tidying_up(watched: Watched) -> None:
    """What served before the one before is removed once all requests are elsewhere."""
    before = watched.looks.ask(do="look")["state"]
    third = watched.approved("third.toml")
    with desk(watched.world, "caller.py", *RUNNERS, log=watched.folder / "caller.log") as caller:
        after, ended, said = watched.killed(third)
        answers = json.loads(caller.end())
    assert ended["code"] == 0, said
    serves(watched.looks.ask(do="look"), third, before["serving"]["release"])
    assert set(answers) == {"200"}, answers
    # "before": the kill came when the state said already that it had all requests.
    assert {"before: no backend", "before: delete deployments"} <= set(after)


def test_a_kill_after_each_effect_of_the_way_back(watched: Watched) -> None:
    before = watched.looks.ask(do="look")["state"]
    bad = watched.approved("bad.toml")
    with desk(watched.world, "caller.py", *RUNNERS, log=watched.folder / "caller.log"):
        after, ended, said = watched.killed(bad)
    assert ended["code"] == 1, said
    assert "went back" in said
    serves(watched.looks.ask(do="look"), before["serving"]["release"], before["previous"]["release"])
    wanted = {
        "written: going back",
        "going back: weights 100",
        "going back: no backend",
        "written: went back",
    }
    assert wanted <= set(after)
