"""Serve the provider to one engine, for as long as that engine lives."""

from __future__ import annotations

import os
import sys
import threading
import time
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from emulator.provider.servicer import Provider

_LARGEST = 400 * 1024 * 1024  # bytes of a message, as Pulumi's own providers allow


def serve(home: Path, engine: str) -> None:
    """Listen on loopback, print the port as the engine expects, return never."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=64),
        options=[("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(home, engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _end_with_parent(interval: float = 0.5) -> None:
    """A killed engine cannot stop its providers: end when this process is handed to another parent."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(interval)
    os._exit(0)
