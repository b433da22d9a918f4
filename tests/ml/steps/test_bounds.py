import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ml import settings
from ml.errors import MlopsError
from ml.steps.bounds import FIGURES, GREATEST, Bound, broken, check, limit_of, parse, text_of
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
    st.sampled_from(sorted(FIGURES)).flatmap(
        lambda name: st.builds(Bound, st.just(name), st.floats(0, GREATEST.get(name, 1e6)))
    ),
    unique_by=lambda bound: bound.name,
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
        "minimum_roc_auc is 0.780, at least 0.800 is allowed"
    ]


@given(st.floats(0, 1), st.floats(0, 1).map(lambda value: round(value, 4)))
@example(0.0400000049, 0.04)
@example(0.04003, 0.04)
def test_what_is_said_of_a_broken_bound_is_no_contradiction(found: float, limit: float) -> None:
    (finding,) = check({"calibration": {"error": found}}, [Bound("maximum_calibration_error", limit)])
    said = broken([finding.to_json()])
    assert len(said) == (found > limit)
    for words in said:
        shown = words.removeprefix("maximum_calibration_error is ").removesuffix(" is allowed")
        high, low = shown.split(", at most ")
        assert float(high) > float(low)


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
        (
            "maximum_equalised_odds_difference.height=0.1",
            "'height' is no attribute of ml/steps/about.py: expected one of sex, education",
        ),
        ("minimum_roc_auc=high", "minimum_roc_auc is 'high': expected a number from 0 to 1"),
        ("minimum_roc_auc", "minimum_roc_auc is '': expected a number from 0 to 1"),
        ("minimum_roc_auc=true", "minimum_roc_auc is 'true': expected a number from 0 to 1"),
        ("minimum_roc_auc=-0.1", "minimum_roc_auc is -0.1: expected a number from 0 to 1"),
        ("minimum_roc_auc=1.5", "minimum_roc_auc is 1.5: expected a number from 0 to 1"),
        ("minimum_roc_auc=nan", "minimum_roc_auc is nan: expected a number from 0 to 1"),
        ("maximum_log_loss=inf", "maximum_log_loss is inf: expected a finite number from 0 on"),
        ("maximum_log_loss=1e999", "maximum_log_loss is inf: expected a finite number from 0 on"),
        ("", "'' is none that is known"),
    ],
)
def test_wrong_bounds_are_named(text: str, says: str) -> None:
    with pytest.raises(StepError, match=says):
        parse(text)


@pytest.mark.parametrize("name", ["minimum_roc_auc", "maximum_log_loss"])
@pytest.mark.parametrize(
    "value",
    [True, False, "0.5", None, [0.5], float("nan"), float("inf"), -1, pytest.param(10**400, id="long")],
)
def test_what_is_no_limit_is_refused_with_the_same_words(name: str, value: object) -> None:
    """Settings ask this too."""
    with pytest.raises(ValueError, match=r"^expected a (finite )?number from 0 "):
        limit_of(name, value)


@pytest.mark.parametrize(("value", "limit"), [(0, 0.0), (1, 1.0), (0.25, 0.25)])
def test_what_is_a_limit_is_a_float(value: float, limit: float) -> None:
    found = limit_of("minimum_roc_auc", value)
    assert (type(found), found) == (float, limit)
    assert limit_of("maximum_log_loss", 7) == 7.0


@pytest.mark.parametrize(
    "name", ["minimum_roc_auc", "maximum_log_loss", "maximum_equalised_odds_difference.sex"]
)
@pytest.mark.parametrize(
    "value", [True, -1.0, float("nan"), float("inf"), "0.5", 10**400], ids=lambda _: "value"
)
def test_the_settings_refuse_with_the_words_of_the_step(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="expected") as step:
        limit_of(name, value)
    section, _, attribute = name.partition(".")
    tree = tomllib.loads(settings.FILE.read_text())
    tree["bounds"][section] = {attribute: value} if attribute else value
    with pytest.raises(MlopsError) as caught:
        settings.checked(tree, settings.FILE)
    (said,) = caught.value.details
    assert said.startswith(f"bounds.{name} = ") and said.endswith(f": {step.value}")
