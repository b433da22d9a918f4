"""NAME.azure-api.net: a request from its arrival to its answer."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl

from emulator.apimanagement.gateway import failures, ids, routing, subscriptions
from emulator.apimanagement.gateway.answers import answer, texts
from emulator.apimanagement.gateway.backends import parse_url
from emulator.apimanagement.gateway.configuration import Configuration, Configurations
from emulator.apimanagement.gateway.failures import Failure
from emulator.apimanagement.gateway.measuring import measure
from emulator.apimanagement.gateway.parts import Parts
from emulator.apimanagement.gateway.plans import Plan
from emulator.apimanagement.gateway.routing import Route
from emulator.apimanagement.gateway.run import Returned, Run
from emulator.apimanagement.gateway.steps.cors import NAME as CORS
from emulator.apimanagement.gateway.steps.cors import is_preflight
from emulator.apimanagement.gateway.subscriptions import Caller
from emulator.apimanagement.gateway.telemetry import Telemetry
from emulator.apimanagement.policies import context as contexts
from emulator.apimanagement.policies.context import Body, Context, Headers, Response
from emulator.arm.ids import fold
from emulator.containerinstance.gateway import HOP_BY_HOP
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request
from emulator.http import Response as Sent
from emulator.monitor.metrics.book import Book
from emulator.network.reach import Reach

SUFFIX: Final = ".azure-api.net"
GROUP: Final = "Gateway"
DEEPEST: Final = 5  # gateways that call one another
DROPPED: Final = HOP_BY_HOP | {"content-length"}


class _Depth(threading.local):
    """How many gateways this thread is in: one is the backend of another."""

    value = 0


class Gateway:
    """Of all services of one emulator."""

    def __init__(
        self,
        configurations: Configurations,
        parts: Parts,
        reach: Reach,
        telemetry: Telemetry,
        book: Book,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """book: takes the platform's metrics. dice: from 0 to 1, for the sampling of telemetry"""
        self._book = book
        self._configurations = configurations
        self.parts = parts
        self._reach = reach
        self.telemetry = telemetry
        self._dice = dice
        self._depth = _Depth()

    def handle(self, request: Request) -> Sent:
        """One request to the gateway of a service."""
        name = request.host.removesuffix(SUFFIX)
        if "." in name:
            raise NotEmulated(f"{request.host}: of API Management only the gateway answers")
        configuration = self._configurations.of(name)
        if configuration is None:
            raise AzureError(
                502, "Unreachable", f"{request.host} does not resolve: no service has this name."
            )
        denied = self._reach.denied(request.place, configuration.id, GROUP)
        if denied is not None and denied.kind == "lost":
            raise AzureError(502, "Unreachable", f"{request.host} cannot be reached: {denied.why}.")
        if self._depth.value > DEEPEST:
            raise AzureError(502, "Unreachable", f"{request.host}: gateways call one another without end.")
        if denied is not None:
            return _sent(_not_public(configuration, denied.address))
        if configuration.service["properties"].get("disableGateway") is True:
            return _sent(answer(404))
        self._depth.value += 1
        try:
            return _sent(self._handle(configuration, request, name))
        finally:
            self._depth.value -= 1

    def _handle(self, configuration: Configuration, request: Request, name: str) -> Response:
        run = Run(self._context(configuration, request, name), configuration, self.parts)
        run.trace, run.parent = _trace(request)
        run.span = self.parts.new_span()
        started = time.time()
        try:
            plan = self._enter(run, request)
            if plan is not PREFLIGHT:
                run.through(plan)
            elif not self._preflight(run, request):
                raise failures.no_operation()
        except Failure as failure:  # before any section: no operation, no key
            run.fail(failure, self._plan_of(run))
        run.end()
        response = run.response
        measure(self._book, run, started, time.time() - started, response)
        self._tell(run, started, response)
        return response

    def _enter(self, run: Run, request: Request) -> Plan:
        """Find out what is asked, and who asks. Failure 404, 401."""
        configuration, context = run.configuration, run.context
        query = dict(context.request.url.query.items())
        route = _route(configuration, request, query)
        if route is None:
            if is_preflight(request.method, request.headers):
                return PREFLIGHT
            raise failures.no_operation()
        self._set_route(run, route)
        key = subscriptions.key_of(route.api, request.headers, query)
        caller = subscriptions.caller(route.api, key, configuration.subscriptions, configuration.products)
        _set_caller(context, caller)
        return self._plan_of(run)

    def _plan_of(self, run: Run) -> Plan:
        if run.route is None:
            return run.configuration.plan()
        service = run.configuration.id
        product = run.context.product
        return run.configuration.plan(
            fold(f"{service}/products/{product.id}") if product is not None else "",
            run.route.api.id,
            fold(run.route.operation.id),
        )

    def _preflight(self, run: Run, request: Request) -> bool:
        """What a browser asks before a call of another method: whether the policy cors has answered."""
        query = dict(run.context.request.url.query.items())
        method = request.headers["access-control-request-method"]
        route = _route(run.configuration, request, query, method)
        if route is None:
            return False
        self._set_route(run, route)
        try:
            run.steps([one for one in self._plan_of(run).inbound if one.name == CORS])
        except Returned:
            return True
        return False

    def _set_route(self, run: Run, route: Route) -> None:
        run.route, run.rest = route, route.rest
        context, api, operation = run.context, route.api, route.operation
        context.request.matched_parameters = dict(route.matched)
        context.api = contexts.Api(
            api.name,
            api.display,
            api.path,
            api.revision,
            api.version.value if api.version is not None else "",
            api.current,
            api.protocols,
            None,
            contexts.SubscriptionKeyParameterNames(api.key_header, api.key_parameter),
        )
        context.operation = contexts.Operation(
            operation.name, operation.method, operation.display, operation.template.text
        )
        if api.service_url:
            run.base = context.api.service_url = parse_url(api.service_url)
        run.aim()

    def _context(self, configuration: Configuration, request: Request, name: str) -> Context:
        query = Headers()
        for key, value in parse_qsl(request.raw_query, keep_blank_values=True):
            query.add(key, value)

        def url() -> contexts.Url:
            return contexts.Url(
                request.scheme, request.host, request.port, request.path, Headers(query.pairs())
            )

        address = request.place.address or self._reach.address(request.place)
        connection = None
        if request.place.subnet and not self._reach.by_endpoint(request.place, configuration.id, GROUP):
            connection = contexts.PrivateEndpointConnection(name)
        asked = contexts.Request(
            request.method,
            url(),
            url(),
            Headers(request.headers.items()),
            Body(request.body) if request.body else None,
            address,
            {},
            connection,
        )
        deployment = contexts.Deployment("managed", str(configuration.service.get("location", "")), name)
        return Context(request=asked, deployment=deployment, request_id=ids.request_id())

    def _tell(self, run: Run, started: float, response: Response) -> None:
        """Requests, calls of backends, traces and metrics, as the diagnostic of the API asks for."""
        telling = run.configuration.telling(run.route.api.id if run.route is not None else "")
        if telling is None:
            return
        is_error = run.failure is not None or response.status_code >= 400
        if not (is_error and telling.always_errors) and self._dice() * 100 >= telling.sampling:
            return
        self.telemetry.tell(run, telling, started, response)


