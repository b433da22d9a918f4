"""Policies about who may call: check-header, ip-filter, and the credentials that go on to the backend."""

from __future__ import annotations

import base64
import ipaddress

from emulator.apimanagement.gateway.compiling import Compiler
from emulator.apimanagement.gateway.failures import INTERNAL, Failure
from emulator.apimanagement.gateway.plans import Action
from emulator.apimanagement.gateway.run import Run
from emulator.apimanagement.gateway.values import Attributes, text_of
from emulator.apimanagement.policies.tree import Policy
from emulator.errors import AzureError


def check_header(policy: Policy, compiler: Compiler) -> Action:
    """Refuses a request whose header is missing, or has another value than those that are allowed."""
    attributes = Attributes(policy)
    values = [text_of(one) for one in policy.all("value")]

    def act(run: Run) -> None:
        context = run.context
        name = attributes.text("name", context)
        status = int(attributes.number("failed-check-httpcode", context, 401))
        shown = attributes.text("failed-check-error-message", context)
        if name not in context.request.headers:
            message = f"Header {name} was not found in the request. Access denied."
            raise Failure(status, "check-header", "HeaderNotFound", message, shown=shown)
        given, allowed = context.request.headers.first(name), [value(context) for value in values]
        if attributes.flag("ignore-case", context, False):
            fits = given.lower() in [one.lower() for one in allowed]
        else:
            fits = given in allowed
        if allowed and not fits:
            message = f"Header {name} value of {given} is not allowed. Access denied."
            raise Failure(status, "check-header", "HeaderValueNotAllowed", message, shown=shown)

    return act


def ip_filter(policy: Policy, compiler: Compiler) -> Action:
    """Allows, or forbids, the addresses that it lists."""
    attributes = Attributes(policy)
    single = [text_of(one) for one in policy.all("address")]
    ranges = [Attributes(one) for one in policy.all("address-range")]

    def act(run: Run) -> None:
        context = run.context
        try:
            caller = int(ipaddress.ip_address(context.request.ip_address))
        except ValueError as error:
            message = "Failed to establish IP address for the caller. Access denied."
            raise Failure(403, "ip-filter", "FailedToParseCallerIP", message) from error
        pairs = [(text := value(context).strip(), text) for value in single]
        pairs += [(one.text("from", context), one.text("to", context)) for one in ranges]
        listed = any(
            int(ipaddress.ip_address(first)) <= caller <= int(ipaddress.ip_address(last))
            for first, last in pairs
        )
        forbid = attributes.text("action", context).lower() == "forbid"
        if listed == forbid:
            reason = "CallerIpBlocked" if forbid else "CallerIpNotAllowed"
            words = (
                "Caller IP address is blocked. Access denied."
                if forbid
                else f"Caller IP address {context.request.ip_address} is not allowed. Access denied."
            )
            raise Failure(403, "ip-filter", reason, words, shown="Forbidden")

    return act


def authentication_basic(policy: Policy, compiler: Compiler) -> Action:
    """User name and password for the backend."""
    attributes = Attributes(policy)

    def act(run: Run) -> None:
        pair = f"{attributes.text('username', run.context)}:{attributes.text('password', run.context)}"
        value = base64.b64encode(pair.encode()).decode()
        run.context.request.headers["Authorization"] = [f"Basic {value}"]

    return act


def authentication_managed_identity(policy: Policy, compiler: Compiler) -> Action:
    """A token of the service's identity for a resource, for the backend or into a variable."""
    attributes = Attributes(policy)

    def act(run: Run) -> None:
        context = run.context
        resource = attributes.text("resource", context)
        try:
            token = run.parts.token(
                run.configuration.service, resource, attributes.text("client-id", context)
            )
        except AzureError as error:
            if attributes.flag("ignore-error", context, False):
                return
            source, reason = "authentication-managed-identity", "ManagedIdentityTokenFailure"
            raise Failure(500, source, reason, error.message, shown=INTERNAL) from error
        if name := attributes.text("output-token-variable-name", context):
            context.variables[name] = token
        else:
            context.request.headers["Authorization"] = [f"Bearer {token}"]

    return act
