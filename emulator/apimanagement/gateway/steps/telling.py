"""trace and emit-metric: what policies tell Application Insights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.run import Run
from emulator.apimanagement.gateway.values import Attributes, as_text, text_of
from emulator.apimanagement.policies.tree import Policy

SEVERITIES: Final = {"verbose": 0, "information": 1, "error": 3}
# What a dimension of this name has for a value where the policy says none.
DEFAULTS: Final[Mapping[str, Callable[[Run], str]]] = {
    "API ID": lambda run: run.context.api.id,
    "Operation ID": lambda run: run.context.operation.id,
    "Product ID": lambda run: run.context.product.id if run.context.product else "",
    "User ID": lambda run: run.context.user.id if run.context.user else "",
    "Subscription ID": lambda run: run.context.subscription.id if run.context.subscription else "",
    "Location": lambda run: run.context.deployment.region,
    "Gateway ID": lambda run: run.context.deployment.gateway_id,
}


def trace(policy: Policy, compiler: Compiler) -> Action:
    """A message with its metadata, where the diagnostic is as verbose."""
    attributes = Attributes(policy)
    message = policy.child("message")
    text = text_of(message if message is not None else policy)
    metadata = [Attributes(one) for one in policy.all("metadata")]

    def act(run: Run) -> None:
        context = run.context
        run.told.append(
            {
                "severity": SEVERITIES.get(attributes.text("severity", context, "verbose").lower(), 0),
                "source": attributes.text("source", context),
                "message": text(context),
                "properties": {one.text("name", context): one.text("value", context) for one in metadata},
            }
        )

    return act


def emit_metric(policy: Policy, compiler: Compiler) -> Action:
    """A value of a metric of one's own, with its dimensions."""
    attributes = Attributes(policy)
    dimensions = [Attributes(one) for one in policy.all("dimension")]

    def act(run: Run) -> None:
        context = run.context
        told: dict[str, str] = {}
        for one in dimensions:
            name = one.text("name", context)
            default = DEFAULTS.get(name)
            value = one.text("value", context)
            told[name] = value or (as_text(default(run)) if default is not None else "")
        run.told.append(
            {
                "metric": attributes.text("name", context),
                "namespace": attributes.text("namespace", context, "API Management"),
                "value": attributes.number("value", context, 1),
                "properties": told,
            }
        )

    return act
