"""validate-content: size and content type of a body, and whether it is what its type says."""

from __future__ import annotations

import json
from typing import Any

from emulator import jsonbody
from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.failures import Failure
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.run import Run
from emulator.apimanagement.gateway.values import Attributes
from emulator.apimanagement.policies.context import Request
from emulator.apimanagement.policies.tree import Policy
from emulator.errors import NotEmulated

LARGEST = 4 << 20  # bytes; what max-size may be at most
PREVENT, DETECT = "prevent", "detect"


def validate_content(policy: Policy, compiler: Compiler) -> Action:
    """Refuses what breaks a rule with the action `prevent`; tells of what breaks one with `detect`.

    JSON is held to its syntax; a body is held to a schema where `schema-id` names one of the service.
    """
    if policy.child("content-type-map") is not None:
        raise NotEmulated("content-type-map of the policy validate-content")
    attributes = Attributes(policy)
    rules = [{name: value.text for name, value in one.attributes.items()} for one in policy.all("content")]
    for rule in rules:
        if rule.get("validate-as", "json") != "json":
            raise NotEmulated(f'validate-as="{rule["validate-as"]}" of the policy validate-content')
        if rule.get("schema-id"):
            raise NotEmulated("schema-id of the policy validate-content")

    def act(run: Run) -> None:
        message = run.message
        body = message.body.content if message.body is not None else b""
        name = "request" if isinstance(message, Request) else "response"
        errors: list[dict[str, Any]] = []

        def broken(action: str, rule: str, kind: str, words: str) -> None:
            if action == "ignore":
                return
            errors.append(
                {"Name": kind, "Type": f"{name.capitalize()}Body", "ValidationRule": rule, "Details": words}
            )
            if (variable := attributes.text("errors-variable-name", run.context)) and errors:
                run.context.variables[variable] = list(errors)
            run.told.append(
                {"severity": 3 if action == PREVENT else 2, "message": words, "source": policy.name}
            )
            if action == PREVENT:
                status = 400 if name == "request" else 502
                raise Failure(status, policy.name, rule, words, shown=words)

        most = int(attributes.number("max-size", run.context, LARGEST))
        if len(body) > most:
            words = (
                f"{name.capitalize()}'s body is {len(body)} bytes long and it exceeds the configured limit "
            )
            words += f"of {most} bytes."
            broken(attributes.text("size-exceeded-action", run.context, DETECT), "SizeLimit", "", words)
            return
        kind = message.headers.first("Content-Type").partition(";")[0].strip().lower()
        fitting = [one for one in rules if one.get("type", "").lower() in ("", kind)]
        if not fitting:
            words = f"Unspecified content type {kind or '(none)'} is not allowed."
            action = attributes.text("unspecified-content-type-action", run.context, DETECT)
            broken(action, "Unspecified", kind, words)
            return
        for rule in fitting:
            if rule.get("action", DETECT) == "ignore":
                continue
            try:
                jsonbody.read(body)
            except (json.JSONDecodeError, ValueError) as error:
                words = (
                    f"Body of the {name} does not conform to the definition, which is associated with the "
                )
                words += f"content type {kind}. {error}"
                broken(rule.get("action", DETECT), "IncorrectMessage", kind, words)

    return act
