import base64
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import equalized_odds_difference
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score

from ml.steps.about import ATTRIBUTES
from ml.steps.bounds import FIGURES, Bound, check
from ml.steps.card import (
    dependence,
    drawing,
    drift,
    fairness,
    groups,
    importance,
    outliers,
    path,
    reliability,
    threshold,
)
from ml.steps.card.main import run
from ml.steps.card.page import page
from ml.steps.card.pictures import PICTURES, drawn
from ml.steps.card.subject import Subject
from ml.steps.evaluate.evaluation import evaluate
from ml.steps.files import TEST, TRAIN, write_table
from tests.scoring.trained import Small

LINEAGE = {"model_name": "credit", "data_asset": "credit:3", "code_commit": "c0ffee<script>"}


@pytest.fixture(scope="module")
def subject(model: Small) -> Subject:
    return Subject(model.trained.artifact, model.rows, model.test)


@pytest.fixture(scope="module")
def made(model: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("card")
    model.trained.artifact.save(directory / "model")
    write_table(model.rows, directory / "validated" / TRAIN)
    write_table(model.test, directory / "validated" / TEST)
    bounds = (Bound("minimum_roc_auc", 0.5), Bound("maximum_calibration_error", 0.0))
    run(directory / "model", directory / "validated", bounds, LINEAGE, directory / "card")
    return directory / "card"


@pytest.fixture(scope="module")
def card(made: Path) -> dict[str, Any]:
    return json.loads((made / "card.json").read_text())


@pytest.fixture(scope="module")
def once(card: dict[str, Any]) -> dict[str, Any]:
    return drawn(card)


@pytest.fixture
def worded(once: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], str]:
    """The page of a card that differs from the other in what no picture shows: they are drawn once."""
    monkeypatch.setattr("ml.steps.card.page.drawn", lambda card: once)
    return page


def test_every_bounded_figure_stands_in_the_card(card: dict[str, Any]) -> None:
    measured = {
        finding.name: finding.found for finding in check(card, [Bound(name, 1.0) for name in FIGURES])
    }
    small = {name for name, found in measured.items() if found is None}
    assert not {name for name in small if "sex" not in name and "." not in name}
    assert measured["maximum_equalised_odds_difference.sex"] is not None
    assert [finding["holds"] for finding in card["bounds"]] == [True, False]


