"""Where an estate holds rows of people, and whose rows go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ml.forget.landed import Sets
from ml.forget.telemetry import Logs
from ml.kept.erase import Requests
from ml.kept.place import KeptPlace

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from ml.precomputed.store import Store


@dataclass(frozen=True, slots=True)
class Where:
    """features: the folder of feature tables. batches: the folder below which batches have their outputs;
    outputs: further ones, one by one. All are local paths or abfss:// addresses. predictions: opens the
    database of predictions by key. sets: files that landed or were trained on. None: the estate has none.

    retention_days: of answers. wait_s: how long a batch that writes to an output is waited for.
    """

    kept: KeptPlace
    retention_days: int
    features: str | None = None
    batches: str | None = None
    outputs: tuple[str, ...] = ()
    predictions: Callable[[], Store] | None = None
    logs: Logs | None = None
    sets: Sets | None = None
    credential: TokenCredential | None = None
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Person:
    """key: as callers, batches and feature tables name the person. requests: of the answers about it.

    record: the id of the erasure's record. before: when it began. now: the moment of this command. landed:
    names of landed files that this erasure has written anew, by the SHA-256 of what they were before.
    """

    key: str
    requests: Requests
    record: str
    before: datetime
    now: datetime
    landed: Mapping[str, str] = field(default_factory=dict[str, str])
