"""A container's probes: what is asked, when an answer counts, and the words of what is wrong."""

from __future__ import annotations

import http.client
import socket
import time
from dataclasses import dataclass
from typing import Any, Final

from emulator.containers.probes import EARLY_S, Probe, Verdict

Json = dict[str, Any]
ADDRESS: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Check:
    """One probe. kind: `http` or `tcp`. port: the one that the container declares."""

    kind: str
    port: int
    probe: Probe
    grace_s: float | None = None  # of the container that it ends

    def ask(self, local: int, address: str) -> str:
        """What is wrong, "" for nothing. local: the process's port. address: of the pod, for the words."""
        timeout = self.probe.timeout_s
        if self.kind == "tcp":
            try:
                with socket.create_connection((ADDRESS, local), timeout=timeout):
                    return ""
            except TimeoutError:
                return f"dial tcp {address}:{self.port}: i/o timeout"
            except OSError as error:
                return f"dial tcp {address}:{self.port}: connect: {_why(error)}"
        return self._get(local, address, timeout)

    def _get(self, local: int, address: str, timeout: float) -> str:
        url = f'Get "http://{address}:{self.port}{self.probe.path}"'
        connection = http.client.HTTPConnection(ADDRESS, local, timeout=timeout)
        headers = {"User-Agent": "kube-probe/1.33", "Accept": "*/*", "Connection": "close"}
        try:
            connection.request("GET", self.probe.path, headers=headers | self.probe.headers)
            status = connection.getresponse().status
        except TimeoutError:
            return f"{url}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        except http.client.RemoteDisconnected:
            return f"{url}: EOF"
        except http.client.HTTPException as error:
            return f"{url}: net/http: HTTP/1.x transport connection broken: {error}"
        except OSError as error:
            return f"{url}: dial tcp {address}:{self.port}: connect: {_why(error)}"
        finally:
            connection.close()
        return "" if 200 <= status < 400 else f"HTTP probe failed with statuscode: {status}"


def _why(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionResetError):
        return "connection reset by peer"
    return str(error.strerror or error).lower()


def check_of(body: Json | None, container: Json) -> Check | None:
    """A probe of a container's spec; None where there is none."""
    if not body:
        return None
    asked = body.get("httpGet") or body.get("tcpSocket") or {}
    headers = {str(one["name"]): str(one.get("value", "")) for one in asked.get("httpHeaders") or ()}
    grace = body.get("terminationGracePeriodSeconds")
    probe = Probe(
        path=str(asked.get("path") or "/"),
        headers=headers,
        initial_delay_s=float(body.get("initialDelaySeconds") or 0),
        period_s=float(body.get("periodSeconds") or 10),
        timeout_s=float(body.get("timeoutSeconds") or 1),
        failures=int(body.get("failureThreshold") or 3),
        successes=int(body.get("successThreshold") or 1),
    )
    kind = "http" if "httpGet" in body else "tcp"
    return Check(
        kind, port_of(asked.get("port", 0), container), probe, None if grace is None else float(grace)
    )


def port_of(port: int | str, container: Json) -> int:
    """The number of a port that may be named; 0 where the container has none of the name."""
    if isinstance(port, int):
        return port
    for one in container.get("ports") or []:
        if one.get("name") == port:
            return int(one["containerPort"])
    return 0


class Course:
    """One probe of a running container: when it is due next, and what its answers amount to.

    Until it has held once it is asked ten times a second, so that nothing waits for a period to end; only
    the answers of a period's end count as failures, so that it fails no sooner than it would in Azure.
    """

    def __init__(self, check: Check, began: float, *, good: bool) -> None:
        """good: what holds before the first answer. began: on the clock of ``time.monotonic``."""
        self.check = check
        self.verdict = Verdict(check.probe, good)
        self.held = good  # once
        self.failures = 0  # of a startup probe: those that count
        self.due = self._counts = began + check.probe.initial_delay_s

    def ask(self, local: int, address: str) -> tuple[str, bool, bool]:
        """Ask. (what is wrong, whether the answer counts, whether the verdict flipped)"""
        return self.take(self.check.ask(local, address), time.monotonic())

    def take(self, problem: str, at: float) -> tuple[str, bool, bool]:
        """An answer at a time."""
        period = self.check.probe.period_s
        counts = at >= self._counts or (not problem and self.check.probe.successes == 1)
        flipped = self.verdict.add(problem) if counts else False
        if at >= self._counts:
            self._counts = max(self._counts + period, at + EARLY_S)
        self.held = self.held or self.verdict.good
        if self.held:
            self.due = self._counts = at + period
        else:
            self.due = min(at + EARLY_S, self._counts)
            if self.due <= at:
                self.due = at + EARLY_S
        return problem, counts, flipped
