import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ml.release.evidence import Check, Profile, StageEvidence, evidence_path

PASSED = Check(name="parity", passed=True, figures={"rows": 20, "largest_difference": 0.0}, reason="equal")
RED = PASSED.model_copy(update={"passed": False, "reason": "3 of 20 predictions differ"})


def evidence(*checks: Check, profile: Profile | None = None) -> StageEvidence:
    return StageEvidence(
        release_id="r-" + "0" * 16,
        environment="stage",
        made_at="2026-01-01T00:00:00+00:00",
        checks=checks,
        profile=profile,
    )


def test_green_is_only_what_was_checked_and_passed() -> None:
    assert evidence(PASSED).green
    assert not evidence(PASSED, RED).green
    assert not evidence().green
    assert evidence(PASSED, RED).failed() == (RED,)


@given(
    st.lists(
        st.builds(
            Check,
            name=st.text(min_size=1),
            passed=st.booleans(),
            figures=st.dictionaries(
                st.text(), st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
            ),
            reason=st.text(),
        ),
        max_size=3,
    )
)
def test_the_digest_is_that_of_the_content_however_it_was_read(checks: list[Check]) -> None:
    made = evidence(*checks)
    again = StageEvidence.model_validate_json(made.model_dump_json())
    assert again == made and again.digest == made.digest


def test_each_change_is_another_digest() -> None:
    profile = Profile(cpu_cores_p95=0.5, memory_bytes_max=1 << 28, requests_per_second=200)
    made = [evidence(PASSED), evidence(RED), evidence(PASSED, PASSED), evidence(PASSED, profile=profile)]
    assert len({one.digest for one in made}) == len(made)
    assert evidence_path(made[0].release_id, made[0].digest) == (
        f"evidence/{made[0].release_id}/{made[0].digest[7:]}.json"
    )


def test_figures_are_numbers() -> None:
    with pytest.raises(ValidationError):
        Profile(cpu_cores_p95=float("nan"), memory_bytes_max=1, requests_per_second=1)
    with pytest.raises(ValidationError):
        Check(name="load", passed=True, figures={"p95": float("inf")}, reason="")
