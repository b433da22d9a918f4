"""The demo's page in a real browser: what it shows, and that nothing in it goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demo import report
from tests.demo.test_production import second, story
from tools import browser

pytestmark = pytest.mark.slow
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def program() -> str:
    found = browser.provide()
    if found is None:
        pytest.skip("no browser on PATH, and none that apt could install here (it takes root)")
    return found


def whole_story() -> dict[str, Any]:
    """Two promotions of a minute each, of which the second fails one request in fifty."""
    found = story(0, 4)
    for number, release in enumerate(found["releases"]):
        release |= {"began": number * 100.0, "ended": number * 100.0 + 60, "requests": 9000, "failed": 0}
    good = [second(at, 140 + at % 7) for at in range(100, 160)]
    bad = [second(at, 140 + at % 5, 3 * (at % 10 == 0)) for at in range(200, 220)]
    return {**found, "traffic": [*good, *bad]}


@pytest.mark.parametrize("width", [1000, 500])
def test_the_page_is_shown_whole(program: str, tmp_path: Path, width: int) -> None:
    found = whole_story()
    page = report.write(found, tmp_path / "report.html")
    seen = browser.look(program, page, tmp_path / "report.png", (width, 1200))
    assert seen.console == ()
    assert seen.shown["broken"] == 0
    ((wide, high),) = seen.shown["pictures"]
    assert wide > 0.8 * min(width, 960) and high > 0.15 * wide
    assert seen.shown["drawn"] == 4  # a line for each promotion, a bar for each second with failures
    assert seen.shown["wide"] <= 0
    for words in ("r-1", "r-2", "r-3", "What a caller saw", "a <step>", "mlops key"):
        assert words in seen.shown["text"]
    assert (tmp_path / "report.png").read_bytes().startswith(PNG)


def test_what_goes_wrong_in_a_page_is_seen(program: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('<!doctype html><img src="absent.png"><script>console.error("oops"); absent();</script>')
    seen = browser.look(program, page, tmp_path / "page.png")
    assert seen.shown["broken"] == 1
    assert [line.split(":")[0] for line in seen.console] == ["oops", "Uncaught ReferenceError"]