# Names, not addresses: nothing is fetched from them.
NAMESPACES = {b"http://www.w3.org", b"http://purl.org", b"http://creativecommons.org"}


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for each, attributes in self.tags if each == tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(made: Path) -> None:
    text = (made / "card.html").read_text()
    page = Page(text)
    assert page.open == []
    tags = [tag for tag, _ in page.tags]
    assert not {"script", "link", "iframe"} & set(tags)
    assert tags.count("h1") == 1 and tags.count("h2") >= 10
    pictures = page.named("img")
    assert len(pictures) == 16
    assert len({picture["alt"] for picture in pictures}) == 16
    for picture in pictures:
        assert len(picture["alt"] or "") > 30
        drawing = base64.b64decode((picture["src"] or "").removeprefix("data:image/svg+xml;base64,"))
        assert {*re.findall(rb"https?://[\w.]+", drawing)} <= NAMESPACES
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?https?:""", text)
    assert "c0ffee&lt;script&gt;" in text
    for words in ("Intended use", "Limits", "Fairness", "Drift", "holds", "broken"):
        assert f">{words}<" in text


def test_the_sections_are_found_from_the_top_and_wide_tables_move_by_themselves(made: Path) -> None:
    text = (made / "card.html").read_text()
    page = Page(text)
    ids = [each["id"] for each in page.named("section")]
    assert [f"#{each}" for each in ids] == [each["href"] for each in page.named("a")]
    assert len(page.named("table")) == text.count('role="region" tabindex="0"')


def test_the_page_holds_no_name_of_the_profiler_or_of_a_field(made: Path, card: dict[str, Any]) -> None:
    text = re.sub(r"<(style|img)[^>]*>([^<]*</style>)?", "", (made / "card.html").read_text())
    assert "built-in" not in text and "&lt;module" not in text
    for name in ("roc auc", "log_loss", "hist_gradient", "train_sha256", "roc_auc", "equalised_odds"):
        assert name not in text, name
    assert all(not re.search(r"[<> ]", each["function"]) for each in card["scoring_path"]["functions"])


@pytest.mark.parametrize(
    ("file", "line", "name", "expected"),
    [
        ("/srv/scoring/encode.py", 12, "record", "encode.record"),
        ("/srv/scoring/encode.py", 12, "<genexpr>", "encode.genexpr"),
        ("~", 0, "<built-in method builtins.len>", "len"),
        ("~", 0, "<built-in function len>", "len"),
        (
            "~",
            0,
            "<built-in method onnxruntime.capi.state.run_with_iobinding>",
            "onnxruntime.run_with_iobinding",
        ),
        ("~", 0, "<built-in method _operator.itemgetter>", "operator.itemgetter"),
        ("~", 0, "<method 'append' of 'list' objects>", "list.append"),
        ("~", 0, "<method 'run' of 'a.B' objects>", "a.B.run"),
        ("~", 0, "<something new>", "something new"),
    ],
)
def test_functions_are_named_as_people_name_them(file: str, line: int, name: str, expected: str) -> None:
    assert path.spoken(file, line, name) == expected


def test_a_card_without_bounds_says_so_and_claims_none(
    card: dict[str, Any], worded: Callable[[dict[str, Any]], str]
) -> None:
    text = worded({**card, "bounds": []})
    assert "none set" in text and "0 of 0" not in text


def test_a_bound_that_could_not_be_measured_says_so(
    card: dict[str, Any], worded: Callable[[dict[str, Any]], str]
) -> None:
    finding = {"name": "maximum_log_loss", "limit": 0.5, "found": None, "holds": False}
    assert "<td>not measured</td><td>at most 0.500</td>" in worded({**card, "bounds": [finding]})


def test_a_difference_just_beyond_its_bound_does_not_read_as_equal_to_it(
    card: dict[str, Any], worded: Callable[[dict[str, Any]], str]
) -> None:
    name = "maximum_equalised_odds_difference.sex"
    sex = {**card["fairness"]["attributes"]["sex"], "equalised_odds_difference": 0.10003}
    finding = {"name": name, "limit": 0.1, "found": 0.10003, "holds": False}
    attributes = {**card["fairness"]["attributes"], "sex": sex}
    text = worded({**card, "fairness": {**card["fairness"], "attributes": attributes}, "bounds": [finding]})
    assert "Equalised odds difference 0.10003 (" in text and "its bound is 0.10000)" in text


def test_a_rate_of_nothing_is_drawn_over_the_frame(card: dict[str, Any]) -> None:
    """With the clip of the axes a marker at 0 is half a marker."""
    with drawing.style():
        pictures = PICTURES["fairness"](card)
    assert len(pictures) == len(ATTRIBUTES)
    for each in pictures:
        markers = re.findall(r"<g[^>]*>\n<use [^>]*y=\"[^\"]*\"[^>]*/>", each.svg)
        rates = [marker for marker in markers if 'clip-path="' in marker]
        assert markers and not rates


def test_dollars_are_letters(card: dict[str, Any]) -> None:
    features = [{**each, "description": "US$ or NT$"} for each in card["data"]["features"]]
    with drawing.style():
        (first, *_) = PICTURES["dependence"]({**card, "data": {**card["data"], "features": features}})
    assert ">US$ or NT$</text>" in first.svg  # it stands in a comment of the file either way


def test_groups_stand_in_the_order_in_which_people_read_them(card: dict[str, Any]) -> None:
    found = [each["group"] for each in card["fairness"]["attributes"]["education"]["groups"]]
    assert found[:3] == ["graduate school", "university", "high school"]


def test_the_same_model_and_rows_make_the_same_card_but_for_its_times(
    subject: Subject, card: dict[str, Any]
) -> None:
    again = Subject(subject.artifact, subject.train, subject.test)
    assert reliability.measure(again) == card["calibration"]
    assert importance.measure(again) == card["importance"]
    assert json.loads(json.dumps(outliers.measure(again))) == card["outliers"]
    assert fairness.measure(again) == card["fairness"]["attributes"]
    first = list(card["partial_dependence"])[:1]
    assert dependence.measure(again, first)[first[0]] == card["partial_dependence"][first[0]]


def test_its_metrics_are_those_of_the_evaluation(subject: Subject, card: dict[str, Any]) -> None:
    assert card["metrics"] == evaluate(subject.artifact, subject.test).to_json()


def test_fairness_is_that_of_each_group_counted_by_hand(subject: Subject) -> None:
    found = fairness.measure(subject)["sex"]
    rates = {}
    for each in found["groups"]:
        rows = subject.test["sex"].to_numpy() == {"women": "female", "men": "male"}[each["group"]]
        (tn, fp), (fn, tp) = confusion_matrix(subject.labels[rows], subject.predicted[rows])
        assert each["rows"] == rows.sum()
        assert each["true_positive_rate"] == pytest.approx(tp / (tp + fn))
        assert each["false_positive_rate"] == pytest.approx(fp / (fp + tn))
        assert each["selection_rate"] == pytest.approx((tp + fp) / rows.sum())
        rates[each["group"]] = np.array([each["true_positive_rate"], each["false_positive_rate"]])
    expected = np.abs(rates["women"] - rates["men"]).max()
    assert found["equalised_odds_difference"] == pytest.approx(expected)
    peer = equalized_odds_difference(
        subject.labels, subject.predicted, sensitive_features=subject.test["sex"]
    )
    assert found["equalised_odds_difference"] == pytest.approx(peer)


def test_small_groups_are_shown_and_not_compared(subject: Subject) -> None:
    found = fairness.measure(subject)
    few = [each for attribute in found.values() for each in attribute["groups"] if not each["counted"]]
    assert few
    least = groups.LEAST_OF_EACH_LABEL
    assert all(min(each["positives"], each["rows"] - each["positives"]) < least for each in few)
    rows = sum(each["rows"] for each in found["education"]["groups"])
    assert rows == len(subject.test)


def with_labels(subject: Subject, group: str, label: int) -> Subject:
    """The subject whose test rows of a sex all have one label."""
    labels = subject.test["default"].where(subject.test["sex"] != group, label)
    return Subject(subject.artifact, subject.train, subject.test.assign(default=labels))


@pytest.mark.parametrize(
    ("label", "unknown", "other"),
    [(0, "true_positive_rate", "false_positive_rate"), (1, "false_positive_rate", "true_positive_rate")],
)
def test_a_rate_among_nobody_is_not_known(
    subject: Subject, card: dict[str, Any], label: int, unknown: str, other: str
) -> None:
    found = fairness.measure(with_labels(subject, "female", label))
    women = next(each for each in found["sex"]["groups"] if each["group"] == "women")
    assert women[unknown] is None and women[other] is not None and not women["counted"]
    shown = {**card, "fairness": {**card["fairness"], "attributes": found}}
    (line,) = re.findall(r"<tr[^>]*><th[^>]*>women \(few\)</th>.*?</tr>", page(shown))
    assert line.count("<td>\N{EN DASH}</td>") == 1
    name = {"true_positive_rate": "TPR", "false_positive_rate": "FPR"}[unknown]
    with drawing.style():
        whole, drawn = PICTURES["fairness"](card)[0], PICTURES["fairness"](shown)[0]
    assert f"{name} \N{EN DASH}" in drawn.alt
    assert drawn.svg.count("<use ") == whole.svg.count("<use ") - 1  # no marker for it


probabilities = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200)


@given(probabilities)
def test_calibration_error_is_a_mean_distance(rows: list[tuple[float, bool]]) -> None:
    found = np.array([row[0] for row in rows])
    labels = np.array([row[1] for row in rows], dtype=np.int64)
    bins = reliability.reliability(labels, found)
    assert sum(each["rows"] for each in bins) == len(rows)
    assert 0 <= reliability.expected_error(bins) <= 1
    assert reliability.expected_error(bins) >= abs(found.mean() - labels.mean()) - 1e-9


def test_perfect_probabilities_have_no_error() -> None:
    labels = np.array([0, 1] * 500)
    assert reliability.expected_error(reliability.reliability(labels, labels.astype(float))) == 0.0
    assert reliability.expected_error(reliability.reliability(labels, np.full(1000, 0.5))) == 0.0
    assert reliability.expected_error(reliability.reliability(labels, 1 - labels.astype(float))) == 1.0


def test_threshold_costs_add_up(subject: Subject) -> None:
    found = threshold.measure(subject)
    cells = ("true_positives", "false_negatives", "false_positives", "true_negatives")
    assert sum(found[cell] for cell in cells) == len(subject.test)
    assert found["cost_of_all"] == pytest.approx(float((subject.labels == 0).mean()))
    assert found["cost_of_none"] == pytest.approx(5 * float(subject.labels.mean()))
    assert found["cost"] < min(found["cost_of_all"], found["cost_of_none"])


def test_outliers_are_told_as_scikit_learn_tells_them(subject: Subject) -> None:
    for each in outliers.measure(subject)["injections"]:
        assert each["auc"] == pytest.approx(each["scikit_learn_auc"], abs=0.005)
        assert len(each["other_seeds"]) == len(outliers.OTHER_SEEDS)


def test_what_the_model_goes_by_is_found_both_ways(card: dict[str, Any]) -> None:
    features = card["importance"]["features"]
    assert len(features) == 23
    assert features[0]["feature"] == "pay_0"
    assert max(features, key=lambda each: each["auc_lost"])["feature"] == "pay_0"


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_the_area_is_that_of_scikit_learn(rows: list[tuple[int, bool]]) -> None:
    labels = np.array([int(row[1]) for row in rows])
    assume(0 < labels.sum() < labels.size)
    found = np.array([row[0] / 5 for row in rows])
    assert importance.area(labels, found) == pytest.approx(roc_auc_score(labels, found))


def test_a_moved_column_stays_within_the_contract(subject: Subject) -> None:
    random = np.random.default_rng(0)
    for column, feature in enumerate(subject.artifact.schema.features):
        rows = subject.matrix.copy()
        moved = drift.moved(subject, rows, column, random)
        assert not (moved == subject.matrix).all(), feature.name
        others = [other for other in range(moved.shape[1]) if other != column]
        assert (moved[:, others] == subject.matrix[:, others]).all()
    assert drift.counted(subject.artifact.drift, subject.matrix).counts.sum() == subject.matrix.size


def test_chance_is_greater_among_fewer_rows(subject: Subject, card: dict[str, Any]) -> None:
    """Half of the rows: about the square root of two times as great."""
    half = Subject(subject.artifact, subject.train, subject.test.iloc[::2])
    whole, less = (
        fairness.deviation(each, each.test["sex"].to_numpy().astype(str), ["female", "male"])
        for each in (subject, half)
    )
    assert 1.0 < less / whole < 2.2
    assert card["fairness"]["attributes"]["sex"]["equalised_odds_deviation"] == pytest.approx(whole)
    assert 0 < card["calibration"]["error_deviation"] < card["calibration"]["error"]
