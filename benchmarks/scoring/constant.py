"""The floor: the stack of our service (event loop, HTTP parser, settings) answering a constant.

    python -m benchmarks.scoring.constant FILE

reads the body of POST /score and answers with the file's content. HOST, PORT and WORKERS as environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import uvicorn

from scoring.http.server import configuration


def application(answer: bytes) -> Any:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]

    async def constant(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["path"] == "/score":
            while (await receive()).get("more_body", False):
                pass
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return constant


def main() -> None:
    answer = Path(sys.argv[1]).read_bytes()
    host, port = os.environ["HOST"], int(os.environ["PORT"])
    for _ in range(int(os.environ["WORKERS"]) - 1):
        if os.fork() == 0:
            break
    config = configuration(application(answer), host, port)
    config.load()
    socket = _shared_port(host, port)
    uvicorn.Server(config).run(sockets=[socket])


def _shared_port(host: str, port: int) -> Any:
    """A listening socket of this process; the kernel spreads connections over all processes' sockets."""
    import socket

    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    own.bind((host, port))
    return own


if __name__ == "__main__":
    main()
