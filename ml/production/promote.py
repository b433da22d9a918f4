"""`mlops promote`: a resumable way from an approved release to all requests, or back.

Each stage is written down before it is begun and counts as done when the next one is written. Each may be
done twice. So a run that was killed anywhere is taken up by the next one, and two runs at once are one and
a refusal.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ml.errors import MlopsError
from ml.gateway.pool import UNRELEASED
from ml.production.canary.steps import Step
from ml.production.errors import WentBack
from ml.production.judging import Look, Watch, judged
from ml.production.state import STAGES, Entry, Promotion, Serving, Stage, State
from ml.production.world import Approved, Plan, World

Show = Callable[[Look], None]
Tell = Callable[[str], None]


def promote(world: World, release: str, by: str, show: Show, tell: Tell) -> State:
    """Take the release to all requests. by: who asks, for the record.

    Raises MlopsError before anything is changed for a release without approval or while another one is under
    way; WentBack when it was judged to be worse.
    """
    approved = world.approve(release)
    plan = world.plan(release)
    with world.lease.held(by, f"promote {release}"):
        return _Promoting(world, plan, approved, show, tell).run(by)


class _Promoting:
    def __init__(self, world: World, plan: Plan, approved: Approved, show: Show, tell: Tell) -> None:
        self._world, self._plan, self._approved = world, plan, approved
        self._show, self._tell = show, tell
        self._state = world.store.read()

    def run(self, by: str) -> State:
        state, plan = self._state, self._plan
        if state.promotion is None and state.serving and state.serving.release == plan.release:
            self._tell(f"{plan.release} has all requests already")
            self._clean()
            return self._state
        if state.promotion is not None and state.promotion.release != plan.release:
            other = state.promotion
            raise MlopsError(
                f"The release {other.release} is being promoted (by {other.by}): {plan.release} has to wait.",
                f"`mlops promote {other.release}` takes it up where it stands, `mlops rollback` ends it.",
            )
        if state.promotion is None:
            self._begin(by)
        else:
            self._tell(f"taken up at: {state.promotion.stage}, {state.promotion.percent}% of the requests")
        if self._promotion.going_back:
            self._back(self._promotion.going_back)
        effects: dict[Stage, Callable[[], None]] = {
            "begun": lambda: None,
            "image": plan.image,
            "manifests": lambda: self._world.cluster.apply(plan.values),
            "ready": lambda: self._world.cluster.wait_ready(plan.revision, self._world.pace.ready),
            "smoke": self._smoke,
            "backend": self._backend,
            "canary": self._canary,
            "settle": self._settle,
        }
        for stage in STAGES[STAGES.index(self._promotion.stage) :]:
            self._checked(self._state.going_on(stage=stage))
            self._tell(stage)
            effects[stage]()
        return self._state

    @property
    def _promotion(self) -> Promotion:
        promotion = self._state.promotion
        if promotion is None:
            raise ValueError("no promotion is under way")
        return promotion

    def _checked(self, state: State) -> None:
        """Write the state down, if this is still the one that promotes."""
        self._world.lease.check()
        self._world.store.write(state)
        self._state = state

    def _begin(self, by: str) -> None:
        approved, now = self._approved, self._world.clock.now()
        promotion = Promotion(
            revision=self._plan.revision,
            release=self._plan.release,
            by=by,
            began=now,
            approved_by=approved.who,
            approval_reason=approved.reason,
            approval_digest=approved.digest,
        )
        entry = Entry(
            at=now, what="promotion begun", release=self._plan.release, by=by, reason=approved.reason
        )
        self._checked(self._state.changed(promotion=promotion).told(entry))

    def _smoke(self) -> None:
        self._plan.smoke(self._world.cluster.address(self._plan.revision))

    def _backend(self) -> None:
        address = self._world.cluster.address(self._plan.revision)
        self._world.pool.add(self._plan.revision, address, self._plan.failures)

    # The canary

    def _canary(self) -> None:
        *judged, last = self._world.steps
        watched = replace(last, seconds=self._world.pace.watch)
        steps = (*judged, watched) if self._state.serving else (watched,)
        if not self._state.serving:
            self._tell("nothing is released yet that it could be compared with")
        watch = Watch(self._world, self._plan, self._state)
        for step in steps:
            if step.percent < self._promotion.percent:
                continue
            self._weigh(step)
            if breach := self._hold(step, watch):
                self._back(breach)

    def _weigh(self, step: Step) -> None:
        """Give the new revision its share; written down before, so that the way back is known."""
        world, wanted = self._world, self._weights(step.percent)
        before = world.pool.members()
        done = self._promotion.percent == step.percent and self._promotion.weighed_at is not None
        if done and before == wanted:
            return
        self._checked(self._state.going_on(percent=step.percent, weighed_at=None))
        world.pool.put(wanted)
        now = world.clock.now()
        # What the smoke tests did may be told as late as this, and is none of the callers'.
        from_ = self._promotion.judged_from or now + 2 * self._plan.metric_seconds
        self._checked(self._state.going_on(weighed_at=now, judged_from=from_))

    def _weights(self, percent: int) -> dict[str, int]:
        serving, new = self._state.serving, self._plan.revision
        if serving is None or percent == 100:
            return {new: 100}
        return {serving.revision: 100 - percent, new: percent}

    def _hold(self, step: Step, watch: Watch) -> str:
        """Until the step is over. Returns why to go back, "" to go on."""
        world = self._world
        began = self._promotion.weighed_at or world.clock.now()
        judged_before = None
        while True:
            world.lease.check()
            look = watch.look(step, began, self._promotion.judged_from or began)
            if judged_before != look.judgement.new:
                judged_before = look.judgement.new
                self._checked(self._state.going_on(judgement=judged(look)))
            self._show(look)
            if look.breach:
                return look.breach
            if look.enough:
                return ""
            if look.seconds >= step.seconds:
                if step.short == "on":
                    return ""
                return (
                    f"too little traffic: {look.judged} of {step.least} requests were judged "
                    f"at {step.percent}% in {step.seconds / 60:g} minutes"
                )
            world.clock.sleep(world.pace.poll)

    # Its two ends

    def _back(self, reason: str) -> None:
        """All requests to where they were. Raises WentBack."""
        world, serving = self._world, self._state.serving
        if not self._promotion.going_back:
            self._checked(self._state.going_on(going_back=reason))
        before = {serving.revision: 100} if serving else {UNRELEASED: 100}
        if world.pool.members() != before:
            world.pool.put(before)
            self._tell(f"all requests go to {next(iter(before))} again")
            world.clock.sleep(world.pace.settle)
        promotion, now = self._promotion, world.clock.now()
        entry = Entry(at=now, what="went back", release=promotion.release, by=promotion.by, reason=reason)
        self._remove(promotion.revision)
        self._checked(self._state.changed(promotion=None).told(entry))
        raise WentBack(
            f"{promotion.release} went back: {reason}.",
            "All requests are answered as before. Mend the release and have it approved anew.",
        )

    def _settle(self) -> None:
        world, promotion, serving = self._world, self._promotion, self._state.serving
        now = world.clock.now()
        serves = Serving(
            revision=promotion.revision,
            release=promotion.release,
            since=now,
            by=promotion.by,
            approved_by=promotion.approved_by,
        )
        entry = Entry(at=now, what="has all requests", release=promotion.release, by=promotion.by)
        self._checked(self._state.changed(serving=serves, previous=serving, promotion=None).told(entry))
        self._clean()

    def _clean(self) -> None:
        """Remove what neither serves nor served before: the last one stays, without requests, to go back
        to."""
        self._world.lease.check()
        for revision in self._world.cluster.revisions():
            if revision.name not in self._state.kept():
                self._tell(f"removing {revision.name}")
                self._remove(str(revision.name))

    def _remove(self, revision: str) -> None:
        self._world.pool.remove(revision)
        self._world.cluster.delete(revision)


def outcome(state: State) -> dict[str, Any]:
    """What the command says when it went well."""
    return state.model_dump(mode="json", exclude={"history"})
