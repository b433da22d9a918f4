"""The registry's own API, as the client of `mlops` asks it: is an image there, and who may say so."""

from __future__ import annotations

from types import SimpleNamespace as Named
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.pipeline.transport import HttpTransport

from emulator.app import Emulator
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN
from emulator.images.references import parse
from emulator.principal import Principal
from ml.azure.images import Image
from ml.azure.registry import SCOPE, Held, RegistryApi

SERVER = "estatereg.azurecr.io"
DIGESTS = [f"sha256:{digit * 64}" for digit in "ab"]
NOBODY = Principal("00000000-0000-4000-8000-00000000dead", "", "User", (), "nobody")


class Answer:
    """An emulator's answer with what azure-core reads of one."""

    def __init__(self, request: Any, found: Any) -> None:
        self.request, self.status_code, self.headers = request, found.status, found.headers
        self.reason, self.content_type, self._body = "", found.headers.get("content-type"), found.body

    def json(self) -> Any:
        import json

        return json.loads(self._body)

    def text(self, encoding: str | None = None) -> str:
        return self._body.decode()

    def read(self) -> bytes:
        return self._body

    def raise_for_status(self) -> None:
        from azure.core.exceptions import HttpResponseError

        if self.status_code >= 400:
            raise HttpResponseError(self.text())


class Inside(HttpTransport[Any, Any]):
    """Hands requests to an emulator in this process."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def __exit__(self, *error: object) -> None: ...

    def open(self) -> None: ...

    def close(self) -> None: ...

    def send(self, request: Any, **options: Any) -> Any:
        url = urlsplit(request.url)
        headers = {name.lower(): value for name, value in request.headers.items()}
        form = request._data or {}
        body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        given = Request(request.method, str(url.hostname), url.path, url.path, {}, headers, body)
        return Answer(request, self.emulator.answer(given))


@pytest.fixture
def images(emulator: Emulator) -> list[Image]:
    """Two images under one tag each, without contents."""
    made: list[Image] = []
    for number, digest in enumerate(DIGESTS):
        folder = emulator.images.root / digest.removeprefix("sha256:")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "image.json").touch()
        emulator.images.name(parse(f"{SERVER}/scoring:{number}"), digest)
        made.append(Image(SERVER, "scoring", digest))
    return made


def api(emulator: Emulator, who: Principal = SIGNED_IN) -> RegistryApi:
    def get_token(scope: str) -> Any:
        return Named(token=emulator.identity.tokens.issue(who, scope)[0])

    azure: Any = Named(credential=Named(get_token=get_token), estate=Named(tenant_id="t"), limits={})
    return RegistryApi(azure, SERVER, Inside(emulator))


def delete(emulator: Emulator, path: str, who: Principal = SIGNED_IN) -> int:
    token, _ = emulator.identity.tokens.issue(who, f"https://{SERVER}")
    headers = {"authorization": f"Bearer {token}"}
    return emulator.answer(Request("DELETE", SERVER, path, path, {}, headers)).status


def test_an_image_is_there_until_it_is_deleted(emulator: Emulator, images: list[Image]) -> None:
    asked = api(emulator)
    assert [asked.holds(image) for image in images] == [Held(True), Held(True)]
    assert delete(emulator, "/acr/v1/scoring/_tags/0") == 202
    assert [asked.holds(image) for image in images] == [Held(True), Held(True)]  # its digest still pulls it
    assert delete(emulator, f"/v2/scoring/manifests/{DIGESTS[0]}") == 202
    assert [asked.holds(image) for image in images] == [Held(False), Held(True)]
    assert delete(emulator, f"/v2/scoring/manifests/{DIGESTS[0]}") == 404
    assert sorted(emulator.images.names(SERVER)) == [f"{SERVER}/scoring:1", f"{SERVER}/scoring@{DIGESTS[1]}"]
    assert asked.holds(Image(SERVER, "other", DIGESTS[0])) == Held(False)


def test_who_may_not_pull_is_given_no_answer_and_who_may_not_delete_is_refused(
    emulator: Emulator, images: list[Image]
) -> None:
    held = api(emulator, NOBODY).holds(images[0])
    assert held.there is None and "authentication required" in held.unknown
    assert delete(emulator, f"/v2/scoring/manifests/{DIGESTS[0]}", NOBODY) == 401
    assert api(emulator).holds(images[0]) == Held(True)
    assert SCOPE.startswith("https://containerregistry.azure.net/")


def test_what_is_pushed_or_pulled_is_refused_by_name(emulator: Emulator) -> None:
    answer = emulator.answer(Request("GET", SERVER, "/v2/scoring/tags/list", "/v2/scoring/tags/list"))
    assert answer.status == 501 and b"not pushed or pulled" in answer.body
