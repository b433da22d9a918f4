"""Why a training run was started: by what, in whose words, and on which data.

It travels as literal inputs of the published pipeline, since that is what a call of a batch endpoint can say
(Azure/azure-sdk-for-python#42156: there is no way to give tags), and stands on the run as tags.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, cast, get_args

from ml.steps.compare.override import decoded, encoded

StartedBy = Literal["person", "schedule", "data", "metric"]
LONGEST_WORDS: Final = 200  # characters; Azure ML keeps 1,000 of a tag's value
LONGEST_NAME: Final = 500  # of the event's id, and of the data's name
PREFIX: Final = "mlops."  # of the tags
WORK: Final = "work"  # a tag of jobs that do a command's work: they have a reason, too, and train nothing
TAGS: Final = {"started_by": "started_by", "reason": "words", "event": "event", "data": "data"}
INPUTS: Final = {"started_by": "started_by", "reason": "words", "event": "event", "data_name": "data"}


@dataclass(frozen=True, slots=True)
class Reason:
    """`event` is the id of what started the run, empty for a person; `data` is NAME:VERSION or a URI.

    Raises ValueError for what cannot be recorded.
    """

    started_by: StartedBy
    words: str
    event: str = ""
    data: str = ""

    def __post_init__(self) -> None:
        if self.started_by not in get_args(StartedBy):
            known = ", ".join(get_args(StartedBy))
            raise ValueError(f"started_by is {self.started_by!r}: expected one of {known}")
        object.__setattr__(self, "words", " ".join(self.words.split()))
        if not self.words:
            raise ValueError("the reason is empty")
        for name, text, longest in (
            ("the reason", self.words, LONGEST_WORDS),
            ("the event's id", self.event, LONGEST_NAME),
            ("the data's name", self.data, LONGEST_NAME),
        ):
            if len(text) > longest:
                raise ValueError(f"{name} has {len(text)} characters, at most {longest} are kept")
            if not text.isprintable():
                raise ValueError(f"{name} has characters that cannot be printed")
        if (self.started_by == "person") == bool(self.event):
            wanted = "none" if self.started_by == "person" else "the id of what started it"
            raise ValueError(f"event is {self.event!r} for a start by {self.started_by}: expected {wanted}")

    def tags(self) -> dict[str, str]:
        """The tags of the run; without those that would be empty."""
        return _named(self, TAGS, PREFIX)

    def inputs(self) -> dict[str, str]:
        """The literal inputs of the published pipeline, percent-encoded: its steps' commands are read by a
        shell. Without those that would be empty."""
        return {name: encoded(value) for name, value in _named(self, INPUTS).items()}

    @classmethod
    def of(cls, tags: Mapping[str, str]) -> Self | None:
        """The reason in the tags of a run; None where they hold none that can be read."""
        return cls._read(tags, TAGS, PREFIX)

    @classmethod
    def of_inputs(cls, inputs: Mapping[str, str]) -> Self | None:
        """The reason in the literal inputs of a run; None where they hold none that can be read."""
        return cls._read({name: decoded(value) for name, value in inputs.items()}, INPUTS)

    @classmethod
    def _read(cls, found: Mapping[str, str], names: Mapping[str, str], prefix: str = "") -> Self | None:
        given = {field: found.get(f"{prefix}{name}", "") for name, field in names.items()}
        started_by = cast("StartedBy", given.pop("started_by"))
        try:
            return cls(started_by, **given)
        except ValueError:
            return None


def _named(reason: Reason, names: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    found = {f"{prefix}{name}": str(getattr(reason, field)) for name, field in names.items()}
    return {name: value for name, value in found.items() if value}
