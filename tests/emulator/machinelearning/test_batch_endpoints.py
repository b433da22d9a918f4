"""Batch endpoints with pipeline components: what is refused, who may call, and the jobs that calls start."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AzureError, NotEmulated
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN
from emulator.machinelearning.batch.invocations import ON_ENDPOINT, ON_WORKSPACE
from emulator.principal import Principal
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

Json = dict[str, Any]
ENDPOINT = f"{estate.WORKSPACE}/batchEndpoints/training-1"
HOST = f"training-1.{estate.REGION}.inference.ml.azure.com"
FOLDER = {"type": "uri_folder"}
ML = "https://ml.azure.com"
ROLE = "6f1d3c52-0000-4000-8000-00000000000b"


def pipeline_component(lab: Lab, version: str = "1", words: str = "hello") -> str:
    """Says a word as often as it is told, and gives it out."""
    say = lab.component(
        f"say-{version}",
        f"for i in $(seq ${{{{inputs.times}}}}); do echo {words} ${{{{inputs.name}}}}; done"
        " | tee ${{outputs.said}}/f",
        {"times": {"type": "integer", "min": "1", "max": "5"}, "name": {"type": "string"}},
        {"said": FOLDER},
    )
    given = {
        name: {"job_input_type": "literal", "value": f"${{{{parent.inputs.{name}}}}}"}
        for name in ("times", "name")
    }
    node = {
        "type": "command",
        "componentId": say,
        "inputs": given,
        "outputs": {"said": {"value": "${{parent.outputs.said}}", "type": "literal"}},
    }
    spec = {
        "type": "pipeline",
        "jobs": {"say": node},
        "inputs": {
            "times": {"type": "integer", "default": "1"},
            "name": {"type": "string"},
            "data": {"type": "uri_file", "optional": True},
        },
        "outputs": {"said": FOLDER},
    }
    body = {"properties": {"componentSpec": spec}}
    return lab.write(f"{estate.WORKSPACE}/components/hello/versions/{version}", body)["id"]


def endpoint(lab: Lab, default: str | None = None, **more: Any) -> Json:
    properties: Json = {
        "authMode": "aadToken",
        **({"defaults": {"deploymentName": default}} if default else {}),
    }
    return lab.write(ENDPOINT, {"location": estate.REGION, "properties": properties, **more})


def deployment(lab: Lab, name: str, component: str, **settings: str) -> Json:
    configuration = {
        "deploymentConfigurationType": "PipelineComponent",
        "componentId": {"assetId": component, "referenceType": "Id"},
        "settings": {"default_compute": "cpu", "continue_on_step_failure": "False"} | settings,
    }
    body = {"location": estate.REGION, "properties": {"deploymentConfiguration": configuration}}
    return lab.write(f"{ENDPOINT}/deployments/{name}", body)


def call(
    lab: Lab,
    body: Json | None = None,
    *,
    method: str = "POST",
    path: str = "/jobs",
    who: Principal = SIGNED_IN,
    audience: str = ML,
    host: str = HOST,
    **headers: str,
) -> tuple[int, Json]:
    token = lab.emulator.identity.tokens.issue(who, audience)[0]
    sent = {"authorization": f"Bearer {token}", **{key.replace("_", "-"): headers[key] for key in headers}}
    answer = lab.emulator.answer(
        Request(method, host, path, path, headers=sent, body=json.dumps(body or {}).encode())
    )
    return answer.status, json.loads(answer.body)


def literal(value: Any) -> Json:
    return {"JobInputType": "Literal", "Value": value}


def inputs(**given: Json) -> Json:
    return {"properties": {"InputData": given}}


@pytest.fixture
def ready(lab: Lab) -> Lab:
    endpoint(lab)
    deployment(lab, "first", pipeline_component(lab))
    endpoint(lab, "first")
    return lab


def test_a_call_starts_a_pipeline_job_of_the_component(ready: Lab) -> None:
    status, started = call(ready, inputs(times=literal(2), name=literal("you")))
    assert status == 201
    assert started["type"] == "Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments/jobs"
    name = started["name"]
    assert name.startswith("batchjob-")
    assert ready.until(name) == "Completed", ready.record(name)
    job = ready.get("jobs", name)["properties"]
    assert (job["jobType"], job["experimentName"]) == ("Pipeline", "training-1")
    assert job["inputs"]["times"] == {"jobInputType": "literal", "value": "2"}
    child = ready.child(name, "say")
    assert ready.log(child) == "hello you\nhello you\n"
    assert ready.output(ready.record(name)["outputs"]["said"]["uri"] + "f") == "hello you\nhello you\n"
    [listed] = call(ready, method="GET")[1]["value"]
    assert (listed["name"], listed["properties"]["status"]) == (name, "Completed")
    assert call(ready, method="GET", path=f"/jobs/{name}")[1]["name"] == name
    assert call(ready, method="GET", path="/jobs/other")[0] == 404


def test_the_sdks_names_and_a_name_and_an_experiment_are_taken(ready: Lab) -> None:
    given = {"name": {"jobInputType": "literal", "value": "you"}}
    body = {"inputData": given, "name": "my-run", "properties": {"experimentName": "mine"}}
    status, started = call(ready, {"properties": body})
    assert (status, started["name"]) == (201, "my-run")
    assert ready.get("jobs", "my-run")["properties"]["experimentName"] == "mine"
    again, refused = call(ready, {"properties": body})
    assert again == 409
    assert refused["error"]["message"].startswith("A job with this name already exists")
    assert ready.until("my-run") == "Completed"
    assert len(call(ready, method="GET")[1]["value"]) == 1


def test_the_header_chooses_another_deployment(ready: Lab) -> None:
    deployment(ready, "second", pipeline_component(ready, "2", "bye"))
    _, started = call(ready, inputs(name=literal("you")), azureml_model_deployment="second")
    assert ready.until(started["name"]) == "Completed"
    assert ready.log(ready.child(started["name"], "say")) == "bye you\n"
    listing = ready.emulator.answer(_list(ready, "second"))
    assert [job["name"] for job in json.loads(listing.body)["value"]] == [started["name"]]
    assert json.loads(ready.emulator.answer(_list(ready, "first")).body)["value"] == []
    assert call(ready, inputs(name=literal("x")), azureml_model_deployment="third")[0] == 404


def _list(lab: Lab, deployment: str) -> Request:
    token = lab.emulator.identity.tokens.issue(SIGNED_IN, ML)[0]
    path = f"/mferp/managementfrontend{ENDPOINT}/deployments/{deployment}/jobs"
    head = {"authorization": f"Bearer {token}"}
    return Request("GET", f"{estate.REGION}.api.azureml.ms", path, path, headers=head)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": literal("x"), "times": literal("many")}, "inputData.times: 'many' is no integer"),
        ({}, "inputData.name: the pipeline needs this input"),
        (
            {"name": literal("x"), "age": literal(1)},
            "inputData.age: the pipeline has no such input; it has: ",
        ),
        (
            {"name": {"JobInputType": "UriFile", "Uri": "https://a"}},
            "inputData.name: UriFile is data; the pipeline wants a literal of type string",
        ),
        (
            {"name": literal("x"), "data": literal("x")},
            "inputData.data: 'x' is a literal; the pipeline wants",
        ),
        (
            {"name": literal("x"), "data": {"JobInputType": "UriFolder", "Uri": "https://a"}},
            "inputData.data: UriFolder is a uri_folder; the pipeline wants a uri_file",
        ),
        ({"name": literal("x"), "data": {"JobInputType": "UriFile"}}, "an input of type UriFile needs a uri"),
        ({"name": {"JobInputType": "Text", "Value": "x"}}, "JobInputType is 'Text'"),
        ({"name": literal(None)}, "a literal needs a value"),
        ({"name": "x"}, "properties.inputData.name: it must be an object, not 'x'"),
    ],
)
def test_wrong_inputs_are_refused_and_nothing_starts(ready: Lab, given: Json, said: str) -> None:
    status, answer = call(ready, inputs(**given))
    assert (status, answer["error"]["code"]) == (400, "UserError")
    assert said in answer["error"]["message"]
    assert answer["error"]["details"][0]["code"] == "ValidationError"
    assert call(ready, method="GET")[1]["value"] == []


def test_what_only_the_jobs_rules_see_is_refused_too(ready: Lab) -> None:
    gone = {"JobInputType": "UriFile", "Uri": "azureml://datastores/nowhere/paths/x"}
    status, answer = call(ready, inputs(name=literal("x"), data=gone))
    assert status == 400
    assert "has no datastore of that name" in answer["error"]["message"]
    assert call(ready, {"properties": {"miniBatchSize": 10}})[0] == 501
    assert call(ready, {"properties": {"wrong": 10}})[0] == 400


def test_the_long_path_of_a_datastore_is_the_datastores(ready: Lab) -> None:
    place = ready.emulator.arm.get(estate.WORKSPACE)["properties"]["workspaceId"]
    ready.emulator.blobs.write(estate.ACCOUNT_NAME, f"azureml-blobstore-{place}", "in/x.csv", b"1\n")
    uri = f"{estate.WORKSPACE}/datastores/workspaceblobstore/paths/in/x.csv"
    status, _ = call(ready, inputs(name=literal("x"), data={"JobInputType": "UriFile", "Uri": uri}))
    assert status == 201


def test_callers_need_a_token_for_azure_ml_and_the_rights_of_the_documents(ready: Lab) -> None:
    body = inputs(name=literal("x"))
    assert call(ready, body, audience="https://management.azure.com")[0] == 401
    made = ready.write(f"{estate.GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/starter",
                       {"location": estate.REGION})  # fmt: skip
    starter = ready.emulator.identity.directory.find(made["properties"]["principalId"])
    assert starter is not None
    status, refused = call(ready, body, who=starter)
    assert (status, refused["error"]["code"]) == (403, "AuthorizationFailed")
    assert f"{estate.WORKSPACE}/batchEndpoints/training-1" in refused["error"]["message"]
    role = f"{estate.GROUP}/providers/Microsoft.Authorization/roleDefinitions/{ROLE}"
    actions = [*ON_ENDPOINT, *ON_WORKSPACE]
    for allowed in (actions[:-1], actions):
        permissions = [{"actions": allowed, "notActions": [], "dataActions": [], "notDataActions": []}]
        ready.write(role, {"properties": {
            "roleName": "starter", "type": "CustomRole", "description": "",
            "permissions": permissions, "assignableScopes": [estate.GROUP],
        }})  # fmt: skip
        assigned = f"{estate.WORKSPACE}/providers/Microsoft.Authorization/roleAssignments/{ROLE}"
        ready.write(assigned, {"properties": {
            "principalId": starter.object_id, "principalType": "ServicePrincipal", "roleDefinitionId": role,
        }})  # fmt: skip
        assert call(ready, body, who=starter)[0] == (201 if allowed is actions else 403)


def test_endpoints_say_where_they_are_called(lab: Lab) -> None:
    made = endpoint(lab, tags={"for": "training"})
    assert made["properties"]["scoringUri"] == f"https://{HOST}/jobs"
    assert (made["properties"]["authMode"], made["properties"]["provisioningState"]) == (
        "AADToken",
        "Succeeded",
    )
    assert call(lab, inputs())[1]["error"]["message"].startswith("Endpoint 'training-1' has no default")
    assert call(lab, inputs(), host=HOST.replace("training-1", "other"))[0] == 501


def test_what_azure_refuses_of_endpoints(lab: Lab) -> None:
    with pytest.raises(AzureError, match="Tag values must not be null or empty"):
        endpoint(lab, tags={"key": ""})
    with pytest.raises(AzureError, match="no deployment 'first' to be its default"):
        endpoint(lab, "first")
    with pytest.raises(AzureError, match="it must be AADToken"):
        lab.write(ENDPOINT, {"location": estate.REGION, "properties": {"authMode": "Key"}})
    endpoint(lab)
    other = estate.WORKSPACE.replace(estate.WORKSPACE_NAME, "mlw-other")
    lab.write(other, estate.workspace_body())
    with pytest.raises(AzureError, match="endpoint names must be unique within a region"):
        lab.write(f"{other}/batchEndpoints/Training-1", {"location": estate.REGION,
                                                         "properties": {"authMode": "AADToken"}})  # fmt: skip


def test_what_azure_refuses_of_deployments(lab: Lab) -> None:
    component = pipeline_component(lab)
    endpoint(lab)
    with pytest.raises(NotEmulated, match=r"batch deployments with a model \(deployment 'first'\)"):
        lab.write(f"{ENDPOINT}/deployments/first", {"location": estate.REGION, "properties": {"model": {}}})
    with pytest.raises(AzureError, match="Request is invalid and/or missing fields") as refusal:
        deployment(lab, "first", "")
    assert refusal.value.details == [{"code": "RequestInvalid", "message": "The AssetId field is required."}]
    with pytest.raises(AzureError, match="there is no component 'hello:1'"):
        deployment(lab, "first", "hello:1")
    with pytest.raises(AzureError, match=r"components/bye/versions/1 .* was not found"):
        deployment(lab, "first", component.replace("hello", "bye"))
    with pytest.raises(AzureError, match="is of type 'command'; it must be a pipeline"):
        deployment(lab, "first", component.replace("hello", "say-1"))
    with pytest.raises(AzureError, match="default_compute is 'gpu'"):
        deployment(lab, "first", component, default_compute="gpu")
    with pytest.raises(NotEmulated, match="setting 'queue' of a deployment"):
        deployment(lab, "first", component, queue="fast")
    with pytest.raises(AzureError, match="force_rerun is 'yes'; it must be True or False"):
        deployment(lab, "first", component, force_rerun="yes")
    with pytest.raises(AzureError):
        lab.write(f"{ENDPOINT[:-1]}2/deployments/first", {"properties": {}})


def test_the_default_deployment_stays_until_another_one_is_it(ready: Lab) -> None:
    deployment(ready, "second", pipeline_component(ready, "2"))
    with pytest.raises(AzureError, match="'first' is the default of its endpoint"):
        ready.emulator.arm.delete(f"{ENDPOINT}/deployments/first")
    endpoint(ready, "second")
    ready.emulator.arm.delete(f"{ENDPOINT}/deployments/first")
    ready.emulator.arm.delete(ENDPOINT)
    assert ready.emulator.arm.find(f"{ENDPOINT}/deployments/second") is None
