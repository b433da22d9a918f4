"""A request's head that never ends is refused while it is short, on the TLS and the plain port."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emulator import heads, server
from emulator.home import Home
from emulator.tls import Certificates
from tests.emulator.core.conftest import Client

HOST = "management.azure.com"
PIECE = 1 << 12
CHUNKED = f"PUT / HTTP/1.1\r\nhost: {HOST}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n".encode()
ENDLESS = {
    "target": (b"GET /", b"a" * PIECE),
    "field": (b"GET / HTTP/1.1\r\nx: ", b"a" * PIECE),
    "fields": (b"GET / HTTP/1.1\r\n", b"x: y\r\n" * (PIECE // 6)),
    "trailer": (CHUNKED + b"x: ", b"a" * PIECE),
    "trailers": (CHUNKED, b"x: y\r\n" * (PIECE // 6)),
}
Ask = Callable[[int, ssl.SSLContext | None], Awaitable[None]]


def with_ports(client: Client, root: Path, ask: Ask) -> None:
    """Ask both ports of a server in this process."""

    async def run() -> None:
        home = Home(root)
        home.prepare()
        certificates = Certificates(home)
        trusting = ssl.create_default_context(cafile=home.ca)
        with ThreadPoolExecutor(2) as pool:
            application = server.Application(client.emulator, pool, "proof")
            for options, context in (
                ({}, None),
                ({"ssl_context_factory": server._always(certificates.context())}, trusting),
            ):
                listener = server._listen(0, needed=False, home=home)
                one = server._Server(server._config(application, **options))
                serving = asyncio.create_task(one.serve([listener]))
                await ask(listener.getsockname()[1], context)
                one.should_exit = one.force_exit = True
                await serving

    asyncio.run(run())


async def opened(
    port: int, context: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    while True:
        try:
            return await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname=HOST if context else None
            )
        except ConnectionRefusedError:
            await asyncio.sleep(0)


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_head_that_never_ends_is_refused(
    client: Client, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    begin, piece = ENDLESS[kind]

    async def ask(port: int, context: ssl.SSLContext | None) -> None:
        reader, writer = await opened(port, context)
        answer = asyncio.create_task(reader.readline())
        writer.write(begin)
        sent = len(begin)
        while not answer.done() and sent < 4 * heads.MOST_BYTES:
            writer.write(piece)
            sent += len(piece)
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(30):  # a server that keeps all never answers
            assert (await answer).split()[1] == b"431"
        assert f"{heads.MOST_BYTES >> 10} KiB".encode() in await reader.read(1 << 12)
        writer.transport.abort()

    with caplog.at_level(logging.ERROR):
        with_ports(client, tmp_path, ask)
    assert caplog.records == []


def test_heads_around_the_limit(client: Client, tmp_path: Path) -> None:
    """Just under it: an answer, and the connection goes on. Just over it, in one piece: 431."""

    async def ask(port: int, context: ssl.SSLContext | None) -> None:
        reader, writer = await opened(port, context)
        under, over = heads.MOST_BYTES - 200, heads.MOST_BYTES
        for size, status in ((under, 401), (under, 401), (over, 431)):
            writer.write(f"GET / HTTP/1.1\r\nhost: {HOST}\r\nx: {'a' * size}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert int(head.split()[1]) == status
            fields = dict(line.split(b": ") for line in head.strip().split(b"\r\n")[1:])
            await reader.readexactly(int(fields[b"content-length"]))
        writer.transport.abort()

    with_ports(client, tmp_path, ask)
