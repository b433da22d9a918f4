"""Service of BentoML: our composite. A coroutine that answers with a Response is its shortest way."""

import os
from typing import Any

import bentoml
from starlette.responses import Response

from benchmarks.scoring.composite import from_environment


@bentoml.service(workers=int(os.environ["WORKERS"]), metrics={"enabled": False})
class Scoring:
    def __init__(self) -> None:
        self._composite = from_environment()

    @bentoml.api(route="/score")
    async def score(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        answer = self._composite.answer_payload({"records": records})
        return Response(answer, media_type="application/json")
