"""Evaluates all rules that are due, minute by minute."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.monitor.alerts.finding import Finding, length
from emulator.monitor.alerts.metrics import MetricRules
from emulator.monitor.alerts.notices import Notices, Sent
from emulator.monitor.alerts.queries import QueryRules
from emulator.monitor.alerts.states import States, Told
from emulator.monitor.rules import METRIC_RULE, QUERY_RULE
from emulator.refusals import Refusals

LOG: Final = logging.getLogger("emulator.monitor")
MINUTE: Final = timedelta(minutes=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Json = dict[str, Any]


class Evaluator:
    """Minutes during which nothing ran here are not made up for."""

    def __init__(
        self,
        store: Store,
        queries: QueryRules,
        metrics: MetricRules,
        states: States,
        notices: Notices,
        refusals: Refusals,
    ) -> None:
        self._store, self._refusals = store, refusals
        self._queries, self._metrics = queries, metrics
        self.states, self._notices = states, notices
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._loop, name="alerts", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def evaluate(self, at: datetime) -> list[tuple[Told, list[Sent]]]:
        """Evaluate what is due in the minute of a time; the alerts that changed, and who was told."""
        minute = at.replace(second=0, microsecond=0)
        changed: list[tuple[Told, list[Sent]]] = []
        for kind in (QUERY_RULE, METRIC_RULE):
            for rule in self._store.by_type(kind):
                if _due(rule, minute):
                    changed += self._rule(rule, at)
        return changed

    def _rule(self, rule: Json, at: datetime) -> list[tuple[Told, list[Sent]]]:
        try:
            findings = self._findings(rule, at)
        except NotEmulated as error:
            self._refusals.call(f"alert rule {rule['name']}", error.what)
            return []
        except AzureError as error:
            LOG.warning("alert rule %s could not be evaluated: %s", rule["id"], error.message)
            return []
        except Exception:  # a rule that cannot be read keeps no other from being evaluated
            LOG.exception("alert rule %s could not be evaluated", rule["id"])
            return []
        told = self.states.follow(rule, findings, at)
        return [(one, self._notices.tell(rule, one, at)) for one in told]

    def _findings(self, rule: Json, at: datetime) -> list[Finding]:
        log = rule["type"].lower() == QUERY_RULE.lower()
        return self._queries.findings(rule, at) if log else self._metrics.findings(rule, at)

    def _loop(self) -> None:
        while True:
            now = datetime.now(UTC)
            due = now.replace(second=0, microsecond=0) + MINUTE
            if self._stop.wait((due - now).total_seconds()):
                return
            self.evaluate(due)


def _due(rule: Json, minute: datetime) -> bool:
    properties = rule["properties"]
    if properties.get("enabled") is False:
        return False
    every = length(str(properties.get("evaluationFrequency") or "PT5M"))
    return every > timedelta(0) and (minute - EPOCH) % every == timedelta(0)
