"""An Azure without network: answers in their order, and the requests that were sent."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest


class Response:
    """As much of azure-core's as the code under test and its policies look at."""

    def __init__(self, request: HttpRequest, status: int, body: Any, headers: dict[str, str]) -> None:
        self.request, self.status_code, self.reason = request, status, str(status)
        self.headers = {"content-type": "application/json", **headers}
        self.content_type = "application/json"
        self._body = body

    def json(self) -> Any:
        return self._body

    def text(self, encoding: str | None = None) -> str:
        return json.dumps(self._body)

    def body(self) -> bytes:
        return self.text().encode()

    def read(self) -> bytes:
        return self.body()


class Answering(HttpTransport[Any, Any]):
    """answers: status, body, headers."""

    def __init__(self, *answers: tuple[int, Any, dict[str, str]]) -> None:
        self.answers, self.requests = list(answers), list[Any]()

    def send(self, request: Any, **kwargs: Any) -> Any:
        request.body = request.content if isinstance(request, HttpRequest) else request.body
        self.requests.append(request)
        return Response(request, *self.answers.pop(0))

    def open(self) -> None: ...

    def close(self) -> None: ...

    def __exit__(self, *args: object) -> None: ...


class _Credential:
    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        return AccessToken("token", 4_000_000_000)


class Quiet:
    def line(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...


def granted(call: Callable[[], Any], what: str) -> Any:
    return call()


def azure(**estate: Any) -> Any:
    settings = SimpleNamespace(azure=SimpleNamespace(poll_seconds=0.0))
    return SimpleNamespace(
        credential=_Credential(),
        limits={},
        settings=settings,
        report=Quiet(),
        estate=SimpleNamespace(**estate),
        granted=granted,
    )
