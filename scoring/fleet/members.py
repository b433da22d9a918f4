"""The members of a fleet: who answers for a key, what is in memory, and how a model gets there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scoring.fleet.resident import Resident
from scoring.fleet.stored import Fleet, model_dir
from scoring.fleet.windows import Windows
from scoring.model import artifact as artifacts
from scoring.model import evaluator
from scoring.model.artifact import Artifact, ArtifactError
from scoring.model.drift import DriftReport
from scoring.model.machine import Absent, MachineCode
from scoring.monitor import DriftMonitor
from scoring.scorer import Scorer
from scoring.settings import Settings

log = logging.getLogger(__name__)

# An ONNX file takes some 31 bytes a node, the machine code 13 a node and 132 a tree: 0.47 of the file for the
# example model. ONNX Runtime's session holds the graph and its own form of it.
MACHINE_SHARE: Final = 0.55
SESSION_SHARE, SESSION_BYTES = 4.0, 1_000_000
OBJECT_BYTES: Final = 80_000  # Python's: the drift reference, the latest report, what answers say
BROKEN: Final = "its model cannot be loaded"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A member's scorer, and the bytes that it takes in memory, an estimate from above."""

    scorer: Scorer
    size: int


class Members:
    """Used by the event loop's thread; `load` alone may run in another one."""

    def __init__(
        self,
        directory: Path,
        fleet: Fleet,
        pooled: Scorer,
        windows: Windows,
        settings: Settings,
        code: MachineCode | Absent,
        most_bytes: int,
    ) -> None:
        """pooled: the scorer of the pooled model. most_bytes: of the models of this process."""
        self.fleet, self._directory, self._windows, self._settings = fleet, directory, windows, settings
        self._code = code
        self._common = {"fleet": fleet.digest}
        # A member's key has its rows' values: neither events nor logs have it where these must not leave.
        hidden = settings.telemetry.redact | settings.telemetry.hashed
        self.named = hidden.isdisjoint(fleet.split)
        self.pooled = pooled.saying({**self._common, "member": None, "fallback": False})
        self._numbers = {key: number for number, key in enumerate(fleet.members)}
        self.resident: Resident[Scorer] = Resident(most_bytes)
        self.monitors: dict[str, DriftMonitor] = {}
        # Of members that left memory: what was found is not forgotten when they are back.
        self._reports: dict[str, DriftReport] = {}
        # Of members that the pooled model answers for: why, by the fleet or by a failure to load.
        self.reasons = {key: one.reason for key, one in fleet.members.items() if one.falls_back}
        self._fallbacks = {key: self._fallback(key) for key in self.reasons}

    def _fallback(self, key: str) -> Scorer:
        return self.pooled.saying({"member": key, "fallback": True})

    def find(self, key: str | None) -> Scorer | None:
        """Who answers at once; None for a member that is not in memory, and for a key that is none."""
        if key is None:
            return self.pooled
        return self.resident.get(key) or self._fallbacks.get(key)

    def knows(self, key: str) -> bool:
        """Whether the key is that of a member."""
        return key in self.fleet.members

    def stranger(self, key: str) -> Scorer:
        """The pooled model, for a key that is none."""
        return self._fallback(key)

    def is_fallback(self, scorer: Scorer) -> bool:
        """Whether a request for a member is answered by the pooled model."""
        return bool(scorer.model["fallback"])

    def spoken(self, key: str) -> str:
        """A member as logs name it: by its key, or by its place in the list of GET /fleet."""
        return key if self.named else f"number {self._numbers[key] + 1}"

    def load(self, key: str) -> Loaded:
        """Read a member's model and test it on its samples; any thread. Raises ArtifactError."""
        stated = self.fleet.members[key]
        found = artifacts.load(model_dir(self._directory, stated.model))
        check(found, stated.model, self.fleet)
        chosen = evaluator.choose(found, self._code)
        settings = self._settings
        number, named = self._numbers[key], {"member": self.spoken(key)}
        window, told = self._windows.window(number, found.drift), self._windows.told(number)
        monitor = DriftMonitor(found.drift, settings.drift, settings.pace, None, window, told, named)
        full = Scorer(found, monitor, settings.identity, settings.limits.rows, chosen)
        full.self_test()
        lean = full.leaner(self.pooled).saying({**self._common, "member": key, "fallback": False})
        return Loaded(lean, _bytes(found, by_machine=chosen.code is not None))

    def keep(self, key: str, loaded: Loaded) -> dict[str, int]:
        """Hold what was loaded; what left memory for it, with its bytes."""
        left = self.resident.put(key, loaded.scorer, loaded.size)
        monitor = loaded.scorer.monitor
        if (before := self._reports.pop(key, None)) is not None:
            monitor.report = before
        self.monitors[key] = monitor
        for other in left:
            report = self.monitors.pop(other).report
            if report.evaluated_at is not None:
                self._reports[other] = report
        return left

    def give_up(self, key: str, error: Exception) -> Scorer:
        """From now on the pooled model answers for this member. Until the service starts anew."""
        # What no artifact should do is told with where it happened.
        cause = None if isinstance(error, ArtifactError) else error
        reason = str(error) or type(error).__name__
        more = {"member": self.spoken(key), "reason": reason}
        log.error("the pooled model answers for a member", exc_info=cause, extra=more)
        self.reasons[key] = BROKEN
        self._fallbacks[key] = self._fallback(key)
        return self._fallbacks[key]

    def own(self) -> tuple[str, ...]:
        """The members with a model of their own."""
        return tuple(key for key in self.fleet.members if key not in self.reasons)

    def to_json(self) -> dict[str, object]:
        """Of each member which model answers, why it is the pooled one, and whether it is in memory."""
        stated: Mapping[str, object] = {
            key: {
                "model": self.fleet.pooled if key in self.reasons else one.model,
                "reason": self.reasons.get(key, ""),
                "source": one.source,
                "resident": key in self.resident,
            }
            for key, one in self.fleet.members.items()
        }
        return {
            "name": self.fleet.name,
            "digest": self.fleet.digest,
            "split": list(self.fleet.split),
            "unknown": self.fleet.unknown,
            "pooled": self.fleet.pooled,
            "resident": {
                "models": len(self.resident),
                "bytes": self.resident.bytes,
                "most_bytes": self.resident.most_bytes,
            },
            "members": stated,
        }


def check(found: Artifact, stated: str, fleet: Fleet) -> None:
    """Raises ArtifactError for another model than the fleet names, or one with another contract."""
    if found.digest != stated:
        raise ArtifactError(f"the model is {found.digest}, and the fleet names {stated}")
    if found.schema.digest != fleet.contract.digest:
        raise ArtifactError(f"the model {stated} has another contract than the fleet")


def _bytes(artifact: Artifact, *, by_machine: bool) -> int:
    size = len(artifact.composite)
    own = int(size * MACHINE_SHARE) if by_machine else int(size * SESSION_SHARE) + SESSION_BYTES
    return own + OBJECT_BYTES