PREFLIGHT: Final = Plan()
"""Stands for a request that only asks for leave."""


def _route(
    configuration: Configuration, request: Request, query: Any, method: str | None = None
) -> Route | None:
    return routing.find(
        configuration.apis, method or request.method, request.raw_path, request.headers, query, request.scheme
    )


def _set_caller(context: Context, caller: Caller) -> None:
    product, subscription = caller.product, caller.subscription
    if product is not None:
        context.product = contexts.Product(
            product.name,
            product.display,
            product.approval_required,
            product.subscription_required,
            product.limit,
            "Published" if product.published else "NotPublished",
        )
    if subscription is not None:
        context.subscription = contexts.Subscription(
            subscription.name,
            subscription.display,
            caller.key,
            subscription.primary,
            subscription.secondary,
        )
        if subscription.owner:
            context.user = contexts.User(subscription.owner.rpartition("/")[2])


def _not_public(configuration: Configuration, address: str) -> Response:
    """403 of a gateway that only a private endpoint leads to."""
    name = f"Microsoft.ApiManagement/service/{configuration.service['name']}"
    message = (
        f"Request originated at client public IP address {address or '(unknown)'}, public network access on "
        f"this '{name}' resource is disabled. To connect to '{name}' resource, please use the Private "
        "Endpoint from inside your virtual network. To learn more https://aka.ms/apim-privateendpoint."
    )
    return Failure(403, "configuration", "PublicNetworkAccessDisabled", message).answer("")


def _trace(request: Request) -> tuple[str, str]:
    """Trace and parent of a request (W3C Trace Context); a new trace without a parent where it has none."""
    parts = request.headers.get("traceparent", "").split("-")
    if len(parts) == 4 and len(parts[1]) == 32 and len(parts[2]) == 16:
        return parts[1], parts[2]
    return ids.trace_id(), ""


def _sent(response: Response) -> Sent:
    headers = {name: value for name, value in texts(response.headers).items() if name not in DROPPED}
    body = b"" if response.body.used else response.body.content
    return Sent(response.status_code, headers, body)
