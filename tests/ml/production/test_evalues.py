"""The judge's evidence: exactly valid, by enumeration; and nearest pairs are nearest."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.production.canary.evalues import Numbers, log_factor, log_mean, nearest

SHARES = st.floats(0.01, 0.95)


def number(value: float) -> Numbers:
    return np.array(float(value))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 5),
    st.integers(1, 5),
    SHARES,
    SHARES,
    st.floats(0.0, 0.5),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_expectation_is_at_most_one_wherever_the_hypothesis_holds(
    na: int, nb: int, a: float, b: float, margin: float, where: float, below: float
) -> None:
    true_a = where * (1 - margin)
    true_b = (true_a + margin) * below  # anything that does not exceed it
    expected = 0.0
    for i in range(na + 1):
        for j in range(nb + 1):
            chance = comb(na, i) * true_a**i * (1 - true_a) ** (na - i)
            chance *= comb(nb, j) * true_b**j * (1 - true_b) ** (nb - j)
            factor = log_factor(*map(number, (i, na, j, nb, a, b, margin)))
            expected += chance * float(np.exp(factor))
    assert expected <= 1 + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 50), st.integers(1, 50), SHARES, SHARES, st.floats(-0.4, 0.4))
def test_the_pair_is_allowed_and_none_is_nearer(na: int, nb: int, a: float, b: float, margin: float) -> None:
    def divergence(one: Numbers, other: Numbers) -> Numbers:
        each = [
            n * (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
            for n, p, q in ((na, a, one), (nb, b, other))
        ]
        return each[0] + each[1]

    a0, b0 = nearest(*map(number, (a, b, na, nb, margin)))
    assert b0 - a0 <= margin + 1e-9
    grid = np.linspace(0.001, 0.999, 400)
    others = np.minimum(grid + margin, b)  # nearer to b than the border, where that is allowed
    inside = (others > 0) & (others < 1)
    assert float(divergence(a0, b0)) <= divergence(grid[inside], others[inside]).min() + 1e-6


def test_a_block_without_one_of_the_two_says_nothing() -> None:
    assert float(log_factor(*map(number, (3, 10, 0, 0, 0.1, 0.5, 0.01)))) == 0
    assert float(log_factor(*map(number, (0, 0, 9, 10, 0.1, 0.5, 0.01)))) == 0


def test_sums_of_shares_give_no_more_evidence_than_the_requests_themselves() -> None:
    """Each request's own factor is linear in its share: the product over them is at least what the sum
    gives."""
    rng = np.random.default_rng(1)
    shares = rng.random(40)
    a, b, margin, na = 0.2, 0.6, 0.1, 100.0
    a0, b0 = nearest(*map(number, (a, b, na, len(shares), margin)))
    single = float(np.log(shares * b / b0 + (1 - shares) * (1 - b) / (1 - b0)).sum())
    single += 20 * np.log(a / a0) + 80 * np.log((1 - a) / (1 - a0))
    summed = float(log_factor(*map(number, (20, na, shares.sum(), len(shares), a, b, margin))))
    assert summed <= single


def test_the_mean_of_evidence_is_that_of_its_exponentials() -> None:
    values = np.log(np.array([[1.0, 3.0], [8.0, 0.0001]]))
    assert np.exp(log_mean(values, 1)) == pytest.approx([2.0, 4.00005])
    assert np.exp(log_mean(values, (0, 1))) == pytest.approx(12.0001 / 4)
