"""The settings of an environment as its stack file has them, for programs that run outside Pulumi."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from infra.config import Settings, load
from infra.config_errors import AZURE, NAMESPACE, ConfigError, Problem
from infra.environments import ROOT, environments, stack_file


class NoStackFile(Exception):
    """There is no stack file of that environment; `known` are those that there are."""

    def __init__(self, environment: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no Pulumi.{environment}.yaml; there are {', '.join(known) or 'none'}")
        self.environment = environment
        self.known = known


def raw_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """What `config.load` takes, from the `config` of a stack file."""
    raw = {
        key.removeprefix(f"{NAMESPACE}:"): value
        for key, value in config.items()
        if key.startswith(f"{NAMESPACE}:")
    }
    azure = {
        key.removeprefix(f"{AZURE}:"): value for key, value in config.items() if key.startswith(f"{AZURE}:")
    }
    return {**raw, "azure": azure}


def settings_of(environment: str, root: Path = ROOT) -> Settings:
    """Raises NoStackFile, or ConfigError naming every wrong setting."""
    file = stack_file(environment, root)
    if not file.is_file():
        raise NoStackFile(environment, environments(root))
    return load(raw_settings(config_of(file)), environment)


def config_of(file: Path) -> dict[str, Any]:
    """The `config` of a stack file, of any project; empty where it has none. Raises ConfigError: no YAML."""
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # Not its words, which quote the file: a secret may stand in it.
        mark = getattr(error, "problem_mark", None)
        where = f" from line {mark.line + 1} on" if mark is not None else ""
        raise ConfigError([Problem(file.name, f"no YAML{where}", "correct what stands there")]) from error
    config: Any = content.get("config") if isinstance(content, dict) else None
    return cast("dict[str, Any]", config) if isinstance(config, dict) else {}
