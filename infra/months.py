"""The only look at the clock in infra/: a budget begins with the month in which it is made."""

from datetime import UTC, datetime

_pinned: list[str] = []


def this_month() -> str:
    """The first day of the month, as Azure takes it. Used at creation only, and ignored ever after."""
    return _pinned[-1] if _pinned else of(datetime.now(UTC))


def of(moment: datetime) -> str:
    """The first day of a moment's month."""
    return moment.strftime("%Y-%m-01T00:00:00Z")


def pin(month: str) -> None:
    """From now on it is this month: graphs are recorded for comparison."""
    _pinned[:] = [month]
