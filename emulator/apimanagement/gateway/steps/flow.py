"""Policies that decide what runs: choose, retry, limit-concurrency, return-response, variables, the cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from emulator.apimanagement.gateway.answers import answer
from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.failures import Failure
from emulator.apimanagement.gateway.plans import Action, Step
from emulator.apimanagement.gateway.run import Returned, Run
from emulator.apimanagement.gateway.steps.messages import changes
from emulator.apimanagement.gateway.values import Attributes, as_text
from emulator.apimanagement.policies.context import Response
from emulator.apimanagement.policies.tree import Policy

MOST_RETRIES = 50


def choose(policy: Policy, compiler: Compiler) -> Action:
    """The first branch whose condition holds, else `otherwise`."""
    branches: list[tuple[Attributes, tuple[Step, ...]]] = [
        (Attributes(one), compiler.steps(one.children)) for one in policy.all("when")
    ]
    last = policy.child("otherwise")
    otherwise = compiler.steps(last.children) if last is not None else ()

    def act(run: Run) -> None:
        for condition, steps in branches:
            if condition.flag("condition", run.context):
                run.steps(steps)
                return
        run.steps(otherwise)

    return act


def set_variable(policy: Policy, compiler: Compiler) -> Action:
    """A value by its name, of an expression with its own type."""
    attributes = Attributes(policy)

    def act(run: Run) -> None:
        name = attributes.text("name", run.context)
        run.context.variables[name] = attributes.any("value", run.context, "")

    return act


def return_response(policy: Policy, compiler: Compiler) -> Action:
    """Answers with a new response, or with the one in a variable."""
    attributes = Attributes(policy)
    change = changes(policy)

    def act(run: Run) -> None:
        name = attributes.text("response-variable-name", run.context)
        held = run.context.variables.get(name) if name else None
        made = held if isinstance(held, Response) else answer(200)
        change(run, made)
        run.context.response = made
        raise Returned

    return act


def retry(policy: Policy, compiler: Compiler) -> Action:
    """Runs its policies, and again while the condition holds, up to `count` times more."""
    attributes = Attributes(policy)
    steps = compiler.steps(policy.children)

    def act(run: Run) -> None:
        context = run.context
        count = min(int(attributes.number("count", context, 1)), MOST_RETRIES)
        interval = attributes.number("interval", context, 0)
        most = attributes.number("max-interval", context, 0)
        delta = attributes.number("delta", context, 0)
        first_fast = attributes.flag("first-fast-retry", context, False)
        for index in range(count + 1):
            failure: Failure | None = None
            try:
                run.steps(steps)
            except Failure as error:  # the condition may look at it
                failure = error
            again = index < count and attributes.flag("condition", context, failure is not None)
            if not again:
                if failure is not None:
                    raise failure
                return
            wait = _wait(index, interval, delta, most)
            run.parts.sleep(0.0 if index == 0 and first_fast else wait)

    return act


def _wait(index: int, interval: float, delta: float, most: float) -> float:
    """Seconds before a repetition: fixed, linear (delta), or exponential (delta and max-interval)."""
    if delta and most:
        return min(interval + (2**index - 1) * delta, most)
    if delta:
        return interval + index * delta
    return min(interval, most) if most else interval


def limit_concurrency(policy: Policy, compiler: Compiler) -> Action:
    """Runs its policies unless as many calls with the key are under way already: then 429."""
    attributes = Attributes(policy)
    steps = compiler.steps(policy.children)

    def act(run: Run) -> None:
        key = ("limit-concurrency", run.place, attributes.text("key", run.context))
        most = int(attributes.number("max-count", run.context))
        with run.parts.counters.under_way(key, most) as fits:
            if not fits:
                message = "Maximum number of concurrent requests is reached."
                raise Failure(429, "limit-concurrency", "ConcurrencyLimitExceeded", message)
            run.steps(steps)

    return act


def mock_response(policy: Policy, compiler: Compiler) -> Action:
    """Answers with the operation's example of a status and content type, empty where there is none."""
    attributes = Attributes(policy)

    def act(run: Run) -> None:
        status = int(attributes.number("status-code", run.context, 200))
        kind = attributes.text("content-type", run.context)
        operation = run.route.operation.id if run.route else ""
        found = run.configuration.example(operation, status, kind)
        headers = {"Content-Type": found[0] or kind} if found[0] or kind else {}
        run.context.response = answer(status, found[1].encode(), headers)
        raise Returned

    return act


def cache_value(what: str) -> Callable[[Policy, Compiler], Action]:
    """cache-lookup-value, cache-store-value and cache-remove-value: of the internal cache."""

    def make(policy: Policy, compiler: Compiler) -> Action:
        attributes = Attributes(policy)

        def act(run: Run) -> None:
            context, cache = run.context, run.parts.cache
            key = run.configuration.id, attributes.text("key", context)
            if what == "remove":
                cache.pop(key, None)
            elif what == "store":
                until = time.monotonic() + attributes.number("duration", context, 0)
                cache[key] = until, attributes.any("value", context)
            else:
                until, value = cache.get(key, (0.0, None))
                name = attributes.text("variable-name", context)
                found: Any = value if until > time.monotonic() else attributes.any("default-value", context)
                if found is not None:
                    context.variables[name] = found

        return act

    return make


def find_and_replace(policy: Policy, compiler: Compiler) -> Action:
    """A text in the body of the message by another."""
    attributes = Attributes(policy)

    def act(run: Run) -> None:
        body = run.message.body
        if body is None or not body.content:
            return
        sought = attributes.text("from", run.context)
        other = as_text(attributes.any("to", run.context, ""))
        body.content = body.content.replace(sought.encode(), other.encode()) if sought else body.content

    return act
