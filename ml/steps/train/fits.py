"""Fits models, several at once where a machine has the cores for it, and each of them once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from ml.steps.train.space import Values

Fitted = tuple[Any, Mapping[str, float]]
"""A model and its metrics."""


class Fits:
    """The fits of one kind of model, by its values.

    Threads do: scikit-learn lets go of the interpreter while it grows trees, and processes would have to
    import it again.
    """

    def __init__(self, pool: Executor, fit: Callable[[Values], Fitted]) -> None:
        self._pool, self._fit = pool, fit
        self._begun: dict[tuple[tuple[str, float], ...], Future[Fitted]] = {}
        self._took: list[float] = []  # one item for each fit that has ended

    @property
    def seconds(self) -> float:
        """Of all fits that have ended, one after another."""
        return sum(self._took)

    def begin(self, values: Values) -> Future[Fitted]:
        """Begin the fit, unless that was done before."""
        key = tuple(sorted(values.items()))
        if key not in self._begun:
            self._begun[key] = self._pool.submit(self._timed, values)
        return self._begun[key]

    def _timed(self, values: Values) -> Fitted:
        began = time.perf_counter()
        found = self._fit(values)
        self._took.append(time.perf_counter() - began)
        return found

    def of(self, values: Values) -> Fitted:
        """The model and its metrics. Raises what the fit raised."""
        return self.begin(values).result()
