"""docs/policies.md and the example of docs/review.md are the program's."""

import subprocess
import sys

from tests.infra.recording import ROOT
from tools.review_docs import POLICIES, REVIEW, policies_page, review_page


def test_the_policies_are_the_programs() -> None:
    assert POLICIES.read_text() == policies_page(), "make docs"


def test_the_example_is_what_the_review_writes() -> None:
    page = REVIEW.read_text()
    assert review_page(page) == page, "make docs"


def test_the_review_says_how_it_is_called() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.review", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for option in ("--beside", "--json", "--strict", "exit codes"):
        assert option in done.stdout
