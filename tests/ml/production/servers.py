"""An API server of answers that a test writes down."""

import json
from collections.abc import Mapping
from typing import Any

from ml.production.api import Api, Object

Call = tuple[str, str]


class Server(Api):
    """answers: (method, path) -> what it answers, one after the other, the last again and again.

    An answer is an object, a text, or a code and one of these. What is not written down is not there.
    """

    def __init__(self, answers: Mapping[Call, list[Any]], attempts: int = 4) -> None:
        super().__init__(client=None, where="aks-prod", attempts=attempts)  # type: ignore[arg-type]
        self._answers = {call: list(given) for call, given in answers.items()}
        self.calls: list[Call] = []
        self.bodies: list[Object | None] = []
        self.queries: list[dict[str, str]] = []

    def _once(
        self, method: str, path: str, query: Mapping[str, str], body: Object | None, content: str | None
    ) -> tuple[int, str]:
        self.calls.append((method, path))
        self.bodies.append(body)
        self.queries.append(dict(query))
        given = self._answers.get((method, path))
        if given is None:
            return 404, json.dumps({"reason": "NotFound", "message": f"{path} not found"})
        answer = given[0] if len(given) == 1 else given.pop(0)
        code, said = answer if isinstance(answer, tuple) else (200, answer)
        return code, said if isinstance(said, str) else json.dumps(said)
