"""Any contract that ml/steps/definition.py accepts trains, registers and starts."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ml.steps.definition import of_columns
from scoring.model.schema import CategoryFeature, Feature, NumberFeature
from tests.ml.steps.lives import Case, Contract, live

Life = Callable[[Case], str]


@pytest.fixture(scope="module")
def lives() -> Iterator[Life]:
    """Runs a case in a process of its own kind: the modules of ml/ are imported anew for each contract."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield lambda case: process.submit(live, case).result()


# Limits that float32 rounds outwards, at its ends, and beyond what it tells apart.
ROUNDED = Contract(
    "customer id",
    "left?",
    (
        NumberFeature("share %", "US$ of US$", 0, 99.9, integer=False),
        NumberFeature("seven_tenths", "", -0.1, 0.7, integer=False),
        NumberFeature("amount", "<b>", 0, 99_999_999, integer=True),
        NumberFeature("odd", "", 0.5, 2**53 - 0.5, integer=True),
        NumberFeature("huge", "", -3.4e38, 3.4e38, integer=False),
        NumberFeature("tiny", "", 0, 1e-40, integer=False),
        CategoryFeature("code", "", ("01", "1", "true", "12E5", "NA", "$x$", "ä&<")),
        CategoryFeature("branch", "", tuple(range(255))),
    ),
)
CATEGORIES = Contract("id", "y", (CategoryFeature("one", "", (-5,)), CategoryFeature("two", "", ("a", "b"))))
NUMBER = Contract("id", "y", (NumberFeature("x", "", 0, 1, integer=True),))


@pytest.mark.e2e
@pytest.mark.parametrize(
    "case",
    [
        Case(ROUNDED, 1, "csv", constant=False),
        pytest.param(Case(ROUNDED, 2, "parquet", constant=True), marks=pytest.mark.slow),
        pytest.param(Case(CATEGORIES, 3, "csv", constant=False), marks=pytest.mark.slow),
        pytest.param(Case(NUMBER, 4, "parquet", constant=False), marks=pytest.mark.slow),
        pytest.param(Case(NUMBER, 5, "csv", constant=True), marks=pytest.mark.slow),
    ],
    ids=["rounded limits", "nothing varies", "categories alone", "one flag", "one flag that never varies"],
)
def test_a_contract_at_the_edges_becomes_a_service_that_starts(lives: Life, case: Case) -> None:
    assert lives(case).startswith("sha256:")


NAMES = st.text(min_size=1, max_size=12)
LIMITS = st.one_of(st.floats(-3.4e38, 3.4e38), st.integers(-(2**53), 2**53), st.sampled_from([0.7, 99.9]))


@st.composite
def features(draw: st.DrawFn, name: str) -> Feature:
    if draw(st.booleans()):
        low, high = sorted((draw(LIMITS), draw(LIMITS)))
        return NumberFeature(name, draw(NAMES), low, high, integer=draw(st.booleans()))
    values = draw(st.sampled_from([NAMES, st.integers(-(2**53), 2**53)]))
    return CategoryFeature(name, draw(NAMES), tuple(draw(st.lists(values, min_size=1, max_size=12))))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = draw(st.lists(NAMES, min_size=3, max_size=9, unique=True))
    made = tuple(draw(features(name)) for name in names[2:])
    assume(not of_columns(names[0], names[1], made))
    kind = draw(st.sampled_from(["csv", "parquet"]))
    return Case(Contract(names[0], names[1], made), draw(st.integers(0, 99)), kind, draw(st.booleans()))


@pytest.mark.e2e
@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(case=cases())
def test_any_contract_that_is_accepted_becomes_a_service_that_starts(lives: Life, case: Case) -> None:
    assert lives(case).startswith("sha256:")
