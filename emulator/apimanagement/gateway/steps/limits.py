"""rate-limit, rate-limit-by-key, quota and quota-by-key."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.failures import Failure
from emulator.apimanagement.gateway.limits import Room
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.run import Run
from emulator.apimanagement.gateway.values import Attributes
from emulator.apimanagement.policies.tree import Policy
from emulator.errors import NotEmulated


def _counted(run: Run, attributes: Attributes, by_key: bool) -> str | None:
    """Whose calls are counted; None of a call that is not limited."""
    if by_key:
        return attributes.text("counter-key", run.context)
    return run.context.subscription.id if run.context.subscription is not None else None


def rate_limit(by_key: bool) -> Callable[[Policy, Compiler], Action]:
    """By the subscription, or by a key of an expression; a call without a subscription is not limited."""
    name = "rate-limit-by-key" if by_key else "rate-limit"

    def make(policy: Policy, compiler: Compiler) -> Action:
        _no_parts(policy)
        attributes = Attributes(policy)

        def act(run: Run) -> None:
            context = run.context
            if (counted := _counted(run, attributes, by_key)) is None:
                return
            # The counter of a key is one for the whole service, that of a subscription one for each scope.
            key = (name, run.configuration.id if by_key else run.place, counted)
            most = int(attributes.number("calls", context))
            period = attributes.number("renewal-period", context)
            count = int(attributes.number("increment-count", context, 1))
            later = "increment-condition" in attributes
            room = run.parts.counters.rate(key, most, period, count=0 if later else count)
            _tell(run, attributes, room, most)
            if not room.fits:
                raise _exceeded(name, room)
            if later:

                def count_it() -> None:
                    if attributes.flag("increment-condition", context, True):
                        run.parts.counters.rate(key, most, period, count=count)

                run.at_end.append(count_it)

        return act

    return make


def _exceeded(name: str, room: Room) -> Failure:
    wait = max(1, math.ceil(room.wait_s))
    return Failure(
        429,
        name,
        "RateLimitExceeded",
        "Rate limit is exceeded",
        shown=f"Rate limit is exceeded. Try again in {wait} seconds.",
        headers={"Retry-After": str(wait)},
    )


def _tell(run: Run, attributes: Attributes, room: Room, most: int) -> None:
    """Headers and variables that the policy is to write, in the answer whatever comes of it."""
    context = run.context
    wait = "" if room.fits else str(max(1, math.ceil(room.wait_s)))
    told = {"retry-after": wait, "remaining-calls": str(room.left), "total-calls": str(most)}
    headers: dict[str, str] = {}
    for what, value in told.items():
        if not value:
            continue
        if header := attributes.text(f"{what}-header-name", context):
            headers[header] = value
        if variable := attributes.text(f"{what}-variable-name", context):
            context.variables[variable] = int(value)
    if headers:

        def write() -> None:
            for header, value in headers.items():
                run.response.headers[header] = [value]

        run.at_end.append(write)


def quota(by_key: bool) -> Callable[[Policy, Compiler], Action]:
    """Calls and kilobytes of a period, by the subscription or by a key of an expression."""
    name = "quota-by-key" if by_key else "quota"

    def make(policy: Policy, compiler: Compiler) -> Action:
        _no_parts(policy)
        attributes = Attributes(policy)

        def act(run: Run) -> None:
            context = run.context
            if (counted := _counted(run, attributes, by_key)) is None:
                return
            key = (name, run.configuration.id if by_key else run.place, counted)
            period = attributes.number("renewal-period", context)
            calls = attributes.number("calls", context, math.inf)
            kilobytes = attributes.number("bandwidth", context, math.inf)
            used, wait = run.parts.counters.quota(key, period)
            if used.calls >= calls or used.kilobytes >= kilobytes:
                what = "call volume" if used.calls >= calls else "bandwidth"
                raise _used_up(name, what, wait if period else None)
            received = len(context.request.body.content) if context.request.body else 0
            count = int(attributes.number("increment-count", context, 1))
            immediate = "increment-condition" not in attributes
            if immediate:
                run.parts.counters.use(key, period, count, 0)

            def count_it() -> None:
                if attributes.flag("increment-condition", context, True):
                    sent = len(run.response.body.content)
                    calls_now = 0 if immediate else count
                    run.parts.counters.use(key, period, calls_now, (received + sent) / 1024)

            run.at_end.append(count_it)

        return act

    return make


def _used_up(name: str, what: str, wait_s: float | None) -> Failure:
    words, headers = f"Out of {what} quota.", {}
    if wait_s is not None:
        seconds = max(1, math.ceil(wait_s))
        clock = str(timedelta(seconds=seconds))
        words += f" Quota will be replenished in {clock.rjust(8, '0') if len(clock) < 8 else clock}."
        headers["Retry-After"] = str(seconds)
    return Failure(403, name, "QuotaExceeded", words, headers=headers)


def _no_parts(policy: Policy) -> None:
    if policy.children:
        raise NotEmulated(f"limits of single APIs and operations inside the policy {policy.name}")
