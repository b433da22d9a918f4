"""httpGet probes against the local port of a container, and how a probe's answers become a verdict."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass, field
from typing import Any

EARLY_S = 0.1  # how often readiness is asked before it is reached for the first time


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe of Azure's, with Azure's defaults."""

    path: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    initial_delay_s: float = 0.0
    period_s: float = 10.0
    timeout_s: float = 1.0
    failures: int = 3
    successes: int = 1

    @staticmethod
    def of(body: dict[str, Any] | None) -> Probe | None:
        if not body:
            return None
        request = body["httpGet"]
        headers = {str(h["name"]): str(h.get("value", "")) for h in request.get("httpHeaders") or ()}
        return Probe(
            path=str(request.get("path") or "/"),
            headers=headers,
            initial_delay_s=float(body.get("initialDelaySeconds") or 0),
            period_s=float(body.get("periodSeconds") or 10),
            timeout_s=float(body.get("timeoutSeconds") or 1),
            failures=int(body.get("failureThreshold") or 3),
            successes=int(body.get("successThreshold") or 1),
        )

    def ask(self, port: int) -> str:
        """What is wrong, "" when the answer is 200 to 399."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=self.timeout_s)
        try:
            connection.request("GET", self.path, headers=self.headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return "" if 200 <= status < 400 else f"statuscode: {status}"


def listens(port: int) -> bool:
    """Whether anything accepts connections at a local port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


class Verdict:
    """Counts answers: ``good`` flips after ``successes`` or ``failures`` in a row."""

    def __init__(self, probe: Probe, good: bool) -> None:
        self.probe = probe
        self.good = good
        self._row = 0

    def add(self, problem: str) -> bool:
        """Take an answer in; True when the verdict flipped."""
        if (problem == "") == self.good:
            self._row = 0
            return False
        self._row += 1
        if self._row >= (self.probe.failures if self.good else self.probe.successes):
            self.good, self._row = not self.good, 0
            return True
        return False
