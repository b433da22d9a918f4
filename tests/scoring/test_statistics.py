"""The statistics against scipy, which the scoring image does not have."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from scoring.model.statistics import (
    benjamini_hochberg,
    chi_squared,
    chi_squared_tail,
    fisher_exact,
    kolmogorov_smirnov,
    kolmogorov_tail,
    population_stability_index,
)

histograms = st.integers(2, 12).flatmap(
    lambda bins: st.tuples(
        st.lists(st.integers(50, 5_000), min_size=bins, max_size=bins),
        st.lists(st.integers(50, 500), min_size=bins, max_size=bins),
    )
)


@given(st.floats(0.001, 400), st.integers(1, 60))
def test_chi_squared_tail(statistic: float, freedom: int) -> None:
    assert chi_squared_tail(statistic, freedom) == pytest.approx(
        stats.chi2.sf(statistic, freedom), rel=1e-9, abs=1e-300
    )


@given(st.floats(0.0, 6.0))
def test_kolmogorov_tail(value: float) -> None:
    assert kolmogorov_tail(value) == pytest.approx(stats.kstwobign.sf(value), rel=1e-8, abs=1e-12)


@given(histograms)
def test_chi_squared_of_common_categories(counts: tuple[list[int], list[int]]) -> None:
    reference, window = (np.array(values) for values in counts)
    both = reference + window
    assume((both * window.sum() / both.sum()).min() >= 5)
    expected = stats.chi2_contingency(np.stack([reference, window]), correction=False)
    assert chi_squared(reference, window) == pytest.approx(expected.pvalue, rel=1e-8, abs=1e-300)


def test_rare_categories_are_pooled() -> None:
    reference = np.array([20_000, 9_900, 60, 30, 10])
    window = np.array([660, 338, 1, 0, 1])  # expected: 667, 330, 2, 1, 0.3
    assert chi_squared(reference, window) > 0.5
    assert chi_squared(reference, np.array([600, 300, 50, 30, 20])) < 1e-6


@given(st.integers(0, 12), st.integers(1, 500), st.integers(0, 60), st.integers(1, 5_000))
def test_fisher_exact(a: int, b: int, c: int, d: int) -> None:
    table = np.array([[a, b], [c, d]])
    assert fisher_exact(table) == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-5, abs=1e-300)


def test_a_rare_category_alone_is_neither_an_alarm_nor_overlooked() -> None:
    reference = np.array([29_990, 10])
    assert chi_squared(reference, np.array([999, 1])) > 0.1
    assert chi_squared(reference, np.array([500, 500])) < 1e-100


def test_one_category_tells_nothing() -> None:
    assert chi_squared(np.array([500]), np.array([100])) == 1.0
    assert chi_squared(np.array([500, 0]), np.array([100, 0])) == 1.0


@given(st.integers(0, 2**32 - 1), st.floats(-0.5, 0.5))
def test_binned_kolmogorov_smirnov_is_conservative(seed: int, shift: float) -> None:
    random = np.random.default_rng(seed)
    reference, window = random.normal(size=5_000), random.normal(shift, size=500)
    edges = np.quantile(reference, np.arange(1, 20) / 20)
    binned = kolmogorov_smirnov(
        np.bincount(np.searchsorted(edges, reference), minlength=20),
        np.bincount(np.searchsorted(edges, window), minlength=20),
    )
    exact = stats.ks_2samp(reference, window, method="asymp").pvalue
    assert binned >= exact * 0.5  # Stephens' correction makes ours a little smaller at the same distance


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg(p_values: list[float]) -> None:
    expected = stats.false_discovery_control(p_values, method="bh")
    assert benjamini_hochberg(np.array(p_values)) == pytest.approx(expected, rel=1e-12)


@given(histograms)
def test_psi_is_zero_for_equal_shares_and_never_negative(counts: tuple[list[int], list[int]]) -> None:
    reference, window = (np.array(values) for values in counts)
    assert population_stability_index(reference, window) >= 0
    assert population_stability_index(reference, reference) == 0


def test_psi_of_a_known_case() -> None:
    reference, window = np.array([100_000, 100_000]), np.array([80_000, 20_000])
    expected = (0.8 - 0.5) * np.log(0.8 / 0.5) + (0.2 - 0.5) * np.log(0.2 / 0.5)
    assert population_stability_index(reference, window) == pytest.approx(expected, rel=1e-3)
