"""A search over hyper-parameters: a given start first, then a tree-structured Parzen estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ml.steps.train.space import Dimension, Values

if TYPE_CHECKING:
    import optuna

STARTUP_TRIALS = 5  # that are drawn at random, before the estimator has something to learn from


def search(
    loss: Callable[[Values], float], start: Values, space: tuple[Dimension, ...], trials: int, seed: int
) -> Values:
    """The values of least loss among `start` and `trials` - 1 others; the same seed gives the same ones.

    A start outside the space is tried all the same.
    """
    least, best = loss(start), start
    if trials == 1:
        return best
    import optuna

    study, distributions = _study(seed), _distributions(space)
    if _within(start, space):
        params = {each.name: start[each.name] for each in space}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=least))
    for _ in range(trials - 1):
        trial = study.ask(distributions)
        values: Values = {**start, **trial.params}
        found = loss(values)
        study.tell(trial, found)
        if found < least:
            least, best = found, values
    return best


def first(start: Values, space: tuple[Dimension, ...], trials: int, seed: int) -> list[Values]:
    """What `search` tries first, whatever the losses are: its start, and what it draws at random."""
    if trials == 1:
        return [start]
    study, distributions = _study(seed), _distributions(space)
    drawn = min(trials - 1, STARTUP_TRIALS - _within(start, space))
    return [start, *({**start, **study.ask(distributions).params} for _ in range(drawn))]


def _within(start: Values, space: tuple[Dimension, ...]) -> bool:
    return all(each.low <= start[each.name] <= each.high for each in space)


def _study(seed: int) -> optuna.Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS))


def _distributions(space: tuple[Dimension, ...]) -> dict[str, optuna.distributions.BaseDistribution]:
    import optuna

    return {
        each.name: optuna.distributions.IntDistribution(int(each.low), int(each.high), log=each.log)
        if each.integer
        else optuna.distributions.FloatDistribution(each.low, each.high, log=each.log)
        for each in space
    }
