"""The classes in which requests are counted, by name as they are sent. Whoever reads them imports this."""

from typing import Final

ROUTE: Final = "/score"
REQUESTS: Final = "scoring.requests"
DURATION: Final = "scoring.requests.by_duration"
PROBABILITY: Final = "scoring.requests.by_probability"
OUTLIERS: Final = "scoring.requests.by_outliers"
OVER_MS: Final = "over_ms"  # the dimensions: the lower edge of a class
FROM: Final = "from"
RELEASE: Final = "release"  # the dimension of all

TENTHS: Final = 10
BOUNDS_MS: Final = (
    *(1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 22.0, 33.0, 50.0, 75.0, 110.0, 170.0, 250.0, 500.0, 1000.0),
)
"""Milliseconds. Twice as slow is another class, up to the last bound but one."""
