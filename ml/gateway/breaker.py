"""At how many failures the gateway stops asking a backend for a while."""

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ml.release.evidence import Profile

BREAKER_SECONDS: Final = 10  # in which a circuit breaker counts failures
TRIPPED_SECONDS: Final = 30
TRIPPING_SHARE: Final = 0.2
"""Of what the revision's least pods can answer: failing so much, a breaker opens."""
LEAST_FAILURES: Final = 20
UNMEASURED_RATE: Final = 50.0  # requests a second of one pod, where stage measured none


def tripping(measured: "Profile | None", pods: int) -> int:
    """At how many failures in its interval a breaker opens: a share of what the pods can answer meanwhile.

    A count that did not grow with the load would take a busy service down for one failure in a thousand.
    """
    rate = measured.requests_per_second if measured else UNMEASURED_RATE
    return max(LEAST_FAILURES, math.ceil(TRIPPING_SHARE * rate * pods * BREAKER_SECONDS))
