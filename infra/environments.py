"""Which environments there are: each is one stack file, Pulumi.NAME.yaml, beside Pulumi.yaml."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PROVEN_IN: Final = "stage"
"""The environment in which releases are proven before they go anywhere else."""
_BEFORE, _AFTER = "Pulumi.", ".yaml"


def environments(root: Path = ROOT) -> tuple[str, ...]:
    """Their names: stage first, where releases are proven, then the others by name."""
    names = (path.name[len(_BEFORE) : -len(_AFTER)] for path in root.glob(f"{_BEFORE}?*{_AFTER}"))
    return tuple(sorted(names, key=lambda name: (name != PROVEN_IN, name)))


def stack_file(environment: str, root: Path = ROOT) -> Path:
    """The stack file of an environment."""
    return root / f"{_BEFORE}{environment}{_AFTER}"
