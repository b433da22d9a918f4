"""The evidence against a new revision in one metric, carried on from block to block."""

import numpy as np

from ml.production.canary.counts import Counts
from ml.production.canary.evalues import Numbers, log_factor, log_mean
from ml.production.canary.metrics import Metric

KEPT = 0.97  # of what was seen a block ago: the guess follows the time of day
FEW = 20.0  # requests that the guess before all observation counts for
BEFORE = 0.02  # that guess: of the share at every cut


class Process:
    """log_e, shape [..., directions, margins, effects, cuts]: the logarithm of E of each hypothesis and
    guess.

    `margins` are those of the hypotheses, the metric's own alone as a rule.
    """

    def __init__(self, metric: Metric, shape: tuple[int, ...] = (), margins: Numbers | None = None) -> None:
        self.metric = metric
        own = np.array([metric.margin]) if margins is None else margins
        self._margin = own[:, None, None]
        # Of another margin, the same distances beyond it are looked for.
        self._effect = self._margin + (np.array(metric.effects) - metric.margin)[:, None]
        self._both = metric.falls or margins is not None
        directions = 2 if self._both else 1
        self.log_e = np.zeros((*shape, directions, len(own), len(metric.effects), len(metric.cuts)))
        self._over = np.full((*shape, len(metric.cuts)), FEW * BEFORE)
        self._requests = np.full(shape, FEW)

    def learn(self, running: Counts) -> None:
        """Take what the running revision did for the guess of what it will do. Not evidence."""
        self._over = self._over * KEPT + running.over
        self._requests = self._requests * KEPT + running.requests

    def add(self, running: Counts, new: Counts) -> None:
        """One block. The guess is made from the blocks before it."""
        if not new.requests.any():
            self.learn(running)
            return
        guess = self._over / self._requests[..., None]
        for direction in range(2 if self._both else 1):
            self.log_e[..., direction, :, :, :] += self._factor(guess, running, new, direction == 1)
        self.learn(running)

    def _factor(self, guess: Numbers, running: Counts, new: Counts, falls: bool) -> Numbers:
        over = [counts.over for counts in (running, new)]
        if falls:  # a share that falls is one of the others that rises
            guess = 1 - guess
            over = [counts.requests[..., None] - counts.over for counts in (running, new)]
        a = guess[..., None, None, :]
        return log_factor(
            over[0][..., None, None, :],
            running.requests[..., None, None, None],
            over[1][..., None, None, :],
            new.requests[..., None, None, None],
            a,
            np.minimum(a + self._effect, 1.0),
            self._margin,
        )

    @property
    def evidence(self) -> Numbers:
        """The logarithm of E, shape [...]: over all cuts, guesses and directions of the metric's own
        margin."""
        return log_mean(self.log_e, (-4, -3, -2, -1))
