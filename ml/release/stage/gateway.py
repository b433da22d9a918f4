"""Is the way through the gateway as promised to callers: TLS, a key or a token, the service's problems?"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from ml.release.evidence import Check

if TYPE_CHECKING:
    import httpx

    from ml.deploy.endpoint import Endpoint

NAME: Final = "gateway"
PROBLEM: Final = "application/problem+json"
OWN: Final = "urn:scoring:problem:gateway"  # of problems that are the gateway's (infra/gateway/service.xml)
TLS: Final = ("TLSv1.2", "TLSv1.3")
REQUEST_ID: Final = "mlops-release-test"
Token = Callable[[], str]


def check(endpoint: "Endpoint", token: Token | None, transport: "httpx.BaseTransport | None" = None) -> Check:
    """Ask as callers do, rightly and wrongly.

    token: gives one of the audience that the gateway takes, if any. transport: httpx's way to send; None for
    its own.
    """
    import httpx

    with httpx.Client(base_url=endpoint.address, timeout=60.0, transport=transport) as client:
        try:
            tls = _tls(client, endpoint)
            wrong = [
                *([] if tls in TLS else [f"it speaks {tls}, not {' or '.join(TLS)}"]),
                *_doors(client, endpoint, token),
                *_kept(client, endpoint),
            ]
        except httpx.HTTPError as error:
            return Check(name=NAME, passed=False, figures={}, reason=f"no answer ({type(error).__name__})")
    return Check(
        name=NAME,
        passed=not wrong,
        figures={"tls": tls, "tokens": "tested" if token else "not taken"},
        reason="; ".join(wrong) or "TLS, nobody without a key or token, the service's own problems arrive",
    )


def _tls(client: "httpx.Client", endpoint: "Endpoint") -> str:
    """The version of TLS by which it answers; the certificate was verified, or there is no answer."""
    with client.stream("GET", "/openapi.json", headers=endpoint.headers()) as answer:
        session = answer.extensions["network_stream"].get_extra_info("ssl_object")
        return str(session.version()) if session else "plain HTTP"


def _doors(client: "httpx.Client", endpoint: "Endpoint", token: Token | None) -> Iterator[str]:
    """Who is let in, and who is not."""

    def asked(headers: dict[str, str]) -> "httpx.Response":
        return client.get("/drift", headers=headers)

    without = endpoint.headers("")
    for who, headers in (
        ("without a key", without),
        ("with a wrong key", endpoint.headers("wrong")),
        ("with a key as a token", {**without, "authorization": f"Bearer {endpoint.key}"}),
    ):
        answer = asked(headers)
        if answer.status_code != 401:
            yield f"GET /drift {who} gives {answer.status_code}, expected 401"
        elif (found := _problem(answer).get("type")) != OWN:
            yield f"GET /drift {who} is refused as {found}, expected {OWN}"
    if (status := asked(endpoint.headers()).status_code) != 200:
        yield f"GET /drift with a key gives {status}"
    if token:
        status = asked({**without, "authorization": f"Bearer {token()}"}).status_code
        if status != 200:
            yield f"GET /drift with a token gives {status}"


def _kept(client: "httpx.Client", endpoint: "Endpoint") -> Iterator[str]:
    """What the service says of a wrong request, and by which id, is what the caller hears."""
    headers = {**endpoint.headers(synthetic=True), "x-request-id": REQUEST_ID}
    answer = client.post("/score", json={}, headers=headers)
    said = _problem(answer)
    if answer.status_code not in (400, 422) or said.get("status") != answer.status_code:
        yield f"POST /score without rows gives {answer.status_code}, its problem says {said.get('status')}"
    if said.get("type") in (None, OWN):
        yield f"POST /score without rows is the problem {said.get('type')}, not one of the service's"
    if answer.headers.get("x-request-id") != REQUEST_ID:
        yield f"x-request-id {REQUEST_ID} comes back as {answer.headers.get('x-request-id')}"


def _problem(answer: "httpx.Response") -> dict[str, Any]:
    """The problem details of an answer; empty where it has none."""
    if answer.headers.get("content-type", "").split(";")[0] != PROBLEM:
        return {}
    try:
        found: Any = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
