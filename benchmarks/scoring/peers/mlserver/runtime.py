"""Custom runtime of MLServer: our composite on a route of its own, which is its shortest way to a model.

In one process the handler takes the request as it is; with parallel workers its argument has to cross to
another process, so there it takes the parsed body.
"""

import os
from typing import Any

from fastapi import Request, Response
from mlserver import MLModel
from mlserver.handlers import custom_handler

from benchmarks.scoring.composite import from_environment

PARALLEL = os.environ.get("MLSERVER_PARALLEL_WORKERS", "0") != "0"


class CompositeRuntime(MLModel):
    async def load(self) -> bool:
        self._composite = from_environment()
        return True

    if PARALLEL:

        @custom_handler(rest_path="/score")
        async def score(self, payload: dict[str, Any]) -> Response:
            return Response(self._composite.answer_payload(payload), media_type="application/json")

    else:

        @custom_handler(rest_path="/score")
        async def score(self, request: Request) -> Response:
            return Response(self._composite.answer(await request.body()), media_type="application/json")
