"""Policies that change a request or an answer: headers, body, status, method, path and query."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from emulator.apimanagement.gateway.answers import phrase
from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.failures import Failure, expression
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.run import Run
from emulator.apimanagement.gateway.values import Attributes, as_text, reader, text_of
from emulator.apimanagement.policies.context import Body, Headers, Request, Response
from emulator.apimanagement.policies.tree import Policy
from emulator.errors import NotEmulated

Message = Request | Response
Change = Callable[[Run, Message], None]
PARAMETER: Final = re.compile(r"\{\*?([^{}]+)\}")
# A value that holds one of these would be two header fields, or the end of the head.
BREAKS: Final = re.compile(r"[\r\n\x00]")


def set_header(policy: Policy) -> Change:
    """Sets, adds to or deletes a header field."""
    attributes = Attributes(policy)
    values = [text_of(one) for one in policy.all("value")]

    def change(run: Run, message: Message) -> None:
        name = attributes.text("name", run.context)
        given = [value(run.context) for value in values]
        if any(BREAKS.search(one) for one in (name, *given)):
            raise expression("set-header", f"The value of header '{name}' holds the end of a line.")
        _put(message.headers, name, given, attributes.text("exists-action", run.context, "override"))

    return change


def _put(held: Headers, name: str, given: list[str], action: str) -> None:
    if action == "delete" or (action == "override" and not given):
        held.pop(name, None)
    elif action == "append":
        held[name] = [*held.get(name, []), *given]
    elif action == "override" or name not in held:
        held[name] = given


def set_body(policy: Policy) -> Change:
    """Replaces the body by a text."""
    attributes, value = Attributes(policy), None if policy.text is None else reader(policy.text, policy.name)
    if "template" in attributes:
        raise NotEmulated("liquid templates of the policy set-body")

    def change(run: Run, message: Message) -> None:
        found = value(run.context) if value is not None else ""
        message.body = Body(found if isinstance(found, bytes) else as_text(found).encode())

    return change


def set_status(policy: Policy) -> Change:
    """Status and reason of an answer."""
    attributes = Attributes(policy)

    def change(run: Run, message: Message) -> None:
        response = message if isinstance(message, Response) else run.response
        status = int(attributes.number("code", run.context))
        if not 100 <= status <= 599:
            raise expression("set-status", f"{status} is no status code.")
        response.status_code = status
        response.status_reason = attributes.text("reason", run.context) or phrase(status)

    return change


def set_method(policy: Policy) -> Change:
    """The method of a request."""
    value = text_of(policy)

    def change(run: Run, message: Message) -> None:
        request = message if isinstance(message, Request) else run.context.request
        request.method = value(run.context).strip().upper()

    return change


def set_query_parameter(policy: Policy) -> Change:
    """Sets, adds to or deletes a parameter of the query."""
    attributes = Attributes(policy)
    values = [text_of(one) for one in policy.all("value")]

    def change(run: Run, message: Message) -> None:
        request = message if isinstance(message, Request) else run.context.request
        name = attributes.text("name", run.context)
        given = [value(run.context) for value in values]
        _put(request.url.query, name, given, attributes.text("exists-action", run.context, "override"))

    return change


CHANGES: Final[Mapping[str, Callable[[Policy], Change]]] = {
    "set-body": set_body,
    "set-header": set_header,
    "set-method": set_method,
    "set-query-parameter": set_query_parameter,
    "set-status": set_status,
}
"""What also stands inside return-response and send-request, where it changes theirs."""


def in_section(name: str) -> Callable[[Policy, Compiler], Action]:
    """A change of the message that the section is about."""

    def make(policy: Policy, compiler: Compiler) -> Action:
        change = CHANGES[name](policy)

        def act(run: Run) -> None:
            change(run, run.message)

        return act

    return make


def changes(policy: Policy) -> Callable[[Run, Message], None]:
    """All changes that stand inside an element, in their order."""
    found = [CHANGES[one.name](one) for one in policy.children if one.name in CHANGES]

    def change(run: Run, message: Message) -> None:
        for one in found:
            one(run, message)

    return change


def rewrite_uri(policy: Policy, compiler: Compiler) -> Action:
    """The path (and query) that the backend sees; parameters of the operation's template are put in."""
    attributes = Attributes(policy)

    def act(run: Run) -> None:
        template = attributes.text("template", run.context)
        if not template.startswith("/"):
            raise Failure(
                500,
                "rewrite-uri",
                "ExpressionValueEvaluationFailure",
                f"The template '{template}' must begin with '/'.",
                shown="Internal server error",
            )
        matched = run.context.request.matched_parameters

        def put_in(match: re.Match[str]) -> str:
            safe = "/" if match[0].startswith("{*") else ""
            return quote(matched[match[1]], safe=safe) if match[1] in matched else match[0]

        path, _, query = PARAMETER.sub(put_in, template).partition("?")
        url = run.context.request.url
        kept = url.query if attributes.flag("copy-unmatched-params", run.context, True) else Headers()
        named = set(PARAMETER.findall(template)) | {pair.partition("=")[0] for pair in query.split("&")}
        url.query = Headers((name, value) for name, value in kept.pairs() if name not in named)
        for pair in query.split("&") if query else ():
            name, _, value = pair.partition("=")
            url.query.add(name, value)
        run.rest = path
        run.aim()

    return act
