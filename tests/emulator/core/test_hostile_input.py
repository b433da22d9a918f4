"""Whatever is sent, to any host, with or without a token: an answer, and never the emulator's own failure."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import jsonbody
from emulator.app import Emulator
from emulator.arm import bodies
from emulator.errors import AzureError
from emulator.home import Home
from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN
from emulator.identity.tokens import AUDIENCES, ISSUER, LONGEST
from emulator.server import MOST_BYTES, Application, header_value
from tests.emulator.core.one_of_each import GROUP, paths, right_bodies
from tools import body_types

DEEP = b"[" * 100_000
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/hostileacct"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/hostilevault"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(Home(tmp_path_factory.mktemp("hostile")))
    emulator.ports.update(proxy=1, tls=2, plain=3)
    emulator.arm.put(GROUP, {"location": "westeurope"})
    storage = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    emulator.arm.put(ACCOUNT, storage)
    emulator.arm.put(f"{ACCOUNT}/blobServices/default/containers/data", {})
    yield emulator
    emulator.close()


def token(emulator: Emulator, resource: str = "https://management.azure.com") -> str:
    return f"Bearer {emulator.identity.tokens.issue(SIGNED_IN, resource)[0]}"


def arm(emulator: Emulator, method: str, path: str, body: bytes, **query: str) -> Response:
    headers = {"authorization": token(emulator)}
    wanted = {"api-version": "2024-01-01", **query}
    return emulator.answer(Request(method, "management.azure.com", path, path, wanted, headers, body))


# -- JSON


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 65 + "]" * 65, "MaxDepth of 64"),
        ('{"a":' * 65 + "1" + "}" * 65, "MaxDepth of 64"),
        ("[" * 100_000, "MaxDepth of 64"),
        ("[NaN]", "NaN is no JSON"),
        ("[-Infinity]", "Infinity is no JSON"),
        ("1e999", "beyond what a double holds"),
        ("1" + "0" * 400, "beyond what a double holds"),
        ('{"a": "\\ud800"}', "half a character"),
        ("1" * 5000, "beyond what a double holds"),
    ],
    ids=lambda text: text[:12],
)
def test_json_has_bounds(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        jsonbody.read(text.encode())


def test_json_within_the_bounds_is_read() -> None:
    for text in (
        "[" * 64 + "]" * 64,
        '{"a":' * 64 + "1" + "}" * 64,
        '"\\ud83d\\ude00 é"',
        "1e308",
        "\ufeff{}",
    ):
        assert jsonbody.read(text.encode()) == json.loads(text.removeprefix("\ufeff"))
    for body in (b"\xff", b"\xed\xa0\x80"):
        with pytest.raises(ValueError, match="decode"):
            jsonbody.read(body)


# -- tokens


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "sent",
    [
        f"{part(DEEP[:9000])}.{part(b'{}')}.x",
        ".".join((part(b'{"alg":"RS256"}'), part(DEEP[:9000]), "x")),
        "a" * (LONGEST + 1),
        "é.é.é",
        "..",
        f"{part(b'5')}.{part(b'[]')}.x",
        ".".join((part(b'{"alg":["RS256"],"kid":[]}'), part(b"{}"), "x")),
    ],
    ids=lambda sent: sent[:12],
)
def test_a_token_that_nobody_signed_is_refused_before_it_is_read(world: Emulator, sent: str) -> None:
    request = Request("GET", "management.azure.com", GROUP, GROUP, {"api-version": "2024-01-01"})
    request.headers["authorization"] = f"Bearer {sent}"
    assert world.answer(request).status == 401
    form = f"grant_type=client_credentials&client_id={SIGNED_IN.client_id}&client_assertion={sent}".encode()
    path = "/common/oauth2/v2.0/token"
    answer = world.answer(Request("POST", "login.microsoftonline.com", path, path, body=form))
    assert (answer.status, json.loads(answer.body)["error"]) == (401, "invalid_client")


ODD: list[Any] = [[], ["x"], {}, None, 5, True, "", "x\0", "é"]


@pytest.mark.parametrize("name", ["aud", "oid", "iss", "exp", "nbf", "iat", "sub", "tid", "idtyp"])
def test_claims_of_any_type_are_answered(world: Emulator, name: str) -> None:
    now = int(time.time())
    whole: dict[str, Any] = {
        "aud": "https://management.azure.com",
        "iss": ISSUER,
        "oid": SIGNED_IN.object_id,
        "exp": now + 60,
    }
    for value in ODD:
        signed = (
            world.identity.tokens.sign({**whole, name: value})
            if name != "iss"
            else _signed_with(world, whole, value)
        )
        request = Request("GET", "management.azure.com", GROUP, GROUP, {"api-version": "2024-01-01"})
        request.headers["authorization"] = f"Bearer {signed}"
        assert world.answer(request).status in (200, 401), value


def _signed_with(world: Emulator, whole: dict[str, Any], issuer: Any) -> str:
    """PyJWT does not sign an issuer that is no text: a token with another, its payload put in its place."""
    head, _, signature = world.identity.tokens.sign(whole).split(".")
    return f"{head}.{part(json.dumps({**whole, 'iss': issuer}).encode())}.{signature}"


# -- the server


@pytest.mark.parametrize("text", ["a\r\nset-cookie: x", "日本", "a\x00b", "é", "plain \t~"])
def test_a_header_is_one_header(text: str) -> None:
    sent = header_value(text)
    assert not set(sent) & {0, 10, 13}
    assert sent == (text.encode("latin-1") if text in ("é", "plain \t~") else sent)


def test_a_body_that_is_too_large_is_not_kept(world: Emulator) -> None:
    sent: list[dict[str, Any]] = []
    asked = 0

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": bytes(1 << 20), "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "scheme": "https",
        "method": "PUT",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", "management.azure.com:²".encode("latin-1"))],
    }
    with ThreadPoolExecutor(1) as pool:
        asyncio.run(Application(world, pool, "proof")(scope, receive, send))
    assert sent[0]["status"] == 413 and asked == (MOST_BYTES >> 20) + 1


# -- every host


def junk() -> st.SearchStrategy[Any]:
    leaves = st.sampled_from([None, True, 0, -1, 1e300, 10**30, "", "x", "é\0", "../..", "0.0.0.0/0"])
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2)
    )


KEYS = st.sampled_from(["properties", "name", "id", "value", "type", "tags", "x", "", "é"])
SEGMENTS = st.sampled_from(
    ["secrets", "data", "subscriptions", GROUP[1:], "providers", "Microsoft.Storage", "storageAccounts", "..",
     ".", "", "é", "\0", "%", "x" * 300, "v2", "track", "token", "oauth2", "list", "mlflow", "history"]
)  # fmt: skip
BODIES = junk().map(lambda value: json.dumps(value).encode()) | st.sampled_from(
    [b"", b"\xff", b"{", DEEP, b"<?xml version='1.0' encoding='odd'?><a/>", b"<a>" * 9000, b"a=%ff&a"]
)
QUERIES = st.dictionaries(
    st.sampled_from(
        ["api-version", "comp", "restype", "$top", "$filter", "$skiptoken", "maxresults", "marker"]
    ),
    st.sampled_from(["2024-01-01", "list", "container", "²", "9" * 5000, "é", part(DEEP), "", "\0", "block"]),
    max_size=3,
)
HEADERS = st.dictionaries(
    st.sampled_from(["range", "if-match", "if-modified-since", "content-type", "content-encoding",
                     "x-ms-meta-é", "x-ms-version", "x-ms-copy-source", "x-ms-blob-type", "metadata",
                     "secret", "content-md5"]),
    st.sampled_from(["", "é", "bytes=0-", "9" * 5000, "http://[", "https://x.blob.core.windows.net/a",
                     "BlockBlob", "gzip", "true", "Mon, 99 Jan 99999 00:00:00 GMT"]),
    max_size=3,
)  # fmt: skip
METHODS = st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"])


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_every_host_answers_anything(world: Emulator, data: st.DataObject) -> None:
    host = data.draw(st.sampled_from(sorted(world.hosts.patterns()))).replace("*", "hostileacct")
    path = "/" + "/".join(data.draw(st.lists(SEGMENTS, max_size=5)))
    headers = data.draw(HEADERS)
    audience = data.draw(st.sampled_from(["", *sorted(AUDIENCES)]))
    if audience:
        headers["authorization"] = token(world, audience)
    request = Request(
        data.draw(METHODS), host, path, path, data.draw(QUERIES), headers, data.draw(BODIES), "https"
    )
    answer = world.answer(request)
    assert 200 <= answer.status < 500 or answer.status in (501, 502), request
    for value in answer.headers.values():
        header_value(str(value))


# -- every type


PATHS = paths()
LEAVES: dict[str, list[Any]] = {
    "text": ["", "x", "é\0", "Standard", "10.0.0.0/16", "10.0.0.1", "*", "80-8", GROUP, ACCOUNT, "http://["],
    "integer": [0, -1, 1, 3.0, 65536, bodies.LARGEST],
    "number": [0, -1, 0.5, 1e300],
    "boolean": [True, False],
}


RIGHT = right_bodies()


@pytest.fixture(scope="module")
def peopled(world: Emulator) -> Emulator:
    """One of each type, as far as a plain or a right body makes one: parents of others, and to be changed."""
    for kind in sorted(PATHS, key=lambda kind: (kind.count("/"), kind not in RIGHT)):
        body = {"location": "westeurope", "properties": {}, **RIGHT.get(kind, {})}
        arm(world, "PUT", PATHS[kind], json.dumps(body).encode())
    return world


def of_shape(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """A value of the type that the SDK gives a member, some of its members left out."""
    shape = bodies.part(shape)
    if isinstance(shape, str):
        return st.sampled_from(LEAVES[shape])
    if isinstance(shape, list):
        return st.lists(of_shape(shape[0], depth + 1) if shape else junk(), max_size=2)
    members = [name for name in shape if name != "*"]
    names = st.lists(st.sampled_from(members), max_size=2 if depth < 5 else 0) if members else st.just([])
    return names.flatmap(
        lambda names: st.fixed_dictionaries({name: of_shape(shape[name], depth + 1) for name in names})
    )


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a body: what holds it, and its name or number there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *places(value[key]))]


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_every_type_answers_any_body(peopled: Emulator, data: st.DataObject) -> None:
    """A right body in which one place, at any depth, holds something else, or nothing, or more."""
    kind = data.draw(st.sampled_from(sorted(RIGHT)) | st.sampled_from(sorted(PATHS)))
    body = {"location": "westeurope", "properties": {}, **copy.deepcopy(RIGHT.get(kind, {}))}
    shape = bodies.shape_of(kind)
    if shape is not None:
        body["properties"] |= data.draw(of_shape(shape["properties"]))
    holder, key = data.draw(st.sampled_from(places(body)))
    if data.draw(st.booleans()):
        holder[key] = data.draw(junk() | st.sampled_from(LEAVES["text"]))
    else:
        del holder[key]
    answer = arm(
        peopled, data.draw(st.sampled_from(["PUT", "PATCH"])), PATHS[kind], json.dumps(body).encode()
    )
    assert 200 <= answer.status < 500 or answer.status == 501, (kind, body)


def members(shape: Any, place: str = "", depth: int = 0) -> Iterator[tuple[str, Any, Any]]:
    """The members of a shape to a depth, with the shape of each and one of another type in a whole body."""
    shape = bodies.part(shape)
    if depth == 5 or isinstance(shape, str):
        return
    inner = [("[0]", shape[0])] if isinstance(shape, list) and shape else []
    inner = list(shape.items()) if isinstance(shape, dict) else inner
    for name, one in inner:
        there = f"{place}{name}" if name == "[0]" else f"{place}.{name}".lstrip(".")
        wrap = (lambda value: [value]) if name == "[0]" else (lambda value, name=name: {name: value})
        yield there, one, wrap([] if not isinstance(bodies.part(one), list) else {})
        for deeper, deepest, value in members(one, there, depth + 1):
            yield deeper, deepest, wrap(value)


@pytest.mark.parametrize("kind", sorted(RIGHT))
def test_each_member_of_another_type_is_named(kind: str) -> None:
    shape = bodies.shape_of(kind)
    assert shape is not None
    count = 0
    for place, _, body in members(shape):
        count += 1
        with pytest.raises(AzureError) as caught:
            bodies.check(kind, body)
        assert caught.value.status == 400 and f": {place} must be " in str(caught.value), body
    assert count > 5


def test_the_table_of_types_is_that_of_the_installed_sdk() -> None:
    assert bodies.TABLE.read_text() == body_types.text()


def test_scalars_are_read_as_services_of_azure_do() -> None:
    kind = "Microsoft.Network/natGateways"
    for sent, kept in ((4, 4), (4.0, 4), ("4", 4), (None, "gone")):
        body: dict[str, Any] = {"properties": {"idleTimeoutInMinutes": sent, "resourceGuid": 5}}
        bodies.check(kind, body)
        assert body["properties"].get("idleTimeoutInMinutes", "gone") == kept
        assert body["properties"]["resourceGuid"] == "5"
    for sent in (True, "x", "", 4.5, 1 << 63, "9" * 30, 1e300, [], {}):
        with pytest.raises(AzureError, match=r"properties\.idleTimeoutInMinutes must be a whole number"):
            bodies.check(kind, {"properties": {"idleTimeoutInMinutes": sent}})


def test_a_wrong_member_is_named(world: Emulator) -> None:
    path = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    for name, value, said in (
        ("tags", 5, "tags must be an object, not a number"),
        ("tags", {"a": 5}, "tags.a must be a text, not a number"),
        ("location", ["x"], "location must be a text, not a list"),
        ("sku", "x", "sku must be an object, not a text"),
        ("zones", "1", "zones must be a list, not a text"),
    ):
        answer = arm(world, "PUT", path, json.dumps({"location": "westeurope", name: value}).encode())
        assert answer.status == 400 and said in json.loads(answer.body)["error"]["message"]
