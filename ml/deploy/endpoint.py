"""Talking to a deployed scoring service."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`address` without a slash at its end; `key` is the callers' key."""

    address: str
    key: str

    def get(self, path: str) -> "httpx.Response":
        """Raises httpx.HTTPError when there is no answer."""
        import httpx

        return httpx.get(
            f"{self.address}{path}", timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        )

    def drift(self) -> "httpx.Response":
        """GET /drift: the latest report, and what the window counts by now. Raises httpx.HTTPError."""
        import httpx

        return httpx.get(
            f"{self.address}/drift",
            headers={"authorization": f"Bearer {self.key}"},
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )

    def score(self, body: Any, key: str | None = None, synthetic: bool = False) -> "httpx.Response":
        """POST /score with the endpoint's key, or another one; an empty key sends no authorization at all.

        synthetic: the rows are a test's, and are not to be counted for drift.

        Raises httpx.HTTPError when there is no answer.
        """
        import httpx

        used = self.key if key is None else key
        headers = {"authorization": f"Bearer {used}"} if used else {}
        if synthetic:
            headers["x-synthetic"] = "true"
        return httpx.post(
            f"{self.address}/score",
            json=body,
            headers=headers,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        )
