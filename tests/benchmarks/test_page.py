import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from benchmarks.scoring import charts, results
from benchmarks.scoring.__main__ import main, parser, write_json
from benchmarks.scoring.goals import GOALS, verdicts
from benchmarks.scoring.page import write_page
from benchmarks.scoring.report import show
from benchmarks.scoring.results import Part, Results
from benchmarks.scoring.tables import us
from tests.benchmarks.samples import good


def absent(found: Results) -> Results:
    served = [
        replace(one, absent="no wheel for this Python\n  more of it", loads=[], resident_mb=None)
        if one.key == "bentoml"
        else one
        for one in found.served
    ]
    return replace(found, served=served)


def page(found: Results, folder: Path) -> str:
    return write_page(found, folder / "benchmarks.md", folder / "images").read_text()


def test_results_are_the_same_after_a_round_trip(tmp_path: Path) -> None:
    for found in (good(), absent(good()), Results({}, quick=True)):
        write_json(found, tmp_path / "results.json")
        assert results.read(tmp_path / "results.json") == found


def test_the_json_holds_the_goals_too(tmp_path: Path) -> None:
    write_json(good(), tmp_path / "results.json")
    goals = json.loads((tmp_path / "results.json").read_text())["goals"]
    assert [goal["key"] for goal in goals] == [goal.key for goal in GOALS]


def test_results_of_another_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="format 0"):
        Results.from_json({**good().to_json(), "format": 0})
    (tmp_path / "other.json").write_text("[]")
    assert main(["--page-from", str(tmp_path / "other.json")]) == 2
    assert main(["--page-from", str(tmp_path / "none.json")]) == 2


def test_the_page_shows_every_goal_server_part_and_picture(tmp_path: Path) -> None:
    text = page(good(), tmp_path)
    for verdict in verdicts(good()):
        assert f"| {verdict.goal.title} | {verdict.wanted} | {verdict.shown} | met |" in text
    for one in good().served:
        assert one.title in text
    for part in good().parts:
        assert part.name in text
    pictures = re.findall(r"\(images/(\S+)\.svg\)", text)
    assert sorted(pictures) == sorted(chart.name for chart in charts.CHARTS)
    for name in pictures:
        drawn = ElementTree.parse(tmp_path / "images" / f"{name}.svg")  # noqa: S314 - drawn here
        assert drawn.getroot().tag.endswith("svg")


def test_a_server_that_could_not_run_is_there_with_its_reason(tmp_path: Path) -> None:
    text = page(absent(good()), tmp_path)
    assert "server bentoml (1.2.3): absent, no wheel for this Python |" in text
    assert "server bentoml could not be measured: no wheel for this Python" in text


def test_a_section_that_failed_is_on_the_page_and_in_the_results(tmp_path: Path) -> None:
    found = replace(good(), telemetry=None, problems={"telemetry": "not ready after 90 s"})
    assert "the section telemetry could not be measured: not ready after 90 s" in page(found, tmp_path)
    write_json(found, tmp_path / "results.json")
    assert results.read(tmp_path / "results.json") == found


def test_the_page_names_what_was_missed_and_what_was_not_measured(tmp_path: Path) -> None:
    found = replace(good(), soak=None, in_process=[replace(good().in_process[0], p50=70.0)])
    text = page(found, tmp_path)
    assert "| one row in process, p50 | at most 50.0 us | 70.0 us | not met |" in text
    assert "Not met: one row in process, p50 (70.0 us)." in text
    assert "Not measured in this run:" in text
    assert "scoring-soak" not in text


def test_a_picture_that_the_results_no_longer_hold_goes(tmp_path: Path) -> None:
    page(good(), tmp_path)
    page(replace(good(), soak=None), tmp_path)
    assert not (tmp_path / "images" / "scoring-soak.svg").exists()
    assert (tmp_path / "images" / "scoring-parts.svg").exists()


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        page(good(), tmp_path / name)
    first, second = (sorted((tmp_path / name).rglob("*.*")) for name in ("one", "two"))
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_every_part_of_the_bar_has_a_colour_of_its_own_and_can_be_seen() -> None:
    """A part of 0.0 us has no width; the table has it."""
    parts = [Part(f"part {number}", float(number % 14), "measured") for number in range(15)]
    figure = charts.parts(replace(good(), parts=parts))
    assert figure is not None
    bars: list[Any] = list(figure.axes[0].patches)
    assert len(bars) == 13 and all(bar.get_width() > 0 for bar in bars)
    assert len({patch.get_facecolor() for patch in bars}) == 13


def test_lines_of_tables_are_whole(tmp_path: Path) -> None:
    rows = [line for line in page(absent(good()), tmp_path).splitlines() if line.startswith("|")]
    assert rows
    for line in rows:
        assert line.endswith("|")


def test_the_terminal_shows_figures_and_goals() -> None:
    console = Console(width=150)
    with console.capture() as captured:
        show(console, absent(good()), verdicts(good()))
    text = captured.get()
    assert "not met" not in text
    assert text.count(" met") >= len(GOALS)
    assert "no wheel for this Python" in text


def test_an_empty_run_has_a_page_too(tmp_path: Path) -> None:
    text = page(Results({"processor": "a processor"}, quick=True), tmp_path)
    assert "This was a quick run" in text
    assert f"0 of {len(GOALS)} goals are met." in text


@pytest.mark.parametrize(
    ("value", "shown"), [(1.24, "1.2 us"), (999.0, "999.0 us"), (1_500.0, "1.50 ms"), (2.5e6, "2.50 s")]
)
def test_times_are_shown_in_the_unit_that_reads_best(value: float, shown: str) -> None:
    assert us(value) == shown


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--only", "http,nothing"], "nothing is no section"),
        (["--only", ""], "nothing is no section"),
        (["--server", "nginx"], "invalid choice: 'nginx'"),
        (["--soak", "long"], "'long' is not a number of seconds"),
        (["--soak", "0.5"], "expected 1 to 86400"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(arguments)
    assert ended.value.code == 2
    assert problem in capsys.readouterr().err
