"""What was found out about a release in an environment: checks with their figures, under one digest."""

from pydantic import BaseModel, ConfigDict, Field

from ml.content import content_key


class Check(BaseModel):
    """One question and its answer.

    `figures` are what was measured, each with its unit in its name; `reason` says why it passed or not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    name: str = Field(min_length=1)
    passed: bool
    figures: dict[str, float | str]
    reason: str


class Profile(BaseModel):
    """What the service used under load: cores (95th percentile), bytes (most), requests answered a second."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    cpu_cores_p95: float = Field(gt=0)
    memory_bytes_max: int = Field(gt=0)
    requests_per_second: float = Field(gt=0)


class StageEvidence(BaseModel):
    """All checks of one release in one environment, made at one time (ISO 8601, UTC)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    release_id: str = Field(pattern=r"^r-[0-9a-f]{16}$")
    environment: str = Field(min_length=1)
    made_at: str
    checks: tuple[Check, ...]
    profile: Profile | None

    @property
    def green(self) -> bool:
        """Whether there are checks and each of them passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def digest(self) -> str:
        """`sha256:` and the SHA-256 of the canonical JSON."""
        return f"sha256:{content_key(self.model_dump(mode='json'))}"

    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)


def evidence_path(release_id: str, digest: str) -> str:
    """Where evidence stands beside the release's record."""
    return f"evidence/{release_id}/{digest.removeprefix('sha256:')}.json"
