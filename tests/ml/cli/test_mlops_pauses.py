"""How often Azure is asked how far it is."""

from itertools import islice

import pytest

from ml.azure.pauses import pauses


@pytest.mark.parametrize(
    ("most", "expected"),
    [(1.0, [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]), (0.25, [0.1, 0.2, 0.25, 0.25]), (0.01, [0.01, 0.01])],
)
def test_looks_become_rarer_until_the_setting(most: float, expected: list[float]) -> None:
    assert list(islice(pauses(most), len(expected))) == pytest.approx(expected)
