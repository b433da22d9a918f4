"""Talking to a deployed scoring service, through the gateway or inside the network."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ml.gateway.subscription import KEY_HEADER, REVISION_HEADER

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one asks, and with what.

    address: without a slash at its end. key: of a subscription at the gateway, else the service's own.
    gateway: whether API Management is asked, which publishes the service's operations and not its probes.
    revision: the one that is asked, whatever the pool's weights say; "" asks as any caller does.
    """

    address: str
    key: str
    gateway: bool = False
    revision: str = ""

    @property
    def ready_path(self) -> str:
        """What answers 200 from the time on at which the model is loaded."""
        return "/openapi.json" if self.gateway else "/readyz"

    def headers(self, key: str | None = None, synthetic: bool = False) -> dict[str, str]:
        """The headers of a request with the endpoint's key, or another one; an empty key sends none.

        synthetic: the rows are a test's, and are not to be counted for drift.
        """
        used = self.key if key is None else key
        found = {KEY_HEADER: used} if self.gateway else {"authorization": f"Bearer {used}"}
        if not used:
            found = {}
        if self.revision:
            found[REVISION_HEADER] = self.revision
        if synthetic:
            found["x-synthetic"] = "true"
        return found

    def get(self, path: str) -> "httpx.Response":
        """Raises httpx.HTTPError when there is no answer."""
        import httpx

        return httpx.get(
            f"{self.address}{path}",
            headers=self.headers() if self.gateway else {},  # probes and description are open at the service
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )

    def drift(self) -> "httpx.Response":
        """GET /drift: the latest report, and what the window counts by now. Raises httpx.HTTPError."""
        import httpx

        return httpx.get(
            f"{self.address}/drift",
            headers=self.headers(),
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )

    def score(self, body: Any, key: str | None = None, synthetic: bool = False) -> "httpx.Response":
        """POST /score; key and synthetic as `headers` takes them.

        Raises httpx.HTTPError when there is no answer.
        """
        import httpx

        return httpx.post(
            f"{self.address}/score",
            json=body,
            headers=self.headers(key, synthetic),
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )
