"""Work on several tables or outputs of which one that cannot be reached holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ml.azure.known import known
from ml.errors import MlopsError


@dataclass(slots=True)
class Done:
    """rows: by name, of those that went well. failed: of the others, what a person can act on."""

    rows: dict[str, int] = field(default_factory=dict[str, int])
    failed: dict[str, MlopsError] = field(default_factory=dict[str, MlopsError])

    def words(self) -> str:
        return " ".join(f"{name}: {one.problem} {one.remedy}" for name, one in self.failed.items())


def each(names: Iterable[str], work: Callable[[str], int]) -> Done:
    """Do the work for each name. Raises what is a mistake of this program, and no refusal."""
    done = Done()
    for name in names:
        try:
            done.rows[name] = work(name)
        except Exception as error:
            found = away(error)
            if found is None:
                raise
            done.failed[name] = found
    return done


def away(error: Exception) -> MlopsError | None:
    """A service's or a disk's refusal, or a file that is no table's; None for a mistake of this program."""
    from deltalake.exceptions import DeltaError
    from pyarrow import ArrowException

    if isinstance(error, OSError | DeltaError | ArrowException):
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        return MlopsError(
            f"It cannot be read or written: {first}.", "Sign in as one who may, and run it again."
        )
    return known(error)
