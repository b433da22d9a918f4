"""Sends a request to where it goes: into the network, to an emulated host, or nowhere."""

from __future__ import annotations

import time
from urllib.parse import quote

from emulator.apimanagement.gateway.answers import phrase, texts
from emulator.apimanagement.gateway.backends import PORTS, Backend, member
from emulator.apimanagement.gateway.connections import Answered, NothingListens, NotReached, TooSlow
from emulator.apimanagement.gateway.failures import Failure, no_connection, too_slow
from emulator.apimanagement.gateway.run import Run, Sent
from emulator.apimanagement.policies.context import Body, Headers, Request, Response, Url
from emulator.containerinstance.gateway import HOP_BY_HOP
from emulator.errors import AzureError
from emulator.http import Request as Asked
from emulator.http import Response as Answer
from emulator.network.flows import is_of_the_machine, is_private

UNREACHED = 502  # what the emulator's own handlers say where no connection comes about
PATH = "/:@!$&'()*+,;=-._~%"


def forward(run: Run, timeout_s: float) -> None:
    """The request of the context to its backend; the answer into the context. Failure where there is none."""
    request = run.context.request
    backend = None
    if run.backend is not None:
        backend = member(run.configuration.backends, run.backend, run.parts.standing)
        run.base = backend.url
        run.aim()
    if run.base is None:
        raise no_connection("The API has no backend: neither a web service URL nor set-backend-service.")
    sent = Request(request.method, request.url, request.url, request.headers, request.body)
    if backend is not None and (backend.headers or backend.query):
        sent = _with_credentials(sent, backend)
    try:
        run.context.response = send(run, sent, timeout_s, "forward-request", backend)
    except Failure as failure:
        if backend is not None and backend.breaker is not None:
            backend.breaker.note(failure.status, failure.reason)
        raise
    if backend is not None and backend.breaker is not None:
        response = run.context.response
        backend.breaker.note(response.status_code, "", response.headers.first("retry-after"))


def send(
    run: Run, request: Request, timeout_s: float, source: str, backend: Backend | None = None
) -> Response:
    """A request to its URL. Failure: not reached, or too slow."""
    url, started = request.url, time.monotonic()
    span = run.parts.new_span()
    record = Sent(
        backend.name if backend is not None else "",
        f"{url.scheme}://{url.host}{_port(url)}{url.path}",
        request.method,
        started,
        0.0,
        0,
        "Backend" if source == "forward-request" else "HTTP",
        span,
    )
    run.sent.append(record)
    try:
        headers = _sent_headers(run, request, span)
        body = b"" if request.body is None or request.body.used else request.body.content
        if body or request.method in ("POST", "PUT", "PATCH"):
            headers["content-length"] = str(len(body))
        answered = _exchange(run, request, headers, body, timeout_s, backend)
    except NotReached as error:
        raise no_connection(str(error)) from error
    except TooSlow as error:
        raise too_slow(timeout_s) from error
    finally:
        record.seconds = time.monotonic() - started
    record.status = answered.status
    return Response(
        answered.status,
        answered.reason or phrase(answered.status),
        Headers(answered.headers),
        Body(answered.body),
    )


def _exchange(
    run: Run,
    request: Request,
    headers: dict[str, str],
    body: bytes,
    timeout_s: float,
    backend: Backend | None,
) -> Answered:
    url, parts = request.url, run.parts
    target = quote(url.path, safe=PATH) + url.query_string
    if not is_private(url.host):
        return _public(run, request, headers, body, target)
    if why := parts.flows.stopped(run.configuration.subnet, url.host, url.port):
        raise NotReached(why)
    ports = parts.where(url.host, url.port)
    if not ports:
        raise NotReached(f"nothing answers at {url.host}:{url.port}")
    context = None
    if url.scheme == "https":
        context = parts.tls(backend is None or backend.check_chain, backend is None or backend.check_name)
    tried: set[int] = set()
    while True:
        port = parts.turn(ports)
        try:
            return parts.connections.send(
                port, request.method, target, headers, body, timeout_s=timeout_s, tls=context, name=url.host
            )
        except NothingListens:
            # It has ended since it was looked up: a load balancer would not have led there any more.
            tried.add(port)
            ports = [one for one in parts.where(url.host, url.port) if one not in tried]
            if not ports:
                raise


def _public(run: Run, request: Request, headers: dict[str, str], body: bytes, target: str) -> Answered:
    """To a host that is emulated: in this process, as from the subnet by which the gateway goes out."""
    url, parts = request.url, run.parts
    own = run.context.request.original_url.host
    if url.host == own or is_of_the_machine(url.host):  # "Backends": a gateway is no backend of its own
        raise NotReached(f"{url.host} is no backend that a gateway can call")
    handler = parts.handler(url.host)
    if handler is None:
        raise NotReached(f"{url.host} is not emulated, and nothing outside can be reached from here")
    path, _, query = target.partition("?")
    asked = Asked(
        method=request.method,
        host=url.host,
        path=url.path,
        raw_path=path,
        query={name.lower(): values[-1] for name, values in url.query.items()},
        headers=headers,
        body=body,
        scheme=url.scheme,
        port=url.port,
        raw_query=query,
        place=run.configuration.outbound,
    )
    try:
        response = handler(asked)
    except AzureError as error:
        if error.status == UNREACHED:
            raise NotReached(error.message) from error
        response = Answer.json(error.body(), error.status, error.headers)
    kept = tuple(
        (name, value) for name, value in response.headers.items() if name.lower() != "content-length"
    )
    return Answered(response.status, phrase(response.status), kept, response.body)


def _port(url: Url) -> str:
    return "" if PORTS.get(url.scheme) == url.port else f":{url.port}"


def _sent_headers(run: Run, request: Request, span: str) -> dict[str, str]:
    """What the backend is sent: the message's own fields, without those of the caller's connection."""
    headers = {
        name: value
        for name, value in texts(request.headers).items()
        if name not in HOP_BY_HOP and name not in ("content-length", "expect")
    }
    asked = run.context.request.original_url
    given = request.headers.first("Host")
    if not given or given.lower() in (
        asked.host,
        f"{asked.host}:{asked.port}",
    ):  # the caller's own goes no further
        headers["host"] = f"{request.url.host}{_port(request.url)}"
    if run.trace and run.configuration.correlation == "W3C":
        headers["traceparent"] = f"00-{run.trace}-{span}-01"
    return headers


def _with_credentials(request: Request, backend: Backend) -> Request:
    headers = Headers(request.headers.pairs())
    query = Headers(request.url.query.pairs())
    for name, values in backend.headers.items():
        headers[name] = list(values)
    for name, values in backend.query.items():
        query[name] = list(values)
    old = request.url
    url = Url(old.scheme, old.host, old.port, old.path, query)
    return Request(request.method, url, url, headers, request.body)
