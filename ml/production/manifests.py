"""The manifests of environments/kubernetes/, filled with typed values.

They are whole YAML files: what a platform engineer reads, lints and reviews is what is sent, but for the
values. ${NAME} is replaced in the parsed tree and not in the text, so no value can change a manifest's shape,
and a number stays a number.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from ml.errors import MlopsError
from ml.production.values import Values

Manifest = dict[str, Any]
FOLDER: Final = "environments/kubernetes"
# In the order in which they are applied: each finds what it names.
SHARED: Final = ("namespace.yaml", "service-account.yaml", "default-deny.yaml", "network-policy.yaml")
REVISION: Final = ("deployment.yaml", "service.yaml", "autoscaler.yaml", "disruption-budget.yaml")
_PLACEHOLDER = re.compile(r"\$\{([a-z_]*)\}")


def shared(values: Values, root: Path | None = None) -> list[Manifest]:
    """What all revisions of an environment stand on: namespace, identity, who may speak to whom."""
    return [_filled(name, values.placeholders(), root) for name in SHARED]


def revision(values: Values, root: Path | None = None) -> list[Manifest]:
    """What belongs to one revision and goes with it."""
    return [_filled(name, values.placeholders(), root) for name in REVISION]


def render(values: Values, root: Path | None = None) -> list[Manifest]:
    """All manifests of a revision, in the order in which they are applied. root: the checkout."""
    return [*shared(values, root), *revision(values, root)]


def as_yaml(manifests: list[Manifest]) -> str:
    """What `kubectl diff -f -` and a reviewer read."""
    import yaml

    return yaml.safe_dump_all(manifests, sort_keys=False, explicit_start=True, width=110)


def _filled(name: str, values: Mapping[str, object], root: Path | None) -> Manifest:
    from ml.estate import project_root

    file = (root or project_root()) / FOLDER / name
    return fill(_parsed(file), values, name)


def fill(tree: Any, values: Mapping[str, object], name: str) -> Any:
    """A copy of the tree with the values in it. Raises MlopsError for a placeholder that has none."""
    if isinstance(tree, dict):
        return {key: fill(item, values, name) for key, item in tree.items()}
    if isinstance(tree, list):
        return [fill(item, values, name) for item in tree]
    if not isinstance(tree, str):
        return tree
    if whole := _PLACEHOLDER.fullmatch(tree):
        return _value(whole[1], values, name)
    return _PLACEHOLDER.sub(lambda found: str(_value(found[1], values, name)), tree)


def _value(key: str, values: Mapping[str, object], name: str) -> object:
    if key not in values:
        raise MlopsError(
            f"{FOLDER}/{name} has ${{{key}}}, for which there is no value.",
            f"Correct its name, or add it to ml/production/values.py. There are {', '.join(sorted(values))}.",
        )
    return values[key]


@cache
def _parsed(file: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise MlopsError(
            f"The manifest {file} cannot be read: {error.strerror}.", "Restore it from the repository."
        ) from error
    except yaml.YAMLError as error:
        raise MlopsError(f"The manifest {file} is not YAML: {error}.", "Correct what it names.") from error
