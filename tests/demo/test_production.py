"""The story of production: what is passed on to its commands, what is judged of it, and its page."""

import json
import sys
import time
import tomllib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from demo import production, report, stacks, traffic
from demo.phases import RELEASES, Phase
from demo.runner import Outcome
from ml.steps.train.samples import OUTLYING, SPREAD


def second(at: int, requests: int = 100, failed: int = 0) -> dict[str, Any]:
    return {"at": at, "requests": requests, "failed": failed, "p50_ms": 1.0, "p95_ms": 2.0}


def story(good: int, bad: int, sent: int = 100) -> dict[str, Any]:
    """Three releases, of which the second and the third are promoted for a second each."""
    names = ("r-1", "r-2", "r-3")
    releases = [
        {"release": name, "title": name, "began": at, "ended": at + 0.5, "said": {}}
        for name, at in zip(names, (1, 10, 20), strict=True)
    ]
    return {
        "releases": releases,
        "traffic": [second(10, sent, good), second(20, sent, bad)] if sent else [],
        "steps": [{"title": "a <step>", "command": "mlops key", "seconds": 1.0}],
    }


def test_a_good_release_may_fail_nobody_and_a_bad_one_its_share() -> None:
    assert production.judged(story(0, 10)) == []
    assert production.judged(story(1, 10)) == ["r-2: 1 of 100 requests failed"]
    assert production.judged(story(0, 11)) == ["r-3: 11 of 100 requests failed"]
    assert len(production.judged(story(0, 0, sent=0))) == 2


class Told(production.Story):
    """Commands that end at once: what each release's were, in their order, and who called meanwhile."""

    def __init__(self, logs: Path) -> None:
        super().__init__(logs)
        self.logs, self.commands, self.deployed = logs, list[tuple[str, str]](), 1

    def run(self, title: str, *command: str, **how: Any) -> str:
        self.steps.append({"title": title, "seconds": 1.0})
        if command[1] == "deploy":
            self.deployed += 1
            self.commands.append(("deploy", f"r-{self.deployed}"))
            return json.dumps({"release": f"r-{self.deployed}"})
        if command[1] == "rollback":
            return json.dumps({"serving": {"revision": "rev-1"}})
        if release := next((word for word in command if word.startswith("r-")), ""):
            time.sleep(0.02)  # long enough that what others begin meanwhile is seen to
            self.commands.append((next(one for one in command[1:] if one in WORDS), release))
        return "{}"

    @contextmanager
    def traffic(self, _inside: Any, out: Path) -> Generator[Callable[[str], None]]:
        self.commands.append(("calls begin", ""))
        yield lambda line: None
        time.sleep(0.1)
        self.commands.append(("calls end", ""))
        out.write_text(json.dumps(second(1)) + "\n")


WORDS = ("test", "approve", "promote")


@pytest.mark.parametrize("earlier", [False, True], ids=["the first story", "after an earlier one"])
def test_each_release_is_proven_then_approved_then_promoted_while_somebody_calls(
    earlier: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(tmp_path)
    if earlier:
        (tmp_path / "traffic.jsonl").touch()
    monkeypatch.setattr(production, "traffic", told.traffic)
    found = production.tell(told, tmp_path, "r-1")
    assert [one["release"] for one in found["releases"]] == ["r-1", "r-2", "r-3"]
    for release in ("r-1", "r-2", "r-3"):
        words = [word for word, of in told.commands if of == release]
        # The first one was deployed and proven before.
        assert words == (list(WORDS[1:]) if release == "r-1" else ["deploy", *WORDS])
    spans, inside = list[list[str]](), False
    for word, release in told.commands:
        if word.startswith("calls"):
            inside = word == "calls begin"
            spans += [[]] if inside else []
        elif inside and word in WORDS:
            spans[-1].append(f"{word} {release}")
    called = ["r-1", "r-2", "r-3"] if earlier else ["r-2", "r-3"]
    assert spans == [[f"promote {one}"] for one in called]  # and none is proven beside the callers


def test_what_a_command_says_is_passed_on_while_it_runs_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(production, "EMULATOR", (sys.executable, "-c", SAYS))
    story = production.Story(tmp_path)
    lines: list[str] = []
    assert story.run("a title", "mlops", "promote", told=lines.append) == "the answer\n"
    assert lines == ["one\n", "  canary\n"]
    assert (tmp_path / "production-01.log").read_text() == "one\n  canary\nthe answer\n"
    with pytest.raises(production.StepError, match=r"(?s)ended with 0, not 1.*canary"):
        story.run("a title", "mlops", "promote", ends=1)


SAYS = "import sys; print('one', file=sys.stderr); print('  canary', file=sys.stderr); print('the answer')"


def test_the_caller_hurries_once_the_new_revision_has_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, hurry = tmp_path / "traffic.jsonl", tmp_path / "traffic.hurry"
    hurry.touch()  # of an earlier story
    monkeypatch.setattr(production, "EMULATOR", (sys.executable, "-c", "import time; time.sleep(60)"))
    with production.traffic(("--from", "somewhere"), out) as told:
        assert not hurry.exists()
        for line, hurried in (
            ("  begun\n", False),
            ("10%: canary\n", False),
            ("\x1b[2m  canary\x1b[0m\n", True),
        ):
            told(line)
            assert hurry.exists() is hurried, line


def test_a_client_rests_until_the_file_is_there(tmp_path: Path) -> None:
    hurry = tmp_path / "hurry"
    resting = traffic.Traffic("https://gateway/score", 1, hurry)
    assert resting._resting() and resting._resting()
    hurry.touch()
    assert not resting._resting()
    assert not traffic.Traffic("https://gateway/score", 1)._resting()


def test_a_section_of_the_stack_file_is_passed_on_whole() -> None:
    """A path of one setting alone would take the place of the whole section."""
    words = stacks.settings_of("prod", "releases", promoterId="one")
    assert words[0] == "--config-path"
    names = {word.partition("=")[0].rpartition(".")[2] for word in words if "=" in word}
    assert {"account", "vault", "groupId", "promoterId"} <= names


def test_the_page_shows_pauses_failures_and_text_as_text(tmp_path: Path) -> None:
    found = story(0, 4)
    assert production.judged(found) == []
    page = report.write(found, tmp_path / "report.html").read_text()
    assert page.count("<polyline") == 2  # nobody called between the two
    assert page.count('class="bad"') == 1
    assert "4 of 100" in page and "a &lt;step&gt;" in page and "a <step>" not in page
    assert "the phases before it" not in page
    phase = Outcome(Phase("an <estate>", "pulumi up", ()), 0, 12.34, "", tmp_path)
    report.keep_phases(tmp_path, [phase])
    page = report.write(
        {**found, "phases": report.kept_phases(tmp_path)}, tmp_path / "report.html"
    ).read_text()
    assert "an &lt;estate&gt;" in page and "12.3" in page
    assert report.kept_phases(tmp_path / "none") == []
    assert "No request was sent." in report.write(story(0, 0, sent=0), tmp_path / "none.html").read_text()


def test_the_bad_release_refuses_what_callers_send_and_takes_the_models_own_samples() -> None:
    """A service that could not score these would not start, and its deployment is refused."""
    settings = tomllib.loads((RELEASES / production.STORY[2][1]).read_text("utf-8"))
    most = int(settings["scoring"]["variables"]["SCORING_MAX_ROWS"])
    assert SPREAD + OUTLYING <= most < traffic.MANY_ROWS
