import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.steps.bounds import FIGURES, Bound, broken, check, parse, text_of
from ml.steps.errors import StepError

CARD = {
    "metrics": {"roc_auc": 0.78, "log_loss": 0.43},
    "calibration": {"error": 0.02},
    "outliers": {"share_deviation": 0.004},
    "fairness": {
        "attributes": {
            name: {"equalised_odds_difference": 0.06, "demographic_parity_difference": 0.05}
            for name in ("sex", "education", "marriage", "age_group")
        }
    },
}
bounds = st.lists(
    st.builds(Bound, st.sampled_from(sorted(FIGURES)), st.floats(0, 1e6)), unique_by=lambda bound: bound.name
)


@given(bounds)
def test_what_is_written_is_read(given_: list[Bound]) -> None:
    assert parse(text_of(given_)) == tuple(given_)
    assert not set(text_of(given_)) & set(" '\"$&|;<>()`\\*?")  # one word for any shell


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_each_bound_holds_on_its_side_and_breaks_on_the_other(name: str) -> None:
    (exact,) = check(CARD, [Bound(name, 0.0)])
    assert exact.found is not None
    sign = 1 if name.startswith("minimum") else -1
    for limit, holds in (
        (exact.found, True),
        (exact.found - sign * 1e-6, True),
        (exact.found + sign * 1e-6, False),
    ):
        (finding,) = check(CARD, [Bound(name, limit)])
        assert finding.holds is holds
        assert bool(broken([finding.to_json()])) is not holds


def test_a_broken_bound_is_named_with_figure_and_limit() -> None:
    findings = check(CARD, parse("minimum_roc_auc=0.8,maximum_calibration_error=0.03"))
    assert broken([each.to_json() for each in findings]) == [
        "minimum_roc_auc is 0.78, at least 0.8 is allowed"
    ]


@pytest.mark.parametrize(
    "card", [{}, {"fairness": {"attributes": {"sex": {}}}}, {"fairness": {"attributes": {}}}]
)
def test_what_could_not_be_measured_does_not_hold(card: dict) -> None:
    findings = check(card, [Bound("maximum_equalised_odds_difference.sex", 1.0)])
    assert not findings[0].holds
    assert "could not be measured" in broken([each.to_json() for each in findings])[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("minimum_auc=0.7", "'minimum_auc' is none that is known: expected one of minimum_roc_auc"),
        ("maximum_equalised_odds_difference.height=0.1", "height' is none that is known"),
        ("minimum_roc_auc=high", "minimum_roc_auc is 'high': expected a number"),
        ("minimum_roc_auc", "minimum_roc_auc is '': expected a number"),
        ("minimum_roc_auc=-0.1", "minimum_roc_auc is -0.1: expected a number from 0 on"),
        ("minimum_roc_auc=nan", "minimum_roc_auc is nan"),
        ("", "'' is none that is known"),
    ],
)
def test_wrong_bounds_are_named(text: str, says: str) -> None:
    with pytest.raises(StepError, match=says):
        parse(text)
