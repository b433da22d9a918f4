"""What a call of a batch endpoint says, as the pipeline job that it starts: pure functions of the body."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from emulator.errors import AzureError, NotEmulated
from emulator.machinelearning.literals import DATA_TYPES, LITERAL_TYPES, as_text, complaint
from emulator.machinelearning.plan_pipeline import declared

Json = dict[str, Any]
# JobInputType and JobOutputType of the call, in lower case -> type of a job's input
TYPES: Final = {
    "urifile": "uri_file",
    "urifolder": "uri_folder",
    "mltable": "mltable",
    "mlflowmodel": "mlflow_model",
    "custommodel": "custom_model",
}
LITERAL: Final = "literal"
KNOWN: Final = frozenset({"inputdata", "outputdata", "name", "properties"})
OF_MODELS: Final = frozenset(
    {
        "compute", "dataset", "errorthreshold", "minibatchsize", "outputdataset", "outputfilename",
        "retrysettings", "maxconcurrencyperinstance", "logginglevel", "partitionkeys",
    }
)  # fmt: skip
IN_DATASTORE: Final = re.compile(
    r"(?:azureml:)?/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/"
    r"Microsoft\.MachineLearningServices/workspaces/(?P<workspace>[^/]+)/datastores/(?P<store>[^/]+)/paths/"
    r"(?P<path>.*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Call:
    """A read call. `inputs` and `outputs` are those of the job; `name` and `experiment` may be empty."""

    inputs: Json
    outputs: Json
    name: str = ""
    experiment: str = ""


def lowered(body: Any, path: str) -> Json:
    """An object with its keys in lower case: the service takes InputData and inputData alike."""
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise _refused([(path, f"it must be an object, not {body!r}")])
    return {str(key).lower(): value for key, value in cast(Json, body).items()}


def read(body: Any, spec: Json) -> Call:
    """The call of a pipeline component. 400 with every input and output that is wrong."""
    properties = lowered(lowered(body, "body").get("properties"), "properties")
    for key in properties.keys() - KNOWN:
        if key in OF_MODELS:
            raise NotEmulated(f"{key} in a call of a batch endpoint; it is for deployments with a model")
        raise _refused([(f"properties.{key}", "there is no such property")])
    more = lowered(properties.get("properties"), "properties.properties")
    found: list[tuple[str, str]] = []
    inputs = dict(_inputs(properties.get("inputdata"), declared(spec.get("inputs")), found))
    outputs = dict(_outputs(properties.get("outputdata"), declared(spec.get("outputs")), found))
    if found:
        raise _refused(found)
    return Call(inputs, outputs, as_text(properties.get("name")), as_text(more.get("experimentname")))


def _inputs(
    given: Any, declarations: Mapping[str, Json], found: list[tuple[str, str]]
) -> Iterator[tuple[str, Json]]:
    sent: Json = given if isinstance(given, dict) else {}
    if given is not None and not isinstance(given, dict):
        found.append(("properties.inputData", f"it must be an object, not {given!r}"))
    for name, body in sent.items():
        path = f"properties.inputData.{name}"
        declaration = declarations.get(name)
        if declaration is None:
            known = ", ".join(sorted(declarations)) or "none"
            found.append((path, f"the pipeline has no such input; it has: {known}"))
            continue
        value, wrong = _input(lowered(body, path), declaration)
        if wrong:
            found.append((path, wrong))
        yield name, value
    for name, declaration in declarations.items():
        needed = not declaration.get("optional") and declaration.get("default") is None
        if needed and name not in sent:
            found.append((f"properties.inputData.{name}", "the pipeline needs this input"))


def _input(body: Json, declaration: Json) -> tuple[Json, str]:
    """An input of the job, and what is wrong with it."""
    kind = str(body.get("jobinputtype") or "")
    wanted = str(declaration.get("type") or "string")
    if kind.lower() == LITERAL:
        if body.get("value") is None:
            return {}, "a literal needs a value"
        text = as_text(body["value"])
        if wanted not in LITERAL_TYPES:
            return {}, f"{text!r} is a literal; the pipeline wants a {wanted}"
        return {"jobInputType": "literal", "value": text}, complaint(declaration, text) or ""
    name = TYPES.get(kind.lower())
    if name is None or name not in DATA_TYPES:
        return {}, f"JobInputType is {kind!r}; it must be Literal, UriFile, UriFolder or another type of data"
    if wanted in LITERAL_TYPES:
        return {}, f"{kind} is data; the pipeline wants a literal of type {wanted}"
    if name != wanted:
        return {}, f"{kind} is a {name}; the pipeline wants a {wanted}"
    uri = as_text(body.get("uri"))
    if not uri:
        return {}, f"an input of type {kind} needs a uri"
    return {"jobInputType": name, "uri": _short(uri)}, ""


def _outputs(
    given: Any, declarations: Mapping[str, Json], found: list[tuple[str, str]]
) -> Iterator[tuple[str, Json]]:
    if given is not None and not isinstance(given, dict):
        found.append(("properties.outputData", f"it must be an object, not {given!r}"))
        return
    for name, sent in cast(Json, given or {}).items():
        path = f"properties.outputData.{name}"
        if name not in declarations:
            known = ", ".join(sorted(declarations)) or "none"
            found.append((path, f"the pipeline has no such output; it has: {known}"))
            continue
        body = lowered(sent, path)
        kind = TYPES.get(str(body.get("joboutputtype") or "").lower())
        if kind is None:
            found.append((path, f"JobOutputType is {body.get('joboutputtype')!r}, which is none"))
        elif not body.get("uri"):
            found.append((path, "an output that is named needs a uri"))
        else:
            yield name, {"jobOutputType": kind, "uri": _short(as_text(body["uri"]))}


def _short(uri: str) -> str:
    """The long path in a datastore, which only calls of endpoints write so, as every other body writes it."""
    match = IN_DATASTORE.fullmatch(uri)
    if match is None:
        return uri
    return (
        f"azureml://subscriptions/{match['subscription']}/resourcegroups/{match['group']}/workspaces/"
        f"{match['workspace']}/datastores/{match['store']}/paths/{match['path']}"
    )


def _refused(found: list[tuple[str, str]]) -> AzureError:
    lines = "; ".join(f"{path}: {message}" for path, message in found)
    details = [{"code": "ValidationError", "target": path, "message": text} for path, text in found]
    return AzureError(400, "UserError", f"The call of the batch endpoint is not valid. {lines}.", details)
