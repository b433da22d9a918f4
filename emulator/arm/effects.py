"""What follows from a change of a resource, such as a process that starts: once it is kept, and only then."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from emulator.arm.store import Store
from emulator.errors import AzureError

LOG: Final = logging.getLogger("emulator")
Effect = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Due:
    """key: what it is an effect on; effects on the same come one after another, as their changes did."""

    effect: Effect
    key: str


class _Thread(threading.local):
    depth = 0

    def __init__(self) -> None:
        self.due: list[_Due] = []
        self.running = 0  # effects that this thread is in


class Effects:
    """Effects run in the order of their changes, after the outermost operation of their thread has committed
    and has let the lock go; those of a change that is rolled back do not run. Those on one resource wait for
    what earlier changes of other threads have still to do on it: what was deleted ends before it begins anew.

    One that fails does not keep the others from running. The first error is raised at the end, to whoever
    asked for the operation: the change itself stays.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._thread = _Thread()
        self._turn = threading.Condition()
        self._turns: defaultdict[str, deque[_Due]] = defaultdict(deque)

    @contextmanager
    def operation(self) -> Generator[None]:
        """One change under the lock; at the end of the outermost one, its effects."""
        thread, failed = self._thread, True
        thread.depth += 1
        try:
            with self._lock:
                yield
            failed = False
        finally:
            thread.depth -= 1
            errors = self._run() if thread.depth == 0 else []
            if errors and not failed:
                raise errors[0]

    @contextmanager
    def alone(self) -> Generator[None]:
        """The lock by itself, for an effect that looks back at its resource."""
        with self._lock:
            yield

    def add(self, effect: Effect, key: str) -> None:
        """Run it once the open transaction is committed and the lock is free."""
        due = _Due(effect, key)
        self._store.after_commit(lambda: self._committed(due))

    def _committed(self, due: _Due) -> None:
        if not self._thread.running:  # what an effect changes waits for nobody, so no two for each other
            with self._turn:
                self._turns[due.key].append(due)
        self._thread.due.append(due)
        if self._thread.depth == 0 and (errors := self._run()):
            raise errors[0]

    def _run(self) -> list[Exception]:
        found, self._thread.due = self._thread.due, []
        errors: list[Exception] = []
        self._thread.running += 1
        try:
            for due in found:
                with self._turn:
                    self._turn.wait_for(lambda due=due: self._is_first(due))
                try:
                    due.effect()
                except AzureError as error:
                    LOG.warning("an effect failed: %s", error)
                    errors.append(error)
                except Exception as error:
                    LOG.exception("an effect failed")
                    errors.append(error)
                self._leave([due])
        finally:
            self._thread.running -= 1
            self._leave(found)
        return errors

    def _is_first(self, due: _Due) -> bool:
        turns = self._turns.get(due.key) or [due]
        return due not in turns or turns[0] is due

    def _leave(self, dues: list[_Due]) -> None:
        with self._turn:
            for due in dues:
                if due in self._turns.get(due.key, ()):
                    self._turns[due.key].remove(due)
                    if not self._turns[due.key]:
                        del self._turns[due.key]
            self._turn.notify_all()
