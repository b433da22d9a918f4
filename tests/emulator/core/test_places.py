"""Where callers stand: connections come and go, and the kernel gives their ports to others."""

import asyncio
import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from emulator.http import Request, Response
from emulator.places import OUTSIDE, Ends, Place, come, leave
from emulator.server import Application

INSIDE, ELSEWHERE = Place(subnet="/subnets/ci"), Place(subnet="/subnets/pods")
TLS, PLAIN, CALLER = 4431, 8001, 50_000


def test_who_comes_by_a_port_that_was_anothers_keeps_its_place() -> None:
    places: dict[Ends, Place] = {}
    first = come(places, (TLS, CALLER), INSIDE)
    second = come(places, (TLS, CALLER), INSIDE)  # the server hung up on the first, which has not ended here
    leave(places, (TLS, CALLER), first)
    assert places.get((TLS, CALLER), OUTSIDE) == INSIDE
    leave(places, (TLS, CALLER), second)
    leave(places, (TLS, CALLER), second)
    assert places == {}


def test_the_kernel_gives_one_port_to_connections_with_two_servers() -> None:
    """So the caller's port alone is no name of a connection."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        callers = [stack.enter_context(socket.socket()) for _ in servers]
        for caller, server in zip(callers, servers, strict=True):
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            caller.bind(("127.0.0.1", callers[0].getsockname()[1]))
            caller.connect(server.getsockname())
        assert callers[0].getsockname() == callers[1].getsockname()


def test_of_two_connections_from_one_port_each_stands_where_it_stands() -> None:
    seen: list[Place] = []

    def answered(request: Request) -> Response:
        seen.append(request.place)
        return Response(200)

    places: dict[Ends, Place] = {}
    come(places, (TLS, CALLER), INSIDE)
    other = come(places, (PLAIN, CALLER), ELSEWHERE)
    emulator: Any = SimpleNamespace(answer=answered)
    with ThreadPoolExecutor(1) as pool:
        application = Application(emulator, pool, "proof", places)
        for port in (TLS, PLAIN):
            asyncio.run(asked(application, port))
        leave(places, (PLAIN, CALLER), other)
        for port in (TLS, PLAIN):
            asyncio.run(asked(application, port))
    assert seen == [INSIDE, ELSEWHERE, INSIDE, OUTSIDE]


async def asked(application: Application, port: int) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        assert message

    head = {"scheme": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    await application({**head, "server": ("127.0.0.1", port), "client": ("127.0.0.1", CALLER)}, receive, send)
