"""Looking up what exists already, by resource id.

A resource that is read by its id may stand in any subscription; the SDK's functions read in the estate's own
alone. Pulumi neither changes nor deletes what it has only read. The preview reads too, so that what does not
fit is refused before anything is created.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

import pulumi

from infra.config_errors import ConfigError, Problem

T = TypeVar("T")


def checked(
    id_: pulumi.Input[str], told: pulumi.Output[T], problems: Callable[[T], Iterable[Problem]]
) -> pulumi.Output[str]:
    """The id, once what was told of the resource has no problems; whatever takes the id waits for that."""

    def check(found: T) -> None:
        wrong = list(problems(found))
        if wrong:
            raise pulumi.RunError(str(ConfigError(wrong)))

    return pulumi.Output.all(id_, told.apply(check)).apply(lambda both: both[0])
