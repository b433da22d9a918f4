"""Entry script of azureml-inference-server-http: the usual composite on scikit-learn."""

import os
from pathlib import Path

from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

from benchmarks.scoring.naive import NaiveComposite, load

composite: NaiveComposite


def init() -> None:
    global composite
    composite = load(Path(os.environ["NAIVE_MODEL"]))


@rawhttp
def run(request: AMLRequest) -> AMLResponse:
    return AMLResponse(composite.answer(request.get_data()), 200, {"Content-Type": "application/json"})
