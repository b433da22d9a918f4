"""Calls of what Event Grid delivers to: hosts that are emulated, and ports of this machine."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from emulator.errors import AzureError
from emulator.http import Handler, Request
from emulator.places import AZURE, Place
from emulator.refusals import Refusals

LOOPBACK: Final = ("127.0.0.1", "localhost")
WITHIN_S: Final = 30.0  # "Event Grid waits 30 seconds for a response after delivering a message"


@dataclass(frozen=True, slots=True)
class Answer:
    """status: 0 where nothing answered; failure says then what Azure calls that."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])  # names in lower case
    body: bytes = b""
    failure: str = ""


class Calls:
    """Nothing is sent to hosts outside: they are among the refusals."""

    def __init__(self, handler: Callable[[str], Handler | None], refusals: Refusals) -> None:
        self._handler, self._refusals = handler, refusals

    def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", place: Place = AZURE
    ) -> Answer:
        """Header names are lower case."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if host in LOOPBACK:
            return _over_the_wire(method, url, headers, body)
        handler = self._handler(host)
        if handler is None:
            self._refusals.host(host)
            return Answer(0, failure="ResolutionError")
        query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
        path = parts.path or "/"
        asked = Request(
            method, host, unquote(path), path, query, dict(headers), body, raw_query=parts.query, place=place
        )
        try:
            answer = handler(asked)
        except AzureError as error:
            return Answer(error.status, error.headers, error.message.encode())
        return Answer(
            answer.status, {name.lower(): text for name, text in answer.headers.items()}, answer.body
        )


def _over_the_wire(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    asked = urllib.request.Request(url, body or None, dict(headers), method=method)  # noqa: S310  this machine
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=WITHIN_S) as answer:
            told = {name.lower(): text for name, text in answer.headers.items()}
            return Answer(int(answer.status), told, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code)
    except TimeoutError:
        return Answer(0, failure="TimedOut")
    except OSError as error:
        late = isinstance(getattr(error, "reason", None), TimeoutError)
        return Answer(0, failure="TimedOut" if late else "SocketError")
