"""Policies that call: set-backend-service, forward-request, send-request, send-one-way-request."""

from __future__ import annotations

from collections.abc import Callable

from emulator.apimanagement.gateway.backends import parse_url
from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.failures import Failure, expression
from emulator.apimanagement.gateway.forward import forward, send
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.run import Run, copied
from emulator.apimanagement.gateway.steps.messages import changes
from emulator.apimanagement.gateway.values import Attributes, text_of
from emulator.apimanagement.policies.context import Body, Request
from emulator.apimanagement.policies.tree import Policy

TIMEOUT_S = 300.0
OTHER_TIMEOUT_S = 60.0  # of send-request


def set_backend_service(policy: Policy, compiler: Compiler) -> Action:
    """Where the request goes: a backend by its id, or a URL."""
    attributes = Attributes(policy)

    def act(run: Run) -> None:
        name = attributes.text("backend-id", run.context)
        if name:
            run.backend = run.configuration.backend(name)
            if run.backend is None:
                raise expression("set-backend-service", f"Backend with id '{name}' could not be found.")
            run.base = run.backend.url
        else:
            try:
                run.backend, run.base = None, parse_url(attributes.text("base-url", run.context))
            except ValueError as error:
                raise expression("set-backend-service", f"{error}.") from error
        run.aim()

    return act


def forward_request(policy: Policy, compiler: Compiler) -> Action:
    """Sends the request on, and takes the answer."""
    attributes = Attributes(policy)

    def act(run: Run) -> None:
        context = run.context
        timeout = attributes.number("timeout", context, TIMEOUT_S)
        if "timeout-ms" in attributes:
            timeout = attributes.number("timeout-ms", context) / 1000
        forward(run, timeout)
        status = run.response.status_code
        if status >= 400 and attributes.flag("fail-on-error-status-code", context, False):
            failure = Failure(
                status, "forward-request", "BackendStatusError", f"The backend answered with {status}."
            )
            raise failure

    return act


def send_request(one_way: bool) -> Callable[[Policy, Compiler], Action]:
    """A request of its own; its answer into a variable, or nowhere."""
    name = "send-one-way-request" if one_way else "send-request"

    def make(policy: Policy, compiler: Compiler) -> Action:
        attributes = Attributes(policy)
        url_given = policy.child("set-url")
        url = text_of(url_given) if url_given is not None else None
        change = changes(policy)

        def act(run: Run) -> None:
            context = run.context
            request = Request(method="GET")
            if attributes.text("mode", context, "new") == "copy":
                own = context.request
                request.method, request.headers = own.method, copied(own.headers)
                request.headers.pop("Host", None)
                if own.body is not None:
                    request.body = Body(own.body.content)
            target = url(context) if url is not None else str_of(context.request)
            change(run, request)
            try:
                request.url = parse_url(target)
                response = send(run, request, attributes.number("timeout", context, OTHER_TIMEOUT_S), name)
            except ValueError as error:
                raise expression(name, f"{error}.") from error
            except Failure as failure:
                failure.source = name
                if one_way or attributes.flag("ignore-error", context, False):
                    return
                raise
            variable = attributes.text("response-variable-name", context)
            if variable and not one_way:
                context.variables[variable] = response

        return act

    return make


def str_of(request: Request) -> str:
    """The URL of a request."""
    url = request.url
    return f"{url.scheme}://{url.host}:{url.port}{url.path}{url.query_string}"
