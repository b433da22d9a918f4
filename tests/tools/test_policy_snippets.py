"""What `python -m tools.policy_snippets` finds in a folder, and what it found in Microsoft's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tools import policy_snippets

FILES = {
    "runs.xml": '<policies><inbound><base /><set-body>@("a" + {{b}})</set-body></inbound></policies>',
    "quota.xml": "<policies><inbound><quota calls='1' renewal-period='2' /></inbound></policies>",
    "inner/broken.xml": '<policies><inbound><set-body>@("a=""")</set-body></inbound></policies>',
    "inner/unknown.xml": '<fragment><log-to-eventhub>@(XElement.Parse("a"))</log-to-eventhub></fragment>',
    "no-document.xml": "<policies><inbound></policies>",
    "other.xml": "<project />",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_each_file_is_read_parsed_and_checked(folder: Path) -> None:
    found = {one.name: one for one in policy_snippets.results(folder)}
    assert set(found) == set(FILES) - {"other.xml"}
    assert found["runs.xml"].runs and found["runs.xml"].parsed == found["runs.xml"].expressions == 1
    assert found["quota.xml"].runs  # in a product
    broken = found["inner/broken.xml"]
    assert broken.read and broken.parsed == 0 and broken.refused == ("set-body: ) expected",)
    assert found["inner/unknown.xml"].unknown == ("the policy log-to-eventhub of API Management",)
    assert (
        not found["no-document.xml"].read
        and "'</inbound>' is expected" in found["no-document.xml"].refused[0]
    )


def test_results_are_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    monkeypatch.setattr(sys, "argv", ["policy_snippets", str(folder), "--out", str(out)])
    policy_snippets.main()
    rows = json.loads(out.read_text())
    assert [row["runs"] for row in rows if row["name"] == "runs.xml"] == [True]
    assert (
        "5 files: 4 documents read, 2 of 3 expressions parsed, 3 files whole, 2 would run"
        in capsys.readouterr().out
    )
    monkeypatch.setattr(sys, "argv", ["policy_snippets", str(folder / "none")])
    with pytest.raises(SystemExit):
        policy_snippets.main()


def test_the_kept_results_are_those_of_microsofts_snippets() -> None:
    rows = json.loads(policy_snippets.RESULTS.read_text())
    assert len(rows) == 59 and all(row["read"] for row in rows)
    parsed, expressions = (sum(row[key] for row in rows) for key in ("parsed", "expressions"))
    assert parsed >= 0.95 * expressions > 0
    assert all(row["runs"] is not bool(row["refused"] or row["unknown"]) for row in rows)
