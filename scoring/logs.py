"""Structured logs: one JSON object a line on standard output."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

SELF_TEST_PASSED = "the model passed its self-test"
"""What each worker writes when it has loaded the model: whoever reads the log knows that it answers soon."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def some(names: Sequence[str], most: int = 20) -> list[str]:
    """The first names and the number of the others: Application Insights would cut a longer list."""
    more = len(names) - most
    return list(names) if more <= 0 else [*names[:most], f"and {more} more"]


class JsonFormatter(logging.Formatter):
    """Time (UTC), level, logger, message, then whatever was passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class EarlyRecords(logging.Handler):
    """Keeps the first log records for telemetry, whose exporters are ready later than the service."""

    def __init__(self, capacity: int = 200) -> None:
        super().__init__()
        self.records: deque[logging.LogRecord] = deque(maxlen=capacity)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def hand_over(self, logger: logging.Logger, to: list[logging.Handler]) -> None:
        """Stop keeping the logger's records, and give the kept ones to these handlers."""
        logger.removeHandler(self)
        while self.records:
            record = self.records.popleft()
            for handler in to:
                handler.handle(record)


class Repeated(logging.Filter):
    """Lets the same message pass once in `seconds`, so that an outage does not fill the log."""

    def __init__(self, seconds: float = 60.0) -> None:
        super().__init__()
        self.count = 0
        self._seconds, self._passed = seconds, float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        self.count += 1
        if record.created - self._passed < self._seconds:
            return False
        self._passed = record.created
        return True


class Dropped(logging.Filter):
    """Counts the records that OpenTelemetry's full queues drop, from what it logs about them."""

    LOGGER = "opentelemetry.sdk._shared_internal"
    TEXT = "Queue full"

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        # before the filter of its own, which lets one of many pass
        logging.getLogger(self.LOGGER).filters.insert(0, self)

    def filter(self, record: logging.LogRecord) -> bool:
        self.count += str(record.msg).startswith(self.TEXT)
        return True


def configure(level: int = logging.INFO) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("azure", "urllib3", "opentelemetry"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("azure.identity").setLevel(logging.ERROR)  # who asked for a token logs the failure
