"""The function app that scores: the scoring service behind Azure's host, with its keys, answers and errors.

Variables are those of the service (docs/scoring.md), and MODEL_URL with MODEL_DIGEST: where the model
lies, read by the app's managed identity, and which one it has to be. Those of release.json, which
`mlops functions deploy` puts beside this file, go before those of the app.
"""

import os
import threading
from pathlib import Path
from urllib.parse import urlsplit

import azure.functions as func

from scoring.hosted import PACKAGE, PACKAGE_HEADER, Hosted, hosted, variables

# Callers bring the service's own key, which the application asks for.
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
_ready: Hosted | None = None
_starting = threading.Lock()


def service() -> Hosted:
    """The service of this process, started by the first request; a start that failed is tried again."""
    global _ready
    with _starting:
        if _ready is None:
            told = variables(Path(__file__).parent, os.environ)
            os.environ.update(told)  # what OpenTelemetry reads, it reads there
            _ready = hosted(told)
        return _ready


def answered(req: func.HttpRequest) -> func.HttpResponse:
    """The service's answer to a request."""
    answer = service().answer(req.method, urlsplit(req.url).path, dict(req.headers), req.get_body())
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    kind = headers.pop("content-type")
    return func.HttpResponse(answer.body, status_code=answer.status, headers=headers, mimetype=kind)


@app.function_name("score")
@app.route(route="score", methods=[func.HttpMethod.POST])
def score(req: func.HttpRequest) -> func.HttpResponse:
    """Prediction, outlier flag and drift of the body's rows."""
    return answered(req)


@app.function_name("explain")
@app.route(route="explain", methods=[func.HttpMethod.POST])
def explain(req: func.HttpRequest) -> func.HttpResponse:
    """What moved each row's probability."""
    return answered(req)


@app.function_name("readyz")
@app.route(route="readyz", methods=[func.HttpMethod.GET])
def readyz(req: func.HttpRequest) -> func.HttpResponse:
    """Whether it is ready, which model it has and, in a header, which package answers."""
    answer = answered(req)
    # Two packages may have the same model: by it alone, whoever deploys would take the old one for the new.
    answer.headers[PACKAGE_HEADER] = os.environ.get(PACKAGE, "")
    return answer
