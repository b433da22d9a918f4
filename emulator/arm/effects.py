"""What follows from a change of a resource, such as a process that starts: once it is kept, and only then."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from emulator.arm.store import Store
from emulator.errors import AzureError

LOG: Final = logging.getLogger("emulator")
Effect = Callable[[], None]


class _Thread(threading.local):
    depth = 0

    def __init__(self) -> None:
        self.due: list[Effect] = []


class Effects:
    """Effects run in the order of their changes, after the outermost operation of their thread has committed
    and has let the lock go; those of a change that is rolled back do not run.

    One that fails does not keep the others from running. The first error is raised at the end, to whoever
    asked for the operation: the change itself stays.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._thread = _Thread()

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

    def add(self, effect: Effect) -> None:
        """Run it once the open transaction is committed and the lock is free."""
        self._store.after_commit(lambda: self._committed(effect))

    def _committed(self, effect: Effect) -> None:
        self._thread.due.append(effect)
        if self._thread.depth == 0 and (errors := self._run()):
            raise errors[0]

    def _run(self) -> list[Exception]:
        due, self._thread.due = self._thread.due, []
        errors: list[Exception] = []
        for effect in due:
            try:
                effect()
            except AzureError as error:
                LOG.warning("an effect failed: %s", error)
                errors.append(error)
            except Exception as error:
                LOG.exception("an effect failed")
                errors.append(error)
        return errors
