"""What a person states: an in-toto Statement v1 about digests, with who, why and until when."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from ml.approval.digests import Digests
from ml.errors import MlopsError

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "urn:mlops-estate:approval:v1"
LONGEST_REASON: Final = 500
LONGEST: Final = timedelta(days=14)
_DURATION: Final = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}

ObjectId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]


class Part(BaseModel):
    """camelCase in JSON, as attestations have it; unknown members are refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )


class Predicate(Part):
    """approver, requester: object ids of the directory. Times are UTC."""

    release: str = Field(pattern=r"^r-[0-9a-f]{16}$")
    environment: str = Field(min_length=1)
    approver: ObjectId
    requester: ObjectId
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)
    approved_at: AwareDatetime
    expires_at: AwareDatetime


class Subject(Part):
    name: str
    digest: dict[Literal["sha256"], Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]]


class Statement(Part):
    """`subject` names what is approved: the fields of `Digests`."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[Subject, ...]
    predicate_type: Literal["urn:mlops-estate:approval:v1"]
    predicate: Predicate

    @property
    def digests(self) -> dict[str, str]:
        return {one.name: f"sha256:{one.digest['sha256']}" for one in self.subject}


def stated(digests: Digests, predicate: Predicate) -> bytes:
    """The statement as bytes, which are what is signed."""
    subjects = [
        {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}
        for name, digest in digests.items()
    ]
    document = {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": PREDICATE,
        "predicate": predicate.model_dump(mode="json", by_alias=True),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(payload: bytes) -> Statement:
    """Raises MlopsError for what is no statement of an approval."""
    try:
        document: Any = json.loads(payload)
        found = Statement.model_validate(document)
    except (ValueError, RecursionError) as error:
        words = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise MlopsError(
            f"The signed statement is no approval: {words}.", "Have the release approved again."
        ) from error
    if {one.name for one in found.subject} != set(Digests.model_fields) or len(found.subject) != len(
        Digests.model_fields
    ):
        names = ", ".join(one.name for one in found.subject) or "nothing"
        raise MlopsError(
            f"The approval is about {names}, not about {', '.join(Digests.model_fields)}.",
            "Have the release approved again.",
        )
    return found


def duration(text: str) -> timedelta:
    """`90m`, `72h`, `3d`. Raises MlopsError for anything else, and for what is longer than `LONGEST`."""
    match = _DURATION.fullmatch(text.strip())
    found = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
    if not timedelta() < found <= LONGEST:
        raise MlopsError(
            f"--expires is {text!r}.",
            f"Give minutes, hours or days, as 90m, 72h or 3d; at most {LONGEST.days}d.",
        )
    return found


def reason(text: str) -> str:
    """Why it is approved, in one line. Raises MlopsError."""
    found = " ".join(text.split())
    if not found or len(found) > LONGEST_REASON or not found.isprintable():
        shown = (
            "empty" if not found else f"{len(found)} characters long" if found.isprintable() else "not text"
        )
        raise MlopsError(
            f"--reason is {shown}.",
            f"Say in 1 to {LONGEST_REASON} characters why this release may go into production.",
        )
    return found


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
