"""What is written down about production before and after each step: from it alone a killed run is taken
up."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Stage = Literal["begun", "image", "manifests", "ready", "smoke", "backend", "canary", "settle"]
STAGES: tuple[Stage, ...] = ("begun", "image", "manifests", "ready", "smoke", "backend", "canary", "settle")
KEPT = 50  # entries of the history


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Serving(_Part):
    """A revision that has all requests, or had them. since: seconds since 1970."""

    revision: str
    release: str
    since: float
    by: str
    approved_by: str = ""


class Promotion(_Part):
    """One under way. stage: what is being done, its stages before are done. percent: what was asked of the
    pool; weighed_at: when the pool had it, None until it has. judged_from: the first block's time at the
    earliest. going_back: why, "" while it goes on. judgement: the last one, for a person."""

    revision: str
    release: str
    by: str
    began: float
    approved_by: str
    approval_reason: str
    approval_digest: str
    stage: Stage = "begun"
    percent: int = 0
    weighed_at: float | None = None
    judged_from: float | None = None
    going_back: str = ""
    judgement: dict[str, Any] | None = None


class Entry(_Part):
    """One line of the history."""

    at: float
    what: str
    release: str
    by: str
    reason: str = ""


class State(_Part):
    """serving: what has the requests when no promotion is under way. previous: what had them before, still
    there without requests."""

    serving: Serving | None = None
    previous: Serving | None = None
    promotion: Promotion | None = None
    history: tuple[Entry, ...] = ()

    def changed(self, **values: Any) -> "State":
        return self.model_copy(update=values)

    def going_on(self, **values: Any) -> "State":
        """The same with a changed promotion."""
        if self.promotion is None:
            raise ValueError("no promotion is under way")
        return self.changed(promotion=self.promotion.model_copy(update=values))

    def told(self, entry: Entry) -> "State":
        return self.changed(history=(*self.history, entry)[-KEPT:])

    def kept(self) -> set[str]:
        """The revisions that must not be removed."""
        parts = (self.serving, self.previous, self.promotion)
        return {part.revision for part in parts if part is not None}
