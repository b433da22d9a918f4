"""What a check of the doctor says."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # `pulumi up` works, but somebody should know
    FAILED = "failed"  # `pulumi up` would fail
    UNKNOWN = "unknown"  # the check could not be made


@dataclass(frozen=True, slots=True)
class Finding:
    """check: what was looked at. said: what was found. remedy: what to do; "" where nothing is to be done."""

    check: str
    state: State
    said: str
    remedy: str = ""

    def row(self) -> dict[str, Any]:
        return asdict(self)


def ok(check: str, said: str) -> Finding:
    return Finding(check, State.OK, said)


def failed(check: str, said: str, remedy: str) -> Finding:
    return Finding(check, State.FAILED, said, remedy)


def warning(check: str, said: str, remedy: str) -> Finding:
    return Finding(check, State.WARNING, said, remedy)


def unknown(check: str, said: str, remedy: str) -> Finding:
    return Finding(check, State.UNKNOWN, said, remedy)


def count(findings: Iterable[Finding], state: State) -> int:
    return sum(finding.state is state for finding in findings)
