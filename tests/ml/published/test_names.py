"""The endpoint's name is known before it exists, and is another one for each workspace of a region."""

from azure.ai.ml.entities._endpoint._endpoint_helpers import validate_endpoint_or_deployment_name

from ml.content import content_key
from ml.published import names


def test_names_are_those_that_azure_takes() -> None:
    endpoint = names.endpoint("00000000-0000-0000-0000-000000000001", "rg-mlops-stage", "mlw-mlops-stage")
    validate_endpoint_or_deployment_name(endpoint)
    validate_endpoint_or_deployment_name(names.deployment(content_key("x")), is_deployment=True)
    assert len(names.version(content_key("x"))) == 16


def test_each_workspace_has_a_name_of_its_own_whatever_the_case_of_its_id() -> None:
    one = names.endpoint("S", "rg", "mlw")
    assert one == names.endpoint("s", "RG", "mlw")
    assert len({one, names.endpoint("s2", "rg", "mlw"), names.endpoint("s", "rg2", "mlw")}) == 3


def test_the_address_names_endpoint_and_region() -> None:
    url = names.endpoint_url("training-1", "westeurope")
    assert url == "https://training-1.westeurope.inference.ml.azure.com/jobs"
