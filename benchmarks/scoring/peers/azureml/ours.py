"""Entry script of azureml-inference-server-http: our composite."""

from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse

from benchmarks.scoring.composite import Composite, from_environment

composite: Composite


def init() -> None:
    global composite
    composite = from_environment()


@rawhttp
def run(request: AMLRequest) -> AMLResponse:
    return AMLResponse(composite.answer(request.get_data()), 200, {"Content-Type": "application/json"})
