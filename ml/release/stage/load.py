"""A short load test: how many requests a second, how long they take, whether any fails."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ml.release.evidence import Check

if TYPE_CHECKING:
    from ml.deploy.endpoint import Endpoint
    from ml.settings import ReleaseSettings

NAME: Final = "load"
TELL_SECONDS: Final = 30.0


@dataclass
class Tally:
    """seconds: of each answered request, in no order. failures: by what happened."""

    seconds: list[float] = field(default_factory=list[float])
    failures: dict[str, int] = field(default_factory=dict[str, int])
    began: float = 0.0
    ended: float = 0.0

    def quantile(self, share: float) -> float:
        """Seconds within which that share of the requests was answered; 0 when none was."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def rate(self) -> float:
        """Answered requests a second."""
        return len(self.seconds) / (self.ended - self.began) if self.ended > self.began else 0.0


def run(
    endpoint: "Endpoint",
    body: Mapping[str, Any],
    seconds: float,
    clients: int,
    tell: Callable[[str], None] = lambda line: None,
) -> Tally:
    """That many clients, each with a connection of its own, one request after another.

    tell: takes a line about every half minute of what is left.
    """
    tally, lock = Tally(began=time.monotonic()), threading.Lock()
    until = tally.began + seconds
    threads = [
        threading.Thread(target=_client, args=(endpoint, dict(body), until, tally, lock))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    while (left := until - time.monotonic()) > TELL_SECONDS:
        time.sleep(TELL_SECONDS)
        tell(f"{left - TELL_SECONDS:.0f} s of load are left")
    for thread in threads:
        thread.join()
    tally.ended = time.monotonic()
    return tally


def _client(endpoint: "Endpoint", body: dict[str, Any], until: float, tally: Tally, lock: Any) -> None:
    import httpx

    headers = endpoint.headers(synthetic=True)
    taken: list[float] = []
    failed: dict[str, int] = {}
    with httpx.Client(base_url=endpoint.address, headers=headers, timeout=10.0) as client:
        while (began := time.monotonic()) < until:
            try:
                status = str(client.post("/score", json=body).status_code)
            except httpx.HTTPError as error:
                status = type(error).__name__
            if status == "200":
                taken.append(time.monotonic() - began)
            else:
                failed[status] = failed.get(status, 0) + 1
    with lock:
        tally.seconds += taken
        for what, count in failed.items():
            tally.failures[what] = tally.failures.get(what, 0) + count


def judged(tally: Tally, settings: "ReleaseSettings") -> Check:
    """Passed when nothing failed and the bound on the slow requests is kept."""
    p95 = tally.quantile(0.95) * 1000
    failed = sum(tally.failures.values())
    figures: dict[str, float | str] = {
        "clients": settings.load_clients,
        "seconds": round(tally.ended - tally.began, 2),
        "requests": len(tally.seconds),
        "failures": failed,
        "requests_per_second": round(tally.rate, 1),
        **{f"p{share}_ms": round(tally.quantile(share / 100) * 1000, 2) for share in (50, 95, 99)},
    }
    if failed:
        told = ", ".join(f"{count} {what}" for what, count in sorted(tally.failures.items()))
        return Check(name=NAME, passed=False, figures=figures, reason=f"requests failed: {told}")
    if not tally.seconds:
        return Check(name=NAME, passed=False, figures=figures, reason="no request was answered")
    kept = p95 <= settings.load_p95_ms
    return Check(
        name=NAME,
        passed=kept,
        figures=figures,
        reason=f"95% of the requests took at most {p95:.1f} ms, {settings.load_p95_ms:g} ms are allowed",
    )
