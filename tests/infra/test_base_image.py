"""What images are built on: fetched through the estate's own registry, named by its digest."""

from typing import Any

import pytest

from infra.config import load
from infra.config_errors import ConfigError
from infra.outputs import EstateOutputs
from tests.infra.recording import Graph, record, stack_file
from tests.infra.settings import STACKS, raw_settings


@pytest.mark.parametrize("stack", STACKS)
def test_builds_are_given_a_copy_by_digest(graphs: dict[str, Graph], stack: str) -> None:
    graph = graphs[stack]
    rule = graph.one("containerregistry:CacheRule")
    assert rule.inputs["sourceRepository"] == "public.ecr.aws/docker/library/python"
    assert rule.inputs["targetRepository"] == "base/python"
    outputs = EstateOutputs.model_validate(graph.outputs)
    base = raw_settings(stack)["registry"]["baseImage"]
    assert outputs.base_image == f"{outputs.registry_login_server}/base/python:{base['tag']}@{base['digest']}"


def test_without_one_builds_take_what_the_dockerfile_names() -> None:
    config = stack_file("stage")
    del config["mlops-estate:registry"]["baseImage"]
    graph = record("stage", config)
    assert not graph.all("containerregistry:CacheRule")
    assert EstateOutputs.model_validate(graph.outputs).base_image is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"digest": "latest"},
            "write the digest as sha256: and 64 hexadecimal digits; a tag alone may change",
        ),
        ({"digest": "sha256:abc"}, "write the digest as sha256: and 64 hexadecimal digits"),
        ({"repository": "python"}, "registry.baseImage.repository"),
        ({"repository": "docker.io/library/python"}, "write public.ecr.aws/docker/library/python"),
        ({"repository": "docker.io/else/python"}, "name a registry that needs no credentials"),
    ],
)
def test_a_base_without_a_digest_is_refused(change: dict[str, Any], words: str) -> None:
    raw = raw_settings("stage")
    raw["registry"]["baseImage"] |= change
    with pytest.raises(ConfigError, match=words):
        load(raw, "stage")
