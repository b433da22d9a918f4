"""The host's calls of a storage queue, by the identity of its app: what the app may not, the host may not."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote
from xml.etree import ElementTree

from emulator.errors import AzureError
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.places import Place

VERSION = "2024-11-04"
AUDIENCE = "https://storage.azure.com"


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    receipt: str
    text: str
    deliveries: int
    inserted: datetime
    expires: datetime

    def body(self) -> bytes:
        """Decoded from base64 as host.json's messageEncoding has it by default; as it is where it is none."""
        try:
            return base64.b64decode(self.text, validate=True)
        except (binascii.Error, ValueError):
            return self.text.encode()


class Queue:
    """token: of the app's identity for storage, "" where it has none. place: the app's."""

    def __init__(self, hosts: Hosts, account: str, name: str, place: Place, token: Callable[[], str]) -> None:
        self._hosts, self._host = hosts, f"{account}.queue.core.windows.net"
        self._name, self._place, self._token = name, place, token

    def take(self, most: int, hidden_s: int) -> list[Message]:
        query = {"numofmessages": str(most), "visibilitytimeout": str(hidden_s)}
        answer = self._call("GET", f"/{self._name}/messages", query)
        return [_message(one) for one in ElementTree.fromstring(answer.body).iter("QueueMessage")]  # noqa: S314

    def delete(self, message: Message) -> None:
        self._call("DELETE", f"/{self._name}/messages/{message.id}", {"popreceipt": message.receipt})

    def later(self, message: Message, hidden_s: int) -> None:
        query = {"popreceipt": message.receipt, "visibilitytimeout": str(hidden_s)}
        self._call("PUT", f"/{self._name}/messages/{message.id}", query)

    def make(self) -> None:
        self._call("PUT", f"/{self._name}", {})

    def put(self, text: str) -> None:
        body = ElementTree.Element("QueueMessage")
        ElementTree.SubElement(body, "MessageText").text = text
        self._call("POST", f"/{self._name}/messages", {}, ElementTree.tostring(body))

    def _call(self, method: str, path: str, query: dict[str, str], body: bytes = b"") -> Response:
        handler = self._hosts.handler(self._host)
        if handler is None:
            raise AzureError(404, "ResourceNotFound", f"{self._host} does not resolve.")
        headers = {
            "authorization": f"Bearer {self._token()}",
            "x-ms-version": VERSION,
            "x-ms-date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        }
        raw = "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items())
        answer = handler(
            Request(method, self._host, path, path, query, headers, body, raw_query=raw, place=self._place)
        )
        if answer.status >= 300:
            raise AzureError(
                answer.status, answer.headers.get("x-ms-error-code", ""), answer.body.decode()[:300]
            )
        return answer


def _message(found: ElementTree.Element) -> Message:
    def text(name: str) -> str:
        return found.findtext(name) or ""

    return Message(
        text("MessageId"),
        text("PopReceipt"),
        text("MessageText"),
        int(text("DequeueCount") or 0),
        parsedate_to_datetime(text("InsertionTime")),
        parsedate_to_datetime(text("ExpirationTime")),
    )
