"""The page and the terminal view of recorded facts."""

from __future__ import annotations

import io
import json
from html.parser import HTMLParser

import pytest
from rich.console import Console

from ml.watch import pictures
from ml.watch.facts import PARTS, Alerts, Facts, Quality, Service, Took, Traffic, Unread, Windows
from ml.watch.page import page
from ml.watch.shown import TITLES
from ml.watch.terminal import view
from ml.watch.written import data
from tests.ml.watch.recorded import NOW, QUARTER, alert, block, facts, report


def text_of(found: Facts) -> str:
    console = Console(record=True, width=200, file=io.StringIO())
    console.print(view(found), soft_wrap=True)
    return console.export_text()


class Tags(HTMLParser):
    """What the page has, and that each tag that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.images: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert not (found.get("href") or "#").startswith("http")
        if tag == "img":
            self.images.append(str(found["alt"]))
            assert str(found["src"]).startswith("data:")
        elif tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_answers_first_and_has_all_pictures() -> None:
    text = page(facts())
    tags = Tags(text)
    assert tags.open == []
    assert len(tags.images) == 5
    assert "57,500 in all, 0 without a score" in tags.images[0]
    assert "most moved: limit_bal 0.01" in tags.images[3]
    assert text.index("Is it up?") < text.index("Is it right?") < text.index("What changed?")
    assert text.index("What changed?") < text.index('id="alerts"')
    for words in ("970.00 USD", "not the bill", "may.parquet landed", "2026-11-29, credit-default:3"):
        assert words in text


def test_texts_of_others_are_no_markup() -> None:
    found = facts(
        service=Service(ready=False, words="<script>x</script>[red]"),
        alerts=Alerts(told_by="<b>", alerts=(alert("<i>"),)),
        cost=Unread(why="<u>[bold]", remedy="<s>"),
    )
    text = page(found)
    assert Tags(text).open == []
    assert not [tag for tag in ("<script", "<i>", "<u>", "<s>") if tag in text]
    shown = text_of(found)
    assert "[red]" in shown
    assert "[bold]" in shown


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_cannot_be_read_says_why_and_the_rest_is_shown(name: str) -> None:
    found = facts(**{name: Unread(why=f"No way to {name}.", remedy="Go inside the network.")})
    text, shown = page(found), text_of(found)
    assert Tags(text).open == []
    for words in (f"No way to {name}.", "Go inside the network."):
        assert words in text
        assert words in shown
    assert TITLES[name] in shown
    others = {"traffic": "57,500", "trainings": "training-abc", "cost": "970.00 USD"}
    for other, words in others.items():
        assert (words in text) == (other != name)
        assert (words in shown) == (other != name)


def test_nothing_at_all_is_a_page_too() -> None:
    found = facts(**dict.fromkeys(PARTS, Unread(why="No network.")))
    assert Tags(page(found)).images == []
    assert text_of(found).count("UNKNOWN") == 2


def test_drift_is_the_reports_else_the_windows() -> None:
    drawn = pictures.drift(Quality(reports=(report(1, psi=0.5),)), Windows(values=()))
    assert drawn is not None
    assert "limit_bal 0.50, age 0.25" in drawn.alt
    drawn = pictures.drift(Quality(reports=()), facts().windows)
    assert drawn is not None
    assert "age 0.03" in drawn.alt
    assert pictures.drift(Quality(reports=()), Windows(values=())) is None


def test_the_data_are_read_back_as_the_same_facts() -> None:
    found = facts(windows=Unread(why="no"))
    written = json.loads(json.dumps(data(found)))
    assert Facts.model_validate(written["facts"]) == found
    assert (written["up"]["said"], written["right"]["said"]) == ("yes", "yes")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("days", [1, 7, 30])
def test_one_moment_of_traffic_is_drawn_over_the_days(days: int) -> None:
    few = Traffic(
        block_seconds=900,
        newest=NOW,
        blocks=(block(NOW - QUARTER),),
        took=(Took(at=NOW - QUARTER, median_ms=None, p95_ms=None),),
    )
    images = Tags(page(facts(days=days, traffic=few))).images
    assert "100 in all" in images[0]
    assert "more than a second" in images[1]
