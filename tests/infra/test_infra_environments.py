"""An environment is one stack file: nothing else names it, and the whole line takes one that is added."""

from pathlib import Path

import pytest
import yaml

from demo import phases, stacks
from emulator.identity.subscriptions import named_in_stack_files
from infra.config_errors import ConfigError
from infra.environments import environments, stack_file
from infra.outputs import EstateOutputs
from infra.stack_file import settings_of
from ml.estate import parse_outputs
from tests.infra.golden import picture
from tests.infra.recording import Graph, record
from tests.infra.settings import another_environment


@pytest.fixture(scope="module")
def dev() -> Graph:
    return record("dev", another_environment("dev"))


def test_each_stack_file_is_an_environment(tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.dev.yaml", "Pulumi.stage.yaml", "Other.dev.yaml"):
        (tmp_path / name).write_text("config: {}\n")
    assert environments(tmp_path) == ("stage", "dev", "prod")
    assert {"stage", "prod"} <= set(environments())
    assert all(stack_file(name).is_file() for name in environments())


@pytest.mark.parametrize("content", ["config: [\n", "config:\n  key: 'secret\n", b"config: \xff\n"])
def test_a_stack_file_that_is_no_yaml_is_told_and_not_quoted(tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=r'Pulumi\.dev\.yaml is "no YAML') as raised:
        settings_of("dev", tmp_path)
    assert "secret" not in str(raised.value)


def test_an_environment_that_is_added_has_all_parts(dev: Graph, stage: Graph) -> None:
    assert picture(dev) == picture(stage)
    assert {r.inputs["tags"]["environment"] for r in dev.custom if "tags" in r.inputs} == {"dev"}
    assert dev.one("machinelearningservices:Compute").inputs["computeName"] == "cpu-dev"


def test_mlops_takes_its_outputs(dev: Graph) -> None:
    estate = parse_outputs("dev", dev.outputs)
    assert isinstance(estate, EstateOutputs)
    assert (estate.environment, estate.workspace) == ("dev", "mlw-mlops-dev-weu")


def test_the_emulator_has_its_subscription(tmp_path: Path) -> None:
    for name in ("stage", "dev", "prod"):
        config = another_environment(name)
        if name != "dev":
            config["azure-native:subscriptionId"] = "0A7C1E5D-0000-4000-8000-00000000000A"
        (tmp_path / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": config}))
    (tmp_path / "Pulumi.empty.yaml").write_text("config: {}\n")
    assert list(named_in_stack_files(tmp_path).items()) == [
        ("0a7c1e5d-0000-4000-8000-00000000000a", "stage"),
        ("0a7c1e5d-0000-4000-8000-00000000000d", "dev"),
    ]


def test_the_demo_brings_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases, "STACKS", ("stage", "dev", "prod"))
    prod = stacks.config("prod")
    monkeypatch.setattr(stacks, "config", lambda stack: {"dev": another_environment("dev")}.get(stack, prod))
    monkeypatch.setattr(stacks, "has_a_private_gateway", lambda stack: stack == "prod")
    shown = [phase.shown for phase in phases.phases({"dev": ("recoverKeyVault",)})]
    assert shown[:5] == [
        "pulumi up -s stage",
        "pulumi up -s dev --config mlops-estate:recoverKeyVault=true",
        "pulumi up -s prod --config mlops-estate:openGateway=true",
        "mlops key --env prod",
        "pulumi up -s prod",
    ]
