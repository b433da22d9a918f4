"""Serving: one process, one event loop; SIGTERM lets accepted requests finish."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Generator
from types import FrameType

import uvicorn

from scoring.http.asgi import Application
from scoring.http.connections import Stalled
from scoring.http.direct import Direct
from scoring.http.protocol import answering
from scoring.http.requests import State
from scoring.settings import MOST_CONNECTIONS

log = logging.getLogger(__name__)

GRACE_SECONDS = 14  # for requests in flight; with the time for telemetry, less than the 30 s of a platform
STALLED_SECONDS = 30.0  # the time that a client has to finish a head, or to read an answer
LINGER_SECONDS = 1.0  # at the end, for clients to send what they were about to send
KEEP_ALIVE_SECONDS = 75  # more than a load balancer's usual 60 s, so that the balancer closes first


class Server(uvicorn.Server):
    """On SIGTERM or SIGINT: not ready at once, then (after `drain_seconds`) no new connection, then the end.

    The drain time lets load balancers see that the service is no longer ready before they are turned away.
    From then on each answer closes its connection. Connections that stay silent are closed last.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        state: State,
        drain_seconds: float,
        stalled_seconds: float = STALLED_SECONDS,
    ) -> None:
        super().__init__(config)
        self._stalled = Stalled(stalled_seconds)
        self._state, self._drain_seconds = state, drain_seconds
        self.server_state.tasks = state.tasks
        self._exit_at = float("inf")

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread receives signals
            return
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._state.draining:
            self.should_exit = True  # whoever asks twice does not want to wait
            return
        self._state.draining = True
        self._exit_at = time.monotonic() + self._drain_seconds

    async def on_tick(self, counter: int) -> bool:
        if time.monotonic() >= self._exit_at:
            self.should_exit = True
        if closed := self._stalled.close(self.server_state.connections):
            log.warning("connections were closed: they did not get on", extra={"connections": closed})
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._state.draining = True
        for server in self.servers:
            server.close()
        deadline = time.monotonic() + LINGER_SECONDS
        while self.server_state.connections and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def configuration(
    application: Application,
    host: str,
    port: int,
    direct: Direct | None = None,
    connections: int = MOST_CONNECTIONS,
) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools" if direct is None else answering(direct, connections),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
