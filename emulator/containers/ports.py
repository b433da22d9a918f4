"""Local ports for containers' processes."""

from __future__ import annotations

import socket
import threading
from collections import deque

_given: deque[int] = deque(maxlen=256)  # lately given ports: a process may not have bound its own yet
_given_lock = threading.Lock()


def free_port() -> int:
    """A local port that nothing listens at, and that was not given out lately."""
    with _given_lock:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            if port not in _given:
                _given.append(port)
                return port
