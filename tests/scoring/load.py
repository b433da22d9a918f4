"""Clients with connections that stay open, as many as are asked for, in one event loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass
class Seen:
    """What clients saw. `cut`: a request on a connection that had answered before, and got no answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # of answers with status 200
    without_retry: int = 0  # refusals that do not say when to come again
    cut: int = 0
    turned_away: int = 0  # connections that were refused, or ended before their first answer

    def percentile(self, share: float) -> float:
        """Seconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(body: object, path: str = "/score") -> bytes:
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(content)}"
    )
    return head.encode() + b"\r\n\r\n" + content


async def answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """Raises IncompleteReadError or ConnectionError when the answer does not come whole."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
    }
    return int(lines[0].split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


async def client(
    port: int, requests: Sequence[bytes], seen: Seen, going: Callable[[], bool], retry_factor: float
) -> None:
    """Send request after request; come again after what a refusal says, times `retry_factor`."""
    count = 0
    while going():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            seen.turned_away += 1
            await asyncio.sleep(0.02)
            continue
        answered = 0
        try:
            while going():
                began = time.perf_counter()
                writer.write(requests[count % len(requests)])
                count += 1
                status, headers, _ = await answer(reader)
                answered += 1
                seen.statuses[status] += 1
                if status == 200:
                    seen.seconds.append(time.perf_counter() - began)
                elif "retry-after" in headers:
                    await asyncio.sleep(float(headers["retry-after"]) * retry_factor)
                else:
                    seen.without_retry += 1
                if headers.get("connection") == "close":
                    break
        except (OSError, asyncio.IncompleteReadError):
            if answered:
                seen.cut += 1
            else:
                seen.turned_away += 1
        finally:
            writer.close()


async def load(
    port: int,
    requests: Sequence[bytes],
    connections: int,
    going: Callable[[], bool],
    retry_factor: float = 1.0,
) -> Seen:
    seen = Seen()
    await asyncio.gather(*(client(port, requests, seen, going, retry_factor) for _ in range(connections)))
    return seen


def for_seconds(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end
