"""What the pictures of a card and one of its figures are made with: no model is needed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_svg import FigureCanvasSVG
from sklearn.metrics import roc_auc_score

from ml.steps.card import drawing
from ml.steps.card.importance import area

HEIGHT = 2.5


@pytest.mark.parametrize("labels", [["women", "men"], ["m" * 12], ["a name of thirty letters, near"], None])
def test_a_picture_has_room_for_its_labels(labels: list[str] | None) -> None:
    with drawing.style():
        figure, axes = drawing.framed(HEIGHT, labels, title=True)
        if labels is None:
            axes.plot([0, 1], [0, 0.125])
            axes.set_ylabel("mean probability")
        else:
            axes.barh(labels, range(len(labels)))
        axes.set_title("pay_0")
        axes.set_xlabel("rate")
        FigureCanvasSVG(figure)
        found: Any = figure.get_tightbbox()
    left, bottom, right, top = found.extents
    assert 0 <= left < right <= drawing.WIDTH
    assert 0 <= bottom < top <= HEIGHT
    assert figure.get_layout_engine() is None  # that would have drawn it several times


def test_where_labels_leave_no_room_matplotlib_decides() -> None:
    with drawing.style():
        figure, _ = drawing.framed(HEIGHT, ["x" * 50])
    assert figure.get_layout_engine() is not None


@pytest.mark.parametrize("lines", [1, 8, 40])
def test_a_picture_is_higher_where_a_long_description_needs_it(lines: int) -> None:
    with drawing.style():
        figure, axes = drawing.framed(HEIGHT, title=True, below=lines)
        axes.set_title("pay_0")
        axes.set_xlabel("\n".join(["what the feature means"] * lines), fontsize=9)
        FigureCanvasSVG(figure)
        found: Any = figure.get_tightbbox()
    assert found.extents[1] >= 0 and axes.get_position().height * figure.get_figheight() > 0.29
    assert (figure.get_figheight() == HEIGHT) == (lines < 40)


@given(st.lists(st.tuples(st.sampled_from([0, 1]), st.sampled_from([0.1, 0.25, 0.5, 0.9])), min_size=2))
def test_the_area_is_that_of_scikit_learn_among_equal_probabilities_too(
    rows: list[tuple[int, float]],
) -> None:
    rows = [*rows, (0, 0.3), (1, 0.3)]  # both labels
    labels = np.array([label for label, _ in rows])
    probabilities = np.array([probability for _, probability in rows])
    assert area(labels, probabilities) == pytest.approx(roc_auc_score(labels, probabilities), abs=1e-12)
